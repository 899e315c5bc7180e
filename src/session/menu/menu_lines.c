#include "session/menu/menu_lines.h"

#include "base/text.h"
#include "session/menu/menu_screen.h"
#include "session/menu/menu_text.h"

#include <stdio.h>

enum { NAME_COLUMNS = 40 };

static const char help[] =
    "a number    opens the console with this number; its first line says how "
    "to\r\n"
    "            come back\r\n"
    "text        shows the consoles with this text in name or UUID\r\n"
    "/text       the same, for a text that is a number or a sign; / alone: "
    "all\r\n"
    "Enter       the next page; - is the page before\r\n"
    "=           sorts by name, last output, state\r\n"
    "q           leaves\r\n";

/* Numbers are those of the page that was shown: another one would be a console
 * that the person has not seen. */
static enum menu_act choose_number(struct menu *m, unsigned long number)
{
    const struct menu_page *page = menu_shown(m);

    if (number <= page->before || number > page->before + page->count) {
        menu_notice(m, "%lu is not on this page", number);
        return MENU_CHANGES;
    }
    m->row = (uint32_t)(number - page->before - 1);
    if (menu_chosen(m) != NULL)
        return MENU_ATTACHES;
    menu_notice(m, "this console has gone");
    return MENU_CHANGES;
}

static enum menu_act find(struct menu *m, const char *text)
{
    char cleaned[MENU_FIND_MAX + 1];

    (void)text_clean(cleaned, sizeof cleaned, slice_of_text(text));
    menu_set_find(m, cleaned);
    return MENU_CHANGES;
}

static enum menu_act answer_sign(struct menu *m, char sign)
{
    static const struct slice none = { NULL, 0 };

    switch (sign) {
    case '\0':
        if (menu_shown(m)->before + menu_shown(m)->count < menu_shown(m)->total)
            return menu_press(m, MENU_KEY_PAGE_DOWN, none);
        menu_make_stale(m);
        return MENU_CHANGES;
    case '-':
        return menu_press(m, MENU_KEY_PAGE_UP, none);
    case '=':
        menu_sort_next(m);
        return MENU_CHANGES;
    case '?':
        m->shows_help = true;
        return MENU_CHANGES;
    case 'q':
        return MENU_LEAVES;
    default:
        return MENU_STAYS;
    }
}

enum menu_act menu_lines_answer(struct menu *m, const char *line)
{
    enum menu_act act = MENU_STAYS;
    unsigned long number;

    m->notice[0] = '\0';
    if (text_number(line, UINT32_MAX, &number))
        return choose_number(m, number);
    if (line[0] == '/')
        return find(m, line + 1);
    if (line[0] == '\0' || line[1] == '\0')
        act = answer_sign(m, line[0]);
    return act != MENU_STAYS ? act : find(m, line);
}

static int put_row(const struct menu *m, uint32_t row, uint32_t now_s,
                   struct buf *out)
{
    const struct menu_page *page = menu_shown(m);
    const struct console *c = menu_page_at(page, row);
    char text[96];
    int r;

    if (c == NULL)
        return 0;
    snprintf(text, sizeof text, "%6u  ", page->before + row + 1);
    r = buf_append(out, slice_of_text(text));
    if (r == 0)
        r = menu_text_put(out, console_name(c).text, NAME_COLUMNS);
    snprintf(text, sizeof text, "  %-9s  %u  %s\r\n", menu_state_of(c),
             c->client_count, menu_age_of(c, now_s).text);
    return r < 0 ? r : buf_append(out, slice_of_text(text));
}

static int put_text(struct buf *out, const char *text)
{
    return buf_append(out, slice_of_text(text));
}

static int put_prompt(struct menu *m, struct buf *out)
{
    int r = 0;

    if (m->notice[0] != '\0')
        r = put_text(out, m->notice);
    if (r == 0 && m->notice[0] != '\0')
        r = put_text(out, "\r\n");
    m->notice[0] = '\0';
    return r < 0 ? r : put_text(out, "number, text, ? or q: ");
}

int menu_lines_draw(struct menu *m, uint32_t now_s, struct buf *out)
{
    int r = put_text(out, "\r\n");

    if (m->shows_help) {
        m->shows_help = false;
        r = r < 0 ? r : put_text(out, help);
        return r < 0 ? r : put_prompt(m, out);
    }
    if (r == 0)
        r = menu_put_title(m, out);
    if (r == 0)
        r = put_text(out, "\r\n");
    for (uint32_t i = 0; i < menu_shown(m)->count && r == 0; i++)
        r = put_row(m, i, now_s, out);
    return r < 0 ? r : put_prompt(m, out);
}
