#include "session/menu/menu_screen.h"

#include "session/menu/menu_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_MAX = 2048, /* bytes: MENU_COLUMNS_MAX characters, and sequences */
    /* Columns: marker and number, state, clients, output, two blanks between.
     * A narrow window has no room for the last two. */
    NUMBER_COLUMNS = 8,
    STATE_COLUMNS = 9,
    CLIENTS_COLUMNS = 7,
    OUTPUT_COLUMNS = 6,
    WIDE_FROM = 60,
};

#define FIND " Find: "

static const char *const help[] = {
    "",
    "  Up, Down, Page Up, Page Down, Home, End   go through the list",
    "  Ctrl-P, Ctrl-N, Ctrl-B, Ctrl-F, Ctrl-A, Ctrl-E   the same",
    "  letters      show the consoles with this text in name or UUID",
    "  /            begins a text with q, ? or /",
    "  Backspace    erases a letter, Ctrl-U or Esc all of them",
    "  Tab          sorts by name, last output, state",
    "  Enter        opens the console; its first line says how to come back",
    "  Ctrl-L       draws the screen again",
    "  q, Ctrl-D    leaves",
    "",
    "  Any key goes back to the list.",
};
enum { HELP_LINES = sizeof help / sizeof help[0] };

/* ---- words -------------------------------------------------------------- */

struct menu_age menu_age_of(const struct console *c, uint32_t now_s)
{
    static const struct {
        uint32_t seconds;
        char letter;
    } units[] = { { 24 * 3600, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    uint32_t age = now_s > c->last_output_s ? now_s - c->last_output_s : 0;
    struct menu_age a = { "-" };
    size_t i = 0;

    if (c->last_output_s == 0)
        return a;
    while (i + 1 < sizeof units / sizeof units[0] && age < units[i].seconds)
        i++;
    if (age < 2)
        snprintf(a.text, sizeof a.text, "now");
    else
        snprintf(a.text, sizeof a.text, "%u%c", age / units[i].seconds,
                 units[i].letter);
    return a;
}

const char *menu_state_of(const struct console *c)
{
    if (c->move != NULL)
        return "moving";
    return c->link != NULL ? "connected" : "away";
}

__attribute__((format(printf, 2, 3))) static int put(struct buf *out,
                                                     const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return buf_append(out, slice_of_text(text));
}

int menu_put_title(const struct menu *m, struct buf *out)
{
    const struct menu_page *page = menu_shown(m);
    int r = 0;

    if (!m->is_found)
        return put(out, "looking for consoles");
    if (page->total == 0)
        r = put(out, "no console");
    else
        r = put(out, "%u-%u of %u console%s", page->before + 1,
                page->before + page->count, page->total,
                page->total == 1 ? "" : "s");
    if (r == 0 && m->find[0] != '\0')
        r = put(out, " with \"%s\"", m->find);
    return r < 0 ? r : put(out, ", by %s", menu_sort_name(m->wish.sort));
}

/* ---- lines -------------------------------------------------------------- */

static unsigned width_of(const struct menu *m)
{
    return m->columns - 1;
}

static bool is_wide(const struct menu *m)
{
    return m->columns >= WIDE_FROM;
}

static unsigned name_columns(const struct menu *m)
{
    unsigned others = NUMBER_COLUMNS + 1 + 2 + STATE_COLUMNS;

    if (is_wide(m))
        others += 2 + CLIENTS_COLUMNS + 2 + OUTPUT_COLUMNS;
    return width_of(m) - others;
}

/* One text over the whole width, reversed or not. */
static int put_wide(const struct menu *m, struct buf *line, const char *text,
                    bool is_reverse)
{
    int r = is_reverse ? put(line, "\033[7m") : 0;

    if (r == 0)
        r = menu_text_put(line, text, width_of(m));
    return r == 0 && is_reverse ? put(line, "\033[0m") : r;
}

static int put_title_line(const struct menu *m, struct buf *line)
{
    struct buf title;
    char text[256];
    int r;

    buf_init(&title, LINE_MAX);
    r = menu_put_title(m, &title);
    snprintf(text, sizeof text, " vspcd: %.*s", (int)title.len,
             title.len > 0 ? (const char *)buf_bytes(&title).data : "");
    buf_done(&title);
    return r < 0 ? r : put_wide(m, line, text, true);
}

static int put_headings(const struct menu *m, struct buf *line)
{
    int r = put(line, "%*s ", NUMBER_COLUMNS, "#");

    if (r == 0)
        r = menu_text_put(line, "name", name_columns(m));
    if (r == 0)
        r = put(line, "  %-*s", STATE_COLUMNS, "state");
    if (r == 0 && is_wide(m))
        r = put(line, "  %*s  %*s", CLIENTS_COLUMNS, "clients", OUTPUT_COLUMNS,
                "output");
    return r;
}

/* The marker is for those who see no reverse. */
static int put_row(const struct menu *m, uint32_t row, uint32_t now_s,
                   struct buf *line)
{
    const struct menu_page *page = menu_shown(m);
    const struct console *c = menu_page_at(page, row);
    bool is_chosen = row == m->row;
    int r = is_chosen ? put(line, "\033[7m") : 0;

    if (r == 0)
        r = put(line, "%c%*u ", is_chosen ? '>' : ' ', NUMBER_COLUMNS - 1,
                page->before + row + 1);
    if (r == 0)
        r = menu_text_put(line, console_name(c).text, name_columns(m));
    if (r == 0)
        r = put(line, "  %-*s", STATE_COLUMNS, menu_state_of(c));
    if (r == 0 && is_wide(m))
        r = put(line, "  %*u  %*s", CLIENTS_COLUMNS, c->client_count,
                OUTPUT_COLUMNS, menu_age_of(c, now_s).text);
    return r == 0 && is_chosen ? put(line, "\033[0m") : r;
}

static int put_body(const struct menu *m, uint32_t row, uint32_t now_s,
                    struct buf *line)
{
    const struct menu_page *page = menu_shown(m);

    if (m->shows_help)
        return row < HELP_LINES ? put_wide(m, line, help[row], false) : 0;
    if (menu_page_at(page, row) != NULL)
        return put_row(m, row, now_s, line);
    if (row == 1 && m->is_found && page->total == 0)
        return put_wide(m, line,
                        m->find[0] != '\0'
                            ? "        no console has this text"
                            : "        no console is here for you",
                        false);
    return 0;
}

static unsigned find_columns(const struct menu *m)
{
    return width_of(m) - (unsigned)strlen(FIND);
}

static bool is_finding_text(const struct menu *m)
{
    return m->is_typing || m->find[0] != '\0';
}

static int put_prompt(const struct menu *m, struct buf *line)
{
    int r;

    if (!is_finding_text(m))
        return put_wide(
            m, line, " Enter opens, letters find, Tab sorts, ? helps, q leaves",
            false);
    r = put(line, FIND);
    return r < 0 ? r : menu_text_put(line, m->find, find_columns(m));
}

static int put_line(const struct menu *m, uint32_t number, uint32_t now_s,
                    struct buf *line)
{
    if (number == 0)
        return put_title_line(m, line);
    if (number == 1)
        return m->shows_help ? 0 : put_headings(m, line);
    if (number == m->lines - 2)
        return put_wide(m, line,
                        m->notice[0] == '\0' && is_finding_text(m)
                            ? " Esc clears the text, Ctrl-D leaves"
                            : m->notice,
                        false);
    if (number == m->lines - 1)
        return put_prompt(m, line);
    return put_body(m, number - 2, now_s, line);
}

/* FNV-1a, 64 bits; never 0, which is "not known". What somebody could gain by a
 * collision is a line on his own screen that is old. */
static uint64_t hash_of(struct slice line)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < line.len; i++)
        hash = (hash ^ line.data[i]) * UINT64_C(0x100000001b3);
    return hash | 1;
}

static int draw_line(struct menu *m, uint32_t number, uint32_t now_s,
                     struct buf *out)
{
    struct buf line;
    uint64_t hash;
    int r;

    buf_init(&line, LINE_MAX);
    r = put_line(m, number, now_s, &line);
    hash = hash_of(buf_bytes(&line));
    if (r == 0 && hash != m->drawn[number]) {
        r = put(out, "\033[%u;1H", number + 1);
        if (r == 0 && line.len > 0)
            r = buf_append(out, buf_bytes(&line));
        if (r == 0)
            r = put(out, "\033[K");
        m->drawn[number] = hash;
    }
    buf_done(&line);
    return r;
}

/* Where the next letter will be seen. */
static int put_cursor(const struct menu *m, struct buf *out)
{
    unsigned column = 1;

    if (is_finding_text(m)) {
        unsigned typed = menu_text_width(m->find);

        column += (unsigned)strlen(FIND) +
                  (typed < find_columns(m) ? typed : find_columns(m));
    }
    return put(out, "\033[%u;%uH", m->lines, column);
}

int menu_screen_draw(struct menu *m, uint32_t now_s, struct buf *out)
{
    uint32_t before = out->len;
    int r = m->drawn[0] == 0 ? menu_screen_clear(out) : 0;

    for (uint32_t i = 0; i < m->lines && r == 0; i++)
        r = draw_line(m, i, now_s, out);
    if (r == 0 && out->len > before)
        r = put_cursor(m, out);
    return r;
}

/* SI and ESC ( B: ASCII; DECSTBM, SGR and DECTCEM at what they are at first;
 * home, and erase all. */
int menu_screen_clear(struct buf *out)
{
    return put(out, "\017\033(B\033[r\033[0m\033[?25h\033[H\033[2J");
}
