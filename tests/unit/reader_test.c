/* Readers of a console's output that are no clients: a log, and one that nobody
 * waits for. */
#include "core/console_private.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RING = 64 * KIB, HOLD_US = 1000, SHORT_HOLD_US = 10 };

struct fixture {
    struct directory directory;
    struct vm_link vm;
    struct client client;
    struct console *console;
    int resumes;
    int line_changes;
};

static void on_pull(struct client *client)
{
    (void)client;
}

static const struct client_ops client_ops = {
    .pull = on_pull,
    .input_changed = on_pull,
    .lines_changed = on_pull,
};

static void on_resume(struct vm_link *link)
{
    CONTAINER_OF(link, struct fixture, vm)->resumes++;
}

static void on_lines_changed(struct vm_link *link)
{
    CONTAINER_OF(link, struct fixture, vm)->line_changes++;
}

static const struct vm_link_ops link_ops = {
    .resume = on_resume,
    .lines_changed = on_lines_changed,
};

static const struct client_origin origin = { .right = RIGHT_BREAK, .peer = "" };

static void watch(struct fixture *f)
{
    struct err why;

    assert_int_equal(client_attach(&f->client, f->console, 0, &why),
                     CLIENT_ATTACHED);
}

static int setup(void **state)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .expire_us = 5000,
        .hold_us = HOLD_US,
        .ring_max = RING,
        .history_total = UINT64_C(1) << 30,
        .held_input_max = 64 * KIB,
    };
    static const struct vm_identity who = { "u1", "s0", "web" };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    directory_init(&f->directory, &settings);
    f->vm.ops = &link_ops;
    client_init(&f->client, &client_ops, &origin);
    assert_int_equal(directory_attach_vm(&f->directory, &f->vm, &who, 0),
                     DIRECTORY_ATTACHED);
    f->console = f->vm.console;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    client_detach(&f->client, 0);
    console_detach_vm(&f->vm, "end", 0);
    directory_done(&f->directory);
    free(f);
    return 0;
}

/* Output of so many bytes, whatever they are. */
static void print(struct fixture *f, size_t len)
{
    static uint8_t bytes[RING];

    console_output(f->console, slice_of(bytes, len));
    directory_settle(&f->directory);
}

static uint64_t take(struct reader *reader, size_t most, uint64_t now_us)
{
    struct ring_span span;
    uint64_t lost = reader_peek(reader, &span);
    size_t len = span.part[0].len + span.part[1].len;

    reader_took(reader, len < most ? len : most, now_us);
    return lost;
}

/* As a log: it is nobody's client. */
static void on_log_pull(struct reader *reader)
{
    (void)reader;
}

static void attach_log(struct fixture *f, struct reader *log)
{
    static const struct reader_kind kind = {
        .pull = on_log_pull,
        .is_waited_for = true,
    };

    reader_init(log, &kind);
    reader_attach(log, f->console);
}

static void log_is_no_client(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    attach_log(f, &log);
    assert_int_equal(f->console->client_count, 0);
    directory_settle(&f->directory);
    assert_int_equal(f->line_changes, 0);
    assert_int_equal(console_lines(f->console, LINE_VM), LINE_DSR | LINE_CTS);
    console_detach_vm(&f->vm, "gone", 0);
    assert_true(deadline_is_running(&f->console->expiry));
    reader_detach(&log, 0);
}

static void log_that_is_nearly_a_ring_behind_holds_the_vm(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    attach_log(f, &log);
    print(f, RING);
    assert_int_equal(console_output_room(f->console), 0);
    console_hold(f->console, 0);
    assert_int_equal(take(&log, RING / 2, 10), 0);
    directory_settle(&f->directory);
    assert_int_equal(f->resumes, 1);
    reader_detach(&log, 0);
}

/* A stuck disk, and the VM has been held for as long as it may be. */
static void let_log_lag(struct fixture *f, struct reader *log)
{
    attach_log(f, log);
    print(f, RING);
    console_hold(f->console, 0);
    console_short_hold_due(f->console, SHORT_HOLD_US);
    directory_settle(&f->directory);
    /* More than output may lie there: it is read on, as for a client. */
    assert_int_equal(console_output_room(f->console), RING);
    assert_int_equal(log->pace, READER_FOLLOWS);
    console_hold_due(f->console, HOLD_US);
    assert_int_equal(log->pace, READER_LAGS);
    directory_settle(&f->directory);
    assert_int_equal(f->resumes, 2);
}

static void log_that_takes_nothing_is_told_what_it_has_lost(void **state)
{
    struct fixture *f = *state;
    struct reader log;
    struct fact fact;

    let_log_lag(f, &log);
    print(f, RING);
    print(f, 100);
    assert_int_equal(take(&log, 0, HOLD_US), RING + 100);
    assert_int_equal(log.pace, READER_LAGS);
    while (fact_take(&f->directory.facts, &fact))
        assert_int_not_equal(fact.kind, FACT_CLIENT_LAGS);
    reader_detach(&log, 0);
}

static void log_that_goes_on_is_waited_for_again(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    watch(f);
    let_log_lag(f, &log);
    take(&f->client.reader, 2 * RING, HOLD_US);
    assert_int_equal(take(&log, 1, HOLD_US), 0);
    assert_int_equal(log.pace, READER_FOLLOWS);
    assert_int_equal(console_output_room(f->console), 0);
    reader_detach(&log, 0);
}

/* However often, as long as it takes half a ring each time. */
static void slow_log_holds_the_vm_for_ever(void **state)
{
    struct fixture *f = *state;
    struct reader log;
    uint64_t now_us = 0;

    watch(f);
    attach_log(f, &log);
    for (int i = 0; i < 100; i++) {
        print(f, console_output_room(f->console));
        take(&f->client.reader, RING, now_us);
        console_hold(f->console, now_us);
        now_us += HOLD_US / 2;
        assert_int_equal(take(&log, RING / 2 + 1, now_us), 0);
        assert_int_equal(log.pace, READER_FOLLOWS);
    }
    reader_detach(&log, now_us);
}

/* As it would be without a log: it has nobody beside it who waits. */
static void log_that_has_caught_up_makes_no_client_lag(void **state)
{
    struct fixture *f = *state;
    struct reader log;
    uint64_t now_us = 0;

    watch(f);
    attach_log(f, &log);
    for (int i = 0; i < 100; i++) {
        print(f, console_output_room(f->console));
        take(&log, RING, now_us);
        console_hold(f->console, now_us);
        now_us += HOLD_US / 2;
        take(&f->client.reader, RING / 2 + 1, now_us);
        assert_int_equal(f->client.reader.pace, READER_FOLLOWS);
    }
    print(f, console_output_room(f->console));
    console_hold(f->console, now_us);
    take(&log, RING, now_us);
    console_hold_due(f->console, now_us + HOLD_US);
    assert_int_equal(f->client.reader.pace, READER_LAGS);
    take(&f->client.reader, 10, now_us + HOLD_US);
    assert_int_equal(f->client.reader.pace, READER_FOLLOWS);
    reader_detach(&log, now_us);
}

static void log_keeps_what_a_client_purges(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    watch(f);
    attach_log(f, &log);
    print(f, 100);
    console_purge_output(f->console, 0);
    assert_true(client_has_caught_up(&f->client));
    assert_false(reader_has_caught_up(&log));
    reader_detach(&log, 0);
}

static void log_that_leaves_frees_the_vm(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    attach_log(f, &log);
    print(f, RING);
    console_hold(f->console, 0);
    reader_detach(&log, 0);
    directory_settle(&f->directory);
    assert_int_equal(f->resumes, 1);
    reader_detach(&log, 0);
}

static void one_that_is_not_waited_for_holds_nobody(void **state)
{
    static const struct reader_kind kind = { .pull = on_log_pull };
    struct fixture *f = *state;
    struct reader watcher;

    reader_init(&watcher, &kind);
    reader_attach(&watcher, f->console);
    print(f, RING);
    assert_int_equal(console_output_room(f->console), RING);
    print(f, 100);
    assert_int_equal(take(&watcher, RING, 0), 100);
    assert_true(reader_has_caught_up(&watcher));
    assert_int_equal(watcher.pace, READER_LAGS);
    reader_detach(&watcher, 0);
}

/* Whoever reads may stand in any struct: core knows none of them. */
static void readers_that_lag_are_told_so_themselves(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    watch(f);
    let_log_lag(f, &log);
    assert_int_equal(f->client.reader.pace, READER_LAGS);
    reader_detach(&log, 0);
}

/* ---- trust ----------------------------------------------------------------
 */

/* One that only connects: it comes, a ring is printed, which the other client
 * takes at once, and it leaves. Returns how long the VM was held for it. */
static uint64_t visit(struct fixture *f, uint64_t now_us, uint64_t stay_us)
{
    struct client stranger;
    uint64_t held_us = 0;
    struct err why;

    client_init(&stranger, &client_ops, &origin);
    assert_int_equal(client_attach(&stranger, f->console, now_us, &why),
                     CLIENT_ATTACHED);
    print(f, RING);
    take(&f->client.reader, RING, now_us);
    assert_int_equal(console_output_room(f->console), 0);
    console_hold(f->console, now_us);
    if (deadline_is_running(&f->console->hold)) {
        held_us = stay_us < HOLD_US ? stay_us : HOLD_US;
        if (held_us == HOLD_US)
            console_hold_due(f->console, now_us + HOLD_US);
    }
    client_detach(&stranger, now_us + held_us);
    assert_false(deadline_is_running(&f->console->hold));
    directory_settle(&f->directory);
    return held_us;
}

static void whoever_only_connects_costs_little(struct fixture *f,
                                               uint64_t stay_us)
{
    enum { END_US = 1000 * HOLD_US };
    uint64_t now_us = HOLD_US;
    uint64_t held_us = 0;

    watch(f);
    while (now_us < END_US) {
        uint64_t lost_us = visit(f, now_us, stay_us);

        held_us += lost_us;
        now_us += lost_us + HOLD_US / 20;
    }
    assert_in_range(held_us, 1, END_US / 17 + HOLD_US);
    assert_int_equal(f->client.reader.pace, READER_FOLLOWS);
}

static void whoever_stays_costs_little(void **state)
{
    whoever_only_connects_costs_little(*state, 2 * (uint64_t)HOLD_US);
}

static void whoever_leaves_costs_little(void **state)
{
    whoever_only_connects_costs_little(*state, HOLD_US - 1);
}

static void spend_trust(struct fixture *f)
{
    watch(f);
    assert_int_equal(visit(f, 0, HOLD_US), HOLD_US);
    assert_int_equal(visit(f, HOLD_US, HOLD_US), 0);
    client_detach(&f->client, HOLD_US);
    client_init(&f->client, &client_ops, &origin);
}

/* However slow it is. */
static void one_with_proof_is_waited_for_without_trust(void **state)
{
    struct fixture *f = *state;

    watch(f);
    print(f, RING);
    console_hold(f->console, 0);
    take(&f->client.reader, RING / 2, HOLD_US / 2);
    assert_true(f->client.reader.is_proven);
    take(&f->client.reader, RING / 2, HOLD_US / 2);
    assert_int_equal(visit(f, HOLD_US, HOLD_US), HOLD_US);
    print(f, RING);
    console_hold(f->console, 2 * HOLD_US);
    assert_true(deadline_is_running(&f->console->hold));
    assert_int_equal(f->client.reader.pace, READER_FOLLOWS);
}

static void trust_comes_back(void **state)
{
    struct fixture *f = *state;

    spend_trust(f);
    watch(f);
    assert_int_equal(visit(f, 17 * HOLD_US - 1, HOLD_US), 0);
    assert_int_equal(visit(f, 17 * HOLD_US, HOLD_US), HOLD_US);
}

/* It lags without having been waited for, and has proof from then on. */
static void one_that_goes_on_gets_proof_without_trust(void **state)
{
    struct fixture *f = *state;

    spend_trust(f);
    watch(f);
    print(f, RING);
    console_hold(f->console, HOLD_US);
    assert_int_equal(f->client.reader.pace, READER_LAGS);
    assert_false(deadline_is_running(&f->console->hold));
    assert_int_equal(take(&f->client.reader, RING, HOLD_US), 0);
    assert_int_equal(f->client.reader.pace, READER_FOLLOWS);
    print(f, RING);
    console_hold(f->console, HOLD_US);
    assert_true(deadline_is_running(&f->console->hold));
}

/* It is not asked for proof. */
static void log_is_waited_for_without_trust(void **state)
{
    struct fixture *f = *state;
    struct reader log;

    spend_trust(f);
    attach_log(f, &log);
    print(f, RING);
    console_hold(f->console, HOLD_US);
    assert_true(deadline_is_running(&f->console->hold));
    reader_detach(&log, HOLD_US);
}

static size_t typed_bytes;
static int breaks_of_clients, breaks_of_vms;

static void on_typed(struct reader *reader, const struct client *client,
                     struct slice bytes)
{
    (void)reader;
    assert_non_null(client);
    typed_bytes += bytes.len;
}

static void on_broke(struct reader *reader, const struct client *client)
{
    (void)reader;
    if (client != NULL)
        breaks_of_clients++;
    else
        breaks_of_vms++;
}

static void type_and_break(struct fixture *f)
{
    typed_bytes = 0;
    breaks_of_clients = 0;
    breaks_of_vms = 0;
    assert_true(client_input(&f->client, slice_of("abc", 3), 0));
    client_break(&f->client, true);
    client_break(&f->client, false);
    console_break_output(f->console, true);
    console_break_output(f->console, false);
}

static void one_that_wants_to_know_is_told_of_input_and_breaks(void **state)
{
    static const struct reader_kind kind = {
        .pull = on_log_pull,
        .typed = on_typed,
        .broke = on_broke,
    };
    struct fixture *f = *state;
    struct reader curious, log;

    console_hold_input(f->console);
    watch(f);
    attach_log(f, &log);
    reader_init(&curious, &kind);
    reader_attach(&curious, f->console);
    type_and_break(f);
    assert_int_equal(typed_bytes, 3);
    assert_int_equal(breaks_of_clients, 1);
    assert_int_equal(breaks_of_vms, 1);
    /* Nobody types who may not. */
    client_set_right(&f->client, RIGHT_READ);
    type_and_break(f);
    assert_int_equal(typed_bytes, 0);
    assert_int_equal(breaks_of_clients, 0);
    reader_detach(&curious, 0);
    client_set_right(&f->client, RIGHT_BREAK);
    type_and_break(f);
    assert_int_equal(typed_bytes, 0);
    assert_int_equal(breaks_of_vms, 0);
    assert_false(f->console->has_curious);
    reader_detach(&log, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(log_is_no_client),
        TEST(log_that_is_nearly_a_ring_behind_holds_the_vm),
        TEST(log_that_takes_nothing_is_told_what_it_has_lost),
        TEST(log_that_goes_on_is_waited_for_again),
        TEST(slow_log_holds_the_vm_for_ever),
        TEST(log_that_has_caught_up_makes_no_client_lag),
        TEST(log_keeps_what_a_client_purges),
        TEST(log_that_leaves_frees_the_vm),
        TEST(one_that_is_not_waited_for_holds_nobody),
        TEST(readers_that_lag_are_told_so_themselves),
        TEST(whoever_stays_costs_little),
        TEST(whoever_leaves_costs_little),
        TEST(one_with_proof_is_waited_for_without_trust),
        TEST(trust_comes_back),
        TEST(one_that_goes_on_gets_proof_without_trust),
        TEST(log_is_waited_for_without_trust),
        TEST(one_that_wants_to_know_is_told_of_input_and_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
