/* Events as lines of asciicast, and back again. */
#include "proto/cast/cast_reader.h"
#include "proto/cast/cast_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 1024 * 1024 };

static void expect(const struct buf *to, const char *lines)
{
    struct slice all = buf_bytes(to);

    assert_int_equal(all.len, strlen(lines));
    assert_memory_equal(all.data, lines, all.len);
}

static void put(struct cast_writer *w, struct buf *to, char code,
                uint64_t time_us, const char *text)
{
    assert_true(cast_writer_put(w, to, code, time_us, slice_of_text(text)));
}

static void times_of_v2_are_since_the_beginning(void **state)
{
    struct cast_writer w;
    struct buf to;

    (void)state;
    buf_init(&to, MAX);
    cast_writer_init(&w, 2);
    put(&w, &to, 'o', 0, "a");
    put(&w, &to, 'o', 1000001, "b");
    put(&w, &to, 'm', 1000000, "c");
    put(&w, &to, 'i', UINT64_C(123456789012345), "d");
    expect(&to, "[0.000000,\"o\",\"a\"]\n[1.000001,\"o\",\"b\"]\n"
                "[1.000001,\"m\",\"c\"]\n[123456789.012345,\"i\",\"d\"]\n");
    buf_done(&to);
}

static void times_of_v3_are_since_the_event_before(void **state)
{
    struct cast_writer w;
    struct buf to;

    (void)state;
    buf_init(&to, MAX);
    cast_writer_init(&w, 3);
    put(&w, &to, 'o', 500000, "a");
    put(&w, &to, 'o', 1500001, "b");
    put(&w, &to, 'o', 1500000, "c");
    expect(&to, "[0.500000,\"o\",\"a\"]\n[1.000001,\"o\",\"b\"]\n"
                "[0.000000,\"o\",\"c\"]\n");
    buf_done(&to);
}

static void texts_are_escaped_as_json_wants_it(void **state)
{
    struct cast_writer w;
    struct buf to;

    (void)state;
    buf_init(&to, MAX);
    cast_writer_init(&w, 2);
    put(&w, &to, 'o', 0, "\"\\/\r\n\t\b\x1b\x7f \xc3\xbc\xe2\x82\xac");
    expect(&to, "[0.000000,\"o\",\"\\\"\\\\/\\r\\n\\u0009\\u0008\\u001b\\u007f "
                "\xc3\xbc\xe2\x82\xac\"]\n");
    buf_done(&to);
}

static void bytes_that_are_no_text_are_seen(void **state)
{
    struct cast_writer w;
    struct buf to;

    (void)state;
    buf_init(&to, MAX);
    cast_writer_init(&w, 2);
    put(&w, &to, 'o', 0, "\xff\xe2\x82x");
    expect(&to, "[0.000000,\"o\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"]\n");
    buf_done(&to);
}

static void a_line_is_put_whole_or_not_at_all(void **state)
{
    static const char line[] = "[0.000000,\"o\",\"abc\\r\"]\n";
    struct cast_writer w;
    struct buf to;

    (void)state;
    for (uint32_t room = 0; room < sizeof line; room++) {
        bool fits = room == sizeof line - 1;

        buf_init(&to, room + 1);
        assert_int_equal(buf_append(&to, slice_of("x", 1)), 0);
        cast_writer_init(&w, 2);
        assert_int_equal(
            cast_writer_put(&w, &to, 'o', 0, slice_of_text("abc\r")), fits);
        assert_int_equal(to.len, fits ? room + 1 : 1);
        buf_done(&to);
    }
}

/* Whatever the text is, of any length. */
static void what_is_written_is_read_again(void **state)
{
    static uint8_t text[3000];
    struct cast_event event = { 0 };
    struct cast_writer w;
    struct cast_reader r;
    struct slice in;
    struct buf to;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 37 % 128);
    for (size_t len = 0; len < sizeof text; len += 7) {
        buf_init(&to, MAX);
        cast_writer_init(&w, 3);
        cast_reader_init(&r);
        in = slice_of_text("{}\n");
        assert_int_equal(cast_reader_next(&r, &in, &event), CAST_HEADER);
        assert_true(cast_reader_begin(&r, 3));
        assert_true(cast_writer_put(&w, &to, 'o', len, slice_of(text, len)));
        in = buf_bytes(&to);
        assert_int_equal(cast_reader_next(&r, &in, &event), CAST_EVENT);
        assert_int_equal(event.time_us, len);
        assert_true(slice_is_equal(event.text, slice_of(text, len)));
        cast_reader_done(&r);
        buf_done(&to);
    }
}

/* A long text is encoded in pieces, which end where they may. */
static void long_texts_keep_their_characters(void **state)
{
    static const char euro[] = "\xe2\x82\xac";

    (void)state;
    for (size_t lead = 0; lead < 3; lead++) {
        char text[3 * 2000 + 3] = "ab";
        char line[sizeof text + 40];
        struct cast_writer w;
        struct buf to;

        for (size_t i = 0; i < 2000; i++)
            memcpy(text + lead + 3 * i, euro, sizeof euro);
        snprintf(line, sizeof line, "[0.000000,\"o\",\"%s\"]\n", text);
        buf_init(&to, MAX);
        cast_writer_init(&w, 2);
        put(&w, &to, 'o', 0, text);
        expect(&to, line);
        buf_done(&to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_v2_are_since_the_beginning),
        cmocka_unit_test(times_of_v3_are_since_the_event_before),
        cmocka_unit_test(texts_are_escaped_as_json_wants_it),
        cmocka_unit_test(bytes_that_are_no_text_are_seen),
        cmocka_unit_test(a_line_is_put_whole_or_not_at_all),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(long_texts_keep_their_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
