/* Server-Sent Events, whole and byte by byte. */
#include "cli/verbs/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char seen[512];

static void note(void *owner, const struct sse_event *event)
{
    struct sse *s = owner;
    size_t len = strlen(seen);

    snprintf(seen + len, sizeof seen - len, "(%s %s: %.*s)", s->last_id,
             event->kind, (int)event->data.len, (const char *)event->data.data);
}

static void check(const char *stream, const char *expected)
{
    size_t len = strlen(stream);

    for (size_t step = len; step > 0; step = step == len ? 1 : 0) {
        struct sse s;

        seen[0] = '\0';
        sse_init(&s, note, &s);
        for (size_t at = 0; at < len; at += step)
            sse_feed(&s,
                     slice_of(stream + at, len - at < step ? len - at : step));
        assert_string_equal(seen, expected);
        sse_done(&s);
    }
}

static void events_end_with_an_empty_line(void **state)
{
    (void)state;
    check("id: 1\nevent: vm-up\ndata: {\"a\":1}\n\n", "(1 vm-up: {\"a\":1})");
    check("data:x\n\ndata: y\n\n", "( : x)( : y)");
    check("data: x\n", "");
    check("data: a\ndata: b\n\n", "( : a\nb)");
}

static void lines_end_in_three_ways(void **state)
{
    (void)state;
    check("data: x\r\n\r\ndata: y\r\rdata: z\n\n", "( : x)( : y)( : z)");
}

static void comments_and_unknown_fields_are_left_out(void **state)
{
    (void)state;
    check(": still here\n\nretry: 5\nfoo\ndata: x\n\n", "( : x)");
    check(":\n\n:\n\n", "");
}

static void id_stays_until_the_next_one(void **state)
{
    (void)state;
    check("id: 7\ndata: a\n\ndata: b\n\nid: 8\n\ndata: c\n\n",
          "(7 : a)(7 : b)(8 : c)");
}

static void what_was_incomplete_is_dropped_with_its_connection(void **state)
{
    static const char half[] = "id: 1\ndata: a\n\nid: 2\ndata: ha";
    static const char next[] = "data: b\n\n";
    struct sse s;

    (void)state;
    seen[0] = '\0';
    sse_init(&s, note, &s);
    sse_feed(&s, slice_of_text(half));
    sse_reset(&s);
    assert_string_equal(s.last_id, "1");
    sse_feed(&s, slice_of_text(next));
    assert_string_equal(seen, "(1 : a)(1 : b)");
    sse_done(&s);
}

static void event_that_is_too_long_is_left_out(void **state)
{
    char *long_line = malloc(SSE_EVENT_MAX + 10);
    struct sse s;

    (void)state;
    memset(long_line, 'x', SSE_EVENT_MAX + 10);
    seen[0] = '\0';
    sse_init(&s, note, &s);
    sse_feed(&s, slice_of(long_line, SSE_EVENT_MAX + 10));
    sse_feed(&s, slice_of_text("\ndata: of the same event"));
    sse_feed(&s, slice_of_text("\n\ndata: next\n\n"));
    assert_string_equal(seen, "( : next)");
    sse_done(&s);
    free(long_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_end_with_an_empty_line),
        cmocka_unit_test(lines_end_in_three_ways),
        cmocka_unit_test(comments_and_unknown_fields_are_left_out),
        cmocka_unit_test(id_stays_until_the_next_one),
        cmocka_unit_test(what_was_incomplete_is_dropped_with_its_connection),
        cmocka_unit_test(event_that_is_too_long_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
