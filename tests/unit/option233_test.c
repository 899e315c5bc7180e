/* The messages of VMware's Python kit, as they were recorded, and what its
 * server closes on. */
#include "proto/admin/option233.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define TEXT(literal)                                                          \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

static void requests_are_read(void **state)
{
    static const struct {
        struct slice body;
        enum option233_kind kind;
        uint8_t mode;
        struct slice id;
    } cases[] = {
        { TEXT("\x10"), OPTION233_GET_LIST, 0, { 0 } },
        { TEXT("\x20"), OPTION233_DISCONNECT, 0, { 0 } },
        { TEXT("\x20\0nosuch"), OPTION233_CONNECT, 0, TEXT("nosuch") },
        { TEXT("\x20\1x"), OPTION233_CONNECT, 1, TEXT("x") },
        { TEXT("\x20\xff\xc3\xbc"), OPTION233_CONNECT, 0xff, TEXT("\xc3\xbc") },
        { TEXT(""), OPTION233_WRONG, 0, { 0 } },
        { TEXT("\x10\0"), OPTION233_WRONG, 0, { 0 } },     /* a payload */
        { TEXT("\x20\0"), OPTION233_WRONG, 0, { 0 } },     /* no id */
        { TEXT("\x20\0\xff"), OPTION233_WRONG, 0, { 0 } }, /* no UTF-8 */
        { TEXT("\x11"), OPTION233_WRONG, 0, { 0 } },       /* a server's */
        { TEXT("\x21"), OPTION233_WRONG, 0, { 0 } },       /* the same */
        { TEXT("\x0a"), OPTION233_WRONG, 0, { 0 } },       /* unknown */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct option233_message m = option233_parse(cases[i].body);

        assert_int_equal(m.kind, cases[i].kind);
        if (m.kind != OPTION233_CONNECT)
            continue;
        assert_int_equal(m.mode, cases[i].mode);
        assert_true(slice_is_equal(m.id, cases[i].id));
    }
}

static bool has(const struct buf *b, struct slice bytes)
{
    return slice_is_equal(buf_bytes(b), bytes);
}

static void answers_are_written(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 64);
    assert_int_equal(option233_put_list(&b), 0);
    assert_true(has(&b, BYTES("\x11")));
    assert_int_equal(option233_put_port(&b, "564D", "web1", ""), 0);
    assert_true(has(&b, BYTES("\x11"
                              "564D\0web1\0")));
    assert_int_equal(option233_put_port(&b, "5.s1", "db1", "telnet://h:1"), 0);
    assert_true(has(&b, BYTES("\x11"
                              "564D\0web1\0\0"
                              "5.s1\0db1\0telnet://h:1")));
    assert_true(
        option233_put_port(&b, "a port that", "does not fit any more", "") < 0);
    assert_true(has(&b, BYTES("\x11"
                              "564D\0web1\0\0"
                              "5.s1\0db1\0telnet://h:1")));
    buf_done(&b);
    assert_true(slice_is_equal(option233_state(true), BYTES("\x21")));
    assert_true(slice_is_equal(option233_state(false), BYTES("\x22")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(answers_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
