/*
 * alert_matcher_private.h - what the matcher (alert_matcher.c), its subjects
 * (alert_subject.c) and the times of its rules (alert_times.c) share.
 */
#ifndef ALERT_MATCH_ALERT_MATCHER_PRIVATE_H
#define ALERT_MATCH_ALERT_MATCHER_PRIVATE_H

#include "alert/match/alert_clean.h"
#include "alert/match/alert_matcher.h"
#include "alert/match/alert_text.h"

/* A rule that is about a time, on a subject. */
struct alert_wait {
    struct deadline due;
    struct alert_subject *subject;
    size_t rule;
    /* Of without: the line that has begun the wait. */
    char *text; /* NULL: it does not wait */
    uint64_t at;
    uint64_t position;
    /* Of after-silence: since when there was output in each of its times, and
     * the last; 0: there was none. Of flood: last_us is when level was right.
     */
    uint64_t regular_us;
    uint64_t last_us;
    uint64_t level; /* of flood: bytes above what its time takes away */
    bool is_told;   /* of flood: since the level was low */
};

/* A rule that has found something on a subject. */
struct alert_hit {
    size_t rule;
    uint64_t line; /* the line's offset */
    uint64_t told_us;
    uint32_t others; /* left out since */
};

struct alert_subject {
    struct list node; /* in matcher.subjects */
    void *console;
    struct alert_clean clean;
    struct alert_text text;
    hs_stream_t *stream;    /* NULL: no output since the rules are in force */
    uint64_t stream_from;   /* the offset of the stream's first byte */
    uint64_t position;      /* in the console's output, of the next byte */
    uint64_t line_at;       /* where the line in progress begins, in the text */
    uint64_t line_position; /* and in the console's output */
    uint8_t *bits;          /* NULL: no rule applies */
    struct alert_wait *wait; /* matcher.rules.timed_count of them */
    struct alert_hit *hit;
    size_t hit_count;
    struct list finds; /* struct alert_find.node: wait for lines behind them */
};

struct alert_matcher {
    struct alert_rules *rules; /* NULL: none */
    hs_scratch_t *scratch;
    struct deadline_queue *times; /* rules.timed_count of them */
    struct deadline_queue afters; /* struct alert_find.after */
    size_t waiting;               /* finds in it */
    struct list subjects;
    void (*on_find)(void *owner, struct alert_find *);
    void *owner;
};

/* A find of this rule; its lines are missing yet. */
struct alert_find *alert_matcher_find(struct alert_matcher *m,
                                      struct alert_subject *s, size_t rule,
                                      enum alert_cause cause, uint64_t now_us);

/* The last lines of the output become the lines before, and the find is told.
 */
void alert_matcher_tell_end(struct alert_matcher *m, struct alert_subject *s,
                            struct alert_find *find);

static inline const struct alert_rule *alert_matcher_rule(
    const struct alert_matcher *m, size_t rule)
{
    return &m->rules->settings.rule[rule];
}

/* ---- alert_subject.c ------------------------------------------------------
 */

/* What patterns have seen so far is forgotten. */
void alert_subject_close_stream(struct alert_subject *s);

/* It has nothing of the present rules any more. */
void alert_subject_strip(struct alert_matcher *m, struct alert_subject *s);

/* ---- alert_times.c --------------------------------------------------------
 */

/* The queues for the matcher's rules, and the waits of a subject. */
void alert_times_open(struct alert_matcher *m);
void alert_times_close(struct alert_matcher *m);
void alert_times_add(struct alert_matcher *m, struct alert_subject *s);
void alert_times_remove(struct alert_matcher *m, struct alert_subject *s);

/* A wait begins, or begins anew, with this line, unless it has; and ends. */
bool alert_times_has(const struct alert_matcher *m,
                     const struct alert_subject *s, size_t rule, uint64_t line);
void alert_times_begin(struct alert_matcher *m, struct alert_subject *s,
                       size_t rule, uint64_t line, uint64_t position,
                       uint64_t now_us);
void alert_times_end(struct alert_matcher *m, struct alert_subject *s,
                     size_t rule);

void alert_times_fed(struct alert_matcher *m, struct alert_subject *s,
                     size_t len, uint64_t now_us);
void alert_times_vm(struct alert_matcher *m, struct alert_subject *s,
                    bool is_there, uint64_t now_us);
uint64_t alert_times_due(const struct alert_matcher *m);
void alert_times_fire(struct alert_matcher *m, uint64_t now_us);

#endif
