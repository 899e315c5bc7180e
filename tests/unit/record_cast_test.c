/* Lines of recordings: valid JSON, and the same text however it was cut. */
#include "proto/cast/cast_line.h"
#include "record/record_cast.h"

#include "base/text.h"
#include "conlog/file/conlog_file.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENTRIES_MAX = 256 * 1024 };

static uint8_t entries[ENTRIES_MAX];
static size_t entries_len;
static char lines[2 * ENTRIES_MAX];

static int set_up(void **state)
{
    (void)state;
    entries_len = 0;
    return 0;
}

static void add(enum record_cast_code code, uint64_t time_us, const void *data,
                size_t len)
{
    assert_true(entries_len + RECORD_CAST_HEAD + len <= sizeof entries);
    record_cast_entry(entries + entries_len, code, time_us, len);
    memcpy(entries + entries_len + RECORD_CAST_HEAD, data, len);
    entries_len += RECORD_CAST_HEAD + len;
}

/* All entries, in pieces of this size. */
static const char *render(size_t size)
{
    struct slice in = slice_of(entries, entries_len);
    size_t len = 0;

    while (in.len > 0) {
        size_t before = in.len;

        len += record_cast_render(&in, (uint8_t *)lines + len, size);
        assert_true(in.len < before);
    }
    lines[len] = '\0';
    return lines;
}

static void expect(const char *text, const char *line)
{
    entries_len = 0;
    add(RECORD_CAST_OUTPUT, 1500000, text, strlen(text));
    assert_string_equal(render(CONLOG_FILE_SCRATCH), line);
}

static void events_are_lines(void **state)
{
    (void)state;
    add(RECORD_CAST_LINE, 0, "{}", 2);
    add(RECORD_CAST_OUTPUT, 0, "a", 1);
    add(RECORD_CAST_MARKER, 12000034, "break", 5);
    add(RECORD_CAST_INPUT, UINT64_MAX, "", 0);
    assert_string_equal(render(CONLOG_FILE_SCRATCH),
                        "{}\n"
                        "[0.000000,\"o\",\"a\"]\n"
                        "[12.000034,\"m\",\"break\"]\n"
                        "[18446744073709.551615,\"i\",\"\"]\n");
}

static void what_json_forbids_is_escaped(void **state)
{
    (void)state;
    expect("a\"b\\c", "[1.500000,\"o\",\"a\\\"b\\\\c\"]\n");
    expect("\r\n", "[1.500000,\"o\",\"\\r\\n\"]\n");
    expect("\033[0m\177\b", "[1.500000,\"o\",\"\\u001b[0m\\u007f\\u0008\"]\n");
}

static void bytes_that_are_no_text_stay_visible(void **state)
{
    (void)state;
    expect("\xc3\xa4", "[1.500000,\"o\",\"\xc3\xa4\"]\n");
    expect("a\xff z", "[1.500000,\"o\",\"a\xef\xbf\xbd z\"]\n");
    /* Half a character, an overlong form, a surrogate. */
    expect("\xe2\x82", "[1.500000,\"o\",\"\xef\xbf\xbd\xef\xbf\xbd\"]\n");
    expect("\xc0\x80", "[1.500000,\"o\",\"\xef\xbf\xbd\xef\xbf\xbd\"]\n");
    expect("\xed\xa0\x80",
           "[1.500000,\"o\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]\n");
}

static void a_cut_character_is_left_over(void **state)
{
    static const struct {
        const char *text;
        size_t whole;
    } cases[] = {
        { "", 0 },
        { "ab", 2 },
        { "a\xc3", 1 },
        { "a\xc3\xa4", 3 },
        { "\xe2\x82", 0 },
        { "\xf0\x9f\x98", 0 },
        { "a\xf0\x9f\x98\x80", 5 },
        { "a\x80\x80\x80\x80", 5 }, /* will never be one */
        { "a\xff", 2 },
        { "a\xe0\x80", 3 }, /* overlong */
        { "\xc3\xc3", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cast_line_whole(slice_of_text(cases[i].text)),
                         cases[i].whole);
}

/* The texts of all output events, decoded by another reader of JSON. */
static size_t decode(const char *all, char *to, size_t size)
{
    size_t len = 0;

    while (*all != '\0') {
        size_t line = strcspn(all, "\n");
        json_t *event = json_loadb(all, line, JSON_ALLOW_NUL, NULL);
        const json_t *text;

        assert_non_null(event);
        text = json_array_get(event, 2);
        assert_true(json_is_string(text));
        assert_true(len + json_string_length(text) < size);
        memcpy(to + len, json_string_value(text), json_string_length(text));
        len += json_string_length(text);
        json_decref(event);
        assert_int_equal(all[line], '\n');
        all += line + 1;
    }
    return len;
}

/* As the loop cuts: each event ends with a whole character. */
static void add_cut(const char *text, size_t len, size_t piece)
{
    entries_len = 0;
    for (size_t from = 0, to; from < len; from = to) {
        to = from + piece < len ? from + piece : len;
        if (to < len)
            to = from + cast_line_whole(slice_of(text + from, to - from));
        if (to == from)
            to = from + 4 < len ? from + 4 : len; /* a character, at most */
        add(RECORD_CAST_OUTPUT, from, text + from, to - from);
    }
}

static void each_way_to_cut_is_the_same_text(void **state)
{
    static const char text[] =
        "login: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\r\n\"\\\x01\xff\xfe\xe2"
        "\x82.\xf0\x9f\x98\x80\xf0\x9f\x98\x80";
    char whole[1024], cut[1024];
    size_t len = sizeof text - 1;
    size_t whole_len;

    (void)state;
    add_cut(text, len, len);
    whole_len = decode(render(CONLOG_FILE_SCRATCH), whole, sizeof whole);
    for (size_t piece = 4; piece < len; piece++) {
        add_cut(text, len, piece);
        assert_int_equal(decode(render(1024), cut, sizeof cut), whole_len);
        assert_memory_equal(cut, whole, whole_len);
    }
}

/* The largest entry of the worst bytes. */
static void any_entry_fits(void **state)
{
    static uint8_t worst[RECORD_CAST_DATA_MAX];
    static char decoded[2 * RECORD_CAST_DATA_MAX + 1];

    (void)state;
    memset(worst, 1, sizeof worst);
    add(RECORD_CAST_OUTPUT, UINT64_MAX, worst, sizeof worst);
    add(RECORD_CAST_OUTPUT, UINT64_MAX, worst, sizeof worst);
    assert_int_equal(
        decode(render(CONLOG_FILE_SCRATCH), decoded, sizeof decoded),
        2 * sizeof worst);
}

static struct record_cast_header header = {
    .id = "20251130T140509.123Z-00000000000000ff",
    .uuid = "u",
    .label = "s0",
    .name = "web",
    .title = "web/s0",
    .reason = "demand",
    .by = "al\"ice",
    .started_ms = INT64_C(1764511509123),
    .begun_ms = INT64_C(1764511600999),
    .offset_us = 91876000,
    .missing = 7,
    .epoch = 0xabc,
    .position = 12,
    .gaps = 1,
    .part = 2,
    .has_input = true,
};

static void a_header_says_whose_recording_it_is(void **state)
{
    char text[RECORD_CAST_HEADER_MAX];
    size_t len;

    (void)state;
    header.is_v3 = false;
    len = record_cast_header(text, &header);
    assert_int_equal(len, strlen(text));
    assert_string_equal(
        text,
        "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1764511600,"
        "\"title\":\"web/s0\",\"vspcd\":{\"recording\":"
        "\"20251130T140509.123Z-00000000000000ff\",\"part\":2,"
        "\"started\":\"2025-11-30T14:05:09.123Z\",\"uuid\":\"u\","
        "\"label\":\"s0\",\"name\":\"web\",\"reason\":\"demand\","
        "\"by\":\"al\\\"ice\",\"input\":true,\"gaps\":1,\"missing\":7,"
        "\"place\":\"0000000000000abc:12\",\"offset\":91.876000}}");
    header.is_v3 = true;
    record_cast_header(text, &header);
    assert_memory_equal(
        text, "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},", 42);
}

static void a_header_of_the_longest_texts_is_whole(void **state)
{
    char text[RECORD_CAST_HEADER_MAX];
    struct record_cast_header worst = header;
    char name[300];
    json_t *json;

    (void)state;
    memset(name, 1, sizeof name);
    name[sizeof name - 1] = '\0';
    worst.uuid = worst.label = worst.name = worst.title = worst.by = name;
    worst.reason = worst.id = name;
    worst.missing = worst.position = worst.epoch = INT64_MAX;
    record_cast_header(text, &worst);
    json = json_loads(text, 0, NULL);
    assert_non_null(json);
    json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(events_are_lines),
        TEST(what_json_forbids_is_escaped),
        TEST(bytes_that_are_no_text_stay_visible),
        TEST(a_cut_character_is_left_over),
        TEST(each_way_to_cut_is_the_same_text),
        TEST(any_entry_fits),
        TEST(a_header_says_whose_recording_it_is),
        TEST(a_header_of_the_longest_texts_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
