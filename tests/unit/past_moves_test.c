/*
 * The last moves of all consoles: what is kept, and what goes for it.
 */
#include "core/told/past_moves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static void add(struct past_moves *m, const char *id, uint64_t took_us)
{
    const struct fact_move_ended how = { .from = "192.0.2.1:902",
                                         .took_us = took_us };

    past_moves_add(m, "web-01", id, &how, (int64_t)took_us + 1);
}

/* How many moves of this console there are, the newest first. */
static size_t count(const struct past_moves *m, const char *id)
{
    const struct past_move *move = NULL;
    size_t found = 0;

    while ((move = past_moves_before(
                m, id, move != NULL ? move->number : UINT64_MAX)) != NULL)
        found++;
    return found;
}

static void moves_are_found_from_the_newest_on(void **state)
{
    const struct past_move *move;
    struct past_moves m;

    (void)state;
    past_moves_init(&m);
    assert_null(past_moves_before(&m, NULL, UINT64_MAX));
    add(&m, "u1/s0", 5);
    add(&m, "u2/s0", 6);
    add(&m, "u1/s0", 7);
    move = past_moves_before(&m, "u1/s0", UINT64_MAX);
    assert_int_equal(move->how.took_us, 7);
    assert_int_equal(move->ended_ms, 8);
    assert_string_equal(move->name, "web-01");
    assert_string_equal(move->id, "u1/s0");
    assert_string_equal(move->how.from, "192.0.2.1:902");
    move = past_moves_before(&m, "u1/s0", move->number);
    assert_int_equal(move->how.took_us, 5);
    assert_null(past_moves_before(&m, "u1/s0", move->number));
    assert_int_equal(count(&m, NULL), 3);
    assert_int_equal(count(&m, "u1"), 0);
    past_moves_done(&m);
}

static void a_console_that_moves_without_end_forgets_its_own(void **state)
{
    struct past_moves m;

    (void)state;
    past_moves_init(&m);
    add(&m, "u1/s0", 1);
    for (uint64_t i = 0; i < 5 * PAST_MOVES_MAX; i++)
        add(&m, "u2/s0", i);
    assert_int_equal(count(&m, "u1/s0"), 1);
    assert_int_equal(count(&m, "u2/s0"), PAST_MOVES_OF_CONSOLE);
    assert_int_equal(past_moves_before(&m, "u2/s0", UINT64_MAX)->how.took_us,
                     5 * PAST_MOVES_MAX - 1);
    past_moves_done(&m);
}

static void the_oldest_goes_for_the_newest(void **state)
{
    struct past_moves m;
    char id[16];

    (void)state;
    past_moves_init(&m);
    for (unsigned i = 0; i <= PAST_MOVES_MAX; i++) {
        snprintf(id, sizeof id, "u%u/s0", i);
        add(&m, id, i);
    }
    assert_int_equal(m.count, PAST_MOVES_MAX);
    assert_int_equal(count(&m, NULL), PAST_MOVES_MAX);
    assert_int_equal(count(&m, "u0/s0"), 0);
    assert_int_equal(count(&m, "u1/s0"), 1);
    assert_int_equal(count(&m, id), 1);
    past_moves_done(&m);
    assert_int_equal(m.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_found_from_the_newest_on),
        cmocka_unit_test(a_console_that_moves_without_end_forgets_its_own),
        cmocka_unit_test(the_oldest_goes_for_the_newest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
