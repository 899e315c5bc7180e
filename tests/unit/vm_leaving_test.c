/* Who has its last word: the source of a move that works, and a connection
 * that is replaced (src/core/console_leaving.c, docs/vmotion.md). */
#include "move_peer.h"

#include "session/vm/vm_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MIB = 1024 * KIB };

#define GONE                                                                   \
    "\r\n[vspcd: vm-0001: VM disconnected; this connection waits for it]\r\n"
#define CAME_BACK                                                              \
    "\r\n[vspcd: vm-0001: VM disconnected, and connected again]\r\n"

struct fixture {
    struct site site;
    struct peer *source;
    struct peer *client;
    struct peer *destination; /* it has said PEER */
    uint8_t words[4 * MIB];   /* no two places look alike */
};

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    site_open(&f.site, &settings);
    for (size_t i = 0; i < sizeof f.words; i++)
        f.words[i] = (uint8_t)((i ^ (i >> 8) ^ (i >> 16)) % 251);
    f.source = vm_start(&f.site);
    f.client = telnet_connect(&f.site, site_console(&f.site));
    f.destination = join(&f.site, begin(f.source));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    return 0;
}

static void print(struct fixture *f, size_t len)
{
    put_only(f->source, slice_of(f->words, len));
}

/* The source has printed so much, and then this. */
static void check_shown(struct fixture *f, size_t len, const char *then)
{
    struct slice came = buf_bytes(&f->client->data);
    struct slice rest = slice_of_text(then);

    assert_int_equal(came.len, len + rest.len);
    assert_memory_equal(came.data, f->words, len);
    assert_true(slice_is_equal(slice_after(came, len), rest));
    peer_forget(f->client);
}

static uint64_t lost(const struct fixture *f)
{
    return f->site.seen[FACT_OUTPUT_LOST].last.output_lost.bytes;
}

static void more_last_words_than_one_turn_reads_come_before_the_next(
    void **state)
{
    struct fixture *f = *state;

    print(f, sizeof f->words);
    peer_give(f->destination, BYTES("early " COMPLETE "late"));
    assert_false(f->source->stream.is_closed);
    check_shown(f, sizeof f->words, "");
    peer_end(f->source);
    assert_true(f->source->stream.is_closed);
    check_shown(f, 0, "early late");
    assert_int_equal(f->site.seen[FACT_OUTPUT_LOST].count, 0);
}

/* What a host can send without an answer is here before COMPLETE. */
static void few_last_words_and_the_source_goes_at_once(void **state)
{
    struct fixture *f = *state;

    print(f, 15 * KIB);
    put_only(f->destination, BYTES(COMPLETE "late"));
    look_at(f->destination);
    assert_true(f->source->stream.is_closed);
    site_run(&f->site);
    check_shown(f, 15 * KIB, "late");
}

/* A host's words up to BEGIN were read with it. */
static void what_was_printed_before_begin_does_not_count(void **state)
{
    struct fixture *f = *state;

    peer_give(f->source, BYTES(ABORT));
    print(f, 100 * KIB);
    site_run(&f->site);
    f->destination = join(&f->site, begin(f->source));
    peer_give(f->source, BYTES("last"));
    peer_give(f->destination, BYTES(COMPLETE "late"));
    assert_true(f->source->stream.is_closed);
    check_shown(f, 100 * KIB, "lastlate");
}

static void many_last_words_and_the_source_goes_after_a_silence(void **state)
{
    struct fixture *f = *state;

    print(f, 15 * KIB + 1);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    assert_false(f->source->stream.is_closed);
    /* They were on their way. */
    put_only(f->source, slice_of(f->words + 15 * KIB + 1, 100));
    site_run(&f->site);
    site_leaves_due(&f->site);
    assert_true(f->source->stream.is_closed);
    check_shown(f, 15 * KIB + 101, "late");
}

static void a_word_begins_the_silence_anew(void **state)
{
    struct fixture *f = *state;
    struct console *c = site_console(&f->site);
    uint64_t due_us;

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE));
    due_us = c->leave->silence.due_us;
    c->leave->silence.due_us = 1;
    peer_give(f->source, BYTES("!"));
    assert_true(c->leave->silence.due_us >= due_us);
}

static void input_is_the_destinations_while_the_source_leaves(void **state)
{
    struct fixture *f = *state;

    peer_give(f->client, BYTES("held "));
    print(f, 100 * KIB);
    peer_give(f->destination, BYTES(COMPLETE));
    peer_give(f->client, BYTES("typed"));
    assert_false(f->source->stream.is_closed);
    assert_true(peer_got(f->destination, BYTES("held typed")));
    assert_true(peer_got(f->source, BYTES("")));
}

static void a_client_that_pauses_loses_nothing(void **state)
{
    struct fixture *f = *state;

    peer_block(f->client);
    print(f, sizeof f->words);
    put_only(f->destination, slice_of(f->words, 60 * KIB));
    peer_give(f->destination, BYTES(COMPLETE));
    site_short_holds_due(&f->site);
    /* It is not the source that says nothing. */
    site_leaves_due(&f->site);
    assert_false(f->source->stream.is_closed);
    peer_unblock(f->client);
    site_leaves_due(&f->site);
    assert_true(f->source->stream.is_closed);
    assert_int_equal(f->client->data.len, sizeof f->words + 60 * KIB);
    assert_memory_equal(buf_bytes(&f->client->data).data, f->words,
                        sizeof f->words);
}

static void a_client_that_takes_nothing_holds_it_up_for_the_hold_time(
    void **state)
{
    struct fixture *f = *state;
    struct peer *stuck = f->client;

    f->client = telnet_connect(&f->site, site_console(&f->site));
    peer_block(stuck);
    print(f, 300 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    assert_true(f->source->stream.to_session.len > 0);
    site_holds_due(&f->site);
    assert_int_equal(f->source->stream.to_session.len, 0);
    site_leaves_due(&f->site);
    check_shown(f, 300 * KIB, "late");
}

static void what_the_destination_prints_early_waits_for_room(void **state)
{
    struct fixture *f = *state;

    peer_block(f->client);
    put_only(f->destination, slice_of(f->words, 64 * KIB));
    site_run(&f->site);
    peer_end(f->source);
    peer_give(f->destination, BYTES(COMPLETE));
    put_only(f->destination, slice_of(f->words + 64 * KIB, 64 * KIB));
    site_run(&f->site);
    /* A command behind it is seen all the same. */
    site_short_holds_due(&f->site);
    peer_unblock(f->client);
    check_shown(f, 128 * KIB, "");
}

/* Its commands are not waited for, up to 64 KiB of output before them. */
static void the_destination_is_heard_while_the_source_leaves(void **state)
{
    struct fixture *f = *state;

    peer_block(f->client);
    print(f, 200 * KIB);
    peer_give(f->destination, BYTES(COMPLETE));
    peer_give(f->destination, slice_of(f->words, 64 * KIB));
    peer_give(f->destination, BYTES(BEGIN));
    assert_true(peer_heard(f->destination, "SB 232 43 " SEQUENCE_SAID));
    /* And no further: that waits in its socket. */
    peer_give(f->destination, slice_of(f->words, 64 * KIB));
    peer_give(f->destination, BYTES("x"));
    assert_true(f->destination->stream.to_session.len > 0);
    peer_unblock(f->client);
    peer_end(f->source);
    peer_give(f->destination, BYTES(BEGIN));
    heard_goahead(f->destination);
}

static void of_a_source_that_leaves_only_output_counts(void **state)
{
    struct fixture *f = *state;
    struct peer *other = vm_start_as(&f->site, "uuid-b", LABEL);

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE));
    peer_give(f->source, BYTES(ABORT BEGIN COMPLETE WHO("uuid-b")
                                   IAC WONT VMWARE "\xff\xf3"));
    assert_int_equal(f->site.directory.move_counts.ended[MOVE_COMPLETED], 1);
    assert_int_equal(f->site.directory.move_counts.begun, 1);
    assert_false(other->stream.is_closed);
    peer_give(f->client, BYTES("typed"));
    assert_true(peer_got(f->destination, BYTES("typed")));
    check_shown(f, 20 * KIB, "");
}

/* All in one read, for the first part of which there is just room. */
static void what_waits_for_room_keeps_its_place(void **state)
{
    struct fixture *f = *state;
    size_t behind = 64 * KIB - 16 * KIB - 100;

    peer_give(f->source, BYTES(ABORT));
    peer_block(f->client);
    print(f, behind);
    site_run(&f->site);
    put_only(f->source, slice_of(f->words + behind, 200));
    put_only(f->source,
             BYTES(IAC WONT VMWARE
                   "a" IAC WILL VMWARE ESXI_KNOWN WHO(UUID_TEXT) "b"));
    site_run(&f->site);
    site_short_holds_due(&f->site);
    peer_unblock(f->client);
    check_shown(f, behind + 200, "ab");
}

/* The same that lies behind its last words when COMPLETE comes. */
static void what_the_source_wants_beside_complete_comes_too_late(void **state)
{
    struct fixture *f = *state;

    put_only(f->source, BYTES("last" ABORT BEGIN));
    put_only(f->destination, BYTES(COMPLETE "late"));
    look_at(f->destination);
    site_run(&f->site);
    assert_int_equal(f->site.directory.move_counts.ended[MOVE_COMPLETED], 1);
    assert_int_equal(f->site.directory.move_counts.begun, 1);
    assert_true(f->source->stream.is_closed);
    check_shown(f, 0, "lastlate");
}

static void a_source_that_breaks_has_left(void **state)
{
    struct fixture *f = *state;

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    peer_break(f->source);
    check_shown(f, 20 * KIB, "late");
    peer_give(f->client, BYTES("typed"));
    assert_true(peer_got(f->destination, BYTES("typed")));
}

static void a_source_that_never_stops_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct console *c = site_console(&f->site);

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    c->leave->until_us = 0;
    put_only(f->source, slice_of(f->words + 20 * KIB, 2 * MIB));
    site_run(&f->site);
    assert_true(f->source->stream.is_closed);
    assert_int_equal(lost(f), 2 * MIB - LIMIT_READ - MIB);
    check_shown(f, 20 * KIB + LIMIT_READ + MIB, "late");
}

static void a_source_that_its_clients_hold_up_is_cut_off_in_the_end(
    void **state)
{
    struct fixture *f = *state;
    struct console *c = site_console(&f->site);

    peer_block(f->client);
    print(f, 200 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    c->leave->until_us = 0;
    site_leaves_due(&f->site);
    assert_true(f->source->stream.is_closed);
    assert_int_equal(f->site.seen[FACT_OUTPUT_LOST].count, 0);
    assert_int_equal(c->output.head, 200 * KIB + 4);
}

static void a_destination_that_is_lost_ends_the_leaving(void **state)
{
    struct fixture *f = *state;

    peer_block(f->client);
    print(f, 100 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    peer_break(f->destination);
    assert_true(f->source->stream.is_closed);
    assert_int_equal(site_console(&f->site)->output.head, 100 * KIB + 4);
    assert_false(console_has_vm(site_console(&f->site)));
}

static void a_vm_that_returns_ends_the_leaving(void **state)
{
    struct fixture *f = *state;
    struct peer *back = host_connect(&f->site);

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late "));
    put_only(f->source, slice_of(f->words + 20 * KIB, 10));
    put_only(back, BYTES(WHO(UUID_TEXT)));
    look_at(back);
    site_run(&f->site);
    assert_true(f->source->stream.is_closed);
    assert_true(f->destination->stream.is_closed);
    peer_give(back, BYTES("back"));
    check_shown(f, 20 * KIB + 10, "late " CAME_BACK "back");
}

/* What it had printed until then belongs to this console. */
static void a_destination_that_becomes_another_vm_ends_the_leaving(void **state)
{
    struct fixture *f = *state;

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    peer_give(f->destination, BYTES(WHO("uuid-b") "of b"));
    assert_true(f->source->stream.is_closed);
    assert_int_equal(site_console(&f->site)->output.head, 20 * KIB + 4);
    assert_int_equal(
        directory_find(&f->site.directory, "uuid-b", LABEL)->output.head, 4);
}

static void a_destination_that_switches_it_off_ends_the_leaving(void **state)
{
    struct fixture *f = *state;

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late" IAC WONT VMWARE "waits"));
    assert_true(f->source->stream.is_closed);
    check_shown(f, 20 * KIB, "late");
}

static void shutting_down_ends_the_leaving(void **state)
{
    struct fixture *f = *state;

    print(f, 20 * KIB);
    peer_give(f->destination, BYTES(COMPLETE "late"));
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    check_shown(f, 20 * KIB,
                "late" GONE "\r\n[vspcd: vm-0001: shutting down]\r\n");
}

static void the_next_move_follows_one_that_has_left(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        print(f, 50 * KIB);
        peer_give(f->destination, BYTES(COMPLETE "late"));
        peer_end(f->source);
        check_shown(f, 50 * KIB, "late");
        f->source = f->destination;
        f->destination = join(&f->site, begin(f->source));
    }
    assert_int_equal(f->site.directory.move_counts.ended[MOVE_COMPLETED], 5);
}

/*
 * Three connections, each of which has said to be the next one's VM. Who has
 * its last word begins nothing: else the last would attach while the first
 * does.
 */
static void last_words_attach_nobody(void **state)
{
    struct fixture *f = *state;
    struct site *s = &f->site;
    struct peer *a = host_connect(s);
    struct peer *b = vm_start_as(s, "uuid-b", LABEL);
    struct peer *c = vm_start_as(s, "uuid-c", LABEL);
    struct console *console = directory_find(&s->directory, "uuid-b", LABEL);
    struct peer *client = telnet_connect(s, console);

    put_only(a, BYTES(WHO("uuid-b") "a"));
    put_only(b, BYTES("b" WHO("uuid-c") "!"));
    put_only(c, BYTES(WHO("uuid-b") "c"));
    look_at(a);
    assert_true(b->stream.is_closed);
    assert_false(c->stream.is_closed);
    site_run(s);
    /* The newest of all. */
    assert_true(a->stream.is_closed);
    assert_false(c->stream.is_closed);
    peer_forget(client);
    peer_give(c, BYTES("more"));
    assert_true(peer_got(client, BYTES("more")));
    peer_end(c);
    assert_null(console->link);
}

/* However many: one of them goes for each that is looked at. */
static void last_words_lead_nowhere(void **state)
{
    enum { COUNT = 24 };
    struct fixture *f = *state;
    struct peer *vms[COUNT];
    char uuid[] = "uuid-a";
    int closed = 0;

    for (int i = 0; i < COUNT; i++) {
        uuid[5] = (char)('a' + i);
        vms[i] = vm_start_as(&f->site, uuid, LABEL);
    }
    for (int i = 0; i < COUNT - 1; i++) {
        uuid[5] = (char)('a' + i + 1);
        put_only(vms[i], BYTES(ESXI_PROXY IAC SB VMWARE VC_UUID));
        put_only(vms[i], slice_of_text(uuid));
        put_only(vms[i], BYTES(IAC SE EXT(VM_NAME "x") EXT(BIOS_UUID "1")
                                   EXT(LOCATION_UUID "2")));
    }
    look_at(vms[0]);
    for (int i = 0; i < COUNT; i++)
        closed += vms[i]->stream.is_closed;
    assert_int_equal(closed, 1);
}

/* The read buffers of two sessions are in use, and never more. */
static void last_words_of_two_do_not_mix(void **state)
{
    struct fixture *f = *state;
    struct peer *other = vm_start_as(&f->site, "uuid-b", LABEL);
    struct console *b = directory_find(&f->site.directory, "uuid-b", LABEL);
    struct peer *client = telnet_connect(&f->site, b);

    put_only(other, BYTES("of the other VM, which is not to go"));
    put_only(f->source, BYTES(WHO("uuid-b") "words"));
    put_only(f->destination, BYTES(COMPLETE "late"));
    look_at(f->destination);
    site_run(&f->site);
    check_shown(f, 0, "wordslate");
    assert_true(peer_got(client, BYTES("of the other VM, which is not to go")));
    assert_false(other->stream.is_closed);
}

static void of_who_is_replaced_a_mib_is_read_and_the_rest_is_told(void **state)
{
    struct fixture *f = *state;
    struct peer *back = host_connect(&f->site);

    print(f, MIB + 5);
    put_only(back, BYTES(WHO(UUID_TEXT)));
    look_at(back);
    site_run(&f->site);
    assert_true(f->source->stream.is_closed);
    assert_int_equal(lost(f), 5);
    check_shown(f, MIB, CAME_BACK);
}

/* What waits in the session is shown before more is read. */
static void who_keeps_up_gets_what_was_kept_and_the_rest(void **state)
{
    struct fixture *f = *state;
    enum { LEFT = 16 * KIB, KEPT = 110 * KIB, REST = 60 * KIB };

    print(f, LEFT);
    peer_give(f->destination, BYTES(COMPLETE));
    assert_false(f->source->stream.is_closed);
    peer_give(f->destination, slice_of(f->words + LEFT, KEPT));
    put_only(f->destination, slice_of(f->words + LEFT + KEPT, REST));
    come_back(&f->site);
    assert_true(f->destination->stream.is_closed);
    check_shown(f, LEFT + KEPT + REST, CAME_BACK);
    assert_int_equal(f->site.seen[FACT_CLIENT_LAGS].count, 0);
}

/* WILL 44, WONT 44 without end. */
static void answers_to_last_words_do_not_end_them(void **state)
{
    struct fixture *f = *state;
    struct peer *back = host_connect(&f->site);

    peer_block(f->source);
    for (int i = 0; i < 250 * KIB; i++)
        put_only(f->source, BYTES(IAC WILL "\x63"));
    put_only(f->source, BYTES("last"));
    put_only(back, BYTES(WHO(UUID_TEXT)));
    look_at(back);
    site_run(&f->site);
    check_shown(f, 0, "last" CAME_BACK);
}

/* It may yet say who it is, or end. */
static void output_of_who_is_asked_again_is_shown_at_its_end(void **state)
{
    static const char *const words[] = { IAC WONT VMWARE "two",
                                         ESXI_PROXY "two" };

    for (size_t i = 0; i < 2; i++) {
        struct fixture *f;

        teardown(state);
        setup(state);
        f = *state;
        peer_give(f->source, BYTES("one"));
        peer_give(f->source, slice_of_text(words[i]));
        check_shown(f, 0, "one");
        peer_end(f->source);
        check_shown(f, 0, "two");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(more_last_words_than_one_turn_reads_come_before_the_next),
        TEST(few_last_words_and_the_source_goes_at_once),
        TEST(what_was_printed_before_begin_does_not_count),
        TEST(many_last_words_and_the_source_goes_after_a_silence),
        TEST(a_word_begins_the_silence_anew),
        TEST(input_is_the_destinations_while_the_source_leaves),
        TEST(a_client_that_pauses_loses_nothing),
        TEST(a_client_that_takes_nothing_holds_it_up_for_the_hold_time),
        TEST(what_the_destination_prints_early_waits_for_room),
        TEST(the_destination_is_heard_while_the_source_leaves),
        TEST(of_a_source_that_leaves_only_output_counts),
        TEST(what_waits_for_room_keeps_its_place),
        TEST(what_the_source_wants_beside_complete_comes_too_late),
        TEST(a_source_that_breaks_has_left),
        TEST(a_source_that_never_stops_is_cut_off),
        TEST(a_source_that_its_clients_hold_up_is_cut_off_in_the_end),
        TEST(a_destination_that_is_lost_ends_the_leaving),
        TEST(a_vm_that_returns_ends_the_leaving),
        TEST(a_destination_that_becomes_another_vm_ends_the_leaving),
        TEST(a_destination_that_switches_it_off_ends_the_leaving),
        TEST(shutting_down_ends_the_leaving),
        TEST(the_next_move_follows_one_that_has_left),
        TEST(last_words_attach_nobody),
        TEST(last_words_lead_nowhere),
        TEST(last_words_of_two_do_not_mix),
        TEST(of_who_is_replaced_a_mib_is_read_and_the_rest_is_told),
        TEST(who_keeps_up_gets_what_was_kept_and_the_rest),
        TEST(answers_to_last_words_do_not_end_them),
        TEST(output_of_who_is_asked_again_is_shown_at_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
