/*
 * menu_page.h - one page of the list of consoles: found in one walk over all of
 * them, however many there are, without a list of all.
 *
 * A page is the few consoles with the smallest keys at or behind a place in the
 * order (or the largest before it). The walk is the caller's, who gives each
 * console that is to be listed to menu_page_add, perhaps over several turns of
 * the loop. So a page costs memory for its rows and nothing for the others.
 *
 * Consoles are held by references: one that has gone leaves an empty row.
 * Pure; a page is embedded in its owner and must not be moved.
 */
#ifndef SESSION_MENU_MENU_PAGE_H
#define SESSION_MENU_MENU_PAGE_H

#include "base/text.h"
#include "core/console.h"

enum {
    MENU_ROWS_MAX = 100,
    MENU_FIND_MAX = 64, /* bytes of a text that is looked for */
};

enum menu_sort {
    MENU_SORT_NAME,   /* numbers in names as numbers: web-2, web-10 */
    MENU_SORT_OUTPUT, /* the last one that had output first */
    MENU_SORT_STATE,  /* connected, moving, away; then by name */
};
enum { MENU_SORT_COUNT = MENU_SORT_STATE + 1 };

/* "name", "last output", "state". */
const char *menu_sort_name(enum menu_sort sort);

/* A place in the order; owns its texts, which a console may change. */
struct menu_place {
    uint64_t rank;
    char name[TEXT_ID_MAX + 1];
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1];
};

enum menu_from {
    MENU_FROM_FIRST,
    MENU_FROM_LAST,   /* the last rows of all */
    MENU_FROM_PLACE,  /* the place and behind it */
    MENU_FROM_BEHIND, /* behind the place */
    MENU_FROM_BEFORE, /* the rows before the place */
};

/* Which page. */
struct menu_wish {
    enum menu_sort sort;
    enum menu_from from;
    uint32_t rows; /* 1 to MENU_ROWS_MAX */
    struct menu_place place;
};

struct menu_row {
    struct console_ref console; /* NULL: it has gone */
    uint64_t rank;              /* in the order, when it was added */
};

struct menu_page {
    struct menu_wish wish;
    struct menu_row row[MENU_ROWS_MAX];
    uint8_t order[MENU_ROWS_MAX]; /* of row[], as they are shown */
    uint32_t count;               /* of order */
    uint32_t before; /* how many are listed before the first; menu_page_end */
    uint32_t total;  /* how many are listed */
    uint32_t beside; /* how many lie on the other side of the place */
};

void menu_page_init(struct menu_page *page);
void menu_page_done(struct menu_page *page);

/* begin: an empty page, for this wish; add: once for each console that is to be
 * listed, in any order; end: the page is whole. */
void menu_page_begin(struct menu_page *page, const struct menu_wish *wish);
void menu_page_add(struct menu_page *page, struct console *c);
void menu_page_end(struct menu_page *page);

/* The console of a row, counted from 0; NULL: it has gone, or there is no such
 * row. */
struct console *menu_page_at(const struct menu_page *page, uint32_t row);

/* The row is empty from now on. */
void menu_page_drop(struct menu_page *page, uint32_t row);

/* Whether a row has become empty since the page was made. */
bool menu_page_has_gap(const struct menu_page *page);

/* The row of this console. False: it is in none. */
bool menu_page_find(const struct menu_page *page, const struct menu_place *what,
                    uint32_t *ret_row);

/* Where a console is in this order. */
void menu_place_of(struct menu_place *place, const struct console *c,
                   enum menu_sort sort);

/* Whether a console has this text in its name, label or UUID, or in what the
 * inventory has about its VM; in any case of the letters. "" is in all. */
bool menu_text_is_in(const char *text, const struct console *c);

#endif
