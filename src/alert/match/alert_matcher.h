/*
 * alert_matcher.h - looks at the output of consoles for what rules want, and
 * keeps their times. No thread, no clock: alert_thread.h has both.
 *
 * A subject is a console, as the matcher sees it: the state of its stream, its
 * last lines, and its rules' times. It costs the stream's memory (a few hundred
 * bytes) and up to ALERT_TEXT_MAX for lines.
 *
 * A pattern is looked for in the whole stream, whatever the pieces are in which
 * it comes. A rule finds a line once, however often its pattern matches there,
 * and finds something on a subject at most once in ALERT_PAUSE_US. A find waits
 * for the lines behind it, for at most ALERT_AFTER_US; of those that wait there
 * are at most ALERT_WAITING_MAX, and the oldest goes first.
 */
#ifndef ALERT_MATCH_ALERT_MATCHER_H
#define ALERT_MATCH_ALERT_MATCHER_H

#include "alert/match/alert_find.h"
#include "alert/match/alert_rules.h"
#include "base/slice.h"

struct alert_matcher;
struct alert_subject;

enum {
    ALERT_PAUSE_US = 1000 * 1000,
    ALERT_AFTER_US = 1000 * 1000,
    ALERT_WAITING_MAX = 1000,
    /* For silence: so many of its times must have had output before. */
    ALERT_SILENCE_TIMES = 4,
};

/* on_find gets each find, and owns it. It calls nothing of the matcher. */
struct alert_matcher *alert_matcher_new(void (*on_find)(void *owner,
                                                        struct alert_find *),
                                        void *owner);

/* Removes all subjects. Takes NULL. */
void alert_matcher_free(struct alert_matcher *m);

/* These are the rules from now on, instead of all others; takes over the
 * caller's use. No rule applies to a subject until alert_subject_apply. Finds
 * that wait are told. -ENOMEM: there are no rules. */
int alert_matcher_use(struct alert_matcher *m, struct alert_rules *rules);

/* console: for the finds. */
struct alert_subject *alert_subject_new(struct alert_matcher *m, void *console);

/* What it waits for is not told. Takes NULL. */
void alert_subject_free(struct alert_matcher *m, struct alert_subject *s);

/* The rules that apply from now on (alert_rules_apply); copied. */
void alert_subject_apply(struct alert_matcher *m, struct alert_subject *s,
                         const uint8_t *bits);

/* The VM has connected or gone. While it is away no rule's time runs; a wait
 * for a line begins anew when the VM is back. */
void alert_matcher_vm(struct alert_matcher *m, struct alert_subject *s,
                      bool is_there, uint64_t now_us);

/* Output of the console, which begins at this position. What is missing between
 * this piece and the last one ends the line and what patterns have seen so far.
 */
void alert_matcher_feed(struct alert_matcher *m, struct alert_subject *s,
                        struct slice bytes, uint64_t position, uint64_t now_us);

/* When alert_matcher_fire is to be called; UINT64_MAX: never. */
uint64_t alert_matcher_due(const struct alert_matcher *m);
void alert_matcher_fire(struct alert_matcher *m, uint64_t now_us);

#endif
