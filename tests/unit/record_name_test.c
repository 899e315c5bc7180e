/* What the files of recordings are called. */
#include "record/record_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t started_ms = INT64_C(1764511509123);
static const char id_text[] = "20251130T140509.123Z-00000000000000ff";

static void an_id_tells_when_a_recording_has_begun(void **state)
{
    struct record_id id = record_name_id(started_ms, 255);
    int64_t told_ms = 0;

    (void)state;
    assert_string_equal(id.text, id_text);
    assert_true(record_name_is_id(id.text, &told_ms));
    assert_true(told_ms == started_ms);
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "..",
        "20251130T140509.123Z-00000000000000f",
        "20251130T140509.123Z-00000000000000ff0",
        "20251130T140509.123Z-00000000000000FF",
        "20251130T140509.123Z/00000000000000ff",
        "2025113OT140509.123Z-00000000000000ff",
    };
    int64_t told_ms;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(record_name_is_id(bad[i], &told_ms));
}

static void a_file_is_named_by_its_recording_and_part(void **state)
{
    struct record_id id = record_name_id(started_ms, 255);
    struct record_id parsed;
    uint32_t part = 0;
    bool is_compressed = true;

    (void)state;
    assert_string_equal(record_name_file(&id, 12, false).text,
                        "20251130T140509.123Z-00000000000000ff.12.cast");
    assert_true(record_name_parse(record_name_file(&id, 12, false).text,
                                  &parsed, &part, &is_compressed));
    assert_string_equal(parsed.text, id_text);
    assert_int_equal(part, 12);
    assert_false(is_compressed);
    assert_true(
        record_name_parse(record_name_file(&id, RECORD_PARTS_MAX, true).text,
                          &parsed, &part, &is_compressed));
    assert_int_equal(part, RECORD_PARTS_MAX);
    assert_true(is_compressed);
}

static void other_files_are_no_recordings(void **state)
{
    static const char *const ends[] = {
        "",          ".",        ".cast",          ".0.cast",
        ".01.cast",  ".1.cast ", ".1.cast.gz.tmp", ".1.casts",
        ".1.gz",     "-1.cast",  ".-1.cast",       ".1000000.cast",
        ".1.cast.1",
    };
    struct record_id id;
    uint32_t part;
    bool is_compressed;

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[100];

        snprintf(name, sizeof name, "%s%s", id_text, ends[i]);
        assert_false(record_name_parse(name, &id, &part, &is_compressed));
    }
    assert_false(record_name_parse("short", &id, &part, &is_compressed));
}

static void a_folder_has_no_way_out(void **state)
{
    (void)state;
    assert_string_equal(record_name_folder("u-1", "s0").text, "u-1/s0");
    assert_string_equal(record_name_folder("u-1", "").text, "u-1/_");
    assert_string_equal(record_name_folder("../x", "..").text, "_._x/_.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_tells_when_a_recording_has_begun),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(a_file_is_named_by_its_recording_and_part),
        cmocka_unit_test(other_files_are_no_recordings),
        cmocka_unit_test(a_folder_has_no_way_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
