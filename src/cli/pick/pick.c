#include "cli/pick/pick.h"

#include "base/limits.h"
#include "base/mem.h"
#include "cli/attach/attach.h"
#include "cli/attach/keys.h"
#include "cli/common/say.h"
#include "cli/invocation/console_list.h"
#include "cli/output/width.h"
#include "cli/pick/pick_keys.h"
#include "cli/pick/pick_list.h"
#include "net/standard/standard_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char target[] =
    "/api/v1/consoles?fields=id,name,state,clients,locked_by&sort=name";

/* The other screen of a terminal, without a cursor; and back. */
static const char screen_begin[] = "\033[?1049h\033[?25l";
static const char screen_end[] = "\033[?25h\033[?1049l";

enum { ROWS_OF_OURS = 3 };

struct pick {
    struct loop *loop;
    struct tty *tty;
    struct turns turns;
    struct console_list list;
    struct pick_list items;
    struct standard_stream standard;
    struct stream *input;
    struct buf screen;
    struct err problem; /* "": the list is as the server has it */
    unsigned long hidden;
    enum exits exits;
    bool is_listed;
    bool is_over;
    bool is_picked;
    bool is_by_ssh;
};

/* ---- the screen ----------------------------------------------------------
 */

/* Blocks as long as the terminal does: what it would show next is one screen,
 * and nothing else waits for it. */
static void show(struct pick *p)
{
    struct slice rest = buf_bytes(&p->screen);

    while (rest.len > 0) {
        ssize_t n = write(STDOUT_FILENO, rest.data, rest.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        rest = slice_after(rest, (size_t)n);
    }
    buf_take(&p->screen, p->screen.len);
}

static void put(struct pick *p, const char *text)
{
    if (buf_append(&p->screen, slice_of_text(text)) < 0)
        mem_end();
}

/* At most so many columns, and the rest of the line is blank. */
static void put_line(struct pick *p, const char *text, unsigned columns)
{
    size_t len = width_cut(text, columns);

    if (buf_append(&p->screen, slice_of(text, len)) < 0)
        mem_end();
    put(p, "\033[K");
}

static void put_item(struct pick *p, const struct pick_item *item,
                     bool is_selected, unsigned columns)
{
    enum { NAME = 32 };
    unsigned width = width_of(item->name);
    char clients[32] = "";
    char line[1024];

    if (item->clients > 0)
        snprintf(clients, sizeof clients, "%lu client%s", item->clients,
                 item->clients == 1 ? "" : "s");
    snprintf(line, sizeof line, "%s %s%*s  %-10s  %-11s%s%s",
             is_selected ? ">" : " ", item->name,
             (int)(width < NAME ? NAME - width : 0), "", item->state, clients,
             item->locked_by != NULL ? "  locked by " : "",
             item->locked_by != NULL ? item->locked_by : "");
    put(p, is_selected ? "\033[7m" : "");
    put_line(p, line, columns);
    put(p, is_selected ? "\033[0m\r\n" : "\r\n");
}

static void draw_head(struct pick *p, unsigned columns)
{
    char line[256];

    if (!p->is_listed)
        snprintf(line, sizeof line, "vspc: asking for the consoles...");
    else if (p->items.shown_count == p->items.count)
        snprintf(line, sizeof line, "vspc: %zu console%s", p->items.count,
                 p->items.count == 1 ? "" : "s");
    else
        snprintf(line, sizeof line, "vspc: %zu of %zu consoles",
                 p->items.shown_count, p->items.count);
    put(p, "\033[1m");
    put_line(p, line, columns);
    put(p, "\033[0m\r\n");
}

static void draw_foot(struct pick *p, unsigned columns)
{
    char line[1024];

    put(p, "\033[2m");
    put_line(p,
             p->problem.text[0] != '\0'
                 ? p->problem.text
                 : "type to search, Enter attaches, ^C leaves",
             columns);
    put(p, "\033[0m\r\n");
    snprintf(line, sizeof line, "search: %s_", p->items.filter);
    put_line(p, line, columns);
}

static size_t rows_of(struct tty_window window)
{
    return window.rows > ROWS_OF_OURS ? window.rows - ROWS_OF_OURS : 1;
}

static void draw(struct pick *p)
{
    struct tty_window window = tty_window();
    size_t rows = rows_of(window);

    pick_list_scroll(&p->items, rows);
    put(p, "\033[H");
    draw_head(p, window.columns);
    for (size_t row = 0; row < rows; row++) {
        size_t at = p->items.top + row;

        if (at < p->items.shown_count)
            put_item(p, &p->items.item[p->items.shown[at]],
                     at == p->items.selected, window.columns);
        else
            put(p, "\033[K\r\n");
    }
    draw_foot(p, window.columns);
    show(p);
}

/* ---- keys ----------------------------------------------------------------
 */

static void end_pick(struct pick *p, enum exits exits)
{
    p->exits = exits;
    p->is_over = true;
    loop_stop(p->loop);
}

static void escape(struct pick *p)
{
    if (p->items.filter[0] != '\0')
        pick_list_clear(&p->items);
    else
        end_pick(p, EXITS_DONE);
}

static void take_key(struct pick *p, enum pick_key key, struct slice text)
{
    long page = (long)rows_of(tty_window());

    switch (key) {
    case PICK_KEY_NONE:
        break;
    case PICK_KEY_TEXT:
        (void)pick_list_type(&p->items, (const char *)text.data, text.len);
        break;
    case PICK_KEY_ENTER:
        p->is_picked = pick_list_selected(&p->items) != NULL;
        if (p->is_picked)
            loop_stop(p->loop);
        break;
    case PICK_KEY_ERASE:
        (void)pick_list_erase(&p->items);
        break;
    case PICK_KEY_CLEAR:
        pick_list_clear(&p->items);
        break;
    case PICK_KEY_ESCAPE:
        escape(p);
        break;
    case PICK_KEY_LEAVE:
        end_pick(p, EXITS_INTERRUPTED);
        break;
    case PICK_KEY_SUSPEND:
        tty_suspend(p->tty);
        break;
    case PICK_KEY_REDRAW:
        put(p, "\033[2J");
        break;
    case PICK_KEY_UP:
        pick_list_move(&p->items, -1);
        break;
    case PICK_KEY_DOWN:
        pick_list_move(&p->items, 1);
        break;
    case PICK_KEY_PAGE_UP:
        pick_list_move(&p->items, -page);
        break;
    case PICK_KEY_PAGE_DOWN:
        pick_list_move(&p->items, page);
        break;
    case PICK_KEY_HOME:
        pick_list_move(&p->items, -(long)p->items.count);
        break;
    case PICK_KEY_END:
        pick_list_move(&p->items, (long)p->items.count);
        break;
    }
}

/* What was typed behind Enter is for nobody. */
static void pick_on_input_ready(void *owner, unsigned ready)
{
    struct pick *p = owner;
    uint8_t typed[1024];
    ssize_t n = stream_read(p->input, typed, sizeof typed);
    struct slice rest;

    (void)ready;
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        end_pick(p, EXITS_DONE); /* the terminal is gone */
        return;
    }
    rest = slice_of(typed, (size_t)n);
    while (rest.len > 0 && !p->is_picked && !p->is_over) {
        struct slice text;
        enum pick_key key = pick_keys_next(&rest, &text);

        take_key(p, key, text);
    }
    if (!p->is_over && !p->is_picked)
        draw(p);
}

static void pick_on_tty(void *owner, enum tty_event event, int number)
{
    struct pick *p = owner;

    switch (event) {
    case TTY_END:
        end_pick(p, (enum exits)(128 + number));
        break;
    case TTY_BACK:
        put(p, screen_begin);
        draw(p);
        break;
    case TTY_WINDOW:
        put(p, "\033[2J");
        draw(p);
        break;
    }
}

/* ---- the list ------------------------------------------------------------
 */

static void pick_on_list(void *owner, const json_t *answer)
{
    struct pick *p = owner;

    p->is_listed = true;
    p->problem = (struct err){ "" };
    pick_list_set(&p->items, json_object_get(answer, "items"));
    draw(p);
}

static void pick_on_failed(void *owner, enum exits exits, const char *why)
{
    struct pick *p = owner;

    err_set(&p->problem, "%s", why);
    if (p->is_listed)
        draw(p);
    else
        end_pick(p, exits);
}

static const struct console_list_ops pick_lists = {
    .on_list = pick_on_list,
    .on_failed = pick_on_failed,
};

/* ---- its life ------------------------------------------------------------
 */

static int open_screen(struct pick *p)
{
    int r = standard_stream_open(&p->standard, &p->input);

    if (r < 0)
        return r;
    stream_set_owner(p->input, pick_on_input_ready, p);
    stream_want(p->input, STREAM_READ);
    p->tty->on_event = pick_on_tty;
    p->tty->owner = p;
    r = tty_open(p->tty, screen_end);
    if (r < 0)
        return r;
    put(p, screen_begin);
    draw(p);
    console_list_start(&p->list);
    return 0;
}

static void close_screen(struct pick *p)
{
    console_list_stop(&p->list);
    if (p->input != NULL)
        stream_close(p->input);
    p->input = NULL;
    p->tty->owner = NULL;
    tty_close(p->tty);
}

static void attach(struct pick *p)
{
    const struct pick_item *item = pick_list_selected(&p->items);
    char *id = xstrdup(item->id);
    char *name = xstrdup(item->name);
    const struct attach_settings settings = {
        .id = id,
        .name = name,
        .history = -1,
        .escape = KEYS_ESCAPE,
        .is_by_ssh = p->is_by_ssh,
    };

    p->is_picked = false;
    p->exits = attach_run(&p->turns, p->tty, &settings);
    /* A signal ends all of it; why a console cannot be had is read there. */
    p->is_over = p->exits != EXITS_DONE;
    free(id);
    free(name);
}

static int run(struct pick *p)
{
    while (!p->is_over) {
        int r = open_screen(p);

        while (r == 0 && !p->is_over && !p->is_picked)
            loop_run(p->loop);
        close_screen(p);
        if (r < 0)
            return r;
        if (!p->is_over)
            attach(p);
        else if (p->problem.text[0] != '\0' && !p->is_listed)
            say_error("%s", p->problem.text);
    }
    return 0;
}

enum exits pick_run(struct invocation *in)
{
    struct pick p = { .exits = invocation_connect(in),
                      .is_by_ssh = in->is_by_ssh };
    struct tty tty;
    int r;

    if (p.exits != EXITS_DONE)
        return p.exits;
    p.loop = remote_loop(in->remote);
    p.tty = &tty;
    turns_init(&p.turns, in->remote);
    console_list_init(&p.list, &p.turns, target, &pick_lists, &p);
    standard_stream_init(&p.standard, p.loop, STDIN_FILENO);
    buf_init(&p.screen, 1024 * KIB);
    r = tty_init(&tty, p.loop);
    if (r == 0)
        r = run(&p);
    if (r < 0) {
        say_error("the terminal cannot be used: %s", strerror(-r));
        p.exits = EXITS_FAILED;
    }
    console_list_done(&p.list);
    standard_stream_done(&p.standard);
    buf_done(&p.screen);
    pick_list_done(&p.items);
    return p.exits;
}
