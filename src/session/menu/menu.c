#include "session/menu/menu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void menu_init(struct menu *m)
{
    *m = (struct menu){ .is_stale = true, .is_other = true };
    menu_page_init(&m->page[0]);
    menu_page_init(&m->page[1]);
    menu_set_window(m, (struct window){ 0 });
}

void menu_done(struct menu *m)
{
    menu_page_done(&m->page[0]);
    menu_page_done(&m->page[1]);
}

void menu_notice(struct menu *m, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(m->notice, sizeof m->notice, format, args);
    va_end(args);
}

void menu_forget_screen(struct menu *m)
{
    memset(m->drawn, 0, sizeof m->drawn);
}

static uint32_t bounded(uint32_t value, uint32_t otherwise, uint32_t min,
                        uint32_t max)
{
    if (value == 0)
        return otherwise;
    return value < min ? min : value > max ? max : value;
}

void menu_set_window(struct menu *m, struct window window)
{
    m->columns =
        bounded(window.columns, 80, MENU_COLUMNS_MIN, MENU_COLUMNS_MAX);
    m->lines = bounded(window.rows, 24, MENU_LINES_MIN, MENU_LINES_MAX);
    menu_forget_screen(m);
    if (m->wish.rows == m->lines - MENU_LINES_AROUND)
        return;
    menu_make_stale(m);
    m->wish.rows = m->lines - MENU_LINES_AROUND;
}

/* ---- which page --------------------------------------------------------- */

static void wish(struct menu *m, enum menu_from from)
{
    m->wish.from = from;
    m->is_stale = true;
    m->is_other = true;
}

/* From a row of the page, the next one that is there: step is 1 or -1. Without
 * any, from the beginning. */
static void wish_at(struct menu *m, enum menu_from from, uint32_t row, int step)
{
    const struct menu_page *page = menu_shown(m);
    const struct console *c = NULL;

    for (; row < page->count && c == NULL; row += (uint32_t)step)
        c = menu_page_at(page, row);
    if (c == NULL) {
        wish(m, MENU_FROM_FIRST);
        return;
    }
    menu_place_of(&m->wish.place, c, m->wish.sort);
    wish(m, from);
}

/* What somebody has wished for, and has not seen yet, stays the wish. A page
 * that begins the list goes on doing that. */
void menu_make_stale(struct menu *m)
{
    const struct menu_page *page = menu_shown(m);

    if (m->is_stale || m->is_other) {
        m->is_stale = true;
        return;
    }
    if (page->before == 0)
        wish(m, MENU_FROM_FIRST);
    else
        wish_at(m, MENU_FROM_PLACE, 0, 1);
    m->is_other = false;
}

/* The first console that has the text is the one that is meant. */
static void begin_anew(struct menu *m)
{
    m->has_chosen = false;
    wish(m, MENU_FROM_FIRST);
}

void menu_set_find(struct menu *m, const char *text)
{
    snprintf(m->find, sizeof m->find, "%s", text);
    begin_anew(m);
}

void menu_sort_next(struct menu *m)
{
    m->wish.sort = (enum menu_sort)((m->wish.sort + 1) % MENU_SORT_COUNT);
    begin_anew(m);
}

void menu_find_begin(struct menu *m)
{
    menu_page_begin(&m->page[!m->shown], &m->wish);
    m->is_stale = false;
}

bool menu_wants(const struct menu *m, const struct console *c)
{
    return menu_text_is_in(m->find, c);
}

void menu_find_add(struct menu *m, struct console *c)
{
    menu_page_add(&m->page[!m->shown], c);
}

static void choose(struct menu *m, uint32_t row)
{
    const struct console *c = menu_page_at(menu_shown(m), row);

    m->row = row;
    m->has_chosen = c != NULL;
    if (c != NULL)
        menu_place_of(&m->chosen, c, m->wish.sort);
}

/* The other page has found its rows: the choice stays with its console; where
 * that is not on it, the row next to the former page is chosen. */
static void choose_on_new_page(struct menu *m)
{
    const struct menu_page *page = menu_shown(m);
    bool is_last = page->wish.from == MENU_FROM_BEFORE ||
                   page->wish.from == MENU_FROM_LAST;
    uint32_t row = is_last && page->count > 0 ? page->count - 1 : 0;

    if (m->has_chosen)
        (void)menu_page_find(page, &m->chosen, &row);
    else if (page->wish.from == MENU_FROM_PLACE)
        row = m->row < page->count ? m->row : 0;
    choose(m, row);
}

enum menu_act menu_find_end(struct menu *m)
{
    menu_page_end(&m->page[!m->shown]);
    menu_page_done(&m->page[m->shown]);
    m->shown = !m->shown;
    m->is_found = true;
    m->is_other = m->is_stale && m->is_other;
    choose_on_new_page(m);
    if (!m->awaits_page || m->is_stale)
        return MENU_CHANGES;
    m->awaits_page = false;
    return menu_chosen(m) != NULL ? MENU_ATTACHES : MENU_CHANGES;
}

struct console *menu_chosen(const struct menu *m)
{
    return menu_page_at(menu_shown(m), m->row);
}

/* ---- keys --------------------------------------------------------------- */

static bool is_last_page(const struct menu_page *page)
{
    return page->before + page->count >= page->total;
}

static enum menu_act go_up(struct menu *m)
{
    if (m->row > 0) {
        choose(m, m->row - 1);
    } else if (menu_shown(m)->before > 0) {
        m->has_chosen = false;
        wish_at(m, MENU_FROM_BEFORE, 0, 1);
    }
    return MENU_CHANGES;
}

static enum menu_act go_down(struct menu *m)
{
    const struct menu_page *page = menu_shown(m);

    if (m->row + 1 < page->count) {
        choose(m, m->row + 1);
    } else if (!is_last_page(page)) {
        m->has_chosen = false;
        wish_at(m, MENU_FROM_BEHIND, page->count - 1, -1);
    }
    return MENU_CHANGES;
}

/* A page that would have less than its rows begins the list. */
static enum menu_act page_up(struct menu *m)
{
    const struct menu_page *page = menu_shown(m);

    m->has_chosen = false;
    if (page->before == 0)
        choose(m, 0);
    else if (page->before <= page->wish.rows)
        wish(m, MENU_FROM_FIRST);
    else
        wish_at(m, MENU_FROM_BEFORE, 0, 1);
    return MENU_CHANGES;
}

static enum menu_act page_down(struct menu *m)
{
    const struct menu_page *page = menu_shown(m);

    m->has_chosen = false;
    if (!is_last_page(page))
        wish_at(m, MENU_FROM_BEHIND, page->count - 1, -1);
    else if (page->count > 0)
        choose(m, page->count - 1);
    return MENU_CHANGES;
}

static enum menu_act go_to(struct menu *m, enum menu_from from)
{
    m->has_chosen = false;
    wish(m, from);
    return MENU_CHANGES;
}

/* A text that is full takes no more. */
static enum menu_act type(struct menu *m, struct slice text)
{
    size_t len = strlen(m->find);

    if (len == 0 && !m->is_typing && text.data[0] == 'q')
        return MENU_LEAVES;
    if (len == 0 && !m->is_typing && text.data[0] == '?') {
        m->shows_help = true;
        return MENU_CHANGES;
    }
    if (len == 0 && !m->is_typing && text.data[0] == '/') {
        m->is_typing = true;
        return MENU_CHANGES;
    }
    if (len + text.len > MENU_FIND_MAX)
        return MENU_STAYS;
    memcpy(m->find + len, text.data, text.len);
    m->find[len + text.len] = '\0';
    begin_anew(m);
    return MENU_CHANGES;
}

/* A character, which may have several bytes. */
static enum menu_act erase(struct menu *m)
{
    size_t len = strlen(m->find);

    if (len == 0) {
        m->is_typing = false;
        return MENU_CHANGES;
    }
    do
        len--;
    while (len > 0 && ((uint8_t)m->find[len] & 0xc0) == 0x80);
    m->find[len] = '\0';
    begin_anew(m);
    return MENU_CHANGES;
}

static enum menu_act clear(struct menu *m)
{
    m->is_typing = false;
    if (m->find[0] != '\0')
        menu_set_find(m, "");
    return MENU_CHANGES;
}

/* What is chosen is what the person sees: while another page is on its way,
 * that is not known yet. */
static enum menu_act enter(struct menu *m)
{
    if (m->is_other) {
        m->awaits_page = true;
        return MENU_CHANGES;
    }
    return menu_chosen(m) != NULL ? MENU_ATTACHES : MENU_CHANGES;
}

static enum menu_act redraw(struct menu *m)
{
    menu_forget_screen(m);
    return MENU_CHANGES;
}

static enum menu_act press(struct menu *m, enum menu_key key, struct slice text)
{
    switch (key) {
    case MENU_KEY_TEXT:
        return type(m, text);
    case MENU_KEY_UP:
        return go_up(m);
    case MENU_KEY_DOWN:
        return go_down(m);
    case MENU_KEY_PAGE_UP:
        return page_up(m);
    case MENU_KEY_PAGE_DOWN:
        return page_down(m);
    case MENU_KEY_HOME:
        return go_to(m, MENU_FROM_FIRST);
    case MENU_KEY_END:
        return go_to(m, MENU_FROM_LAST);
    case MENU_KEY_ENTER:
        return enter(m);
    case MENU_KEY_TAB:
        menu_sort_next(m);
        return MENU_CHANGES;
    case MENU_KEY_ERASE:
        return erase(m);
    case MENU_KEY_CLEAR:
        return clear(m);
    case MENU_KEY_REDRAW:
        return redraw(m);
    case MENU_KEY_LEAVE:
        return MENU_LEAVES;
    case MENU_KEY_NONE:
        break;
    }
    return MENU_STAYS;
}

/* Any key ends the help, and does nothing else. */
enum menu_act menu_press(struct menu *m, enum menu_key key, struct slice text)
{
    if (key == MENU_KEY_NONE)
        return MENU_STAYS;
    m->notice[0] = '\0';
    if (!m->shows_help || key == MENU_KEY_LEAVE)
        return press(m, key, text);
    m->shows_help = false;
    return redraw(m);
}
