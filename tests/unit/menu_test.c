/* The list of consoles without a connection: keys, the escape key, a page, what
 * is drawn. */
#include "core/directory.h"
#include "session/menu/menu.h"
#include "session/menu/menu_escape.h"
#include "session/menu/menu_lines.h"
#include "session/menu/menu_screen.h"
#include "session/menu/menu_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

/* ---- keys --------------------------------------------------------------- */

/* What is typed, as names of keys; text in quotes. Each cut gives the same. */
static void take_keys(struct menu_keys *k, struct slice in, char *said,
                      size_t size)
{
    struct slice text;
    enum menu_key key;

    while ((key = menu_keys_next(k, &in, &text)) != MENU_KEY_NONE) {
        size_t len = strlen(said);

        if (key == MENU_KEY_TEXT)
            snprintf(said + len, size - len, "'%.*s' ", (int)text.len,
                     (const char *)text.data);
        else
            snprintf(said + len, size - len, "%s ", menu_key_name(key));
    }
}

static void assert_keys(struct slice typed, const char *expected)
{
    for (size_t cut = 0; cut <= typed.len; cut++) {
        struct menu_keys k;
        char said[512] = "";

        menu_keys_init(&k);
        take_keys(&k, slice_of(typed.data, cut), said, sizeof said);
        take_keys(&k, slice_after(typed, cut), said, sizeof said);
        assert_string_equal(said, expected);
        assert_false(menu_keys_is_waiting(&k));
    }
    {
        struct menu_keys k;
        char said[512] = "";

        menu_keys_init(&k);
        for (size_t i = 0; i < typed.len; i++)
            take_keys(&k, slice_of(typed.data + i, 1), said, sizeof said);
        assert_string_equal(said, expected);
    }
}

static void letters_are_text(void **state)
{
    (void)state;
    assert_keys(BYTES("w\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"),
                "'w' '\xc3\xa9' '\xe6\x97\xa5' '\xf0\x9f\x98\x80' ");
}

static void bytes_that_are_no_character_are_no_key(void **state)
{
    (void)state;
    assert_keys(BYTES("\xff\x80\xc0z\xe0\x80\x80\x80y\xc3x\xe2\x80\x8b"),
                "'z' 'y' 'x' ");
}

static void arrows_come_in_two_ways(void **state)
{
    (void)state;
    assert_keys(BYTES("\033[A\033[B\033OA\033OB\033[1;5A"),
                "up down up down up ");
}

static void home_and_end_come_in_many(void **state)
{
    (void)state;
    assert_keys(BYTES("\033[H\033[F\033OH\033OF\033[1~\033[4~\033[7~\033[8~"),
                "home end home end home end home end ");
    assert_keys(BYTES("\033[5~\033[6~\033[5;2~"), "page-up page-down page-up ");
}

static void there_are_keys_for_those_without(void **state)
{
    (void)state;
    assert_keys(BYTES("\x10\x0e\x02\x06\x01\x05\t\x08\x7f\x15\x0c\x04\x03"),
                "up down page-up page-down home end tab erase erase clear "
                "redraw leave leave ");
}

static void enter_is_one_key_in_all_its_forms(void **state)
{
    (void)state;
    assert_keys(BYTES("\r\n\r\0\n\n\r\r\033OM"),
                "enter enter enter enter enter enter enter ");
}

static void other_sequences_are_no_key(void **state)
{
    (void)state;
    assert_keys(BYTES("\033[3~\033[C\033[200~\033[<0;1;1m\033x\033[?1;2c"
                      "\033[99999999999~\033OP"
                      "a"),
                "'a' ");
}

static void a_sequence_that_breaks_off_is_left(void **state)
{
    (void)state;
    assert_keys(BYTES("\033[1;\033[A\033[\rb"), "up 'b' ");
}

static void escape_alone_is_known_by_time(void **state)
{
    struct menu_keys k;
    char said[64] = "";

    (void)state;
    menu_keys_init(&k);
    take_keys(&k, BYTES("\033"), said, sizeof said);
    assert_string_equal(said, "");
    assert_true(menu_keys_is_waiting(&k));
    assert_int_equal(menu_keys_time_out(&k), MENU_KEY_CLEAR);
    assert_false(menu_keys_is_waiting(&k));
    assert_int_equal(menu_keys_time_out(&k), MENU_KEY_NONE);
    take_keys(&k, BYTES("A"), said, sizeof said);
    assert_string_equal(said, "'A' ");
    take_keys(&k, BYTES("\033["), said, sizeof said);
    assert_int_equal(menu_keys_time_out(&k), MENU_KEY_NONE);
    assert_false(menu_keys_is_waiting(&k));
}

static void escape_twice_is_escape(void **state)
{
    struct menu_keys k;
    char said[64] = "";

    (void)state;
    menu_keys_init(&k);
    take_keys(&k, BYTES("\033\033"), said, sizeof said);
    assert_string_equal(said, "clear ");
    take_keys(&k, BYTES("[A"), said, sizeof said);
    assert_string_equal(said, "clear up ");
}

/* ---- the escape key ----------------------------------------------------- */

/* Bytes as they are, commands as <LETTER>. */
static void take_escape(struct menu_escape *e, struct slice in, char *said)
{
    struct menu_escape_item item;
    enum menu_escape_event event;

    while ((event = menu_escape_next(e, &in, &item)) != MENU_ESCAPE_NEED_MORE) {
        if (event == MENU_ESCAPE_BYTES)
            strncat(said, (const char *)item.bytes.data, item.bytes.len);
        else
            sprintf(said + strlen(said), "<%c>",
                    menu_command_words(item.command)->letter);
    }
}

static void assert_escape_of(char key, const char *typed, const char *expected)
{
    struct slice all = slice_of_text(typed);
    struct menu_escape e;

    for (size_t cut = 0; cut <= all.len; cut++) {
        char said[256] = "";

        menu_escape_init(&e, key);
        take_escape(&e, slice_of(all.data, cut), said);
        take_escape(&e, slice_after(all, cut), said);
        assert_string_equal(said, expected);
    }
    {
        char said[256] = "";

        menu_escape_init(&e, key);
        for (size_t i = 0; i < all.len; i++)
            take_escape(&e, slice_of(all.data + i, 1), said);
        assert_string_equal(said, expected);
    }
}

static void assert_escape(const char *typed, const char *expected)
{
    assert_escape_of('~', typed, expected);
}

static void escape_means_something_behind_enter_alone(void **state)
{
    (void)state;
    assert_escape("ls ~.\r~.", "ls ~.\r<.>");
    assert_escape("ls ~\n~?x", "ls ~\n<?>x");
    assert_escape("\r\n~b", "\r\n<b>");
}

static void a_console_begins_as_behind_enter(void **state)
{
    (void)state;
    assert_escape("~.", "<.>");
}

static void escape_twice_is_typed_once(void **state)
{
    (void)state;
    assert_escape("~~.\r~~\r~~~.", "~.\r~\r~~.");
}

static void a_letter_that_is_no_command_is_typed_with_its_key(void **state)
{
    (void)state;
    assert_escape("~z\r~user/x\r~\r~.", "~z\r~user/x\r~\r<.>");
}

static void behind_a_command_the_line_is_still_empty(void **state)
{
    (void)state;
    assert_escape("~b~b~.", "<b><b><.>");
}

static void every_command_has_its_letter(void **state)
{
    (void)state;
    assert_escape("~.~?~b~t~w~m~x", "<.><?><b><t><w><m><x>");
}

static void without_a_key_all_is_typed(void **state)
{
    (void)state;
    assert_escape_of('\0', "~.\r~.", "~.\r~.");
    assert_escape_of('%', "~.\r%.", "~.\r<.>");
}

static void a_key_that_is_alone_is_typed_when_its_time_is_over(void **state)
{
    struct menu_escape e;
    char said[64] = "";

    (void)state;
    menu_escape_init(&e, '~');
    take_escape(&e, BYTES("~"), said);
    assert_string_equal(said, "");
    assert_true(e.is_held);
    assert_true(slice_is_equal(menu_escape_time_out(&e), BYTES("~")));
    assert_int_equal(menu_escape_time_out(&e).len, 0);
    take_escape(&e, BYTES(".\r~."), said);
    assert_string_equal(said, ".\r<.>");
}

/* ---- names on a screen -------------------------------------------------- */

static void assert_put(const char *text, unsigned columns, const char *expected)
{
    struct buf out;

    buf_init(&out, 4 * KIB);
    assert_int_equal(menu_text_put(&out, text, columns), 0);
    assert_true(slice_is_equal(buf_bytes(&out), slice_of_text(expected)));
    buf_done(&out);
}

static void a_text_has_its_columns(void **state)
{
    (void)state;
    assert_put("web", 5, "web  ");
    assert_put("web-1", 5, "web-1");
    assert_put("web-12", 5, "web-+");
    assert_put("web", 0, "");
    assert_put("", 40, "                                        ");
}

static void a_wide_character_has_two_columns(void **state)
{
    (void)state;
    assert_int_equal(menu_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
    assert_put("\xe6\x97\xa5\xe6\x9c\xac", 5, "\xe6\x97\xa5\xe6\x9c\xac ");
    assert_put("\xe6\x97\xa5\xe6\x9c\xac", 4, "\xe6\x97\xa5\xe6\x9c\xac");
    assert_put("\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5+");
    assert_put("\xe6\x97\xa5\xe6\x9c\xac", 2, "+ ");
}

static void what_terminals_do_not_agree_about_is_a_mark(void **state)
{
    (void)state;
    assert_put("a\xcc\x81z", 4, "a?z ");        /* it combines */
    assert_put("a\xff\033[2Jz", 8, "a??[2Jz "); /* no UTF-8; a control */
    assert_put("\xe2\x80\x8b", 1, "?");         /* no width */
}

/* ---- a page ------------------------------------------------------------- */

struct lab {
    struct directory directory;
    struct menu menu;
    unsigned count;
};

static const struct directory_settings settings = {
    .seed = { 1, 2 },
    .expire_us = 1,
    .ring_max = 64 * KIB,
    .history_total = 64 * KIB,
};

static int setup(void **state)
{
    struct lab *lab = calloc(1, sizeof *lab);

    directory_init(&lab->directory, &settings);
    menu_init(&lab->menu);
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    struct lab *lab = *state;
    struct directory_cursor cursor = { 0 };
    struct console *c;
    struct fact fact;

    while (fact_take(&lab->directory.facts, &fact))
        fact_done(&fact);
    menu_done(&lab->menu);
    while ((c = directory_next(&lab->directory, &cursor)) != NULL)
        directory_remove(c);
    directory_done(&lab->directory);
    free(lab);
    return 0;
}

static struct console *add(struct lab *lab, const char *name)
{
    struct console_past past = { .is_proven = true };
    struct vm_identity identity = { .label = "s0", .name = name };
    struct console *c;
    char uuid[40];

    snprintf(uuid, sizeof uuid, "uuid-%u", lab->count++);
    identity.uuid = uuid;
    c = directory_restore(&lab->directory, &identity, &past);
    assert_non_null(c);
    return c;
}

/* In an order that has nothing to do with the names. */
static void add_many(struct lab *lab, unsigned count)
{
    char name[32];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "vm-%u", (i * 7919u) % count + 1);
        add(lab, name);
    }
}

static enum menu_act find(struct lab *lab)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    menu_find_begin(&lab->menu);
    while ((c = directory_next(&lab->directory, &cursor)) != NULL)
        if (menu_wants(&lab->menu, c))
            menu_find_add(&lab->menu, c);
    return menu_find_end(&lab->menu);
}

static enum menu_act press(struct lab *lab, enum menu_key key)
{
    enum menu_act act = menu_press(&lab->menu, key, slice_of(NULL, 0));

    return lab->menu.is_stale ? find(lab) : act;
}

static enum menu_act type(struct lab *lab, const char *text)
{
    enum menu_act act = MENU_STAYS;

    for (; *text != '\0'; text++)
        act = menu_press(&lab->menu, MENU_KEY_TEXT, slice_of(text, 1));
    return lab->menu.is_stale ? find(lab) : act;
}

static void assert_chosen(const struct lab *lab, const char *name)
{
    assert_non_null(menu_chosen(&lab->menu));
    assert_string_equal(menu_chosen(&lab->menu)->name, name);
}

/* "FIRST LAST N-M/TOTAL" */
static void assert_page(const struct lab *lab, const char *expected)
{
    const struct menu_page *page = menu_shown(&lab->menu);
    char said[256];

    snprintf(said, sizeof said, "%s %s %u-%u/%u", menu_page_at(page, 0)->name,
             menu_page_at(page, page->count - 1)->name, page->before + 1,
             page->before + page->count, page->total);
    assert_string_equal(said, expected);
}

static void first_page_is_the_smallest_names(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 1000);
    assert_true(lab->menu.is_stale);
    assert_int_equal(find(lab), MENU_CHANGES);
    assert_page(lab, "vm-1 vm-20 1-20/1000");
    assert_chosen(lab, "vm-1");
}

static void pages_go_through_the_whole_list_and_back(void **state)
{
    struct lab *lab = *state;
    char expected[64];

    add_many(lab, 95);
    find(lab);
    for (unsigned at = 20; at < 95; at += 20) {
        unsigned last = at + 20 < 95 ? at + 20 : 95;

        press(lab, MENU_KEY_PAGE_DOWN);
        snprintf(expected, sizeof expected, "vm-%u vm-%u %u-%u/95", at + 1,
                 last, at + 1, last);
        assert_page(lab, expected);
        snprintf(expected, sizeof expected, "vm-%u", at + 1);
        assert_chosen(lab, expected);
    }
    press(lab, MENU_KEY_PAGE_DOWN);
    assert_page(lab, "vm-81 vm-95 81-95/95");
    assert_chosen(lab, "vm-95");
    press(lab, MENU_KEY_PAGE_UP);
    assert_page(lab, "vm-61 vm-80 61-80/95");
    assert_chosen(lab, "vm-80");
    for (int i = 0; i < 3; i++)
        press(lab, MENU_KEY_PAGE_UP);
    assert_page(lab, "vm-1 vm-20 1-20/95");
    press(lab, MENU_KEY_PAGE_UP);
    assert_chosen(lab, "vm-1");
}

static void end_shows_the_last_rows(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 95);
    find(lab);
    press(lab, MENU_KEY_END);
    assert_page(lab, "vm-76 vm-95 76-95/95");
    assert_chosen(lab, "vm-95");
    press(lab, MENU_KEY_PAGE_UP);
    assert_page(lab, "vm-56 vm-75 56-75/95");
    press(lab, MENU_KEY_HOME);
    assert_page(lab, "vm-1 vm-20 1-20/95");
    assert_chosen(lab, "vm-1");
}

static void a_page_up_near_the_beginning_begins_the_list(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 30);
    find(lab);
    press(lab, MENU_KEY_END);
    assert_page(lab, "vm-11 vm-30 11-30/30");
    press(lab, MENU_KEY_PAGE_UP);
    assert_page(lab, "vm-1 vm-20 1-20/30");
}

static void arrows_go_over_the_edge_of_a_page(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 45);
    find(lab);
    for (int i = 0; i < 19; i++)
        press(lab, MENU_KEY_DOWN);
    assert_chosen(lab, "vm-20");
    press(lab, MENU_KEY_DOWN);
    assert_page(lab, "vm-21 vm-40 21-40/45");
    assert_chosen(lab, "vm-21");
    press(lab, MENU_KEY_UP);
    assert_page(lab, "vm-1 vm-20 1-20/45");
    assert_chosen(lab, "vm-20");
    for (int i = 0; i < 100; i++)
        press(lab, MENU_KEY_DOWN);
    assert_chosen(lab, "vm-45");
    for (int i = 0; i < 100; i++)
        press(lab, MENU_KEY_UP);
    assert_chosen(lab, "vm-1");
}

static void typing_narrows(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 100);
    add(lab, "Queue");
    find(lab);
    type(lab, "m-9");
    assert_page(lab, "vm-9 vm-99 1-11/11");
    assert_chosen(lab, "vm-9");
    press(lab, MENU_KEY_ERASE);
    assert_page(lab, "vm-1 vm-20 1-20/100");
    press(lab, MENU_KEY_CLEAR);
    assert_page(lab, "Queue vm-19 1-20/101");
    type(lab, "UUID-100");
    assert_page(lab, "Queue Queue 1-1/1");
    type(lab, "?");
    assert_int_equal(menu_shown(&lab->menu)->total, 0);
    assert_null(menu_chosen(&lab->menu));
    assert_int_equal(press(lab, MENU_KEY_ENTER), MENU_CHANGES);
}

static void q_leaves_only_where_it_is_no_text(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 3);
    add(lab, "queue");
    find(lab);
    assert_int_equal(type(lab, "q"), MENU_LEAVES);
    assert_int_equal(type(lab, "/"), MENU_CHANGES);
    assert_int_equal(type(lab, "q"), MENU_CHANGES);
    assert_page(lab, "queue queue 1-1/1");
    press(lab, MENU_KEY_ERASE);
    assert_int_equal(type(lab, "q"), MENU_CHANGES);
    press(lab, MENU_KEY_CLEAR);
    assert_int_equal(type(lab, "q"), MENU_LEAVES);
    assert_int_equal(press(lab, MENU_KEY_LEAVE), MENU_LEAVES);
}

static void a_text_has_a_bound(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 3);
    for (int i = 0; i < 2 * MENU_FIND_MAX; i++)
        type(lab, "x");
    assert_int_equal(strlen(lab->menu.find), MENU_FIND_MAX);
    assert_int_equal(
        menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("\xe6\x97\xa5")),
        MENU_STAYS);
    press(lab, MENU_KEY_CLEAR);
    menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("\xe6\x97\xa5"));
    press(lab, MENU_KEY_ERASE);
    assert_string_equal(lab->menu.find, "");
}

static void the_last_output_comes_first_if_wished_for(void **state)
{
    struct lab *lab = *state;

    console_note_output(add(lab, "old"), 5 * 1000 * 1000);
    add(lab, "never");
    console_note_output(add(lab, "new"), 9 * 1000 * 1000);
    find(lab);
    press(lab, MENU_KEY_TAB);
    assert_page(lab, "new never 1-3/3");
    press(lab, MENU_KEY_TAB);
    press(lab, MENU_KEY_TAB);
    assert_page(lab, "never old 1-3/3");
}

static void the_choice_stays_with_its_console(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 50);
    find(lab);
    press(lab, MENU_KEY_DOWN);
    press(lab, MENU_KEY_DOWN);
    assert_chosen(lab, "vm-3");
    add(lab, "a");
    menu_make_stale(&lab->menu);
    find(lab);
    assert_page(lab, "a vm-19 1-20/51");
    assert_chosen(lab, "vm-3");
    assert_int_equal(lab->menu.row, 3);
}

static void a_later_page_stays_where_it_is(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 100);
    find(lab);
    press(lab, MENU_KEY_PAGE_DOWN);
    add(lab, "a");
    menu_make_stale(&lab->menu);
    find(lab);
    assert_page(lab, "vm-21 vm-40 22-41/101");
    assert_chosen(lab, "vm-21");
}

static void a_console_that_goes_leaves_a_gap(void **state)
{
    struct lab *lab = *state;
    struct console *second;

    add_many(lab, 3);
    find(lab);
    assert_false(menu_page_has_gap(menu_shown(&lab->menu)));
    second = menu_page_at(menu_shown(&lab->menu), 1);
    press(lab, MENU_KEY_DOWN);
    directory_remove(second);
    assert_true(menu_page_has_gap(menu_shown(&lab->menu)));
    assert_null(menu_chosen(&lab->menu));
    assert_int_equal(press(lab, MENU_KEY_ENTER), MENU_CHANGES);
    menu_make_stale(&lab->menu);
    find(lab);
    assert_page(lab, "vm-1 vm-3 1-2/2");
}

/* A walk takes several turns: others may go, and change their names. */
static void consoles_may_go_while_a_page_is_found(void **state)
{
    struct lab *lab = *state;
    struct console *all[200];
    char name[16];

    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "vm-%u", i);
        all[i] = add(lab, name);
    }
    menu_find_begin(&lab->menu);
    for (unsigned i = 0; i < 100; i++)
        menu_find_add(&lab->menu, all[i]);
    for (unsigned i = 0; i < 10; i++)
        directory_remove(all[i]);
    directory_rename(all[15], "zz", 1);
    for (unsigned i = 100; i < 200; i++)
        menu_find_add(&lab->menu, all[i]);
    menu_find_end(&lab->menu);
    for (uint32_t i = 1; i < menu_shown(&lab->menu)->count; i++)
        assert_non_null(menu_page_at(menu_shown(&lab->menu), i));
    menu_make_stale(&lab->menu);
    find(lab);
    assert_page(lab, "vm-10 vm-30 1-20/190");
}

static void enter_waits_for_the_page_that_was_wished_for(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 30);
    find(lab);
    menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("v"));
    menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("m"));
    menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("-"));
    menu_press(&lab->menu, MENU_KEY_TEXT, BYTES("7"));
    assert_int_equal(menu_press(&lab->menu, MENU_KEY_ENTER, slice_of(NULL, 0)),
                     MENU_CHANGES);
    assert_true(lab->menu.awaits_page);
    assert_int_equal(find(lab), MENU_ATTACHES);
    assert_chosen(lab, "vm-7");
}

static void enter_does_not_wait_for_a_refresh(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 30);
    find(lab);
    menu_make_stale(&lab->menu);
    assert_int_equal(menu_press(&lab->menu, MENU_KEY_ENTER, slice_of(NULL, 0)),
                     MENU_ATTACHES);
}

static void a_refresh_does_not_replace_what_is_wished_for(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 100);
    find(lab);
    menu_press(&lab->menu, MENU_KEY_END, slice_of(NULL, 0));
    menu_find_begin(&lab->menu);
    menu_make_stale(&lab->menu);
    find(lab);
    assert_page(lab, "vm-81 vm-100 81-100/100");
}

static void a_window_bounds_the_page(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 500);
    find(lab);
    menu_set_window(&lab->menu, (struct window){ 200, 50 });
    assert_true(lab->menu.is_stale);
    find(lab);
    assert_page(lab, "vm-1 vm-46 1-46/500");
    menu_set_window(&lab->menu, (struct window){ 65535, 65535 });
    find(lab);
    assert_int_equal(menu_shown(&lab->menu)->count, MENU_ROWS_MAX);
    assert_int_equal(lab->menu.columns, MENU_COLUMNS_MAX);
    menu_set_window(&lab->menu, (struct window){ 1, 1 });
    find(lab);
    assert_int_equal(menu_shown(&lab->menu)->count, 4);
    menu_set_window(&lab->menu, (struct window){ 0, 0 });
    find(lab);
    assert_int_equal(menu_shown(&lab->menu)->count, 20);
}

/* ---- what is drawn ------------------------------------------------------ */

static struct slice draw(struct lab *lab, struct buf *out, uint32_t now_s)
{
    buf_take(out, out->len);
    assert_int_equal(menu_screen_draw(&lab->menu, now_s, out), 0);
    return buf_bytes(out);
}

static bool has(struct slice drawn, const char *text)
{
    return drawn.len > 0 &&
           memmem(drawn.data, drawn.len, text, strlen(text)) != NULL;
}

static void a_screen_has_the_page(void **state)
{
    struct lab *lab = *state;
    struct slice drawn;
    struct buf out;

    buf_init(&out, 64 * KIB);
    add_many(lab, 30);
    drawn = draw(lab, &out, 10);
    assert_true(has(drawn, "looking for consoles"));
    find(lab);
    drawn = draw(lab, &out, 10);
    assert_true(has(drawn, "vspcd: 1-20 of 30 consoles, by name"));
    assert_true(has(drawn, "\033[3;1H\033[7m>      1 vm-1 "));
    assert_true(has(drawn, "\033[22;1H      20 vm-20 "));
    assert_true(has(drawn, "  away             0       -"));
    assert_false(has(drawn, "vm-21"));
    buf_done(&out);
}

static void only_what_has_changed_is_drawn(void **state)
{
    struct lab *lab = *state;
    struct slice drawn;
    struct buf out;

    buf_init(&out, 64 * KIB);
    add_many(lab, 30);
    find(lab);
    draw(lab, &out, 10);
    assert_int_equal(draw(lab, &out, 10).len, 0);
    console_note_output(menu_page_at(menu_shown(&lab->menu), 4),
                        10 * 1000 * 1000);
    drawn = draw(lab, &out, 10);
    assert_true(has(drawn, "\033[7;1H       5 vm-5"));
    assert_false(has(drawn, "vm-6"));
    assert_true(has(drawn, "   now"));
    assert_int_equal(draw(lab, &out, 11).len, 0);
    assert_true(has(draw(lab, &out, 15), "    5s"));
    press(lab, MENU_KEY_DOWN);
    drawn = draw(lab, &out, 15);
    assert_true(has(drawn, "vm-1 ") && has(drawn, ">      2 vm-2"));
    assert_false(has(drawn, "vm-3"));
    menu_forget_screen(&lab->menu);
    assert_true(has(draw(lab, &out, 15), "\033[2J"));
    buf_done(&out);
}

/* Whatever the names are, no line has more columns than the window, and nothing
 * but our own sequences. */
static void hostile_names_break_no_line(void **state)
{
    /* U+202E turns the text around. It is not written as a literal, which the
     * lint takes for an attack on readers of this file. */
    static const char turned[] = { '\xe2', '\x80', '\xae', 'x', '\0' };
    static const char *const names[] = {
        turned,
        "\033[2J\033[Hroot",
        "\r\nlogin:",
        "\xc2\x9b"
        "31m",
        "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5"
        "\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac"
        "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5",
        "z\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    };
    struct lab *lab = *state;
    struct slice drawn;
    struct buf out;

    buf_init(&out, 64 * KIB);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add(lab, names[i]);
    menu_set_window(&lab->menu, (struct window){ 40, 12 });
    find(lab);
    drawn = draw(lab, &out, 10);
    assert_false(has(drawn, "\033[Hroot"));
    assert_false(has(drawn, "\r\n"));
    assert_false(has(drawn, "\xc2\x9b"));
    assert_false(has(drawn, turned));
    assert_true(has(drawn, "?x "));
    assert_false(has(drawn, "\xcc\x81"));
    buf_done(&out);
}

static void help_is_left_by_any_key(void **state)
{
    struct lab *lab = *state;
    struct buf out;

    buf_init(&out, 64 * KIB);
    add_many(lab, 3);
    find(lab);
    type(lab, "?");
    assert_true(has(draw(lab, &out, 1), "sorts by name"));
    type(lab, "q");
    assert_false(lab->menu.shows_help);
    assert_true(has(draw(lab, &out, 1), "vm-3"));
    buf_done(&out);
}

static void ages_are_short(void **state)
{
    struct lab *lab = *state;
    struct console *c = add(lab, "a");

    assert_string_equal(menu_age_of(c, 5).text, "-");
    c->last_output_s = 100;
    assert_string_equal(menu_age_of(c, 99).text, "now");
    assert_string_equal(menu_age_of(c, 101).text, "now");
    assert_string_equal(menu_age_of(c, 102).text, "2s");
    assert_string_equal(menu_age_of(c, 100 + 119).text, "1m");
    assert_string_equal(menu_age_of(c, 100 + 3 * 3600).text, "3h");
    assert_string_equal(menu_age_of(c, 100 + 49 * 3600).text, "2d");
}

/* ---- lines -------------------------------------------------------------- */

static enum menu_act answer(struct lab *lab, const char *line)
{
    enum menu_act act = menu_lines_answer(&lab->menu, line);

    return lab->menu.is_stale ? find(lab) : act;
}

static void a_number_opens_what_was_shown_under_it(void **state)
{
    struct lab *lab = *state;
    struct slice drawn;
    struct buf out;

    buf_init(&out, 64 * KIB);
    add_many(lab, 50);
    find(lab);
    answer(lab, "");
    assert_page(lab, "vm-21 vm-40 21-40/50");
    assert_int_equal(menu_lines_draw(&lab->menu, 5, &out), 0);
    drawn = buf_bytes(&out);
    assert_true(has(drawn, "\r\n21-40 of 50 consoles, by name\r\n"));
    assert_true(has(drawn, "\r\n    23  vm-23 "));
    assert_true(has(drawn, "number, text, ? or q: "));
    assert_false(has(drawn, "\033"));
    assert_int_equal(answer(lab, "3"), MENU_CHANGES);
    assert_string_equal(lab->menu.notice, "3 is not on this page");
    assert_int_equal(answer(lab, "23"), MENU_ATTACHES);
    assert_chosen(lab, "vm-23");
    answer(lab, "-");
    assert_page(lab, "vm-1 vm-20 1-20/50");
    buf_done(&out);
}

static void lines_narrow_sort_and_leave(void **state)
{
    struct lab *lab = *state;

    add_many(lab, 30);
    find(lab);
    answer(lab, "vm-9");
    assert_page(lab, "vm-9 vm-9 1-1/1");
    answer(lab, "/30");
    assert_page(lab, "vm-30 vm-30 1-1/1");
    answer(lab, "/");
    assert_page(lab, "vm-1 vm-20 1-20/30");
    answer(lab, "=");
    assert_int_equal(lab->menu.wish.sort, MENU_SORT_OUTPUT);
    assert_int_equal(answer(lab, "?"), MENU_CHANGES);
    assert_true(lab->menu.shows_help);
    assert_int_equal(answer(lab, "q"), MENU_LEAVES);
    answer(lab, "a\033b\xff");
    assert_string_equal(lab->menu.find, "ab\xef\xbf\xbd");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_text),
        cmocka_unit_test(bytes_that_are_no_character_are_no_key),
        cmocka_unit_test(arrows_come_in_two_ways),
        cmocka_unit_test(home_and_end_come_in_many),
        cmocka_unit_test(there_are_keys_for_those_without),
        cmocka_unit_test(enter_is_one_key_in_all_its_forms),
        cmocka_unit_test(other_sequences_are_no_key),
        cmocka_unit_test(a_sequence_that_breaks_off_is_left),
        cmocka_unit_test(escape_alone_is_known_by_time),
        cmocka_unit_test(escape_twice_is_escape),
        cmocka_unit_test(escape_means_something_behind_enter_alone),
        cmocka_unit_test(a_console_begins_as_behind_enter),
        cmocka_unit_test(escape_twice_is_typed_once),
        cmocka_unit_test(a_letter_that_is_no_command_is_typed_with_its_key),
        cmocka_unit_test(behind_a_command_the_line_is_still_empty),
        cmocka_unit_test(every_command_has_its_letter),
        cmocka_unit_test(without_a_key_all_is_typed),
        cmocka_unit_test(a_key_that_is_alone_is_typed_when_its_time_is_over),
        cmocka_unit_test(a_text_has_its_columns),
        cmocka_unit_test(a_wide_character_has_two_columns),
        cmocka_unit_test(what_terminals_do_not_agree_about_is_a_mark),
        TEST(first_page_is_the_smallest_names),
        TEST(pages_go_through_the_whole_list_and_back),
        TEST(end_shows_the_last_rows),
        TEST(a_page_up_near_the_beginning_begins_the_list),
        TEST(arrows_go_over_the_edge_of_a_page),
        TEST(typing_narrows),
        TEST(q_leaves_only_where_it_is_no_text),
        TEST(a_text_has_a_bound),
        TEST(the_last_output_comes_first_if_wished_for),
        TEST(the_choice_stays_with_its_console),
        TEST(a_later_page_stays_where_it_is),
        TEST(a_console_that_goes_leaves_a_gap),
        TEST(consoles_may_go_while_a_page_is_found),
        TEST(enter_waits_for_the_page_that_was_wished_for),
        TEST(enter_does_not_wait_for_a_refresh),
        TEST(a_refresh_does_not_replace_what_is_wished_for),
        TEST(a_window_bounds_the_page),
        TEST(a_screen_has_the_page),
        TEST(only_what_has_changed_is_drawn),
        TEST(hostile_names_break_no_line),
        TEST(help_is_left_by_any_key),
        TEST(ages_are_short),
        TEST(a_number_opens_what_was_shown_under_it),
        TEST(lines_narrow_sort_and_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
