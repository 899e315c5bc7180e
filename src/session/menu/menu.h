/*
 * menu.h - the list of consoles as one person sees it: which page, sorted how,
 * narrowed by what text, which row is chosen; and what each key does about it.
 *
 * The owner finds the page (menu_page.h), because it knows the consoles and who
 * may read which: is_stale says that a page is to be found.
 * menu_screen.h and menu_lines.h draw it. The list stays as it is while its
 * person is at a console, so that people come back to where they were.
 *
 * Pure: no I/O and no clock. A menu refers to consoles (menu_page.h), and must
 * not be moved.
 */
#ifndef SESSION_MENU_MENU_H
#define SESSION_MENU_MENU_H

#include "base/window.h"
#include "session/menu/menu_keys.h"
#include "session/menu/menu_page.h"

enum {
    /* Bounds on what a client may say of its window. */
    MENU_COLUMNS_MIN = 40,
    MENU_COLUMNS_MAX = 250,
    MENU_LINES_MIN = 8,
    /* Title, headings, notice, and the line that is typed. */
    MENU_LINES_AROUND = 4,
    MENU_LINES_MAX = MENU_ROWS_MAX + MENU_LINES_AROUND,
    MENU_NOTICE_MAX = 240,
};

/* What the owner has to do about a key. */
enum menu_act {
    MENU_STAYS,
    MENU_CHANGES,  /* what is seen has changed: draw; and look at is_stale */
    MENU_ATTACHES, /* to menu_chosen */
    MENU_LEAVES,
};

struct menu {
    struct menu_wish wish; /* for the page that is found next */
    struct menu_page page[2];
    uint8_t shown;    /* of page: the one that is seen */
    bool is_stale;    /* a page is to be found: menu_find_begin */
    bool is_other;    /* what is wished for is another page than the one that is
                       * seen; it is not found yet */
    bool is_found;    /* a page was found since the beginning */
    bool awaits_page; /* Enter was typed before the page was there */
    bool is_typing;   /* '/' was typed: each letter is text */
    bool shows_help;
    bool has_chosen; /* chosen is set */
    uint32_t row;    /* of the page: the chosen one */
    struct menu_place
        chosen; /* that the choice stays with while pages change */
    char find[MENU_FIND_MAX + 1];
    uint32_t columns, lines; /* of the window, bounded */
    char notice[MENU_NOTICE_MAX];
    /* For menu_screen.c: what each line has looked like, 0: not known. */
    uint64_t drawn[MENU_LINES_MAX];
};

void menu_init(struct menu *m);
void menu_done(struct menu *m);

/* The size of the window, 0: not known; 80x24 until it is told. */
void menu_set_window(struct menu *m, struct window window);

enum menu_act menu_press(struct menu *m, enum menu_key key, struct slice text);

/* Other words for some keys, for people who type lines (menu_lines.h). */
void menu_set_find(struct menu *m, const char *text);
void menu_sort_next(struct menu *m);

/* Something else was on the screen since it was drawn: all is drawn anew. */
void menu_forget_screen(struct menu *m);

/* A line that is shown until the next key. */
__attribute__((format(printf, 2, 3))) void menu_notice(struct menu *m,
                                                       const char *format, ...);

/* ---- its page ----------------------------------------------------------- */

static inline struct menu_page *menu_page(struct menu *m)
{
    return &m->page[m->shown];
}

static inline const struct menu_page *menu_shown(const struct menu *m)
{
    return &m->page[m->shown];
}

/* The page is to be found anew, at the place where it is. */
void menu_make_stale(struct menu *m);

/*
 * How another page is found: begin, then add for each console that is to be
 * listed (menu_wants: whether it has the text), then end, which shows it.
 * MENU_ATTACHES: Enter was waiting for it.
 */
void menu_find_begin(struct menu *m);
bool menu_wants(const struct menu *m, const struct console *c);
void menu_find_add(struct menu *m, struct console *c);
enum menu_act menu_find_end(struct menu *m);

/* The chosen console; NULL: there is none. */
struct console *menu_chosen(const struct menu *m);

#endif
