/*
 * Targets of requests: their segments and parameters, and what is none of ours.
 */
#include "proto/http/http_target.h"

#include <setjmp.h>
#include <stdarg.h>
/* After those that it needs. */
#include <cmocka.h>

static void a_target_is_taken_apart(void **state)
{
    struct http_target t;

    (void)state;
    assert_null(http_target_parse(
        &t, slice_of_text("/api/a%2Fb/%C3%A4+/?x=1&y&&z=a+b%26%3d=c&x=2&=n")));
    assert_int_equal(t.segment_count, 3);
    assert_string_equal(t.segment[0], "api");
    assert_string_equal(t.segment[1], "a/b");
    assert_string_equal(t.segment[2], "\xc3\xa4+");
    assert_int_equal(t.pair_count, 5);
    assert_string_equal(http_target_value(&t, "x"), "1");
    assert_string_equal(http_target_value(&t, "y"), "");
    assert_string_equal(http_target_value(&t, "z"), "a b&==c");
    assert_string_equal(http_target_value(&t, ""), "n");
    assert_null(http_target_value(&t, "a"));
    http_target_done(&t);
    assert_null(t.text);
}

static void the_root_has_no_segments(void **state)
{
    struct http_target t;

    (void)state;
    assert_null(http_target_parse(&t, slice_of_text("/")));
    assert_int_equal(t.segment_count, 0);
    http_target_done(&t);
    assert_null(http_target_parse(&t, slice_of_text("/?")));
    assert_int_equal(t.segment_count, 0);
    assert_int_equal(t.pair_count, 0);
    http_target_done(&t);
    /* One that is empty is one nevertheless: //metrics is not /metrics. */
    assert_null(http_target_parse(&t, slice_of_text("//metrics")));
    assert_int_equal(t.segment_count, 2);
    assert_string_equal(t.segment[0], "");
    http_target_done(&t);
}

static void what_is_no_target_says_why(void **state)
{
    static const struct {
        const char *target;
        const char *problem;
    } wrong[] = {
        { "", "the target does not begin with /" },
        { "*", "the target does not begin with /" },
        { "http://x/", "the target does not begin with /" },
        { "/a#b", "the target has a fragment" },
        { "/%", "a % in the target is without its two digits" },
        { "/%4", "a % in the target is without its two digits" },
        { "/%4/a", "a % in the target is without its two digits" },
        { "/%g0", "a % in the target is without its two digits" },
        { "/?a=%u1234", "a % in the target is without its two digits" },
        { "/?%", "a % in the target is without its two digits" },
        { "/%00", "the target has a NUL" },
        { "/?a=%00", "the target has a NUL" },
        { "/%ff", "the target is no UTF-8" },
        { "/%c0%af", "the target is no UTF-8" },
        { "/?a=%ed%a0%80", "the target is no UTF-8" },
        { "/a/../b", "the target has a segment of dots" },
        { "/a/.", "the target has a segment of dots" },
        { "/%2e%2E/b", "the target has a segment of dots" },
        { "/1/2/3/4/5/6/7/8/9/10/11/12/13",
          "the target has too many segments" },
        { "/?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17&18&19&20&21&22&23&24&25"
          "&26&27&28&29&30&31&32&33",
          "the target has too many parameters" },
    };
    struct http_target t;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *problem =
            http_target_parse(&t, slice_of_text(wrong[i].target));

        assert_non_null(problem);
        assert_string_equal(problem, wrong[i].problem);
        assert_null(t.text);
    }
    assert_string_equal(http_target_parse(&t, slice_of("/\0", 2)),
                        "the target has a NUL");
}

static void a_part_is_encoded(void **state)
{
    char to[24] = "/x/";

    (void)state;
    assert_true(http_target_encode(to, sizeof to, "a/b ~\xc3\xa4?"));
    assert_string_equal(to, "/x/a%2Fb%20~%C3%A4%3F");
    assert_true(http_target_encode(to, sizeof to, "cd"));
    assert_string_equal(to, "/x/a%2Fb%20~%C3%A4%3Fcd");
    assert_false(http_target_encode(to, sizeof to, "e"));
    to[20] = '\0';
    assert_true(http_target_encode(to, sizeof to, "%"));
    to[21] = '\0';
    assert_false(http_target_encode(to, sizeof to, "%"));
}

static void what_was_encoded_is_read_again(void **state)
{
    char text[256];
    char to[800] = "/";
    struct http_target t;

    (void)state;
    for (int i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    text[127] = '\0';
    assert_true(http_target_encode(to, sizeof to, text));
    assert_null(http_target_parse(&t, slice_of_text(to)));
    assert_int_equal(t.segment_count, 1);
    assert_string_equal(t.segment[0], text);
    http_target_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_taken_apart),
        cmocka_unit_test(the_root_has_no_segments),
        cmocka_unit_test(what_is_no_target_says_why),
        cmocka_unit_test(a_part_is_encoded),
        cmocka_unit_test(what_was_encoded_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
