/*
 * alert_item.h - one alert, as it is kept: what was found (alert/alert.h), how
 * often, and who takes care of it.
 *
 * All texts are valid UTF-8 without control characters, and bounded. The JSON
 * is what the API shows, what webhooks send, and what the state file keeps
 * (docs/alerts.md).
 */
#ifndef ALERT_BOOK_ALERT_ITEM_H
#define ALERT_BOOK_ALERT_ITEM_H

#include "alert/alert.h"
#include "base/network.h"

#include <jansson.h>

enum {
    ALERT_BY_MAX = 256,      /* bytes with the NUL; longer ones are cut */
    ALERT_COMMENT_MAX = 512, /* the same */
    ALERT_PLACE_MAX = 40,    /* "EPOCH:POSITION" */
    ALERT_LINK_MAX = 1024,   /* bytes with the NUL */
};

struct alert_item {
    uint64_t id; /* not 0; never used again */
    enum alert_severity severity;
    enum alert_cause cause;
    const char *rule;
    /* Its console: by these it is found, if it is there still. */
    const char *uuid, *label, *name;
    const char *shown; /* its name as shown to people, when it was found */
    struct ip host;    /* of its VM, for access rules; all zeros: none */
    const char *text;  /* the line */
    const char *before[ALERT_LINES_MAX];
    const char *after[ALERT_LINES_MAX];
    uint32_t before_count, after_count;
    uint64_t epoch, position; /* of the line, in the console's output */
    int64_t time_ms;          /* of the first find; since 1970 */
    int64_t last_ms;          /* of the last one */
    uint64_t count;           /* finds */
    int64_t acknowledged_ms;  /* 0: it is open */
    char *by;                 /* who has acknowledged it; NULL: nobody */
    char *comment;            /* his; NULL: none */
    int64_t kept_ms; /* the book's: when the state was last told of it */
    size_t size;     /* of memory, without by and comment */
};

/* A copy of what was found, open, found once. Its id is 0. */
struct alert_item *alert_item_new(const struct alert_found *found);

/* One for `vspcd` to show that a webhook works: there is no such console. */
struct alert_item *alert_item_sample(int64_t now_ms);

void alert_item_free(struct alert_item *item); /* takes NULL */

/* By and comment are cleaned and cut; comment may be NULL. */
void alert_item_acknowledge(struct alert_item *item, const char *by,
                            const char *comment, int64_t now_ms);

/* "open", "acknowledged". */
const char *alert_item_state(const struct alert_item *item);

/* The place of the line, as a WebSocket to the console takes it (from=). */
void alert_item_place(const struct alert_item *item, char to[ALERT_PLACE_MAX]);

/* Where the page shows the line: a path, "/#/console/ID?at=PLACE". */
void alert_item_link(const struct alert_item *item, char to[ALERT_LINK_MAX]);

/* A new value; NULL: there is no memory. is_whole: with what only the state
 * file needs. */
json_t *alert_item_json(const struct alert_item *item, bool is_whole);

/* Reads what alert_item_json has written, is_whole. NULL: it is nothing that
 * could have been written so. */
struct alert_item *alert_item_read(const json_t *json);

/* For texts of people: a cleaned copy of at most size bytes with its NUL; NULL
 * for NULL and "". */
char *alert_item_copy_text(const char *text, size_t size);

/* RFC 3339 in UTC; null for 0. */
json_t *alert_item_time(int64_t utc_ms);

#endif
