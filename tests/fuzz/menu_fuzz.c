/*
 * A menu, with names of consoles and keys that are the input's: what it draws
 * has no sequence but ours, and no line that is too wide; the list stays whole
 * while consoles come and go. The same bytes go through the escape key, where
 * none may be lost.
 *
 * An input begins with names, one a line, up to an empty line; the rest is
 * typed. Bytes from 0xf8 on, which no text has, are events.
 */
#include "core/directory.h"
#include "session/menu/menu.h"
#include "session/menu/menu_escape.h"
#include "session/menu/menu_lines.h"
#include "session/menu/menu_screen.h"
#include "session/menu/menu_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONSOLES_MAX = 40,
    TYPED_MAX = 400,
    EVENT_REFRESH = 0xf8,
    EVENT_GONE,   /* the first console of the list goes */
    EVENT_NEW,    /* another one comes */
    EVENT_NARROW, /* the window has another size */
    EVENT_WIDE,
    EVENT_TIME, /* nothing comes behind an ESC */
};

struct play {
    struct directory directory;
    struct menu menu;
    struct menu_keys keys;
    struct buf out;
    unsigned count;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void add(struct play *p, struct slice name)
{
    struct console_past past = { .is_proven = true };
    struct vm_identity identity = { .label = "s0" };
    char cleaned[TEXT_ID_MAX + 1];
    char uuid[40];

    if (p->count >= CONSOLES_MAX)
        return;
    (void)text_clean(cleaned, sizeof cleaned, name);
    snprintf(uuid, sizeof uuid, "uuid-%u", p->count++);
    identity.uuid = uuid;
    identity.name = cleaned;
    require(directory_restore(&p->directory, &identity, &past) != NULL);
}

static struct slice take_line(struct slice *in)
{
    const uint8_t *end = memchr(in->data, '\n', in->len);
    size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
    struct slice line = slice_of(in->data, len);

    *in = slice_after(*in, end != NULL ? len + 1 : len);
    return line;
}

/* The length of a sequence of ours at the front; ends the program for another.
 */
static size_t sequence_len(const char *at)
{
    static const char *const fixed[] = { "\033(B",    "\033[r", "\033[0m",
                                         "\033[?25h", "\033[H", "\033[2J",
                                         "\033[7m",   "\033[K" };
    unsigned line, column;
    int len = 0;

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strncmp(at, fixed[i], strlen(fixed[i])) == 0)
            return strlen(fixed[i]);
    require(sscanf(at, "\033[%u;%uH%n", &line, &column, &len) == 2 && len > 0);
    require(line >= 1 && line <= MENU_LINES_MAX);
    require(column >= 1 && column <= MENU_COLUMNS_MAX);
    return (size_t)len;
}

/* Text between the sequences stands on one line. */
static void check_screen(struct play *p)
{
    struct slice rest;
    unsigned columns = 0;

    require(buf_append(&p->out, slice_of("", 1)) == 0);
    rest = buf_bytes(&p->out);
    while (rest.data[0] != '\0') {
        uint32_t code;
        size_t len = 1;

        if (rest.data[0] == 033) {
            len = sequence_len((const char *)rest.data);
            if (rest.data[len - 1] == 'H')
                columns = 0;
        } else if (rest.data[0] != 017) {
            len = text_character(rest, &code);
            require(len > 0 && menu_text_columns(code) > 0);
            columns += menu_text_columns(code);
        }
        require(columns < p->menu.columns);
        rest = slice_after(rest, len);
    }
    buf_take(&p->out, p->out.len);
}

static void check_page(struct play *p)
{
    const struct menu_page *page = menu_shown(&p->menu);

    require(page->count <= page->wish.rows && page->count <= page->total);
    require(page->before + page->count <= page->total);
    for (uint32_t i = 0; i < page->count; i++)
        require(page->order[i] < MENU_ROWS_MAX);
}

static void find(struct play *p)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    if (!p->menu.is_stale)
        return;
    menu_find_begin(&p->menu);
    while ((c = directory_next(&p->directory, &cursor)) != NULL)
        if (menu_wants(&p->menu, c))
            menu_find_add(&p->menu, c);
    menu_find_end(&p->menu);
    require(!p->menu.is_stale);
    check_page(p);
}

static void lose_one(struct play *p)
{
    struct directory_cursor cursor = { 0 };
    struct console *c = directory_next(&p->directory, &cursor);
    struct fact fact;

    while (fact_take(&p->directory.facts, &fact))
        fact_done(&fact);
    if (c != NULL)
        directory_remove(c);
}

static bool happen(struct play *p, uint8_t event)
{
    switch (event) {
    case EVENT_REFRESH:
        menu_make_stale(&p->menu);
        return true;
    case EVENT_GONE:
        lose_one(p);
        return true;
    case EVENT_NEW:
        add(p, slice_of_text("another"));
        return true;
    case EVENT_NARROW:
        menu_set_window(&p->menu, (struct window){ 1, 1 });
        return true;
    case EVENT_WIDE:
        menu_set_window(&p->menu, (struct window){ 65535, 65535 });
        return true;
    case EVENT_TIME:
        menu_press(&p->menu, menu_keys_time_out(&p->keys), slice_of("", 0));
        return true;
    default:
        return false;
    }
}

static void type_on_screen(struct play *p, struct slice typed)
{
    for (size_t i = 0; i < typed.len; i++) {
        struct slice byte = slice_of(typed.data + i, 1);
        struct slice text = slice_of("", 0);
        enum menu_key key;

        if (!happen(p, typed.data[i])) {
            key = menu_keys_next(&p->keys, &byte, &text);
            (void)menu_press(&p->menu, key, text);
        }
        require(menu_screen_draw(&p->menu, (uint32_t)i, &p->out) == 0);
        check_screen(p);
        find(p);
        require(menu_screen_draw(&p->menu, (uint32_t)i, &p->out) == 0);
        check_screen(p);
    }
}

static void type_lines(struct play *p, struct slice typed)
{
    char text[TYPED_MAX + 1];

    while (typed.len > 0) {
        struct slice line = take_line(&typed);

        snprintf(text, sizeof text, "%.*s", (int)line.len,
                 (const char *)line.data);
        (void)menu_lines_answer(&p->menu, text);
        find(p);
        require(menu_lines_draw(&p->menu, 1, &p->out) == 0);
        require(memchr(buf_bytes(&p->out).data, 033, p->out.len) == NULL);
        buf_take(&p->out, p->out.len);
    }
}

/* In one piece and in bytes: the same goes to the VM, and no more than was
 * typed. */
static size_t escape(struct slice typed, size_t piece, uint8_t *to,
                     unsigned *ret_commands)
{
    struct menu_escape e;
    struct menu_escape_item item;
    enum menu_escape_event event;
    size_t len = 0;

    *ret_commands = 0;
    menu_escape_init(&e, '~');
    while (typed.len > 0) {
        struct slice in =
            slice_of(typed.data, piece < typed.len ? piece : typed.len);

        typed = slice_after(typed, in.len);
        while ((event = menu_escape_next(&e, &in, &item)) !=
               MENU_ESCAPE_NEED_MORE) {
            if (event == MENU_ESCAPE_COMMAND)
                (*ret_commands)++;
            else
                memcpy(to + len, item.bytes.data, item.bytes.len);
            len += event == MENU_ESCAPE_BYTES ? item.bytes.len : 0;
        }
    }
    item.bytes = menu_escape_time_out(&e);
    if (item.bytes.len > 0)
        memcpy(to + len, item.bytes.data, item.bytes.len);
    return len + item.bytes.len;
}

static void check_escape(struct slice typed)
{
    uint8_t whole[TYPED_MAX + 1], bytes[TYPED_MAX + 1];
    unsigned whole_commands, bytes_commands;
    size_t len = escape(typed, typed.len, whole, &whole_commands);

    require(len == escape(typed, 1, bytes, &bytes_commands));
    require(memcmp(whole, bytes, len) == 0);
    require(whole_commands == bytes_commands);
    require(len + 2 * (size_t)whole_commands <= typed.len);
}

static void finish(struct play *p)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    menu_done(&p->menu);
    buf_done(&p->out);
    while ((c = directory_next(&p->directory, &cursor)) != NULL)
        directory_remove(c);
    directory_done(&p->directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .expire_us = 1,
        .ring_max = 64 * KIB,
        .history_total = 64 * KIB,
    };
    static struct play p;
    struct slice in = slice_of(bytes, len);
    struct slice name;

    p.count = 0;
    directory_init(&p.directory, &settings);
    menu_init(&p.menu);
    menu_keys_init(&p.keys);
    buf_init(&p.out, 1024 * KIB);
    while (in.len > 0 && (name = take_line(&in)).len > 0)
        add(&p, name);
    in.len = in.len < TYPED_MAX ? in.len : TYPED_MAX;
    if (in.len > 0) {
        check_escape(in);
        type_on_screen(&p, in);
        type_lines(&p, in);
    }
    finish(&p);
    return 0;
}
