/*
 * `vspc-vm rehearse`: bytes that prove themselves, percentiles, the table of
 * steps, the command line.
 */
#include "vm/rehearse/rehearse_options.h"
#include "vm/rehearse/stage/proof.h"
#include "vm/rehearse/stage/tally.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LEN = 600 };

static void copy(uint8_t to[LEN], uint64_t number)
{
    const struct proof p = { .number = number };

    proof_copy(&p, to, LEN);
}

/* ---- proofs ---------------------------------------------------------------
 */

static void test_a_stream_is_what_it_was_in_every_cut(void **state)
{
    uint8_t bytes[LEN];

    (void)state;
    copy(bytes, 7);
    for (size_t piece = 1; piece <= LEN; piece++) {
        struct proof p = { .number = 7 };

        for (size_t at = 0; at < LEN; at += piece) {
            size_t len = LEN - at < piece ? LEN - at : piece;

            proof_check(&p, slice_of(bytes + at, len));
        }
        assert_false(p.is_broken);
        assert_int_equal(p.at, LEN);
    }
}

static void test_a_stream_goes_on_anywhere(void **state)
{
    uint8_t bytes[LEN];
    uint8_t rest[LEN];

    (void)state;
    copy(bytes, 7);
    for (size_t at = 0; at < LEN; at++) {
        const struct proof p = { .number = 7, .at = at };

        proof_copy(&p, rest, LEN - at);
        assert_memory_equal(rest, bytes + at, LEN - at);
    }
}

static void expect_broken_at(const uint8_t *bytes, size_t len, uint64_t at)
{
    struct proof p = { .number = 7 };

    proof_check(&p, slice_of(bytes, len));
    assert_true(p.is_broken);
    assert_int_equal(p.at, at);
    /* What comes behind does not mend it. */
    proof_check(&p, slice_of(bytes, len));
    assert_true(p.is_broken);
    assert_int_equal(p.at, at);
}

static void test_what_is_lost_doubled_or_changed_is_seen(void **state)
{
    uint8_t bytes[LEN];
    uint8_t wrong[LEN + 1];

    (void)state;
    copy(bytes, 7);
    memcpy(wrong, bytes, LEN);
    wrong[100] ^= 1;
    expect_broken_at(wrong, LEN, 100);
    /* 8 bytes are lost; 8 are doubled. */
    memcpy(wrong, bytes, 64);
    memcpy(wrong + 64, bytes + 72, LEN - 72);
    expect_broken_at(wrong, LEN - 8, 64);
    memcpy(wrong, bytes, 64);
    memcpy(wrong + 64, bytes + 56, LEN - 64);
    expect_broken_at(wrong, LEN - 8, 64);
    /* It is another VM's. */
    copy(wrong, 8);
    expect_broken_at(wrong, LEN, 0);
}

static void test_every_byte_value_comes(void **state)
{
    enum { MANY = 16 * 1024 };
    static uint8_t bytes[MANY];
    const struct proof p = { .number = 2 };
    bool has[256] = { false };

    (void)state;
    proof_copy(&p, bytes, MANY);
    for (size_t i = 0; i < MANY; i++)
        has[bytes[i]] = true;
    for (size_t i = 0; i < 256; i++)
        assert_true(has[i]);
}

/* ---- percentiles ----------------------------------------------------------
 */

static void test_percentiles_are_of_those_that_there_are(void **state)
{
    struct tally t = { 0 };

    (void)state;
    assert_int_equal(tally_percentile_us(&t, 50), 0);
    tally_add(&t, 30);
    assert_int_equal(tally_percentile_us(&t, 0), 30);
    assert_int_equal(tally_percentile_us(&t, 50), 30);
    assert_int_equal(tally_percentile_us(&t, 100), 30);
    tally_add(&t, 10);
    tally_add(&t, 20);
    assert_int_equal(tally_percentile_us(&t, 50), 20);
    assert_int_equal(tally_percentile_us(&t, 95), 30);
    tally_done(&t);
}

static void test_a_percentile_is_the_nearest_rank(void **state)
{
    struct tally t = { 0 };

    (void)state;
    for (unsigned i = 100; i > 0; i--)
        tally_add(&t, i);
    assert_int_equal(tally_percentile_us(&t, 1), 1);
    assert_int_equal(tally_percentile_us(&t, 50), 50);
    assert_int_equal(tally_percentile_us(&t, 95), 95);
    assert_int_equal(tally_percentile_us(&t, 100), 100);
    tally_done(&t);
}

/* ---- steps ----------------------------------------------------------------
 */

static void test_every_step_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_non_null(steps_find("many-back"));
    assert_null(steps_find("many-"));
    for (size_t i = 0; i < step_count; i++) {
        assert_ptr_equal(steps_find(steps[i].name), &steps[i]);
        assert_true(strlen(steps[i].name) <= 21);
        assert_non_null(steps[i].run);
        /* Whoever reads a console has it by a server and of a VM. */
        if (steps[i].needs & (STEP_READER | STEP_MOVES))
            assert_true(steps[i].needs & STEP_VM);
    }
}

static void test_every_way_of_a_move_is_a_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < rehearsal_way_count; i++) {
        size_t count = 0;

        for (size_t j = 0; j < step_count; j++)
            count += steps[j].way != NULL &&
                     strcmp(steps[j].way, rehearsal_ways[i].name) == 0;
        assert_int_equal(count, 1);
    }
}

static void test_what_leaves_nothing_behind_is_the_last_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < step_count; i++)
        assert_int_equal((steps[i].needs & STEP_LAST) != 0,
                         i + 1 == step_count);
}

/* ---- the command line -----------------------------------------------------
 */

static int read_line(struct rehearse_options *o, struct err *err,
                     const char *first, const char *second)
{
    char *argv[] = { (char *)"rehearse", (char *)first, (char *)second, NULL };
    int argc = first == NULL ? 1 : second == NULL ? 2 : 3;

    optind = 0;
    return rehearse_options_read(o, argc, argv, err);
}

static void test_defaults_are_small(void **state)
{
    struct rehearse_options o;
    struct err err;

    (void)state;
    assert_int_equal(read_line(&o, &err, NULL, NULL), 0);
    assert_int_equal(o.vms, 10);
    assert_int_equal(o.proxy.port, 0);
    assert_null(o.server);
    assert_string_equal(o.uri, "rehearsal");
}

static void test_only_names_steps(void **state)
{
    struct rehearse_options o;
    struct err err;

    (void)state;
    assert_int_equal(read_line(&o, &err, "--only", "connect,many-back"), 0);
    assert_true(rehearse_options_has_step(&o, steps_find("connect")));
    assert_true(rehearse_options_has_step(&o, steps_find("many-back")));
    assert_false(rehearse_options_has_step(&o, steps_find("many")));
    assert_true(rehearse_options_has_step(&o, steps_find("clean")));
    assert_true(read_line(&o, &err, "--only", "connect,") < 0);
    assert_true(read_line(&o, &err, "--only", "conn") < 0);
    assert_true(read_line(&o, &err, "--only", "") < 0);
}

static void test_what_is_no_option_is_refused(void **state)
{
    static const char *const lines[][2] = {
        { "--vms", "0" },
        { "--vms", "10001" },
        { "--vms", "many" },
        { "--clients", "1001" },
        { "--timeout", "0" },
        { "--output", "yaml" },
        { "--key", "key.pem" },
        { "--proxy", "ftp://here" },
        { "--name", "web-01" },
        { "--uri", "" },
        { "somebody", NULL },
        { "--vms", NULL },
        { "--proxy", "telnet://h#thumbprint=xyz" },
    };
    struct rehearse_options o;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        err.text[0] = '\0';
        assert_true(read_line(&o, &err, lines[i][0], lines[i][1]) < 0);
        assert_true(err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_is_what_it_was_in_every_cut),
        cmocka_unit_test(test_a_stream_goes_on_anywhere),
        cmocka_unit_test(test_what_is_lost_doubled_or_changed_is_seen),
        cmocka_unit_test(test_every_byte_value_comes),
        cmocka_unit_test(test_percentiles_are_of_those_that_there_are),
        cmocka_unit_test(test_a_percentile_is_the_nearest_rank),
        cmocka_unit_test(test_every_step_has_a_name_of_its_own),
        cmocka_unit_test(test_every_way_of_a_move_is_a_step),
        cmocka_unit_test(test_what_leaves_nothing_behind_is_the_last_step),
        cmocka_unit_test(test_defaults_are_small),
        cmocka_unit_test(test_only_names_steps),
        cmocka_unit_test(test_what_is_no_option_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
