/*
 * alert_mutes.h - which alerts are not told for a while: by console and rule,
 * until a time, why, and by whom.
 *
 * What a mute is for is counted, and kept nowhere else. Times are milliseconds
 * since 1970; the clock may jump.
 */
#ifndef ALERT_BOOK_ALERT_MUTES_H
#define ALERT_BOOK_ALERT_MUTES_H

#include "access/pattern.h"
#include "alert/book/alert_item.h"

enum { ALERT_MUTES_MAX = 256 };

struct alert_mute {
    uint64_t id;  /* not 0; never used again */
    char *match;  /* pattern for consoles; NULL: all */
    char *rule;   /* pattern for rules' names; NULL: all */
    char *reason; /* NULL: none was given */
    char *by;
    int64_t made_ms;
    int64_t until_ms; /* 0: until it is ended */
    uint64_t count;   /* finds that it has muted */
};

/* All zeros has none. Owns the mutes. */
struct alert_mutes {
    struct alert_mute *item[ALERT_MUTES_MAX]; /* in the order of their ids */
    size_t count;
};

/* A copy of what it is given, with texts cleaned and cut; without count. The
 * patterns have been checked. */
struct alert_mute *alert_mute_new(const struct alert_mute *from);
void alert_mute_free(struct alert_mute *mute); /* takes NULL */

bool alert_mute_is_over(const struct alert_mute *mute, int64_t now_ms);

/* The first mute that is for this rule and console; NULL: none is. */
struct alert_mute *alert_mutes_find(const struct alert_mutes *mutes,
                                    const char *rule,
                                    const struct access_console *console,
                                    int64_t now_ms);

/* As alert_item_json and alert_item_read. */
json_t *alert_mute_json(const struct alert_mute *mute, bool is_whole);
struct alert_mute *alert_mute_read(const json_t *json);

#endif
