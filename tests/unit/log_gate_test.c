/* Which lines are logged, under played time: noise never hides a quiet peer. */
#include "log/log_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND_US = 1000 * 1000, TOLD_MAX = 8192 };

static const uint64_t seed[2] = { 11, 12 };

struct told {
    enum log_kind kind;
    char message[64];
    char source[64];
    char about[64];
    uint64_t count;
    uint64_t lasted_us;
};

struct play {
    struct log_gate gate;
    uint64_t now_us;
    enum log_noise noise; /* of the last line */
    size_t told_count;
    struct told told[TOLD_MAX];
};

static void note(void *owner, const struct log_gate_summary *s)
{
    struct play *p = owner;
    struct told *t = &p->told[p->told_count++];

    assert_true(p->told_count < TOLD_MAX);
    t->kind = s->kind;
    snprintf(t->message, sizeof t->message, "%.*s", (int)s->message.len,
             (const char *)s->message.data);
    snprintf(t->source, sizeof t->source, "%s", s->source);
    snprintf(t->about, sizeof t->about, "%s", s->about);
    t->count = s->count;
    t->lasted_us = s->lasted_us;
}

static int begin(void **state)
{
    static struct play p;

    p = (struct play){ .now_us = 5 * (uint64_t)SECOND_US };
    log_gate_init(&p.gate, seed, note, &p);
    *state = &p;
    return 0;
}

static int end(void **state)
{
    struct play *p = *state;

    log_gate_done(&p->gate);
    return 0;
}

static void wait_us(struct play *p, uint64_t us)
{
    p->now_us += us;
    deadline_queue_fire(&p->gate.windows, p->now_us);
}

static bool passes(struct play *p, enum log_kind kind, const char *message,
                   const char *peer, const char *console)
{
    const struct log_gate_line line = {
        .kind = kind,
        .level = LOG_INFO,
        .message = message,
        .peer = peer,
        .about = console,
    };

    return log_gate_passes(&p->gate, &line, p->now_us, &p->noise);
}

static const char *peer_of(unsigned number)
{
    static char text[32];

    snprintf(text, sizeof text, "10.%u.%u.%u:4000", number >> 16 & 255,
             number >> 8 & 255, number & 255);
    return text;
}

static const char *console_of(unsigned number)
{
    static char text[32];

    snprintf(text, sizeof text, "vm-%u", number);
    return text;
}

/* ---- one source ---------------------------------------------------------- */

static void a_summary_follows_by_itself(void **state)
{
    struct play *p = *state;
    unsigned passed = 0;

    for (int i = 0; i < 1000; i++)
        passed +=
            passes(p, LOG_EVENTS, "VM refused peer=%s", "192.0.2.1:1", "web");
    assert_int_equal(passed, 5);
    wait_us(p, 59 * (uint64_t)SECOND_US);
    assert_int_equal(p->told_count, 0);
    wait_us(p, SECOND_US);
    assert_int_equal(p->told_count, 1);
    assert_string_equal(p->told[0].message, "VM refused");
    assert_string_equal(p->told[0].source, "192.0.2.1");
    assert_string_equal(p->told[0].about, "web");
    assert_int_equal(p->told[0].count, 995);
    assert_int_equal(p->told[0].lasted_us, 60 * (uint64_t)SECOND_US);
    wait_us(p, 600 * (uint64_t)SECOND_US);
    assert_int_equal(p->told_count, 1);
    assert_true(
        passes(p, LOG_EVENTS, "VM refused peer=%s", "192.0.2.1:1", "web"));
}

static void nothing_left_out_is_nothing_told(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 5; i++)
        assert_true(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", NULL));
    wait_us(p, 60 * (uint64_t)SECOND_US);
    assert_int_equal(p->told_count, 0);
}

static void message_site_and_console_are_told_apart(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 100; i++)
        (void)passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", "web");
    assert_false(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", "web"));
    assert_true(passes(p, LOG_EVENTS, "other b=%s", "192.0.2.1:1", "web"));
    assert_true(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.2:1", "web"));
    assert_true(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", "db"));
    assert_true(passes(p, LOG_AUDIT, "a b=%s", "192.0.2.1:1", "web"));
    assert_true(passes(p, LOG_EVENTS, "a b=%s", NULL, "web"));
}

/* Another port, and for IPv6 another address of the /64, is no other peer. */
static void a_peer_has_one_site(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 5; i++) {
        assert_true(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", NULL));
        assert_true(passes(p, LOG_EVENTS, "a b=%s", "[2001:db8::1]:1", NULL));
        assert_true(passes(p, LOG_EVENTS, "a b=%s", "local", NULL));
    }
    assert_false(passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:2", NULL));
    assert_false(passes(p, LOG_EVENTS, "a b=%s", "[2001:db8::2]:2", NULL));
    assert_false(passes(p, LOG_EVENTS, "a b=%s", "local", NULL));
    assert_true(passes(p, LOG_EVENTS, "a b=%s", "[2001:db8:0:1::1]:1", NULL));
    wait_us(p, 60 * (uint64_t)SECOND_US);
    assert_int_equal(p->told_count, 3);
    assert_string_equal(p->told[0].source, "192.0.2.1");
    assert_string_equal(p->told[1].source, "2001:db8::/64");
    assert_string_equal(p->told[2].source, "local");
}

static void what_is_counted_has_no_line_of_its_own(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 30; i++) {
        assert_false(
            passes(p, LOG_COUNTS, "connection checks", "192.0.2.9:1", NULL));
        wait_us(p, 2 * (uint64_t)SECOND_US);
    }
    assert_int_equal(p->told_count, 1);
    assert_int_equal(p->told[0].kind, LOG_COUNTS);
    assert_string_equal(p->told[0].message, "connection checks");
    assert_int_equal(p->told[0].count, 30);
}

static void at_the_end_all_is_told(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 7; i++)
        (void)passes(p, LOG_EVENTS, "a b=%s", "192.0.2.1:1", NULL);
    log_gate_end(&p->gate, p->now_us);
    assert_int_equal(p->told_count, 1);
    assert_int_equal(p->told[0].count, 2);
}

/* ---- many sources -------------------------------------------------------- */

/* Each of 100 addresses floods with several messages, about many consoles, for
 * five minutes; the quiet one has a line each minute. */
static void flood_beside_a_quiet_one(struct play *p, enum log_kind kind,
                                     unsigned lines_in_30s)
{
    unsigned passed = 0;
    unsigned within = 0;
    unsigned n = 0;

    for (int second = 0; second < 300; second++) {
        if (second % 30 == 0)
            within = 0;
        for (unsigned peer = 0; peer < 100; peer++) {
            for (int i = 0; i < 20; i++)
                within += passes(p, kind, i % 2 ? "noise b=%s" : "din b=%s",
                                 peer_of(peer), console_of(n++ % 500));
        }
        if (second % 60 == 7)
            passed +=
                passes(p, kind, "client connected b=%s", "192.0.2.77:9", "web");
        assert_true(within < lines_in_30s);
        wait_us(p, SECOND_US);
    }
    assert_int_equal(passed, 5);
}

static void a_quiet_one_is_heard_beside_noise(void **state)
{
    flood_beside_a_quiet_one(*state, LOG_EVENTS, 1500);
}

static void a_quiet_client_is_heard_beside_noise(void **state)
{
    flood_beside_a_quiet_one(*state, LOG_AUDIT, 6800);
}

/* The noise of one address about consoles that it makes up: no budget of
 * others'. */
static void one_address_gets_half_of_the_budget(void **state)
{
    struct play *p = *state;
    unsigned passed = 0;

    for (unsigned i = 0; i < 20000; i++)
        passed += passes(p, LOG_AUDIT, "VM connected b=%s", "192.0.2.1:1",
                         console_of(i));
    assert_int_equal(passed, 5500 / 2);
    for (unsigned i = 0; i < 300; i++)
        assert_true(
            passes(p, LOG_AUDIT, "VM connected b=%s", peer_of(i), "web"));
}

/* Whoever wants to be unseen at a console cannot hide by noise at another. */
static void noise_at_one_console_hides_no_other(void **state)
{
    struct play *p = *state;

    for (int i = 0; i < 100000; i++)
        (void)passes(p, LOG_AUDIT, "client connected b=%s", "192.0.2.1:1",
                     "mine");
    assert_true(
        passes(p, LOG_AUDIT, "client connected b=%s", "192.0.2.1:1", "yours"));
    assert_int_equal(p->noise, LOG_NOISY);
    assert_true(
        passes(p, LOG_AUDIT, "client connected b=%s", "192.0.2.2:1", "yours"));
    assert_int_equal(p->noise, LOG_QUIET);
}

/* Far more keys than the table has: nothing is lost but who it was. */
static void above_all_limits_the_number_is_still_told(void **state)
{
    struct play *p = *state;
    uint64_t passed = 0;
    uint64_t counted = 0;
    bool has_rest = false;

    for (unsigned i = 0; i < 200000; i++) {
        passed += passes(p, LOG_EVENTS, "a b=%s", peer_of(i), NULL);
        if (i % 1000 == 0)
            wait_us(p, SECOND_US / 10);
    }
    log_gate_end(&p->gate, p->now_us);
    assert_true(passed < 2000);
    assert_true(p->told_count < 600);
    for (size_t i = 0; i < p->told_count; i++) {
        counted += p->told[i].count;
        has_rest |= p->told[i].source[0] == '\0';
    }
    assert_true(has_rest);
    assert_int_equal(passed + counted, 200000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_summary_follows_by_itself),
        TEST(nothing_left_out_is_nothing_told),
        TEST(message_site_and_console_are_told_apart),
        TEST(a_peer_has_one_site),
        TEST(what_is_counted_has_no_line_of_its_own),
        TEST(at_the_end_all_is_told),
        TEST(a_quiet_one_is_heard_beside_noise),
        TEST(a_quiet_client_is_heard_beside_noise),
        TEST(one_address_gets_half_of_the_budget),
        TEST(noise_at_one_console_hides_no_other),
        TEST(above_all_limits_the_number_is_still_told),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
