/* A client's connection to a console, played by the client: what it is shown,
 * and its end. client_input_test.c: what it types. */
#include "client_fixture.h"

#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VM_GONE NOTICE("vm-0001: VM disconnected; this connection waits for it")
#define VM_BACK NOTICE("vm-0001: VM connected")
#define VM_GONE_AND_BACK NOTICE("vm-0001: VM disconnected, and connected again")

static void vm_sends(struct fixture *f, size_t from, size_t to)
{
    peer_send(f->vm, slice_of(output + from, to - from));
}

static void a_client_that_half_closes_is_shown_what_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    client->is_raw = true;
    peer_forget(client);
    peer_give(client, BYTES("cmd\n"));
    peer_half_close(client);
    peer_give(f->vm, BYTES("answer"));
    assert_true(peer_got(client, BYTES("answer")));
    assert_false(client->stream.is_closed);
    peer_end(client);
    assert_true(client->stream.is_closed);
}

static void a_connection_can_go_to_another_console(void **state)
{
    struct fixture *f = *state;
    struct peer *p = peer_add(&f->site);
    struct client *client = client_session_start(
        &f->site.ctx, &p->stream.stream, f->console, client_port_role(TLS_OFF));
    struct peer *other_vm = vm_start_as(&f->site, "other", "s0");
    struct console *other = directory_find(&f->site.directory, "other", "s0");
    struct err why;

    peer_give(p, BYTES(YES));
    peer_forget(p);
    peer_give(f->vm, BYTES("a"));
    client_session_detach(client);
    site_run(&f->site);
    assert_int_equal(f->console->client_count, 0);
    peer_give(f->vm, BYTES("b"));
    peer_give(p, BYTES("typed "));
    assert_int_equal(client_session_attach(client, other, &why),
                     CLIENT_ATTACHED);
    site_run(&f->site);
    peer_give(other_vm, BYTES("c"));
    peer_give(p, BYTES("here"));
    assert_true(peer_got(p, BYTES("ac")));
    assert_true(peer_got(other_vm, BYTES("typed here")));
    assert_true(peer_got(f->vm, BYTES("")));
    other->directory->settings.client_limit = 1;
    assert_int_equal(client_session_attach(client, other, &why),
                     CLIENT_ATTACHED);
    other->directory->settings.client_limit = 0;
}

static void binary_client_gets_every_byte_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    vm_sends(f, 0, 5000);
    assert_true(peer_got(client, part(0, 5000)));
}

static void is_told_of_the_vm_going_and_coming(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("bye"));
    peer_end(f->vm);
    assert_true(peer_got(client, BYTES("bye" VM_GONE)));
    f->vm = vm_start(&f->site);
    peer_give(f->vm, BYTES("hello"));
    assert_true(peer_got(client, BYTES(VM_BACK "hello")));
}

static void raw_client_gets_bytes_of_the_vm_only(void **state)
{
    struct fixture *f = *state;
    struct peer *client = raw_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("bye"));
    peer_end(f->vm);
    f->vm = vm_start(&f->site);
    peer_give(f->vm, BYTES("hello"));
    assert_true(peer_got(client, BYTES("byehello")));
}

static void client_that_is_behind_is_told_where_it_happened(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("bye"));
    peer_end(f->vm);
    peer_unblock(client);
    assert_true(peer_got(client, BYTES("bye" VM_GONE)));
    peer_block(client);
    f->vm = vm_start(&f->site);
    peer_give(f->vm, BYTES("hello"));
    peer_unblock(client);
    assert_true(peer_got(client, BYTES(VM_BACK "hello")));
}

static void both_at_once_are_told_to_a_client_that_is_behind(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("bye"));
    peer_end(f->vm);
    f->vm = vm_start(&f->site);
    peer_give(f->vm, BYTES("hello"));
    peer_unblock(client);
    assert_true(peer_got(client, BYTES("bye" VM_GONE_AND_BACK "hello")));
}

static void news_have_their_place_however_little_is_taken(void **state)
{
    struct fixture *f = *state;

    for (size_t room = 1; room < 12; room++) {
        struct peer *client = telnet_connect(&f->site, f->console);

        peer_block(client);
        peer_give(f->vm, BYTES("a\xff\xff"));
        peer_end(f->vm);
        f->vm = vm_start(&f->site);
        peer_give(f->vm, BYTES("\xff\xff"
                               "b"));
        peer_take(client, room);
        assert_true(peer_got(client, BYTES("a\xff" VM_GONE_AND_BACK "\xff"
                                           "b")));
        peer_break(client);
    }
}

/* The answer stands where the stream was when it was asked for, between two
 * whole bytes. */
static void answers_do_not_tear_the_output(void **state)
{
    struct fixture *f = *state;
    size_t notice = sizeof VM_IS_THERE - 1;

    for (size_t room = 1; room < 8; room++) {
        struct peer *client = telnet_connect(&f->site, f->console);
        uint8_t *data;
        uint8_t *found;
        size_t before;

        peer_block(client);
        vm_sends(f, 0, 3000);
        for (size_t i = 0; i < 100; i++) {
            client->stream.room = room;
            site_run(&f->site);
        }
        peer_give(client, BYTES(IAC AYT IAC WILL "\x18"));
        peer_take(client, room);
        assert_int_equal(client->data.len, 3000 + notice);
        data = client->data.data + client->data.start;
        found = memmem(data, client->data.len, VM_IS_THERE, notice);
        assert_non_null(found);
        before = (size_t)(found - data);
        assert_in_range(before, 60 * room - room, 100 * room);
        assert_memory_equal(data, output, before);
        assert_memory_equal(found + notice, output + before, 3000 - before);
        assert_true(peer_heard(client, "DONT 24"));
        peer_break(client);
    }
}

static void takes_few_bytes_at_a_time(void **state)
{
    struct fixture *f = *state;

    for (size_t room = 1; room < 8; room++) {
        struct peer *client = telnet_connect(&f->site, f->console);

        peer_block(client);
        for (size_t at = 0; at < 4000; at++) {
            vm_sends(f, at, at + 1);
            client->stream.room = at % (room + 1);
            site_run(&f->site);
        }
        peer_take(client, room);
        assert_true(peer_got(client, part(0, 4000)));
        peer_break(client);
    }
}

static void terminal_that_takes_few_bytes_at_a_time(void **state)
{
    struct fixture *f = *state;

    for (size_t room = 1; room < 6; room++) {
        struct peer *client = client_connect(&f->site, f->console);

        peer_give(client, BYTES(IAC DONT BINARY));
        peer_block(client);
        peer_give(f->vm, BYTES("a\r\nb\r"));
        peer_give(f->vm, BYTES("\xff\xff\r\r"));
        peer_give(f->vm, BYTES("\n.\r"));
        peer_give(f->vm, BYTES("."));
        peer_take(client, room);
        assert_true(peer_got(client, BYTES("a\r\nb\r\0\xff\r\0\r\n.\r\0.")));
        peer_break(client);
    }
}

static void one_that_ends_gets_what_is_its_due(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    vm_sends(f, 0, 1000);
    peer_end(client);
    assert_false(client->stream.is_closed);
    peer_take(client, 7);
    assert_true(peer_got(client, part(0, 1000)));
    assert_true(client->stream.is_closed);
}

static void one_that_ends_gets_the_last_byte_whole(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("a\xff\xff"));
    peer_end(client);
    peer_take(client, 1);
    assert_true(peer_got(client, BYTES("a\xff")));
    assert_true(client->stream.is_closed);
}

static void one_that_ends_gets_nothing_newer(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("before"));
    peer_end(client);
    peer_give(f->vm, BYTES("after"));
    peer_unblock(client);
    assert_true(peer_got(client, BYTES("before")));
}

static void one_that_ends_and_takes_nothing_is_closed_in_time(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("x"));
    peer_end(client);
    site_drains_due(&f->site);
    assert_true(client->stream.is_closed);
}

static void one_that_ends_before_it_is_known_gets_its_due_too(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC WILL SGA));
    peer_give(f->vm, BYTES("x"));
    peer_end(client);
    assert_true(peer_got(client, BYTES("x")));
    assert_true(client->stream.is_closed);
}

static void full_console_refuses_with_a_reason(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second;

    f->site.directory.settings.client_limit = 1;
    second = client_connect(&f->site, f->console);
    peer_forget(second);
    peer_give(second, BYTES(YES));
    assert_true(second->stream.is_closed);
    assert_non_null(memmem(second->data.data, second->data.len,
                           "limit; try again later]", 23));
    assert_true(peer_heard(second, ""));
    assert_int_equal(f->site.seen[FACT_CLIENT_REFUSED].count, 1);
    peer_give(f->vm, BYTES("x"));
    assert_true(peer_got(first, BYTES("x")));
}

static void place_of_one_that_left_is_free(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second;

    f->site.directory.settings.client_limit = 1;
    peer_end(first);
    second = telnet_connect(&f->site, f->console);
    peer_give(second, BYTES("x"));
    assert_true(peer_got(f->vm, BYTES("x")));
}

static void reset_of_one_is_nothing_to_the_others(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_break(first);
    assert_true(first->stream.is_closed);
    peer_give(f->vm, BYTES("x"));
    assert_true(peer_got(second, BYTES("x")));
    peer_give(second, BYTES("y"));
    assert_true(peer_got(f->vm, BYTES("y")));
}

static void reset_seen_while_writing_closes(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    client->stream.is_broken = true;
    peer_give(f->vm, BYTES("x"));
    assert_true(client->stream.is_closed);
    assert_int_equal(f->console->client_count, 0);
}

static void vm_is_held_back_for_a_client_that_does_not_read(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);
    uint32_t left;

    peer_block(client);
    vm_sends(f, 0, sizeof output);
    left = f->vm->stream.to_session.len;
    assert_true(left > 0);
    assert_true(f->console->output.head <= RING);
    site_run(&f->site);
    assert_int_equal(f->vm->stream.to_session.len, left);
}

static void client_that_reads_late_gets_every_byte_once(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    vm_sends(f, 0, sizeof output);
    peer_take(client, 1021);
    assert_true(peer_got(client, part(0, sizeof output)));
}

static void client_beside_it_has_what_came_before(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *fast = telnet_connect(&f->site, f->console);

    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    assert_int_equal(fast->data.len, f->console->output.head);
    assert_true(peer_got(fast, part(0, fast->data.len)));
}

static void after_the_hold_others_go_on_without_it(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *fast = telnet_connect(&f->site, f->console);

    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    site_holds_due(&f->site);
    assert_true(peer_got(fast, part(0, sizeof output)));
    assert_int_equal(f->vm->stream.to_session.len, 0);
}

static void one_that_lags_is_told_what_it_has_lost(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    char notice[64];
    size_t lost = sizeof output - RING;
    size_t len;

    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    site_holds_due(&f->site);
    peer_unblock(slow);
    snprintf(notice, sizeof notice, NOTICE("%zu bytes skipped"), lost);
    len = strlen(notice);
    assert_int_equal(slow->data.len, len + RING);
    assert_memory_equal(slow->data.data, notice, len);
    assert_memory_equal(slow->data.data + len, output + lost, RING);
}

static void skip_stands_where_bytes_are_missing(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    size_t lost = sizeof output - RING - 1;
    char notice[64];
    size_t len;

    peer_block(slow);
    vm_sends(f, 0, 10);
    /* The first byte is a 255: it is taken, one half of it is owed. */
    slow->stream.room = 1;
    vm_sends(f, 10, sizeof output);
    site_holds_due(&f->site);
    peer_take(slow, 1000);
    snprintf(notice, sizeof notice, NOTICE("%zu bytes skipped"), lost);
    len = strlen(notice);
    assert_int_equal(slow->data.len, 1 + len + RING);
    assert_memory_equal(slow->data.data, output, 1);
    assert_memory_equal(slow->data.data + 1, notice, len);
    assert_memory_equal(slow->data.data + 1 + len, output + lost + 1, RING);
}

static void one_that_has_caught_up_is_waited_for_again(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);

    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    site_holds_due(&f->site);
    peer_unblock(slow);
    peer_forget(slow);
    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    assert_true(f->vm->stream.to_session.len > 0);
    peer_unblock(slow);
    assert_true(peer_got(slow, part(0, sizeof output)));
}

static void vm_goes_on_when_the_one_it_waits_for_leaves(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *fast = telnet_connect(&f->site, f->console);

    peer_block(slow);
    vm_sends(f, 0, sizeof output);
    assert_true(f->vm->stream.to_session.len > 0);
    peer_break(slow);
    assert_true(peer_got(fast, part(0, sizeof output)));
}

static void one_that_holds_up_others_too_long_lags(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *fast = telnet_connect(&f->site, f->console);

    f->site.directory.settings.hold_us = 0;
    peer_block(slow);
    for (size_t i = 0; i < 20; i++) {
        vm_sends(f, 0, sizeof output);
        slow->stream.room = RING / 2;
        site_run(&f->site);
    }
    assert_int_equal(fast->data.len, 20 * sizeof output);
    assert_int_equal(f->vm->stream.to_session.len, 0);
}

static void without_anybody_the_vm_is_never_held_back(void **state)
{
    struct fixture *f = *state;

    vm_sends(f, 0, sizeof output);
    assert_int_equal(f->vm->stream.to_session.len, 0);
    assert_int_equal(f->console->output.head, sizeof output);
}

#define END VM_GONE NOTICE("vm-0001: shutting down")

static void shutdown_is_told_and_ends_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("x"));
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_true(peer_got(client, BYTES("x" END)));
    assert_true(client->stream.is_closed);
    assert_true(session_is_quiet(&f->site.ctx.all));
}

static void shutdown_waits_for_one_that_is_behind(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    vm_sends(f, 0, 1000);
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_false(session_is_quiet(&f->site.ctx.all));
    peer_take(client, 100);
    assert_true(session_is_quiet(&f->site.ctx.all));
    assert_int_equal(client->data.len, 1000 + sizeof END - 1);
    assert_memory_equal(client->data.data, output, 1000);
    assert_memory_equal(client->data.data + 1000, END, sizeof END - 1);
}

static void one_that_has_ended_itself_is_not_told_that_it_has(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("x"));
    peer_end(client);
    session_shut_down(&f->site.ctx.all, "shutting down");
    peer_unblock(client);
    assert_true(client->stream.is_closed);
    assert_null(memmem(client->data.data, client->data.len, "closed by", 9));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_client_that_half_closes_is_shown_what_comes),
        TEST(a_connection_can_go_to_another_console),
        TEST(binary_client_gets_every_byte_as_it_is),
        TEST(is_told_of_the_vm_going_and_coming),
        TEST(raw_client_gets_bytes_of_the_vm_only),
        TEST(client_that_is_behind_is_told_where_it_happened),
        TEST(both_at_once_are_told_to_a_client_that_is_behind),
        TEST(news_have_their_place_however_little_is_taken),
        TEST(answers_do_not_tear_the_output),
        TEST(takes_few_bytes_at_a_time),
        TEST(terminal_that_takes_few_bytes_at_a_time),
        TEST(one_that_ends_gets_what_is_its_due),
        TEST(one_that_ends_gets_the_last_byte_whole),
        TEST(one_that_ends_gets_nothing_newer),
        TEST(one_that_ends_and_takes_nothing_is_closed_in_time),
        TEST(one_that_ends_before_it_is_known_gets_its_due_too),
        TEST(full_console_refuses_with_a_reason),
        TEST(place_of_one_that_left_is_free),
        TEST(reset_of_one_is_nothing_to_the_others),
        TEST(reset_seen_while_writing_closes),
        TEST(vm_is_held_back_for_a_client_that_does_not_read),
        TEST(client_that_reads_late_gets_every_byte_once),
        TEST(client_beside_it_has_what_came_before),
        TEST(after_the_hold_others_go_on_without_it),
        TEST(one_that_lags_is_told_what_it_has_lost),
        TEST(skip_stands_where_bytes_are_missing),
        TEST(one_that_has_caught_up_is_waited_for_again),
        TEST(vm_goes_on_when_the_one_it_waits_for_leaves),
        TEST(one_that_holds_up_others_too_long_lags),
        TEST(without_anybody_the_vm_is_never_held_back),
        TEST(shutdown_is_told_and_ends_it),
        TEST(shutdown_waits_for_one_that_is_behind),
        TEST(one_that_has_ended_itself_is_not_told_that_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
