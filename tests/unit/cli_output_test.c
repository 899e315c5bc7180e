/* What a person gets: values as text, widths, columns that fit. */
#include "cli/output/table.h"
#include "cli/output/width.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check_value(const char *json, enum value_kind kind,
                        const char *expected)
{
    /* 2026-01-31T12:00:00Z */
    const int64_t now_ms = 1769860800000;
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    assert_string_equal(value_format(value, kind, now_ms).text, expected);
    json_decref(value);
}

static void values_are_shown_as_people_read_them(void **state)
{
    (void)state;
    check_value("\"web-01\"", VALUE_TEXT, "web-01");
    check_value("\"a\\u001b[31mb\\u0085\"", VALUE_TEXT, "a[31mb");
    check_value("\"\"", VALUE_TEXT, "-");
    check_value("null", VALUE_TEXT, "-");
    check_value("[\"a\", 1, true]", VALUE_TEXT, "a, 1, yes");
    check_value("[]", VALUE_TEXT, "-");
    check_value("1.5", VALUE_TEXT, "1.5");
    check_value("20.0", VALUE_TEXT, "20");
    check_value("false", VALUE_TEXT, "no");
    check_value("1023", VALUE_BYTES, "1023");
    check_value("1536", VALUE_BYTES, "1.5K");
    check_value("36700160", VALUE_BYTES, "35M");
    check_value("119", VALUE_DURATION, "119s");
    check_value("120", VALUE_DURATION, "2m");
    check_value("172799", VALUE_DURATION, "47h");
    check_value("172800", VALUE_DURATION, "2d");
    check_value("\"2026-01-31T11:59:50.500Z\"", VALUE_AGO, "9s");
    check_value("\"2026-01-29T12:00:00.000Z\"", VALUE_AGO, "2d");
    /* A clock that is ahead. */
    check_value("\"2026-01-31T12:00:05.000Z\"", VALUE_AGO, "0s");
    check_value("\"2026-01-31T12:00:05.123Z\"", VALUE_TIME,
                "2026-01-31 12:00:05Z");
    check_value("\"never\"", VALUE_AGO, "never");
}

static void times_are_read(void **state)
{
    int64_t ms;

    (void)state;
    assert_true(value_time_ms("1970-01-01T00:00:00Z", &ms));
    assert_int_equal(ms, 0);
    assert_true(value_time_ms("2024-02-29T23:59:59.5Z", &ms));
    assert_int_equal(ms, 1709251199500);
    assert_true(value_time_ms("2000-03-01T00:00:00.001Z", &ms));
    assert_int_equal(ms, 951868800001);
    assert_false(value_time_ms("2024-02-29", &ms));
    assert_false(value_time_ms("2024-13-29T23:59:59Z", &ms));
    assert_false(value_time_ms("2024-02-29T23:59:59+01:00", &ms));
}

static void durations_are_read(void **state)
{
    uint64_t s;

    (void)state;
    assert_true(value_parse_duration("90d", &s));
    assert_int_equal(s, 90 * 86400);
    assert_true(value_parse_duration("30", &s));
    assert_int_equal(s, 30);
    assert_true(value_parse_duration("2h", &s));
    assert_int_equal(s, 7200);
    assert_false(value_parse_duration("", &s));
    assert_false(value_parse_duration("d", &s));
    assert_false(value_parse_duration("1y", &s));
    assert_false(value_parse_duration("10mm", &s));
    assert_false(value_parse_duration("99999999999", &s));
}

static void widths_are_columns_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(width_of("web"), 3);
    assert_int_equal(width_of("Büro"), 4);
    assert_int_equal(width_of("東京"), 4);
    assert_int_equal(width_of("\xff"), 1);
    assert_int_equal(width_cut("東京", 3), 3);
    assert_int_equal(width_cut("Büro", 2), 3);
    assert_int_equal(width_cut("web", 9), 3);
}

static void widest_columns_are_cut_first(void **state)
{
    const bool firm[] = { false, true, false };
    unsigned widths[] = { 40, 10, 20 };

    (void)state;
    table_fit(widths, firm, 3, 100);
    assert_int_equal(widths[0], 40);
    table_fit(widths, firm, 3, 54);
    assert_int_equal(widths[0] + widths[2], 40);
    assert_int_equal(widths[0], 20);
    assert_int_equal(widths[1], 10);
    /* A terminal that is too narrow for anything. */
    table_fit(widths, firm, 3, 1);
    assert_int_equal(widths[0], 4);
    assert_int_equal(widths[1], 10);
}

static void members_of_members_are_found(void **state)
{
    json_t *root = json_loads("{\"log\": {\"size\": 5}, \"a\": 1}", 0, NULL);

    (void)state;
    assert_int_equal(json_integer_value(value_at(root, "log.size")), 5);
    assert_null(value_at(root, "log.none"));
    assert_null(value_at(root, "a.b"));
    assert_null(value_at(root, "none.b"));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_shown_as_people_read_them),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(widths_are_columns_of_a_terminal),
        cmocka_unit_test(widest_columns_are_cut_first),
        cmocka_unit_test(members_of_members_are_found),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
