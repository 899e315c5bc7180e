/* Clients that are quiet: who gets a NOP, who is warned and closed, and what
 * keeps a client. Time is played. */
#include "client_fixture.h"

#include "base/clock.h"
#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOP "command 241"
#define WARNING(seconds)                                                       \
    NOTICE("vm-0001: closing in " seconds " s, because nothing is typed")
#define FAREWELL                                                               \
    NOTICE("vm-0001: closed, because nothing was typed for the "               \
           "client-idle-time")

enum { SECOND = 1000 * 1000 };

static void set(struct fixture *f, unsigned nop_s, unsigned idle_s)
{
    struct session_settings settings = f->site.ctx.settings;

    settings.client_nop_us = (uint64_t)nop_s * SECOND;
    settings.client_idle_us = (uint64_t)idle_s * SECOND;
    sessions_set(&f->site.ctx, &settings);
}

/* A queue in which somebody waits. */
static const struct deadline *first_of(const struct deadline_queue *queue)
{
    assert_false(list_is_empty(&queue->waiting));
    return CONTAINER_OF(queue->waiting.next, const struct deadline, node);
}

/* When the deadline falls due, in seconds from now on, rounded. */
static uint64_t left_s(const struct deadline_queue *queue)
{
    return (first_of(queue)->due_us - clock_now_us() + SECOND / 2) / SECOND;
}

static void let_idle(struct fixture *f)
{
    site_idles_due(&f->site);
    site_last_times_due(&f->site);
}

static void telnet_clients_get_nops(void **state)
{
    struct fixture *f = *state;
    struct peer *person = telnet_connect(&f->site, f->console);
    struct peer *program = telnet_connect(&f->site, f->console);

    set(f, 30, 0);
    peer_give(program, BYTES(IAC WILL "\x2c"));
    peer_forget(program);
    assert_int_equal(left_s(&f->site.ctx.clients->nops), 30);
    site_nops_due(&f->site);
    assert_true(peer_heard(person, NOP));
    assert_true(peer_heard(program, NOP));
    site_nops_due(&f->site);
    assert_true(peer_heard(person, NOP));
    assert_true(peer_got(person, BYTES("")));
}

static void clients_without_telnet_get_none(void **state)
{
    struct fixture *f = *state;
    struct peer *raw = raw_connect(&f->site, f->console);
    struct peer *wire = listener_connect(f);

    set(f, 30, 0);
    site_nops_due(&f->site);
    peer_give(raw, BYTES("x"));
    site_nops_due(&f->site);
    assert_true(peer_got(raw, BYTES("")));
    assert_true(peer_got(wire, BYTES("")));
}

static void a_client_that_takes_nothing_gets_one_nop(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    set(f, 30, 0);
    peer_block(client);
    for (int i = 0; i < 10; i++)
        site_nops_due(&f->site);
    peer_unblock(client);
    assert_true(peer_heard(client, NOP));
}

/* The deadline's place in the queue shows when it was started. */
static void output_starts_the_time_of_nops_anew(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);
    const struct deadline *d;
    uint64_t due_us;

    set(f, 30, 0);
    d = first_of(&f->site.ctx.clients->nops);
    due_us = d->due_us;
    peer_give(client, BYTES("input"));
    assert_int_equal(d->due_us, due_us);
    while (clock_now_us() + 30 * (uint64_t)SECOND <= due_us)
        continue;
    peer_give(f->vm, BYTES("output"));
    assert_true(d->due_us > due_us);
}

static void a_person_is_warned_and_closed_with_a_reason(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    set(f, 0, 600);
    assert_int_equal(left_s(&f->site.ctx.clients->idles), 540);
    site_idles_due(&f->site);
    assert_true(peer_got(client, BYTES(WARNING("60"))));
    assert_false(client->stream.is_closed);
    assert_int_equal(left_s(&f->site.ctx.clients->last_times), 60);
    site_last_times_due(&f->site);
    assert_true(peer_got(client, BYTES(FAREWELL)));
    assert_true(client->stream.is_closed);
}

static void a_short_time_is_halved(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    set(f, 0, 20);
    assert_int_equal(left_s(&f->site.ctx.clients->idles), 10);
    site_idles_due(&f->site);
    assert_true(peer_got(client, BYTES(WARNING("10"))));
}

static void programs_are_closed_without_a_word(void **state)
{
    struct fixture *f = *state;
    struct peer *raw = raw_connect(&f->site, f->console);
    struct peer *program = telnet_connect(&f->site, f->console);

    set(f, 0, 600);
    peer_give(program, BYTES(IAC WILL "\x2c"));
    peer_forget(program);
    let_idle(f);
    assert_true(peer_got(raw, BYTES("")));
    assert_true(peer_got(program, BYTES("")));
    assert_true(raw->stream.is_closed);
    assert_true(program->stream.is_closed);
}

static void what_shows_that_somebody_is_there_keeps_a_client(void **state)
{
    const struct slice shows[] = {
        BYTES("x"),
        BYTES(IAC AYT),
        BYTES(IAC "\xf3"),             /* BRK */
        BYTES(IAC "\xf4"),             /* IP */
        BYTES(IAC SB "\x2c\1" IAC SE), /* COM-PORT: SET-BAUDRATE */
    };

    for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
        struct fixture *f = *state;
        struct peer *client = telnet_connect(&f->site, f->console);

        set(f, 0, 600);
        if (i == 4)
            peer_give(client, BYTES(IAC WILL "\x2c"));
        site_idles_due(&f->site);
        peer_give(client, shows[i]);
        site_last_times_due(&f->site);
        assert_false(client->stream.is_closed);
        let_idle(f);
        assert_true(client->stream.is_closed);
        peer_remove(client);
    }
}

static void what_shows_nobody_does_not(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    set(f, 0, 600);
    site_idles_due(&f->site);
    peer_give(client, BYTES(IAC "\xf1" IAC WILL "\x18" IAC DO BINARY));
    peer_give(f->vm, BYTES("output"));
    site_last_times_due(&f->site);
    assert_true(client->stream.is_closed);
}

static void input_that_waits_is_not_lost(void **state)
{
    static uint8_t much[8 * LIMIT_READ];
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    set(f, 0, 600);
    peer_block(f->vm);
    peer_send(client, slice_of(much, sizeof much));
    let_idle(f);
    let_idle(f);
    assert_false(client->stream.is_closed);
    peer_unblock(f->vm);
    assert_int_equal(f->vm->data.len, sizeof much);
}

static void wires_stay(void **state)
{
    struct fixture *f = *state;
    struct peer *wire = listener_connect(f);

    set(f, 0, 600);
    let_idle(f);
    assert_false(wire->stream.is_closed);
}

/* SIGHUP finds clients that are there, and takes an end back. */
static void the_settings_hold_for_clients_that_are_there(void **state)
{
    struct fixture *f = *state;
    struct client_sessions *queues = f->site.ctx.clients;
    struct peer *client = telnet_connect(&f->site, f->console);

    assert_true(left_s(&queues->nops) > 50ULL * 365 * 24 * 3600);
    assert_true(left_s(&queues->idles) > 50ULL * 365 * 24 * 3600);
    set(f, 10, 600);
    assert_int_equal(left_s(&queues->nops), 10);
    assert_int_equal(left_s(&queues->idles), 540);
    site_idles_due(&f->site);
    peer_forget(client);
    set(f, 0, 0);
    assert_true(left_s(&queues->nops) > 50ULL * 365 * 24 * 3600);
    assert_true(left_s(&queues->last_times) > 50ULL * 365 * 24 * 3600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(telnet_clients_get_nops),
        TEST(clients_without_telnet_get_none),
        TEST(a_client_that_takes_nothing_gets_one_nop),
        TEST(output_starts_the_time_of_nops_anew),
        TEST(a_person_is_warned_and_closed_with_a_reason),
        TEST(a_short_time_is_halved),
        TEST(programs_are_closed_without_a_word),
        TEST(what_shows_that_somebody_is_there_keeps_a_client),
        TEST(what_shows_nobody_does_not),
        TEST(input_that_waits_is_not_lost),
        TEST(wires_stay),
        TEST(the_settings_hold_for_clients_that_are_there),
    };

    return cmocka_run_group_tests_name("client_idle", tests, NULL, NULL);
}
