/* Which console a name means, and which may have been meant. */
#include "cli/invocation/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *items_of(const char *const *names)
{
    json_t *items = json_array();

    for (; *names != NULL; names++)
        json_array_append_new(items, json_pack("{ss}", "name", *names));
    return items;
}

static const char *only(const json_t *items, const char *begin)
{
    return json_string_value(
        json_object_get(names_only_prefix(items, begin), "name"));
}

static void beginning_means_a_console_if_it_is_the_only_one(void **state)
{
    static const char *const names[] = { "web-01", "web-02", "Db-01", "db-02",
                                         NULL };
    json_t *items = items_of(names);

    (void)state;
    assert_null(only(items, "web"));
    assert_string_equal(only(items, "web-02"), "web-02");
    assert_null(only(items, "x"));
    /* In this case if there is one, else in any. */
    assert_string_equal(only(items, "d"), "db-02");
    assert_null(only(items, "DB"));
    assert_string_equal(only(items, "WEB-01"), "web-01");
    json_decref(items);
}

static void near_names_come_in_order(void **state)
{
    static const char *const names[] = { "mail-web-1", "web-01",    "wep-01",
                                         "web-01-old", "unrelated", NULL };
    const char *near[NAMES_NEAR_MAX];
    json_t *items = items_of(names);

    (void)state;
    assert_int_equal(names_near(items, "wep-01", near), 2);
    assert_string_equal(near[0], "wep-01");
    assert_string_equal(near[1], "web-01");
    assert_int_equal(names_near(items, "web-", near), 3);
    assert_string_equal(near[0], "web-01");
    assert_string_equal(near[2], "mail-web-1");
    assert_int_equal(names_near(items, "zzz", near), 0);
    assert_int_equal(names_near(items, "", near), 0);
    json_decref(items);
}

static void only_the_nearest_names_are_kept(void **state)
{
    static const char *const names[] = { "a-web", "b-web", "c-web",
                                         "d-web", "e-web", "web-1x",
                                         "wef",   "g-web", NULL };
    const char *near[NAMES_NEAR_MAX];
    json_t *items = items_of(names);

    (void)state;
    assert_int_equal(names_near(items, "web", near), NAMES_NEAR_MAX);
    assert_string_equal(near[0], "wef");
    assert_string_equal(near[1], "web-1x");
    assert_string_equal(near[2], "a-web");
    assert_string_equal(near[4], "c-web");
    json_decref(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginning_means_a_console_if_it_is_the_only_one),
        cmocka_unit_test(near_names_come_in_order),
        cmocka_unit_test(only_the_nearest_names_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
