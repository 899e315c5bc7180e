/*
 * pick_list.h - consoles of which one is picked: which are shown for what was
 * typed, and which one is selected. Pure but for memory.
 *
 * The selection stays with its console while others come and go.
 */
#ifndef CLI_PICK_PICK_LIST_H
#define CLI_PICK_PICK_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { PICK_FILTER_MAX = 64 };

/* Texts are fit for a terminal. */
struct pick_item {
    char *id;
    char *name;
    const char *state; /* static */
    unsigned long clients;
    char *locked_by; /* NULL: nobody */
};

struct pick_list {
    struct pick_item *item;
    size_t count;
    size_t *shown; /* numbers of the items that match, in their order */
    size_t shown_count;
    size_t selected; /* of the shown */
    size_t top;      /* of the shown: the first one on the screen */
    char filter[PICK_FILTER_MAX + 1];
};

/* All zeros before the first call. */
void pick_list_done(struct pick_list *l);

/* Other consoles: the API's items, sorted. */
void pick_list_set(struct pick_list *l, const json_t *items);

/* What was typed: its end; -1: its last character is taken off. False: nothing
 * has changed. */
bool pick_list_type(struct pick_list *l, const char *text, size_t len);
bool pick_list_erase(struct pick_list *l);
void pick_list_clear(struct pick_list *l);

/* By so many, as far as there are any; and the screen follows, which has so
 * many rows. */
void pick_list_move(struct pick_list *l, long by);
void pick_list_scroll(struct pick_list *l, size_t rows);

/* NULL: there is none. */
const struct pick_item *pick_list_selected(const struct pick_list *l);

#endif
