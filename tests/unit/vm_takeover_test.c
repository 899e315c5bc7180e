/* A UUID is claimed from another address while its console has a connection. */
#include "move_peer.h"

#include "session/vm/vm_session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIRST "192.0.2.1"
#define OTHER "192.0.2.2"
#define THIRD "192.0.2.3"
#define QUESTION "command 241"

enum { PORT = 1025 };

static int setup(void **state)
{
    static struct site s;
    struct directory_settings settings = site_settings();

    site_open(&s, &settings);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    site_close(*state);
    return 0;
}

static struct peer *host_at(struct site *s, const char *host, uint16_t port)
{
    struct peer *p = peer_add(s);
    struct err err;

    assert_int_equal(address_parse(host, port, &p->stream.stream.peer, &err),
                     0);
    vm_session_start(&s->ctx, &p->stream.stream, TLS_OFF);
    return p;
}

static struct peer *vm_at(struct site *s, const char *host, uint16_t port)
{
    struct peer *p = host_at(s, host, port);

    vm_put_start(p, UUID_TEXT, LABEL);
    site_run(s);
    peer_forget(p);
    return p;
}

/* Its system answers nothing any more; something waits for its answer. */
static void die(struct peer *p)
{
    p->stream.pulse.is_answer_due = true;
}

/* It has acknowledged everything. */
static void answer(struct peer *p)
{
    p->stream.pulse.heard++;
    p->stream.pulse.is_answer_due = false;
}

static bool has_console(struct site *s, const struct peer *p)
{
    const struct console *c = site_console(s);
    const struct vm_session *owner;

    if (c == NULL || c->link == NULL)
        return false;
    owner = vm_session_of_link(c->link);
    return owner->telnet.wire.stream == &p->stream.stream;
}

static void let_looks_pass(struct site *s, int count)
{
    for (int i = 0; i < count; i++)
        site_probes_due(s);
}

static uint32_t unidentified(const struct site *s)
{
    return s->ctx.gate.newcomers[ADMISSION_VM].count;
}

static void check_takeover(const struct site *s, enum fact_kind kind,
                           const char *older, const char *newer)
{
    const struct fact_takeover *t = &s->seen[kind].last.takeover;

    assert_int_equal(s->seen[kind].count, 1);
    assert_string_equal(t->older, older);
    assert_string_equal(t->newer, newer);
}

static void a_host_that_lives_keeps_its_console(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other = vm_at(s, OTHER, PORT);

    assert_true(has_console(s, first));
    assert_true(peer_heard(first, QUESTION));
    assert_false(other->stream.is_closed);
    assert_int_equal(unidentified(s), 1);
    answer(first);
    site_probes_due(s);
    assert_true(other->stream.is_closed);
    assert_true(has_console(s, first));
    assert_int_equal(unidentified(s), 0);
    check_takeover(s, FACT_VM_TAKEOVER_REFUSED, FIRST ":1025", OTHER ":1025");
    assert_int_equal(s->seen[FACT_VM_TAKEN_OVER].count, 0);
    assert_int_equal(s->seen[FACT_VM_DETACHED].count, 0);
}

static void a_host_that_answers_late_keeps_its_console(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    let_looks_pass(s, VM_TAKEOVER_LOOKS - 1);
    assert_false(other->stream.is_closed);
    answer(first);
    site_probes_due(s);
    assert_true(other->stream.is_closed);
    assert_true(has_console(s, first));
}

static void a_host_that_is_dead_is_replaced(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *person = telnet_connect(s, site_console(s));
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    let_looks_pass(s, VM_TAKEOVER_LOOKS - 1);
    assert_true(has_console(s, first));
    assert_true(peer_got(person, BYTES("")));
    site_probes_due(s);
    assert_true(has_console(s, other));
    assert_true(first->stream.is_closed);
    assert_int_equal(unidentified(s), 0);
    check_takeover(s, FACT_VM_TAKEN_OVER, FIRST ":1025", OTHER ":1025");
    assert_true(peer_got(
        person, BYTES("\r\n[vspcd: vm-0001: VM connected from another address: "
                      "its host has changed]\r\n")));
    peer_send(person, BYTES("ls\r"));
    assert_true(peer_got(other, BYTES("ls\r")));
}

/* TCP asks such a host now and then, and nothing is due in between. */
static void a_host_whose_window_is_closed_keeps_its_console(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *person = telnet_connect(s, site_console(s));
    struct peer *other;

    peer_block(first);
    peer_send(person, BYTES("typed"));
    other = vm_at(s, OTHER, PORT);
    let_looks_pass(s, VM_TAKEOVER_LOOKS - 1);
    assert_false(other->stream.is_closed);
    site_probes_due(s);
    assert_true(other->stream.is_closed);
    assert_true(has_console(s, first));
    peer_unblock(first);
    /* What waited was question enough. */
    assert_true(peer_heard(first, ""));
    assert_true(peer_got(first, BYTES("typed")));
}

static void a_host_that_takes_nothing_and_answers_nothing_is_replaced(
    void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *person = telnet_connect(s, site_console(s));
    struct peer *other;

    peer_block(first);
    peer_send(person, BYTES("typed"));
    die(first);
    other = vm_at(s, OTHER, PORT);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, other));
}

static void from_one_address_the_newest_wins_at_once(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *second = vm_at(s, FIRST, PORT + 1);

    assert_true(has_console(s, second));
    assert_true(first->stream.is_closed);
    assert_int_equal(s->seen[FACT_VM_TAKEN_OVER].count, 0);
}

static void without_an_address_the_newest_wins_at_once(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *second = vm_start(s);
    struct peer *third;

    assert_true(has_console(s, second));
    assert_true(first->stream.is_closed);
    third = vm_at(s, FIRST, PORT);
    assert_true(has_console(s, third));
}

static void a_host_that_leaves_meanwhile_is_followed(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    peer_half_close(first);
    assert_true(first->stream.is_closed);
    site_probes_due(s);
    assert_true(has_console(s, other));
    assert_int_equal(s->seen[FACT_VM_TAKEN_OVER].count, 0);
}

/* The question itself shows that the connection is gone. */
static void a_host_that_cannot_be_asked_is_replaced_at_once(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other = host_at(s, OTHER, PORT);

    site_run(s);
    vm_put_start(other, UUID_TEXT, LABEL);
    first->stream.is_broken = true;
    look_at(other);
    assert_true(has_console(s, other));
    site_run(s);
    assert_true(first->stream.is_closed);
    assert_true(has_console(s, other));
}

static void who_leaves_while_it_waits_changes_nothing(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    peer_half_close(other);
    assert_true(other->stream.is_closed);
    assert_int_equal(unidentified(s), 0);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, first));
}

static void of_several_the_first_gets_it(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;
    struct peer *third;

    die(first);
    other = vm_at(s, OTHER, PORT);
    third = vm_at(s, THIRD, PORT);
    assert_int_equal(unidentified(s), 2);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, other));
    /* The third one asks the other one now. */
    assert_false(third->stream.is_closed);
    assert_true(peer_heard(other, QUESTION));
    answer(other);
    site_probes_due(s);
    assert_true(third->stream.is_closed);
    assert_true(has_console(s, other));
}

static void what_it_prints_while_it_waits_is_not_lost(void **state)
{
    enum { LEN = 3 * LIMIT_EARLY_DATA };
    static uint8_t boot[LEN];
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *person = telnet_connect(s, site_console(s));
    struct peer *other;

    memset(boot, 'x', sizeof boot);
    die(first);
    other = vm_at(s, OTHER, PORT);
    peer_put(other, slice_of(boot, sizeof boot));
    site_run(s);
    assert_true(other->stream.to_session.len > LEN - LIMIT_EARLY_DATA);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_int_equal(other->stream.to_session.len, 0);
    assert_true(person->data.len > LEN);
    assert_memory_equal(buf_bytes(&person->data).data + person->data.len - LEN,
                        boot, LEN);
}

/* It has printed before its time to identify itself is over: then the rest of
 * what it prints is not even looked at, until it is known whose it is. */
static void who_has_printed_is_not_read_while_it_waits(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other = host_at(s, OTHER, PORT);

    die(first);
    site_run(s);
    peer_give(other, BYTES(ESXI_OPTIONS ESXI_KNOWN ESXI_PROXY EXT(
                         VC_UUID UUID_TEXT) "printed"));
    site_identities_due(s);
    assert_false(has_console(s, other));
    assert_int_equal(other->stream.stream.interest, 0);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, other));
    assert_int_equal(other->stream.stream.interest, STREAM_READ);
}

static void the_setting_may_let_the_newest_win(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    s->ctx.settings.vm_takeover = VM_TAKEOVER_ALLOW;
    other = vm_at(s, OTHER, PORT);
    assert_true(has_console(s, other));
    assert_true(peer_heard(first, ""));
    check_takeover(s, FACT_VM_TAKEN_OVER, FIRST ":1025", OTHER ":1025");
}

static void the_setting_may_refuse_the_newest(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    s->ctx.settings.vm_takeover = VM_TAKEOVER_REFUSE;
    other = vm_at(s, OTHER, PORT);
    assert_true(other->stream.is_closed);
    assert_true(has_console(s, first));
    assert_true(peer_heard(first, ""));
    check_takeover(s, FACT_VM_TAKEOVER_REFUSED, FIRST ":1025", OTHER ":1025");
}

static void a_new_setting_counts_at_once(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;
    struct peer *third;

    die(first);
    other = vm_at(s, OTHER, PORT);
    s->ctx.settings.vm_takeover = VM_TAKEOVER_REFUSE;
    site_probes_due(s);
    assert_true(other->stream.is_closed);
    s->ctx.settings.vm_takeover = VM_TAKEOVER_PROBE;
    third = vm_at(s, THIRD, PORT);
    s->ctx.settings.vm_takeover = VM_TAKEOVER_ALLOW;
    site_probes_due(s);
    assert_true(has_console(s, third));
}

static void who_asks_for_another_console_waits_no_more(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    vm_put_start(other, "another", "s0");
    site_run(s);
    assert_non_null(directory_find(&s->directory, "another", "s0"));
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, first));
    assert_false(other->stream.is_closed);
}

/* WONT 232: it is no VM any more, and says nothing about the console. */
static void who_switches_the_extension_off_waits_no_more(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    peer_give(other, BYTES(IAC WONT VMWARE));
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, first));
    assert_false(other->stream.is_closed);
    site_identities_due(s);
    assert_true(other->stream.is_closed);
}

/* It has identified itself, only slowly. */
static void the_time_to_identify_does_not_end_a_probe(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_at(s, FIRST, PORT);
    struct peer *other;

    die(first);
    other = vm_at(s, OTHER, PORT);
    site_identities_due(s);
    assert_false(other->stream.is_closed);
    let_looks_pass(s, VM_TAKEOVER_LOOKS);
    assert_true(has_console(s, other));
}

static void a_move_does_not_open_the_door(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_at(s, FIRST, PORT);
    struct secret secret = begin(source);
    struct peer *stranger = vm_at(s, THIRD, PORT);
    struct peer *destination;

    answer(source);
    site_probes_due(s);
    assert_true(stranger->stream.is_closed);
    assert_non_null(site_console(s)->move);
    destination = host_at(s, OTHER, PORT);
    peer_give(destination, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    say_peer(destination, secret);
    /* Hosts close the source a moment before COMPLETE comes. */
    peer_half_close(source);
    assert_null(site_console(s)->link);
    peer_forget(destination);
    stranger = vm_at(s, THIRD, PORT + 1);
    assert_true(peer_heard(destination, QUESTION));
    answer(destination);
    site_probes_due(s);
    assert_true(stranger->stream.is_closed);
    peer_give(destination, BYTES(COMPLETE));
    assert_true(has_console(s, destination));
    assert_int_equal(s->directory.move_counts.ended[MOVE_COMPLETED], 1);
}

/* The destination is the console's host from then on. */
static void a_move_that_completes_meanwhile_is_looked_at(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_at(s, FIRST, PORT);
    struct secret secret = begin(source);
    struct peer *destination = host_at(s, OTHER, PORT);
    struct peer *stranger;

    peer_give(destination, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    say_peer(destination, secret);
    die(source);
    stranger = vm_at(s, THIRD, PORT);
    site_probes_due(s);
    peer_give(destination, BYTES(COMPLETE));
    site_probes_due(s);
    answer(destination);
    site_probes_due(s);
    assert_true(stranger->stream.is_closed);
    assert_true(has_console(s, destination));
}

static void the_destination_may_start_over(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_at(s, FIRST, PORT);
    struct secret secret = begin(source);
    struct peer *destination = host_at(s, OTHER, PORT);
    struct peer *again;

    peer_give(destination, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    say_peer(destination, secret);
    peer_half_close(source);
    again = vm_at(s, OTHER, PORT + 1);
    assert_true(has_console(s, again));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_host_that_lives_keeps_its_console),
        TEST(a_host_that_answers_late_keeps_its_console),
        TEST(a_host_that_is_dead_is_replaced),
        TEST(a_host_whose_window_is_closed_keeps_its_console),
        TEST(a_host_that_takes_nothing_and_answers_nothing_is_replaced),
        TEST(from_one_address_the_newest_wins_at_once),
        TEST(without_an_address_the_newest_wins_at_once),
        TEST(a_host_that_leaves_meanwhile_is_followed),
        TEST(a_host_that_cannot_be_asked_is_replaced_at_once),
        TEST(who_leaves_while_it_waits_changes_nothing),
        TEST(of_several_the_first_gets_it),
        TEST(what_it_prints_while_it_waits_is_not_lost),
        TEST(who_has_printed_is_not_read_while_it_waits),
        TEST(the_setting_may_let_the_newest_win),
        TEST(the_setting_may_refuse_the_newest),
        TEST(a_new_setting_counts_at_once),
        TEST(who_asks_for_another_console_waits_no_more),
        TEST(who_switches_the_extension_off_waits_no_more),
        TEST(the_time_to_identify_does_not_end_a_probe),
        TEST(a_move_does_not_open_the_door),
        TEST(a_move_that_completes_meanwhile_is_looked_at),
        TEST(the_destination_may_start_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
