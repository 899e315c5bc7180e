/*
 * alert_book.h - the alerts of late, and the mutes.
 *
 * What a rule finds on a console within the book's repeat time after an alert
 * of that rule and console is no new alert: it counts there. So a rule and a
 * console are told once in that time, whatever a VM prints. What a mute is for
 * counts with the mute, and is no alert.
 *
 * The book has ALERT_BOOK_MAX alerts of ALERT_BOOK_BYTES at most. For a new one
 * the oldest acknowledged one goes, then the oldest.
 *
 * What must survive a restart is told by struct alert_book_keeper; what the
 * keeper has is given back at the start. How often an alert was found is told
 * once a minute at most.
 *
 * Owns its alerts and mutes; they are borrowed until the next call that changes
 * the book. Pure but for memory; times are milliseconds since 1970, and may
 * jump.
 */
#ifndef ALERT_BOOK_ALERT_BOOK_H
#define ALERT_BOOK_ALERT_BOOK_H

#include "alert/book/alert_mutes.h"
#include "base/limits.h"
#include "base/map.h"

enum {
    ALERT_BOOK_MAX = 4096,
    ALERT_BOOK_BYTES = 16 * 1024 * KIB,
    ALERT_BOOK_KEEP_MS = 60 * 1000,
};

/* Borrows what it is told of for the call, and may call nothing of the book. */
struct alert_book_keeper {
    void (*keep)(void *owner, const struct alert_item *item);
    void (*drop)(void *owner, uint64_t id);
    void (*keep_mute)(void *owner, const struct alert_mute *mute);
    void (*drop_mute)(void *owner, uint64_t id);
    void *owner;
};

/* How many alerts of a rule were told, since the start. */
struct alert_total {
    char *rule;
    enum alert_severity severity; /* of the last one */
    uint64_t told;
};

struct alert_book {
    struct alert_book_keeper keeper;
    uint64_t repeat_ms;
    struct alert_item *item[ALERT_BOOK_MAX]; /* in the order of their ids */
    size_t count;
    size_t bytes;
    size_t open_count; /* that nobody has acknowledged */
    uint64_t last_id;  /* the last that was given, to alerts and mutes */
    struct map newest; /* of each rule and console */
    struct alert_mutes mutes;
    uint64_t told;             /* new alerts, since the start */
    uint64_t repeated;         /* finds that counted with an alert */
    uint64_t muted;            /* finds that were muted */
    struct alert_total *total; /* of rules that have told something */
    size_t total_count; /* ALERT_RULES_MAX at most: what rules that came later
                         * have told counts in told alone */
};

void alert_book_init(struct alert_book *b, const uint64_t seed[2],
                     const struct alert_book_keeper *keeper);
void alert_book_done(struct alert_book *b);

void alert_book_set_repeat(struct alert_book *b, uint64_t repeat_s);

/* ---- the start: what the keeper has, in any order ----------------------- */

/* The item is the book's from now on, or is freed: there is no room, or one of
 * its id is there. */
void alert_book_load(struct alert_book *b, struct alert_item *item);
void alert_book_load_mute(struct alert_book *b, struct alert_mute *mute);

/* Tells the keeper of all that there is: it has lost what it had. */
void alert_book_keep_all(struct alert_book *b);

/* ---- alerts ------------------------------------------------------------- */

/* The new alert, to be told; NULL: it was counted elsewhere. */
const struct alert_item *alert_book_add(struct alert_book *b,
                                        const struct alert_found *found);

/* NULL: there is none (any more). */
const struct alert_item *alert_book_find(const struct alert_book *b,
                                         uint64_t id);

/* The newest alert whose id is below before; NULL: there is none. Begins with
 * UINT64_MAX. */
const struct alert_item *alert_book_before(const struct alert_book *b,
                                           uint64_t before);

/* The alert is in the book. Somebody may acknowledge it again, with another
 * comment. */
void alert_book_acknowledge(struct alert_book *b, uint64_t id, const char *by,
                            const char *comment, int64_t now_ms);

/* ---- mutes -------------------------------------------------------------- */

/* A copy of what it is given, with an id. NULL: there are ALERT_MUTES_MAX. */
const struct alert_mute *alert_book_mute(struct alert_book *b,
                                         const struct alert_mute *mute,
                                         int64_t now_ms);

/* Ends a mute, which is the caller's to free. NULL: there is none. */
struct alert_mute *alert_book_unmute(struct alert_book *b, uint64_t id,
                                     int64_t now_ms);

/* Forgets the mutes that are over. */
void alert_book_expire(struct alert_book *b, int64_t now_ms);

#endif
