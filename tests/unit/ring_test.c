/* The ring: what is kept, where readers are, and a random run of everything
 * against an array that forgets nothing. */
#include "base/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CAP = 16, STREAM = 100000 };

static struct slice text(const char *s)
{
    return slice_of_text(s);
}

/* All that a reader at this position gets, put together. */
static size_t read_all(const struct ring *r, uint64_t *at, uint8_t *to)
{
    struct ring_span span;
    size_t len = 0;

    ring_peek(r, at, &span);
    for (int i = 0; i < 2; i++) {
        if (span.part[i].len > 0)
            memcpy(to + len, span.part[i].data, span.part[i].len);
        len += span.part[i].len;
    }
    *at += len;
    return len;
}

static void without_memory_bytes_are_counted_and_forgotten(void **state)
{
    struct ring r;
    uint64_t at = 0;
    struct ring_span span;

    (void)state;
    ring_init(&r);
    ring_write(&r, text("hello"));
    assert_int_equal(r.head, 5);
    assert_int_equal(ring_peek(&r, &at, &span), 5);
    assert_int_equal(span.part[0].len, 0);
    ring_done(&r);
}

static void reader_gets_what_was_written_over_the_wrap(void **state)
{
    struct ring r;
    uint8_t got[CAP];
    uint64_t at = 12;

    (void)state;
    ring_init(&r);
    assert_int_equal(ring_resize(&r, CAP), 0);
    ring_write(&r, text("0123456789ab"));
    ring_write(&r, text("cdefGH"));
    assert_int_equal(read_all(&r, &at, got), 6);
    assert_memory_equal(got, "cdefGH", 6);
    ring_done(&r);
}

static void reader_left_behind_is_told_how_much_it_lost(void **state)
{
    struct ring r;
    struct ring_span span;
    uint64_t at = 0;

    (void)state;
    ring_init(&r);
    assert_int_equal(ring_resize(&r, CAP), 0);
    ring_write(&r, text("0123456789abcdefGHIJ"));
    assert_int_equal(ring_peek(&r, &at, &span), 4);
    assert_int_equal(at, 4);
    assert_int_equal(span.part[0].len + span.part[1].len, CAP);
    assert_int_equal(ring_peek(&r, &at, &span), 0);
    ring_done(&r);
}

static void clearing_gives_memory_back_and_keeps_positions(void **state)
{
    struct ring r;

    (void)state;
    ring_init(&r);
    assert_int_equal(ring_resize(&r, CAP), 0);
    ring_write(&r, text("hello"));
    ring_clear(&r);
    assert_int_equal(r.head, 5);
    assert_int_equal(r.cap, 0);
    assert_int_equal(ring_tail(&r), 5);
    ring_done(&r);
}

static void reserved_memory_ends_at_the_wrap(void **state)
{
    struct ring r;
    size_t room;
    uint64_t at = 10;
    uint8_t got[CAP];

    (void)state;
    ring_init(&r);
    assert_int_equal(ring_resize(&r, CAP), 0);
    ring_write(&r, text("0123456789"));
    memcpy(ring_reserve(&r, &room), "abcdef", 6);
    assert_int_equal(room, 6);
    ring_wrote(&r, 6);
    assert_int_equal(read_all(&r, &at, got), 6);
    assert_memory_equal(got, "abcdef", 6);
    ring_reserve(&r, &room);
    assert_int_equal(room, CAP);
    ring_done(&r);
}

/* Writes in both ways, growth, and three readers of different pace. */
static void run_at_random(unsigned seed)
{
    static uint8_t stream[STREAM];
    struct ring r;
    uint64_t at[3] = { 0 };
    uint64_t head = 0;

    ring_init(&r);
    while (head < STREAM - 300) {
        unsigned what = (unsigned)rand_r(&seed) % 8;
        size_t len = (size_t)rand_r(&seed) % 300;

        if (what == 0 && r.cap < 4096) {
            assert_int_equal(ring_resize(&r, r.cap > 0 ? r.cap * 2 : CAP), 0);
            continue;
        }
        for (size_t i = 0; i < len; i++)
            stream[head + i] = (uint8_t)rand_r(&seed);
        if (what < 4) {
            ring_write(&r, slice_of(stream + head, len));
        } else {
            size_t room;
            uint8_t *to = ring_reserve(&r, &room);

            len = len < room ? len : room;
            if (len > 0)
                memcpy(to, stream + head, len);
            ring_wrote(&r, len);
        }
        head += len;
        assert_int_equal(r.head, head);
        for (int i = 0; i < 3; i++) {
            uint8_t got[4096];
            uint64_t before = at[i];
            struct ring_span span;
            uint64_t lost;
            uint64_t from;
            size_t n;

            if (rand_r(&seed) % (1 + i * 4) != 0)
                continue;
            lost = ring_peek(&r, &at[i], &span);
            from = at[i];
            n = read_all(&r, &at[i], got);
            assert_int_equal(before + lost, from);
            assert_true(lost == 0 || from == ring_tail(&r));
            assert_int_equal(from + n, head);
            if (n > 0)
                assert_memory_equal(got, stream + from, n);
        }
    }
    ring_done(&r);
}

static void random_runs_keep_every_byte_in_its_place(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++)
        run_at_random(seed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_bytes_are_counted_and_forgotten),
        cmocka_unit_test(reader_gets_what_was_written_over_the_wrap),
        cmocka_unit_test(reader_left_behind_is_told_how_much_it_lost),
        cmocka_unit_test(clearing_gives_memory_back_and_keeps_positions),
        cmocka_unit_test(reserved_memory_ends_at_the_wrap),
        cmocka_unit_test(random_runs_keep_every_byte_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
