/*
 * A telnet peer as a stream of bytes (--connect telnet:): what of it is data,
 * however it is cut. In particular SYNCH, RFC 854: its urgent byte comes in its
 * place in the stream (SO_OOBINLINE), and costs none of its neighbours.
 */
#include "vm/ends/telnet_stream.h"

#include "net/stream_mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define IAC "\xff"
#define DM "\xf2"
#define BRK "\xf3"
#define IP "\xf4"
#define AO "\xf5"
#define WILL "\xfb"
#define DO "\xfd"
#define BINARY "\0"
#define TIMING_MARK "\6"

enum { WIRE_MAX = 4096 };

/* What a peer says first that agrees to BINARY both ways. */
static const struct slice agreed = {
    (const uint8_t *)IAC DO BINARY IAC WILL BINARY, 6
};

struct fixture {
    struct stream_mem wire;
    struct telnet_stream telnet;
    struct stream *stream;
    struct end_break read_break;
    size_t break_at; /* in data; SIZE_MAX: none came */
    struct buf data;
};

static void read_data(void *owner, unsigned ready)
{
    struct fixture *f = owner;
    uint8_t bytes[256];
    ssize_t n;

    assert_true(ready & STREAM_READ);
    f->read_break.is_there = false;
    n = stream_read(f->stream, bytes, sizeof bytes);
    assert_true(n > 0 || n == -EAGAIN);
    if (f->read_break.is_there)
        f->break_at = f->data.len + f->read_break.before;
    if (n > 0)
        assert_int_equal(buf_append(&f->data, slice_of(bytes, (size_t)n)), 0);
}

static void give(struct fixture *f, struct slice bytes)
{
    assert_int_equal(stream_mem_give(&f->wire, bytes), 0);
    while (stream_mem_turn(&f->wire))
        ;
}

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){ .break_at = SIZE_MAX };
    stream_mem_init(&f->wire, WIRE_MAX);
    buf_init(&f->data, WIRE_MAX);
    f->stream = telnet_stream_open(&f->telnet, &f->wire.stream, &f->read_break);
    stream_set_owner(f->stream, read_data, f);
    stream_want(f->stream, STREAM_READ);
}

static void close_fixture(struct fixture *f)
{
    stream_close(f->stream);
    stream_mem_done(&f->wire);
    buf_done(&f->data);
}

/* In three segments, cut at each two places. */
static void check(struct slice before, struct slice in, struct slice expected,
                  size_t break_at)
{
    for (size_t first = 0; first <= in.len; first++) {
        for (size_t second = first; second <= in.len; second++) {
            struct fixture f;

            open_fixture(&f);
            give(&f, before);
            give(&f, slice_of(in.data, first));
            give(&f, slice_of(in.data + first, second - first));
            give(&f, slice_after(in, second));
            assert_int_equal(f.data.len, expected.len);
            if (expected.len > 0)
                assert_memory_equal(buf_bytes(&f.data).data, expected.data,
                                    expected.len);
            assert_int_equal(f.break_at, break_at);
            close_fixture(&f);
        }
    }
}

/* In BINARY, and as an NVT. */
static void check_data(struct slice in, struct slice expected)
{
    check(agreed, in, expected, SIZE_MAX);
    check(slice_of(NULL, 0), in, expected, SIZE_MAX);
}

static void synch_is_swallowed(void **state)
{
    (void)state;
    check_data(BYTES("ab" IAC DM "root\r"), BYTES("abroot\r"));
    check_data(BYTES(IAC DM), BYTES(""));
    check_data(BYTES("ab" IAC DM IAC DM IAC DM "c"), BYTES("abc"));
}

/* What in.telnetd says when its guest's Ctrl-C flushes the output. */
static void what_comes_with_synch_is_swallowed(void **state)
{
    (void)state;
    check_data(BYTES("x" IAC DM IAC DO TIMING_MARK "$ "), BYTES("x$ "));
    check_data(BYTES("x" IAC IP IAC DM IAC AO IAC DM "$ "), BYTES("x$ "));
}

static void a_byte_like_dm_is_data(void **state)
{
    (void)state;
    check_data(BYTES("a" DM "b" IAC IAC DM "c"), BYTES("a" DM "b\xff" DM "c"));
}

static void synch_does_not_part_a_line_end(void **state)
{
    (void)state;
    check(slice_of(NULL, 0), BYTES("a\r" IAC DM "\0b"), BYTES("a\rb"),
          SIZE_MAX);
    check(agreed, BYTES("a\r" IAC DM "\0b"), BYTES("a\r\0b"), SIZE_MAX);
}

static void a_break_beside_synch_keeps_its_place(void **state)
{
    (void)state;
    check(agreed, BYTES("ab" IAC DM IAC BRK "c"), BYTES("abc"), 2);
    check(agreed, BYTES("ab" IAC BRK IAC DM "c"), BYTES("abc"), 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(synch_is_swallowed),
        cmocka_unit_test(what_comes_with_synch_is_swallowed),
        cmocka_unit_test(a_byte_like_dm_is_data),
        cmocka_unit_test(synch_does_not_part_a_line_end),
        cmocka_unit_test(a_break_beside_synch_keeps_its_place),
    };

    return cmocka_run_group_tests_name("telnet_stream", tests, NULL, NULL);
}
