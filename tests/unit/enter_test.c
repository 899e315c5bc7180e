/* LF becomes Enter: every end of line, in every cut and every size of room. */
#include "proto/enter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *sent, *typed;
} cases[] = {
    { "ls\n", "ls\r" },         { "ls\r\n", "ls\r" },
    { "ls\r", "ls\r" },         { "a\n\nb", "a\r\rb" },
    { "a\r\n\nb", "a\r\rb" },   { "a\r\rb", "a\r\rb" },
    { "a\n\rb", "a\r\rb" },     { "\n", "\r" },
    { "a\r\n\r\nb", "a\r\rb" }, { "a\nb\r\nc\rd", "a\rb\rc\rd" },
};
enum { CASES = sizeof cases / sizeof cases[0], ROOM = 64 };

/* Fed in pieces of this size, with so much room. */
static size_t type_pieces(const char *sent, size_t piece, size_t room,
                          uint8_t typed[ROOM])
{
    bool is_behind_cr = false;
    size_t len = 0;
    size_t all = strlen(sent);

    for (size_t at = 0; at < all; at += piece) {
        struct slice in =
            slice_of(sent + at, all - at < piece ? all - at : piece);

        while (in.len > 0) {
            uint8_t to[ROOM];
            struct slice out = enter_next(&is_behind_cr, &in, to, room);

            assert_true(len + out.len <= ROOM);
            memcpy(typed + len, out.data, out.len);
            len += out.len;
        }
    }
    return len;
}

static void what_is_typed_may_stand_where_it_came(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        bool is_behind_cr = false;
        uint8_t bytes[ROOM];
        size_t sent = strlen(cases[i].sent);
        struct slice in = slice_of(bytes, sent);
        struct slice typed;

        memcpy(bytes, cases[i].sent, sent);
        typed = enter_next(&is_behind_cr, &in, bytes, sent);
        assert_ptr_equal(typed.data, bytes);
        assert_int_equal(in.len, 0);
        assert_int_equal(typed.len, strlen(cases[i].typed));
        assert_memory_equal(typed.data, cases[i].typed, typed.len);
    }
}

static void each_end_of_line_is_one_cr_in_any_cut(void **state)
{
    uint8_t typed[ROOM];

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].sent); piece++) {
            for (size_t room = 1; room <= ROOM; room++) {
                size_t len = type_pieces(cases[i].sent, piece, room, typed);

                assert_int_equal(len, strlen(cases[i].typed));
                assert_memory_equal(typed, cases[i].typed, len);
            }
        }
    }
}

static void bytes_without_lf_are_not_copied(void **state)
{
    static const uint8_t bytes[] = "a\rb\r";
    struct slice in = slice_of(bytes, 4);
    bool is_behind_cr = false;
    uint8_t to[1];
    struct slice out = enter_next(&is_behind_cr, &in, to, sizeof to);

    (void)state;
    assert_ptr_equal(out.data, bytes);
    assert_int_equal(out.len, 4);
    assert_int_equal(in.len, 0);
    assert_true(is_behind_cr);
}

static void nothing_changes_nothing(void **state)
{
    struct slice in = slice_of(NULL, 0);
    bool is_behind_cr = true;
    uint8_t to[1];

    (void)state;
    assert_int_equal(enter_next(&is_behind_cr, &in, to, sizeof to).len, 0);
    assert_true(is_behind_cr);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_of_line_is_one_cr_in_any_cut),
        cmocka_unit_test(what_is_typed_may_stand_where_it_came),
        cmocka_unit_test(bytes_without_lf_are_not_copied),
        cmocka_unit_test(nothing_changes_nothing),
    };

    return cmocka_run_group_tests_name("enter", tests, NULL, NULL);
}
