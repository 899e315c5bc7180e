/*
 * alert.h - the engine of alerts: it reads the output of consoles, and finds
 * what the rules look for.
 *
 * A console that a rule applies to has a reader (core/reader.h) that is never
 * waited for. The loop copies output into pieces, at most ALERT_BATCH_US late,
 * and a thread looks at them (alert_thread.h): a console is no slower for it,
 * whatever the rules are. If the thread cannot follow, output is left in the
 * console's ring until it is taken or lost; what is lost is counted
 * (alert_counts.missed), and told by on_missed.
 *
 * Rules are compiled on a thread of their own. Until they are ready, the former
 * rules are in force; at the start, none is, and whoever judges consoles by the
 * first ones says whether what was printed meanwhile counts (from_start). Rules
 * that cannot be compiled are told by on_rules, and the former ones stay.
 *
 * What was found is told once and kept nowhere. A rule finds something on a
 * console at most once in ALERT_PAUSE_US; further finds in this time are
 * counted (alert_found.others).
 *
 * The threads start with the first rules. Called by one thread, the loop's.
 * Does not log: it calls back, on the loop.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include "alert/match/alert_settings.h"
#include "base/deadline.h"
#include "base/err.h"

struct alert_engine;
struct console;

enum {
    ALERT_BATCH_US = 200 * 1000,
    ALERT_COMPILE_US = 10 * 1000 * 1000,
};

/*
 * What was found. All is borrowed for the call. Lines are valid UTF-8 without
 * control characters, as alert_clean.h makes them, and end with NUL.
 *
 * The place is that of the line's first byte: console_epoch of the console, and
 * a position in its output. For ALERT_MISSING it is the line that began the
 * wait; for ALERT_SILENCE the end of the output; for ALERT_FLOOD about where
 * the output became too much. Of all but ALERT_OUTPUT the lines before are the
 * last ones of the output, and there are none after.
 */
struct alert_found {
    const char *rule; /* its name */
    enum alert_severity severity;
    enum alert_cause cause;
    const struct console *console;
    int64_t time_ms; /* when it was found, ms since 1970 UTC */
    uint64_t epoch;
    uint64_t position;
    uint32_t others;  /* finds of this rule on this console that were left out
                       * since the last one */
    const char *text; /* the line; of a silence or flood, words that say it */
    const char *before[ALERT_LINES_MAX]; /* in the order of the output */
    const char *after[ALERT_LINES_MAX];  /* those of the next second */
    uint32_t before_count;
    uint32_t after_count;
};

struct alert_callbacks {
    /* May call nothing of alert.h. */
    void (*on_found)(void *owner, const struct alert_found *found);
    /* Output of the console was lost before it could be looked at. */
    void (*on_missed)(void *owner, const struct console *console,
                      uint64_t bytes);
    /* The rules of the last alert_engine_set are in force, or (why not NULL)
     * are not, and the former ones stay: they cannot be compiled, or have not
     * been in ALERT_COMPILE_US, and may still be. */
    void (*on_rules)(void *owner, const char *why);
    /* alert_engine_wake must be called on the loop. Called on any thread. */
    void (*wake)(void *owner);
    void *owner;
};

/* Without rules and threads, until alert_engine_set. */
struct alert_engine *alert_engine_open(const struct alert_callbacks *callbacks);

/* Takes NULL. What was not looked at is dropped. A thread that does not end in
 * wait_us is left behind. */
void alert_engine_close(struct alert_engine *engine, uint64_t wait_us);

/* For the loop to watch. */
struct deadline_queue *alert_engine_batches(struct alert_engine *engine);
struct deadline_queue *alert_engine_compilings(struct alert_engine *engine);

/* Enters core: the caller calls directory_settle behind it. */
void alert_engine_wake(struct alert_engine *engine, uint64_t now_us);

/*
 * Replaces the rules, which alert_rules_check has found good; copies them. They
 * are in force when they are compiled; on_rules says so, and when
 * alert_engine_wake has returned, the caller calls alert_engine_judge for every
 * console.
 */
void alert_engine_set(struct alert_engine *engine,
                      const struct alert_settings *settings, uint64_t now_us);

/*
 * Which rules apply to a console may have changed: it is new or renamed, or the
 * rules are. It is looked at from now on; from_start: with all that it has
 * printed in this run; what of it is kept no longer is told by on_missed. A
 * console that goes is left by itself.
 */
void alert_engine_judge(struct alert_engine *engine, struct console *console,
                        bool from_start, uint64_t now_us);

/* The VM has connected or gone. */
void alert_engine_vm(struct alert_engine *engine, struct console *console,
                     bool is_there, uint64_t now_us);

/* Totals since the engine was opened. */
struct alert_counts {
    uint64_t taken;    /* bytes that were looked at, or will be */
    uint64_t missed;   /* bytes that were lost before */
    uint64_t waiting;  /* bytes that wait for the thread now */
    uint64_t consoles; /* that are looked at now */
    uint64_t found;    /* of all rules */
};
struct alert_counts alert_engine_count(const struct alert_engine *engine);

/* A rule in force. Texts are borrowed until the next alert_engine_wake. */
struct alert_rule_state {
    const struct alert_rule *rule;
    uint64_t found;  /* since a rule of this name is in force */
    uint64_t others; /* left out: alert_found.others */
};

/* The rule at this index, from 0; false: there are no more. */
bool alert_engine_rule(const struct alert_engine *engine, size_t index,
                       struct alert_rule_state *ret);

#endif
