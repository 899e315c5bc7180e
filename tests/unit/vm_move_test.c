/* vMotion on the wire: two hosts and their clients, over in-memory streams. */
#include "move_peer.h"

#include "session/vm/vm_session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

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

static uint64_t completed(const struct site *s)
{
    return s->directory.move_counts.ended[MOVE_COMPLETED];
}

static uint64_t failed(const struct site *s)
{
    return move_count_failed(&s->directory.move_counts);
}

static void what_is_typed_is_held_and_goes_to_the_destination(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination;
    struct secret secret;

    peer_give(source, BYTES("before "));
    peer_give(client, BYTES("typed before"));
    assert_true(peer_got(source, BYTES("typed before")));
    secret = begin(source);
    peer_give(client, BYTES("typed "));
    destination = join(s, secret);
    peer_give(client, BYTES("meanwhile "));
    assert_true(peer_got(source, BYTES("")));
    assert_true(peer_got(destination, BYTES("")));
    peer_give(destination, BYTES(COMPLETE "after"));
    assert_true(peer_got(destination, BYTES("typed meanwhile ")));
    assert_true(source->stream.is_closed);
    peer_give(client, BYTES("and after"));
    assert_true(peer_got(destination, BYTES("and after")));
    assert_true(peer_got(client, BYTES("before after")));
    assert_int_equal(completed(s), 1);
}

static void what_was_typed_before_goes_out_before_goahead(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));

    peer_block(source);
    peer_give(client, BYTES("typed before"));
    peer_give(source, BYTES(BEGIN));
    peer_give(client, BYTES("typed after"));
    assert_int_equal(source->said.len, 0);
    /* As much as the text: GOAHEAD is behind it. */
    peer_take(source, strlen("typed before"));
    peer_unblock(source);
    assert_true(peer_got(source, BYTES("typed before")));
    heard_goahead(source);
}

static void whole_move_cut_anywhere(void **state)
{
    /* One connection's bytes at a time: the secret is not known before. */
    teardown(state);
    for (size_t len = 1; len < 12; len++) {
        struct site *s;
        struct peer *source, *destination;
        struct secret secret;

        setup(state);
        s = *state;
        source = vm_start(s);
        peer_give_pieces(source, BYTES("a" BEGIN), len);
        secret = heard_goahead(source);
        destination = vm_connect(s);
        peer_give_pieces(destination, BYTES(ESXI_OPTIONS ESXI_KNOWN), len);
        peer_forget(destination);
        peer_give_pieces(destination, BYTES(IAC SB VMWARE "\x2c" SEQUENCE),
                         len);
        for (int i = 0; i < SECRET_LEN; i++)
            peer_send(destination, slice_of(&secret.bytes[i], 1));
        peer_give_pieces(destination, BYTES(IAC SE COMPLETE "b"), len);
        assert_true(peer_heard(destination, "SB 232 45 " SEQUENCE_SAID));
        assert_int_equal(completed(s), 1);
        assert_int_equal(site_console(s)->output.head, 2);
        teardown(state);
    }
    setup(state);
}

static void source_may_close_before_complete(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    peer_give(client, BYTES("a"));
    peer_end(source);
    peer_give(client, BYTES("b"));
    peer_give(destination, BYTES(COMPLETE));
    assert_true(peer_got(destination, BYTES("ab")));
    /* No notice of any of it. */
    assert_true(peer_got(client, BYTES("")));
    assert_int_equal(completed(s), 1);
}

static void last_words_of_the_source_come_first(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    peer_give(destination, BYTES("new "));
    assert_true(peer_got(client, BYTES("")));
    /* Both have come when the loop looks: the destination's first. */
    assert_int_equal(stream_mem_give(&source->stream, BYTES("old ")), 0);
    assert_int_equal(stream_mem_give(&destination->stream, BYTES(COMPLETE "!")),
                     0);
    while (stream_mem_turn(&destination->stream))
        continue;
    site_run(s);
    assert_true(peer_got(client, BYTES("old new !")));
}

/* Read without asking the clients first: those that keep up get all of it. */
static void many_last_words_reach_who_keeps_up(void **state)
{
    static uint8_t much[512 * KIB];
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    memset(much, 'x', sizeof much);
    assert_int_equal(
        stream_mem_give(&source->stream, slice_of(much, sizeof much)), 0);
    peer_give(destination, BYTES(COMPLETE));
    assert_true(peer_got(client, slice_of(much, sizeof much)));
}

static void abort_gives_what_was_held_to_the_source(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct secret secret = begin(source);
    struct peer *destination = join(s, secret);
    struct peer *late;

    peer_give(client, BYTES("held"));
    peer_give(source, BYTES(ABORT "goes on"));
    assert_true(peer_got(source, BYTES("held")));
    assert_true(destination->stream.is_closed);
    assert_true(peer_got(client, BYTES("goes on")));
    assert_int_equal(failed(s), 1);
    late = host_connect(s);
    say_peer(late, secret);
    assert_true(peer_heard(late, "SB 232 3 44"));
    /* And once more. */
    begin(source);
}

static void wrong_secret_touches_nothing(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct secret secret = begin(source);
    struct secret wrong = secret;
    struct peer *thief = host_connect(s);

    for (int i = 0; i < SECRET_LEN; i++) {
        wrong = secret;
        wrong.bytes[i] ^= 1;
        say_peer(thief, wrong);
        assert_true(peer_heard(thief, "SB 232 3 44"));
    }
    assert_false(thief->stream.is_closed);
    assert_int_equal(s->directory.move_counts.refused, SECRET_LEN);
    peer_give(thief, BYTES(COMPLETE ABORT));
    join(s, secret);
}

static uint64_t answers(const struct site *s, enum vm_answer answer)
{
    const struct histogram *h = &s->ctx.vms->answer_times[answer];
    uint64_t count = 0;

    for (int i = 0; i <= HISTOGRAM_BOUNDS_MAX; i++)
        count += h->count[i];
    return count;
}

/* NOTNOW and a wrong secret are no answers that a VM waits for. */
static void answers_that_a_vm_waits_for_are_timed(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct secret secret = begin(source);
    struct secret wrong = secret;
    struct peer *destination;

    assert_int_equal(answers(s, VM_ANSWER_GOAHEAD), 1);
    peer_give(source, BYTES(BEGIN));
    assert_int_equal(answers(s, VM_ANSWER_GOAHEAD), 1);
    wrong.bytes[0] ^= 1;
    say_peer(host_connect(s), wrong);
    assert_int_equal(answers(s, VM_ANSWER_PEER_OK), 0);
    destination = join(s, secret);
    assert_int_equal(answers(s, VM_ANSWER_PEER_OK), 1);
    peer_give(destination, BYTES(COMPLETE));
    assert_int_equal(completed(s), 1);
    assert_int_equal(s->directory.move_counts.between, 0);
}

/* Its host may be dead without a word of TCP's. */
static void newest_destination_wins(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct secret secret = begin(source);
    struct peer *first = join(s, secret);
    struct peer *second;

    peer_give(client, BYTES("held"));
    peer_give(first, BYTES("of nobody"));
    second = join(s, secret);
    assert_true(first->stream.is_closed);
    peer_end(source);
    first = join(s, secret);
    assert_true(second->stream.is_closed);
    peer_give(first, BYTES("new" COMPLETE));
    assert_true(peer_got(first, BYTES("held")));
    assert_true(peer_got(client, BYTES("new")));
    assert_int_equal(completed(s), 1);
}

static void secret_is_good_once(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct secret secret = begin(source);
    struct peer *destination = join(s, secret);
    struct peer *second = host_connect(s);

    say_peer(destination, secret);
    assert_true(peer_heard(destination, "SB 232 45 " SEQUENCE_SAID));
    peer_give(destination, BYTES(COMPLETE));
    say_peer(second, secret);
    assert_true(peer_heard(second, "SB 232 3 44"));
    assert_int_equal(completed(s), 1);
}

/* The right secret, from a connection that serves its own VM, or waits for
 * another one. */
static void peer_from_who_has_something_else_is_refused(void **state)
{
    struct site *s = *state;
    struct secret secret = begin(vm_start(s));
    struct peer *other = vm_start_as(s, "uuid-b", LABEL);
    struct peer *joined;

    say_peer(other, secret);
    assert_true(peer_heard(other, "SB 232 3 44"));
    joined = join(s, begin(other));
    say_peer(joined, secret);
    assert_true(peer_heard(joined, "SB 232 3 44"));
    peer_give(joined, BYTES(COMPLETE));
    assert_true(other->stream.is_closed);
    assert_int_equal(completed(s), 1);
}

static void destination_that_is_lost_may_try_again(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct secret secret = begin(source);
    struct peer *destination = join(s, secret);

    peer_give(client, BYTES("held"));
    peer_break(destination);
    destination = join(s, secret);
    peer_end(source);
    peer_end(destination);
    destination = join(s, secret);
    peer_give(destination, BYTES(COMPLETE));
    assert_true(peer_got(destination, BYTES("held")));
    assert_int_equal(completed(s), 1);
}

static void complete_is_taken_from_the_destination_only(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *stranger = host_connect(s);
    struct peer *destination = join(s, begin(source));

    peer_give(source, BYTES(COMPLETE));
    peer_give(stranger, BYTES(COMPLETE ABORT));
    peer_give(destination, BYTES(ABORT EXT("\x2e\x01") EXT("\x2e"
                                                           "1234")));
    assert_int_equal(completed(s) + failed(s), 0);
    peer_give(destination, BYTES(COMPLETE));
    assert_int_equal(completed(s), 1);
}

static void not_now(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *stranger = host_connect(s);
    struct peer *destination = join(s, begin(source));

    peer_give(source, BYTES(EXT("\x28\x09")));
    assert_true(peer_heard(source, "SB 232 43 9"));
    peer_give(destination, BYTES(EXT("\x28\x09")));
    assert_true(peer_heard(destination, "SB 232 43 9"));
    peer_give(stranger, BYTES(EXT("\x28\x09")));
    assert_true(peer_heard(stranger, "SB 232 43 9"));
    peer_give(destination, BYTES(COMPLETE));
    assert_int_equal(completed(s), 1);
}

static void sequence_may_have_other_lengths(void **state)
{
    static const char long_one[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    struct site *s = *state;
    struct peer *source = vm_start(s);

    peer_give(source, BYTES(IAC SB VMWARE "\x28"));
    peer_give(source, BYTES(long_one));
    peer_give(source, BYTES("4" IAC SE));
    assert_int_equal(s->directory.move_counts.begun, 0);
    peer_forget(source);
    peer_give(source, BYTES(IAC SB VMWARE "\x28"));
    peer_give(source, BYTES(long_one));
    peer_give(source, BYTES(IAC SE ABORT EXT("\x28\x07")));
    assert_int_equal(s->directory.move_counts.begun, 2);
}

static void vm_that_returns_by_itself_gets_what_was_held(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));
    struct peer *back;

    peer_give(client, BYTES("held"));
    back = come_back(s);
    assert_true(peer_got(back, BYTES("held")));
    assert_true(source->stream.is_closed);
    assert_true(destination->stream.is_closed);
    assert_int_equal(failed(s), 1);
}

static void vm_that_returns_when_both_are_lost_gets_what_was_held(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));
    struct peer *back;

    peer_break(source);
    peer_break(destination);
    peer_give(client, BYTES("held"));
    assert_true(peer_got(client, BYTES("")));
    back = come_back(s);
    assert_true(peer_got(back, BYTES("held")));
}

static void destination_that_says_do_proxy_is_the_vm_that_returns(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *destination = join(s, begin(source));

    say_who(destination);
    assert_true(source->stream.is_closed);
    assert_int_equal(failed(s), 1);
    assert_non_null(site_console(s)->link);
}

static void time_out_with_the_source_there(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct secret secret = begin(source);
    struct peer *destination = join(s, secret);

    peer_give(client, BYTES("held"));
    site_moves_due(s);
    assert_true(peer_got(source, BYTES("held")));
    assert_true(destination->stream.is_closed);
    assert_int_equal(failed(s), 1);
}

static void time_out_with_the_destination_there(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    peer_give(client, BYTES("held"));
    peer_give(destination, BYTES("early"));
    peer_end(source);
    site_moves_due(s);
    assert_true(peer_got(destination, BYTES("held")));
    assert_true(peer_got(client, BYTES("early")));
    peer_give(destination, BYTES(COMPLETE));
    peer_give(client, BYTES("more"));
    assert_true(peer_got(destination, BYTES("more")));
}

static void time_out_with_nobody_there(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));

    begin(source);
    peer_end(source);
    peer_give(client, BYTES("held"));
    site_moves_due(s);
    assert_true(
        peer_got(client, BYTES("\r\n[vspcd: vm-0001: VM disconnected; this "
                               "connection waits for it]\r\n")));
    assert_int_equal(site_console(s)->held_input.len, 0);
    assert_true(peer_got(come_back(s), BYTES("")));
}

static void two_serial_ports_move_at_once_with_one_sequence(void **state)
{
    struct site *s = *state;
    struct peer *first = vm_start(s);
    struct peer *second = vm_start_as(s, UUID_TEXT, "s1");
    struct console *a = site_console(s);
    struct console *b = directory_find(&s->directory, UUID, "s1");
    struct peer *client_a = telnet_connect(s, a);
    struct peer *client_b = telnet_connect(s, b);
    struct secret secret_a = begin(first), secret_b = begin(second);
    struct peer *to_b, *to_a;

    peer_give(client_a, BYTES("for a"));
    peer_give(client_b, BYTES("for b"));
    to_b = join(s, secret_b);
    to_a = join(s, secret_a);
    peer_give(to_a, BYTES(COMPLETE));
    peer_give(to_b, BYTES(COMPLETE));
    assert_true(peer_got(to_a, BYTES("for a")));
    assert_true(peer_got(to_b, BYTES("for b")));
}

static void moves_follow_each_other(void **state)
{
    struct site *s = *state;
    struct peer *at = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));

    for (int i = 0; i < 10; i++) {
        struct peer *to = join(s, begin(at));

        peer_give(client, BYTES("x"));
        /* The next BEGIN may come with COMPLETE. */
        peer_give(to, BYTES(COMPLETE BEGIN ABORT));
        assert_true(peer_got(to, BYTES("x")));
        peer_forget(to);
        at = to;
    }
    assert_int_equal(completed(s), 10);
    assert_int_equal(failed(s), 10);
}

static void clients_wait_when_much_is_held(void **state)
{
    static uint8_t much[256 * KIB];
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    for (size_t i = 0; i < sizeof much; i++)
        much[i] = (uint8_t)(i * 7 % 251);
    peer_give(client, slice_of(much, sizeof much));
    assert_true(site_console(s)->held_input.len <= 2 * 64 * KIB);
    assert_true(client->stream.to_session.len >= 128 * KIB);
    peer_block(destination);
    peer_give(destination, BYTES(COMPLETE));
    peer_unblock(destination);
    assert_true(peer_got(destination, slice_of(much, sizeof much)));
}

/* A client that takes nothing, and a VM that prints until it is held back. */
static struct peer *held_back(struct site *s)
{
    struct peer *source = vm_start(s);
    struct peer *stuck = telnet_connect(s, site_console(s));
    static uint8_t much[60 * KIB];

    peer_block(stuck);
    memset(much, 'x', sizeof much);
    peer_give(source, slice_of(much, sizeof much));
    peer_give(source, BYTES("y"));
    assert_int_equal(source->stream.to_session.len, 1);
    return source;
}

static void begin_is_seen_behind_output_that_waits(void **state)
{
    struct site *s = *state;
    struct peer *source = held_back(s);

    peer_give(source, BYTES("more" BEGIN));
    assert_int_equal(source->said.len, 0);
    site_short_holds_due(s);
    heard_goahead(source);
    assert_int_equal(s->directory.move_counts.begun, 1);
}

/* The one that is ahead ends the wait for the other within the turn. */
static void what_follows_complete_waits_for_who_is_behind(void **state)
{
    static uint8_t before[14 * KIB], after[60 * KIB];
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *slow = telnet_connect(s, site_console(s));
    struct peer *quick = telnet_connect(s, site_console(s));
    struct peer *destination = join(s, begin(source));

    peer_block(slow);
    memset(before, 'x', sizeof before);
    peer_give(source, slice_of(before, sizeof before));
    peer_give(destination, BYTES("early"));
    memset(after, 'y', sizeof after);
    assert_int_equal(stream_mem_give(&destination->stream, BYTES(COMPLETE)), 0);
    peer_give(destination, slice_of(after, sizeof after));
    peer_unblock(slow);
    assert_int_equal(quick->data.len, sizeof before + 5 + sizeof after);
    assert_int_equal(slow->data.len, sizeof before + 5 + sizeof after);
}

static void begin_is_seen_at_once_while_the_vm_is_read_ahead(void **state)
{
    struct site *s = *state;
    struct peer *source = held_back(s);

    site_short_holds_due(s);
    peer_give(source, BYTES("more" BEGIN));
    heard_goahead(source);
}

static void begin_is_seen_behind_a_flood_when_the_hold_is_due(void **state)
{
    static uint8_t flood[1024 * KIB];
    struct site *s = *state;
    struct peer *source = held_back(s);

    memset(flood, 'x', sizeof flood);
    peer_give(source, slice_of(flood, sizeof flood));
    peer_give(source, BYTES(BEGIN));
    site_short_holds_due(s);
    assert_int_equal(source->said.len, 0);
    site_holds_due(s);
    heard_goahead(source);
}

static void extension_off_ends_a_destination_and_not_the_move(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct secret secret = begin(source);
    struct peer *destination = join(s, secret);

    peer_give(destination, BYTES(IAC WONT VMWARE));
    peer_give(source, BYTES(IAC WONT VMWARE));
    destination = join(s, secret);
    peer_give(destination, BYTES(COMPLETE));
    assert_int_equal(completed(s), 1);
    assert_true(source->stream.is_closed);
}

static void console_does_not_expire_while_its_vm_moves(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct console *c = site_console(s);

    begin(source);
    peer_end(source);
    assert_int_not_equal(c->waits, CONSOLE_WAITS_FOR_EXPIRY);
    site_moves_due(s);
    assert_int_equal(c->waits, CONSOLE_WAITS_FOR_EXPIRY);
}

static void shutting_down_ends_a_move(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *destination = join(s, begin(source));

    session_shut_down(&s->ctx.all, "shutting down");
    site_run(s);
    assert_true(source->stream.is_closed);
    assert_true(destination->stream.is_closed);
    assert_int_equal(failed(s), 1);
}

static const struct fact_move_ended *move_ended(const struct site *s)
{
    return &s->seen[FACT_MOVE_ENDED].last.move_ended;
}

static void a_move_is_told_with_all_that_is_known(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct peer *client = telnet_connect(s, site_console(s));
    struct peer *destination;
    struct secret secret;

    memcpy(site_console(s)->link->peer, "source", 7);
    secret = begin(source);
    peer_give(client, BYTES("held"));
    destination = join(s, secret);
    assert_string_equal(site_console(s)->move->to,
                        site_console(s)->move->destination->peer);
    memcpy(site_console(s)->move->to, "destination", 12);
    site_moves_due(s);
    assert_true(destination->stream.is_closed);
    assert_int_equal(s->seen[FACT_MOVE_ENDED].count, 1);
    assert_int_equal(move_ended(s)->verdict, MOVE_TIMED_OUT);
    assert_int_equal(move_ended(s)->held, 4);
    assert_true(move_ended(s)->took_us >=
                s->directory.settings.move_timeout_us);
    assert_string_equal(move_ended(s)->from, "source");
    assert_string_equal(move_ended(s)->to, "destination");
}

/* A host may begin and abort as often as it likes. */
static void failed_moves_are_told_once_a_second(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);
    struct throttle *failed_moves = &site_console(s)->failed_moves;

    for (int i = 0; i < 100; i++)
        peer_give(source, BYTES(BEGIN ABORT));
    assert_int_equal(failed(s), 100);
    assert_true(s->seen[FACT_MOVE_ENDED].count <= 2);
    failed_moves->passed_s = 1; /* long ago */
    failed_moves->left_out = 7;
    peer_give(source, BYTES(BEGIN ABORT));
    assert_int_equal(move_ended(s)->others, 7);
}

/* Each is answered, and few cost a move. */
static void moves_of_one_read_are_bounded(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);

    for (int i = 0; i < 100; i++)
        put_only(source, BYTES(BEGIN ABORT));
    site_run(s);
    assert_int_equal(failed(s), VM_COSTLY_MAX);
    assert_int_equal(s->directory.move_counts.refused, 100 - VM_COSTLY_MAX);
    peer_forget(source);
    peer_give(source, BYTES(BEGIN));
    assert_non_null(site_console(s)->move);
}

/* What it serves is not settled, and with it what would move. */
static void begin_from_who_is_asked_again_is_refused(void **state)
{
    struct site *s = *state;
    struct peer *source = vm_start(s);

    peer_give(source, BYTES(ESXI_PROXY));
    peer_forget(source);
    peer_give(source, BYTES(BEGIN));
    assert_true(peer_heard(source, "SB 232 43 " SEQUENCE_SAID));
    peer_give(source, BYTES(EXT(VC_UUID UUID_TEXT) EXT(VM_NAME "vm-0001")
                                EXT(BIOS_UUID "1") EXT(LOCATION_UUID "2")));
    peer_forget(source);
    begin(source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_typed_is_held_and_goes_to_the_destination),
        TEST(what_was_typed_before_goes_out_before_goahead),
        TEST(whole_move_cut_anywhere),
        TEST(source_may_close_before_complete),
        TEST(last_words_of_the_source_come_first),
        TEST(many_last_words_reach_who_keeps_up),
        TEST(abort_gives_what_was_held_to_the_source),
        TEST(wrong_secret_touches_nothing),
        TEST(answers_that_a_vm_waits_for_are_timed),
        TEST(newest_destination_wins),
        TEST(secret_is_good_once),
        TEST(peer_from_who_has_something_else_is_refused),
        TEST(destination_that_is_lost_may_try_again),
        TEST(complete_is_taken_from_the_destination_only),
        TEST(not_now),
        TEST(sequence_may_have_other_lengths),
        TEST(vm_that_returns_by_itself_gets_what_was_held),
        TEST(vm_that_returns_when_both_are_lost_gets_what_was_held),
        TEST(destination_that_says_do_proxy_is_the_vm_that_returns),
        TEST(time_out_with_the_source_there),
        TEST(time_out_with_the_destination_there),
        TEST(time_out_with_nobody_there),
        TEST(two_serial_ports_move_at_once_with_one_sequence),
        TEST(moves_follow_each_other),
        TEST(clients_wait_when_much_is_held),
        TEST(begin_is_seen_behind_output_that_waits),
        TEST(what_follows_complete_waits_for_who_is_behind),
        TEST(begin_is_seen_at_once_while_the_vm_is_read_ahead),
        TEST(begin_is_seen_behind_a_flood_when_the_hold_is_due),
        TEST(extension_off_ends_a_destination_and_not_the_move),
        TEST(console_does_not_expire_while_its_vm_moves),
        TEST(shutting_down_ends_a_move),
        TEST(a_move_is_told_with_all_that_is_known),
        TEST(failed_moves_are_told_once_a_second),
        TEST(moves_of_one_read_are_bounded),
        TEST(begin_from_who_is_asked_again_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
