/*
 * show_items.h - {"items": [...], "total": N, "hidden": N} as a stream: what
 * may be read, a page of it, and how many were left out.
 *
 * total counts all that is listed, on other pages too. hidden counts what the
 * caller may not read at all, whatever he looks for: by how many of a name are
 * hidden, names could be guessed.
 */
#ifndef API_SHOW_SHOW_ITEMS_H
#define API_SHOW_SHOW_ITEMS_H

#include "api/show/show_value.h"

struct show_items {
    uint64_t offset; /* so many are left out at the beginning */
    uint64_t limit;  /* so many are shown at most; 0: all */
    uint64_t total;  /* listed so far */
    uint64_t shown;  /* of them */
    uint64_t hidden;
    bool has_begun;
};

/* One more is listed. False: it is on another page. */
bool show_items_count(struct show_items *items);

/* Appends the beginning, a comma, whatever stands before the next item; the
 * item's text is the caller's to append. */
bool show_items_begin_next(struct show_items *items, struct buf *to);

/* Appends the item, and gives it up. */
bool show_items_put(struct show_items *items, struct buf *to, json_t *item);

bool show_items_end(struct show_items *items, struct buf *to);

/* The same of a whole list that is small, and of which nothing is hidden; gives
 * the array up. */
json_t *show_items_all(json_t *items);

#endif
