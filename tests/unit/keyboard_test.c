/* Who types: locks beside each other, one writer at a time, and how the
 * keyboard changes hands. */
#include "access/lock.h"
#include "client_fixture.h"
#include "core/keyboard.h"
#include "session/client/client_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000 * 1000 };

/* ---- the table of locks -------------------------------------------------- */

/* From vSPC.py's behaviour: a row for who comes, a column for who is there; '-'
 * is refused. */
static const char table[LOCK_MODE_COUNT][6] = {
    /* nobody, reader, free-for-all, write, exclusive */
    [LOCK_EXCLUSIVE] = "X----",    [LOCK_WRITE] = "WW---",
    [LOCK_FREE_FOR_ALL] = "FFF--", [LOCK_FALLBACK] = "FFFR-",
    [LOCK_READ_ONLY] = "RRRR-",
};

static char letter(enum lock_mode mode)
{
    static const char letters[] = {
        [LOCK_FALLBACK] = '?',  [LOCK_FREE_FOR_ALL] = 'F', [LOCK_WRITE] = 'W',
        [LOCK_EXCLUSIVE] = 'X', [LOCK_READ_ONLY] = 'R',
    };

    return letters[mode];
}

static void locks_are_granted_as_the_table_says(void **state)
{
    static const enum lock_mode there[] = { LOCK_FALLBACK, LOCK_READ_ONLY,
                                            LOCK_FREE_FOR_ALL, LOCK_WRITE,
                                            LOCK_EXCLUSIVE };

    (void)state;
    for (int asked = 0; asked < LOCK_MODE_COUNT; asked++) {
        for (int i = 0; i < 5; i++) {
            struct lock_counts counts = { 0 };
            enum lock_mode granted = LOCK_FALLBACK;
            bool is_in;

            if (i > 0)
                counts.of[there[i]] = 1;
            if (there[i] == LOCK_WRITE) /* others may read beside it */
                counts.of[LOCK_READ_ONLY] = 2;
            is_in = lock_grant(&counts, (enum lock_mode)asked, &granted);
            assert_int_equal(is_in ? letter(granted) : '-', table[asked][i]);
        }
    }
}

/* ---- one writer ---------------------------------------------------------- */

static int one_writer(void **state)
{
    struct directory_settings settings;
    struct fixture *f;

    setup(state);
    f = *state;
    settings = f->site.directory.settings;
    settings.writer_idle_us = 300 * (uint64_t)SECOND;
    directory_set(&f->site.directory, &settings);
    let_anybody(f, RIGHT_WRITE, KEYBOARD_ONE_WRITER);
    return 0;
}

/* The client that came last. */
static struct client *last_client(struct fixture *f)
{
    return client_at(f->console->clients.prev);
}

static bool take_over(struct client *client, struct err *text)
{
    const struct client_actor by = client_actor_of(client);

    return client_control_take_over(&by, client, text);
}

static unsigned disconnect(struct client *client, uint64_t number,
                           struct err *text)
{
    const struct client_actor by = client_actor_of(client);

    return client_control_disconnect(&by, number, NULL, text);
}

static unsigned say(struct client *client, const char *line, struct err *text)
{
    const struct client_actor by = client_actor_of(client);

    return client_control_say(&by, line, text);
}

#define HELD_BY_1                                                              \
    NOTICE("vm-0001: local has the keyboard; what you type is discarded")

static void the_first_that_types_has_the_keyboard(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_give(second, BYTES("b"));
    peer_give(first, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("b")));
    assert_true(peer_got(first, BYTES(HELD_BY_1)));
    peer_give(first, BYTES("a"));
    assert_true(peer_got(first, BYTES("")));
    peer_give(second, BYTES("c"));
    assert_true(peer_got(f->vm, BYTES("c")));
}

static void the_census_says_who_has_the_keyboard(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct census_console row;
    struct census_client client;

    telnet_connect(&f->site, f->console);
    census_read_console(&row, f->console);
    assert_null(row.holder);
    peer_give(first, BYTES("a"));
    census_read_console(&row, f->console);
    assert_non_null(row.holder);
    assert_int_equal(row.holder->number, 1);
    census_read_client(&client, row.holder);
    assert_true(client.has_keyboard);
    census_read_client(&client, last_client(f));
    assert_int_equal(client.number, 2);
    assert_false(client.has_keyboard);
}

static void it_is_free_when_the_writer_leaves(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_give(second, BYTES("b"));
    peer_end(second);
    peer_give(first, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("ba")));
}

static void who_has_it_not_sends_no_break(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    let_anybody(f, RIGHT_BREAK, KEYBOARD_ONE_WRITER);
    peer_give(second, BYTES("b"));
    peer_forget(f->vm);
    peer_give(first, BYTES(IAC "\xf3"));
    assert_true(peer_heard(f->vm, ""));
    peer_give(second, BYTES(IAC "\xf3"));
    assert_false(peer_heard(f->vm, ""));
}

static void the_next_takes_it_when_the_writer_is_idle(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *writer = last_client(f);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_give(first, BYTES("a"));
    peer_give(first, BYTES("a"));
    assert_int_equal(f->site.seen[FACT_KEYBOARD_TAKEN].count, 1);
    writer->typed_us -= 301 * (uint64_t)SECOND;
    peer_give(second, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("aab")));
    assert_int_equal(f->site.seen[FACT_KEYBOARD_TAKEN].count, 2);
    assert_int_equal(f->site.seen[FACT_KEYBOARD_TAKEN].last.client.number,
                     last_client(f)->number);
    assert_true(
        peer_got(first, BYTES(NOTICE("vm-0001: local has the keyboard now; "
                                     "what you type is discarded"))));
    assert_true(peer_got(
        second,
        BYTES(NOTICE("vm-0001: you have the keyboard now; local had it"))));
    peer_give(first, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("")));
}

/* The holder is looked for once in a read, however much is in it. */
static void who_is_locked_out_is_so_for_the_read(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *writer = last_client(f);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct client *other = last_client(f);

    peer_give(first, BYTES("a"));
    other->is_locked_out = true;
    writer->typed_us -= 301 * (uint64_t)SECOND;
    client_control_claim(other);
    assert_int_equal(f->console->typist, writer->number);
    peer_give(second, BYTES(IAC "\xf1"));
    assert_false(other->is_locked_out);
    peer_give(second, BYTES("b"));
    assert_int_equal(f->console->typist, other->number);
}

static void a_break_that_is_denied_takes_no_keyboard(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC "\xf3"));
    assert_int_equal(f->console->typist, 0);
}

static void control_takes_it_at_once(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct err text;

    peer_give(first, BYTES("a"));
    assert_false(take_over(last_client(f), &text));
    assert_non_null(strstr(text.text, "right to control"));
    let_anybody(f, RIGHT_CONTROL, KEYBOARD_ONE_WRITER);
    assert_true(take_over(last_client(f), &text));
    directory_settle(&f->site.directory);
    peer_give(first, BYTES("a"));
    peer_give(second, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("ab")));
}

/* Which needs no right. */
static void who_has_it_gives_it_to_another(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *giver = last_client(f);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct client *other = last_client(f);
    struct err text;

    assert_false(client_control_give(giver, other->number, &text));
    assert_non_null(strstr(text.text, "you do not have the keyboard"));
    peer_give(first, BYTES("a"));
    assert_false(client_control_give(other, giver->number, &text));
    assert_false(client_control_give(giver, giver->number, &text));
    assert_false(client_control_give(giver, other->number + 1, &text));
    assert_non_null(strstr(text.text, "no other client"));
    other->right = RIGHT_READ;
    assert_false(client_control_give(giver, other->number, &text));
    assert_non_null(strstr(text.text, "may not type"));
    other->right = RIGHT_WRITE;
    peer_forget(second);
    assert_true(client_control_give(giver, other->number, &text));
    directory_settle(&f->site.directory);
    peer_give(first, BYTES("a"));
    peer_give(second, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("ab")));
    assert_true(peer_got(
        second, BYTES(NOTICE("vm-0001: local gives you the keyboard"))));
}

/* A lock that a client has asked for goes with it, to whoever watches. */
static void a_lock_is_given_with_the_keyboard(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *giver = last_client(f);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct client *other = last_client(f);
    struct err text;

    giver->mode = LOCK_WRITE;
    other->mode = LOCK_READ_ONLY;
    assert_true(client_control_give(giver, other->number, &text));
    directory_settle(&f->site.directory);
    assert_int_equal(giver->mode, LOCK_READ_ONLY);
    assert_int_equal(other->mode, LOCK_WRITE);
    peer_give(first, BYTES("a"));
    peer_give(second, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("b")));
}

static void without_one_writer_all_type(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    let_anybody(f, RIGHT_WRITE, KEYBOARD_FREE_FOR_ALL);
    peer_give(first, BYTES("a"));
    peer_give(second, BYTES("b"));
    peer_give(first, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("aba")));
}

/* ---- locks at a console ---------------------------------------------------
 */

static struct client *locked(struct fixture *f, enum lock_mode mode)
{
    struct client *client = last_client(f);

    client->mode = (uint8_t)mode;
    return client;
}

static void beside_one_that_writes_alone_others_read(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *holder = locked(f, LOCK_WRITE);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct err text;

    peer_give(second, BYTES("b"));
    peer_give(first, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
    assert_true(peer_got(second, BYTES(HELD_BY_1)));
    assert_ptr_equal(keyboard_holder(f->console), holder);
    let_anybody(f, RIGHT_CONTROL, KEYBOARD_FREE_FOR_ALL);
    assert_true(take_over(last_client(f), &text));
    directory_settle(&f->site.directory);
    peer_give(first, BYTES("a"));
    peer_give(second, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("b")));
    assert_int_equal(holder->mode, LOCK_READ_ONLY);
}

static void beside_an_exclusive_one_nobody_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *second;

    (void)telnet_connect(&f->site, f->console);
    locked(f, LOCK_EXCLUSIVE);
    second = telnet_connect(&f->site, f->console);
    assert_true(second->stream.is_closed);
    assert_int_equal(f->console->client_count, 1);
}

static void a_person_takes_his_own_lock_over(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct client *holder = locked(f, LOCK_EXCLUSIVE);
    const struct principal *former = holder->who;
    char name[] = "alice", other_name[] = "bob";
    const struct principal alice = { .name = name, .proof = PROOF_PASSWORD };
    const struct principal certified = { .name = name, /* somebody else */
                                         .proof = PROOF_CERTIFICATE };
    const struct principal other_person = { .name = other_name,
                                            .proof = PROOF_PASSWORD };
    struct client other = { .right = RIGHT_WRITE,
                            .asked = LOCK_EXCLUSIVE,
                            .who = &other_person };
    struct err why;

    holder->who = &alice;
    assert_false(keyboard_grant(&other, f->console, &why));
    assert_non_null(strstr(why.text, "alice has locked it"));
    other.who = &certified;
    assert_false(keyboard_grant(&other, f->console, &why));
    other.who = &alice;
    other.asked = LOCK_WRITE;
    assert_true(keyboard_grant(&other, f->console, &why));
    assert_int_equal(other.mode, LOCK_WRITE);
    holder->who = former;
    directory_settle(&f->site.directory);
    site_run(&f->site);
    assert_true(first->stream.is_closed);
}

static void a_lock_ends_with_the_right_to_write(void **state)
{
    struct fixture *f = *state;

    (void)telnet_connect(&f->site, f->console);
    locked(f, LOCK_WRITE);
    let_anybody(f, RIGHT_READ, KEYBOARD_FREE_FOR_ALL);
    assert_null(keyboard_holder(f->console));
}

/* ---- what is done to other clients ----------------------------------------
 */

static void a_client_is_turned_out_with_a_reason(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    uint64_t number = last_client(f)->number;
    struct peer *second = telnet_connect(&f->site, f->console);
    struct client *by = last_client(f);
    struct err text;

    assert_int_equal(disconnect(by, number, &text), 0);
    let_anybody(f, RIGHT_CONTROL, KEYBOARD_FREE_FOR_ALL);
    assert_int_equal(disconnect(by, by->number, &text), 0);
    assert_int_equal(disconnect(by, number + 100, &text), 0);
    assert_int_equal(disconnect(by, number, &text), 1);
    site_run(&f->site);
    assert_true(
        peer_got(first, BYTES(NOTICE("vm-0001: disconnected by local"))));
    assert_true(first->stream.is_closed);
    assert_false(second->stream.is_closed);
}

static void all_others_are_turned_out(void **state)
{
    struct fixture *f = *state;
    struct peer *raw = listener_connect(f);
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct err text;

    let_anybody(f, RIGHT_CONTROL, KEYBOARD_FREE_FOR_ALL);
    assert_int_equal(disconnect(last_client(f), 0, &text), 2);
    site_run(&f->site);
    assert_true(first->stream.is_closed && raw->stream.is_closed);
    assert_false(second->stream.is_closed);
}

/* A message is cleaned: it draws nothing on another's terminal. */
static void the_others_are_told_a_message(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);
    struct err text;

    let_anybody(f, RIGHT_CONTROL, KEYBOARD_FREE_FOR_ALL);
    assert_int_equal(say(last_client(f), "going\033[2J down", &text), 1);
    site_run(&f->site);
    assert_true(
        peer_got(first, BYTES(NOTICE("vm-0001: local says: going[2J down"))));
    assert_true(peer_got(second, BYTES("")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define ONE(name) cmocka_unit_test_setup_teardown(name, one_writer, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_are_granted_as_the_table_says),
        ONE(the_first_that_types_has_the_keyboard),
        ONE(the_census_says_who_has_the_keyboard),
        ONE(it_is_free_when_the_writer_leaves),
        ONE(who_has_it_not_sends_no_break),
        ONE(the_next_takes_it_when_the_writer_is_idle),
        ONE(who_is_locked_out_is_so_for_the_read),
        ONE(a_break_that_is_denied_takes_no_keyboard),
        ONE(control_takes_it_at_once),
        ONE(without_one_writer_all_type),
        ONE(who_has_it_gives_it_to_another),
        ONE(a_lock_is_given_with_the_keyboard),
        TEST(beside_one_that_writes_alone_others_read),
        TEST(beside_an_exclusive_one_nobody_comes),
        TEST(a_person_takes_his_own_lock_over),
        TEST(a_lock_ends_with_the_right_to_write),
        TEST(a_client_is_turned_out_with_a_reason),
        TEST(all_others_are_turned_out),
        TEST(the_others_are_told_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
