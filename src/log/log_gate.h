/*
 * log_gate.h - which lines that a peer can cause are logged, and what is told
 * of the others.
 *
 * A line has a message, a source (the site of the peer's address,
 * base/network.h; all lines without a peer are of one source) and perhaps
 * something that it is about, mostly a console. In a minute so many lines of
 * one message, source and console pass (LOG_GATE_WINDOW_US, the table in
 * log_gate.c); those that do not are counted, and a summary at the end of that
 * minute tells how many there were. So one source's noise never leaves out
 * another's lines, and whoever makes noise about one console does not hide what
 * happens to another.
 *
 * All lines of a kind draw from one budget as well, so that a crowd of sources
 * stays below what the journal takes: 10,000 lines in 30 s, above which it
 * drops every line of the program. A source that has been quiet may use all of
 * the budget, a noisy one half of it. The summaries have a budget of their own;
 * those that find it empty become one summary of several sources.
 *
 * Memory is fixed, and touched as it is used. In a full table the oldest minute
 * ends early. All operations are O(1).
 *
 * Pure: time is an argument, summaries go to a function.
 */
#ifndef LOG_LOG_GATE_H
#define LOG_LOG_GATE_H

#include "base/deadline.h"
#include "base/map.h"
#include "base/slice.h"
#include "log/log_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_kind {
    LOG_EVENTS,  /* what else a peer can cause */
    LOG_AUDIT,   /* who had which console, and what was changed */
    LOG_DETAILS, /* lines of level debug */
    LOG_COUNTS,  /* no line at all, the summary is the message */
    LOG_KINDS,
};

enum {
    LOG_GATE_WINDOW_US = 60 * 1000 * 1000,
    LOG_GATE_ENTRIES = 4096,
    LOG_GATE_NAME_MAX = 63, /* of names in summaries; longer ones are cut */
};

/* Texts are read at once, but for the message, which must be static. */
struct log_gate_line {
    enum log_kind kind;
    enum log_level level;
    const char *message; /* a format; its message ends before " KEY=" */
    const char *peer;    /* as address_format has it; "" or NULL: none */
    const char *about;   /* "" or NULL: nothing */
};

/* Of the lines that were left out. */
struct log_gate_summary {
    enum log_kind kind;
    enum log_level level;
    struct slice message; /* empty: several */
    const char *source;   /* an address, a /64 of IPv6; "": none, or several */
    const char *about;    /* "": nothing, or several */
    uint64_t count;
    uint64_t lasted_us; /* from the first of them until now */
};

/* Called by log_gate_passes, log_gate_end and the queue of windows. */
typedef void log_gate_tell_fn(void *owner,
                              const struct log_gate_summary *summary);

/* A minute of one message, source and about, or of all lines of a source. */
struct log_gate_entry {
    struct deadline window;
    uint64_t hash;
    uint64_t since_us; /* of the first that was left out; of a source: of the
                        * first line */
    uint64_t left_out;
    const char *message; /* NULL: of a source */
    uint32_t lines;      /* that passed; of a source: all of them */
    uint8_t kind;
    uint8_t level;
    bool is_rest;
    char source[LOG_GATE_NAME_MAX + 1];
    char about[LOG_GATE_NAME_MAX + 1];
};

struct log_gate {
    struct log_gate_entry *entries; /* LOG_GATE_ENTRIES */
    size_t used;                    /* entries that were ever taken */
    struct list free;               /* by window.node */
    struct map by_key;
    /* The owner has it fired (base/deadline.h). */
    struct deadline_queue windows;
    uint64_t budgets_ns[LOG_KINDS]; /* for rate_take */
    uint64_t summaries_ns;
    struct log_gate_entry rest[LOG_KINDS];
    log_gate_tell_fn *tell;
    void *owner;
};

/* seed: random, so that peers cannot choose collisions. owner is borrowed. */
void log_gate_init(struct log_gate *g, const uint64_t seed[2],
                   log_gate_tell_fn *tell, void *owner);
void log_gate_done(struct log_gate *g);

/* How many lines the source of a line has had in its minute. */
enum log_noise { LOG_QUIET, LOG_LIVELY, LOG_NOISY };

/* The part of something shared that a source must leave to those that are more
 * quiet: nothing, a quarter, a half. */
size_t log_noise_leaves(enum log_noise noise, size_t whole);

/* True: the line is logged. *ret_noise is set in any case. */
bool log_gate_passes(struct log_gate *g, const struct log_gate_line *line,
                     uint64_t now_us, enum log_noise *ret_noise);

/* The site of a peer, as summaries show it; "" if the peer has no address. */
void log_gate_read_source(char to[LOG_GATE_NAME_MAX + 1], const char *peer);

/* Tells now what the running minutes have left out. */
void log_gate_end(struct log_gate *g, uint64_t now_us);

#endif
