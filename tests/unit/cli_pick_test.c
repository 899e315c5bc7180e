/* The list that a console is picked from, and the keys that one does it with.
 */
#include "cli/pick/pick_keys.h"
#include "cli/pick/pick_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *items_of(const char *names)
{
    json_t *items = json_array();
    char copy[256];

    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok(copy, " "); name != NULL; name = strtok(NULL, " "))
        json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:i}", "id",
                                               name, "name", name, "state",
                                               "connected", "clients", 1));
    return items;
}

static void set(struct pick_list *l, const char *names)
{
    json_t *items = items_of(names);

    pick_list_set(l, items);
    json_decref(items);
}

static const char *selected(const struct pick_list *l)
{
    const struct pick_item *item = pick_list_selected(l);

    return item != NULL ? item->name : "none";
}

static void typing_searches(void **state)
{
    struct pick_list l = { .count = 0 };

    (void)state;
    assert_string_equal(selected(&l), "none");
    set(&l, "db-1 web-1 Web-2 mail");
    assert_string_equal(selected(&l), "db-1");
    assert_true(pick_list_type(&l, "we", 2));
    assert_int_equal(l.shown_count, 2);
    assert_string_equal(selected(&l), "web-1");
    assert_true(pick_list_type(&l, "b-2", 3));
    assert_string_equal(selected(&l), "Web-2");
    assert_true(pick_list_type(&l, "x", 1));
    assert_string_equal(selected(&l), "none");
    assert_true(pick_list_erase(&l));
    assert_string_equal(selected(&l), "Web-2");
    pick_list_clear(&l);
    assert_int_equal(l.shown_count, 4);
    assert_string_equal(selected(&l), "Web-2");
    pick_list_done(&l);
}

static void characters_are_erased_whole(void **state)
{
    struct pick_list l = { .count = 0 };

    (void)state;
    assert_true(pick_list_type(&l, "a\xe2\x82\xac", 4));
    assert_true(pick_list_erase(&l));
    assert_string_equal(l.filter, "a");
    assert_true(pick_list_erase(&l));
    assert_false(pick_list_erase(&l));
    pick_list_done(&l);
}

static void what_is_typed_is_bounded(void **state)
{
    struct pick_list l = { .count = 0 };

    (void)state;
    for (int i = 0; i < PICK_FILTER_MAX; i++)
        assert_true(pick_list_type(&l, "a", 1));
    assert_false(pick_list_type(&l, "a", 1));
    pick_list_done(&l);
}

static void the_selection_stays_with_its_console(void **state)
{
    struct pick_list l = { .count = 0 };

    (void)state;
    set(&l, "b d f");
    pick_list_move(&l, 1);
    assert_string_equal(selected(&l), "d");
    set(&l, "a b c d e f");
    assert_string_equal(selected(&l), "d");
    set(&l, "a b");
    assert_string_equal(selected(&l), "a");
    set(&l, "");
    assert_string_equal(selected(&l), "none");
    pick_list_done(&l);
}

static void the_selection_moves_within_the_list(void **state)
{
    struct pick_list l = { .count = 0 };

    (void)state;
    set(&l, "a b c d e f g h");
    pick_list_move(&l, -1);
    assert_int_equal(l.selected, 0);
    pick_list_move(&l, 100);
    assert_string_equal(selected(&l), "h");
    pick_list_scroll(&l, 3);
    assert_int_equal(l.top, 5);
    pick_list_move(&l, -4);
    pick_list_scroll(&l, 3);
    assert_int_equal(l.top, 3);
    pick_list_scroll(&l, 20);
    assert_int_equal(l.top, 0);
    pick_list_done(&l);
}

static void foreign_names_do_no_harm(void **state)
{
    struct pick_list l = { .count = 0 };
    json_t *items = json_pack("[{s:s, s:s}, {s:i}, []]", "id", "1", "name",
                              "\033[2Jevil", "id", 1);

    (void)state;
    pick_list_set(&l, items);
    json_decref(items);
    assert_int_equal(l.count, 1);
    assert_string_equal(selected(&l), "[2Jevil");
    pick_list_done(&l);
}

/* ---- keys ---------------------------------------------------------------- */

static void check_keys(const char *typed, const char *expected)
{
    static const char names[] = ".TEXCSLZRudpnhe";
    struct slice in = slice_of_text(typed);
    struct slice text;
    char seen[64] = "";
    size_t len = 0;

    while (in.len > 0)
        seen[len++] = names[pick_keys_next(&in, &text)];
    assert_string_equal(seen, expected);
}

static void keys_are_known(void **state)
{
    (void)state;
    check_keys("a\xc3\xbc", "TT");
    check_keys("\r\x7f\x15\x03\x1a\x0c", "EXCLZR");
    check_keys("\033[A\033[B\033OA\033OB\033[5~\033[6~", "ududpn");
    check_keys("\033[H\033[F\033[1~\033[4~", "hehe");
    check_keys("\033", "S");
    check_keys("\033[1;5Cx", ".T");
    check_keys("\033qx", ".T");
    check_keys("\xff\xc2\x9bx", "..T");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_searches),
        cmocka_unit_test(characters_are_erased_whole),
        cmocka_unit_test(what_is_typed_is_bounded),
        cmocka_unit_test(the_selection_stays_with_its_console),
        cmocka_unit_test(the_selection_moves_within_the_list),
        cmocka_unit_test(foreign_names_do_no_harm),
        cmocka_unit_test(keys_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
