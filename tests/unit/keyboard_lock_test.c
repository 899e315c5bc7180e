/* A console's keyboard that somebody has locked without being there. */
#include "client_fixture.h"
#include "core/keyboard.h"
#include "session/client/client_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000 * 1000 };

static char alice_name[] = "alice", bob_name[] = "bob";
static const struct principal alice = { .name = alice_name,
                                        .proof = PROOF_UID };
static const struct principal alice_by_password = { .name = alice_name,
                                                    .proof = PROOF_PASSWORD };
static const struct principal bob = { .name = bob_name, .proof = PROOF_UID };

static enum client_control_outcome lock_as(struct fixture *f,
                                           const struct principal *who,
                                           enum right right, uint64_t length_us,
                                           struct err *text)
{
    const struct client_actor by = {
        .console = f->console, .who = who, .peer = "local", .right = right
    };
    enum client_control_outcome outcome =
        client_control_lock(&f->site.ctx, &by, "new\033 disk", length_us, text);

    site_run(&f->site);
    return outcome;
}

static void lock(struct fixture *f, const struct principal *who)
{
    struct err text;

    assert_int_equal(lock_as(f, who, RIGHT_CONTROL, 0, &text),
                     CLIENT_CONTROL_DONE);
}

static enum client_control_outcome unlock_as(struct fixture *f,
                                             const struct principal *who,
                                             enum right right)
{
    const struct client_actor by = {
        .console = f->console, .who = who, .peer = "local", .right = right
    };
    struct err text;
    enum client_control_outcome outcome = client_control_unlock(&by, &text);

    site_run(&f->site);
    return outcome;
}

static struct client *last_client(struct fixture *f)
{
    return client_at(f->console->clients.prev);
}

/* One that has proven this name; site_run may ask for who it is. */
static struct peer *connect_as(struct fixture *f, const struct principal *who)
{
    struct peer *peer = telnet_connect(&f->site, f->console);

    last_client(f)->who = who;
    keyboard_look(last_client(f));
    return peer;
}

#define LOCKED                                                                 \
    NOTICE("vm-0001: alice has locked the keyboard: new disk; what you type "  \
           "is discarded")

static void only_its_person_types(void **state)
{
    struct fixture *f = *state;
    struct peer *own = connect_as(f, &alice_by_password);
    struct peer *other = telnet_connect(&f->site, f->console);

    lock(f, &alice);
    assert_true(peer_got(other, BYTES(LOCKED)));
    assert_true(peer_got(own, BYTES("")));
    peer_give(other, BYTES("b"));
    peer_give(own, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
    assert_false(f->console->is_in_break);
    peer_give(other, BYTES(IAC "\xf3"));
    assert_true(peer_heard(f->vm, ""));
}

static void the_others_type_again_when_it_is_unlocked(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->site, f->console);

    lock(f, &alice);
    peer_forget(other);
    assert_int_equal(f->site.seen[FACT_KEYBOARD_LOCKED].count, 1);
    assert_int_equal(unlock_as(f, &alice_by_password, RIGHT_CONTROL),
                     CLIENT_CONTROL_DONE);
    assert_int_equal(f->site.seen[FACT_KEYBOARD_UNLOCKED].count, 1);
    assert_true(peer_got(
        other, BYTES(NOTICE("vm-0001: alice has unlocked the keyboard; you may "
                            "type again"))));
    peer_give(other, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("b")));
    assert_int_equal(unlock_as(f, &bob, RIGHT_CONTROL), CLIENT_CONTROL_DONE);
    assert_int_equal(f->site.seen[FACT_KEYBOARD_UNLOCKED].count, 1);
}

static void who_comes_later_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct peer *other;

    lock(f, &alice);
    other = telnet_connect(&f->site, f->console);
    peer_forget(other);
    peer_give(other, BYTES("b"));
    assert_true(peer_got(other, BYTES(LOCKED)));
    peer_give(other, BYTES("b"));
    assert_true(peer_got(other, BYTES("")));
    assert_true(peer_got(f->vm, BYTES("")));
    assert_int_equal(unlock_as(f, &alice, RIGHT_CONTROL), CLIENT_CONTROL_DONE);
    lock(f, &alice);
    peer_forget(other);
    peer_give(other, BYTES("b"));
    assert_true(peer_got(other, BYTES(LOCKED)));
}

static void its_person_finds_it_again(void **state)
{
    struct fixture *f = *state;
    struct peer *own = connect_as(f, &alice);

    lock(f, &alice);
    peer_end(own);
    own = connect_as(f, &alice);
    peer_give(own, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
}

/* Two who ask for the console alone, beside somebody else's lock and beside
 * one's own. */
static void beside_it_others_lock_nothing(void **state)
{
    struct fixture *f = *state;
    struct client client = { .right = RIGHT_WRITE,
                             .asked = LOCK_EXCLUSIVE,
                             .who = &bob };
    struct err why;

    lock(f, &alice);
    assert_false(keyboard_grant(&client, f->console, &why));
    assert_string_equal(why.text, "alice has locked the keyboard: new disk");
    client.asked = LOCK_FALLBACK;
    assert_true(keyboard_grant(&client, f->console, &why));
    assert_true(client.is_barred);
    client.who = &alice;
    client.asked = LOCK_EXCLUSIVE;
    assert_true(keyboard_grant(&client, f->console, &why));
    assert_false(client.is_barred);
}

static void anothers_lock_stays(void **state)
{
    struct fixture *f = *state;
    struct err text;

    lock(f, &alice);
    assert_int_equal(lock_as(f, &bob, RIGHT_ADMIN, 0, &text),
                     CLIENT_CONTROL_HELD);
    assert_string_equal(text.text, "alice has locked the keyboard: new disk");
    assert_int_equal(unlock_as(f, &bob, RIGHT_CONTROL), CLIENT_CONTROL_HELD);
    assert_non_null(keyboard_lock_of(f->console));
    assert_int_equal(unlock_as(f, &bob, RIGHT_ADMIN), CLIENT_CONTROL_DONE);
    assert_null(keyboard_lock_of(f->console));
}

static void it_needs_the_right_and_a_name(void **state)
{
    static const struct principal nobody = { .name = NULL };
    struct fixture *f = *state;
    struct err text;

    assert_int_equal(lock_as(f, &alice, RIGHT_BREAK, 0, &text),
                     CLIENT_CONTROL_DENIED);
    assert_int_equal(lock_as(f, &nobody, RIGHT_ADMIN, 0, &text),
                     CLIENT_CONTROL_NAMELESS);
    assert_null(keyboard_lock_of(f->console));
}

static void it_ends_with_its_time(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->site, f->console);
    struct deadline_queue *ticks = &f->site.ctx.clients->locks;
    struct err text;
    uint64_t end_us;

    assert_int_equal(
        lock_as(f, &alice, RIGHT_CONTROL, 5 * (uint64_t)SECOND, &text),
        CLIENT_CONTROL_DONE);
    end_us = keyboard_lock_of(f->console)->until_us;
    peer_forget(other);
    deadline_queue_fire(ticks, end_us - 1);
    assert_non_null(keyboard_lock_of(f->console));
    assert_non_null(deadline_first(ticks));
    deadline_queue_fire(ticks, end_us + SECOND);
    site_run(&f->site);
    assert_null(keyboard_lock_of(f->console));
    assert_null(deadline_first(ticks));
    assert_true(peer_got(
        other, BYTES(NOTICE("vm-0001: the lock of the keyboard is over; you "
                            "may type again"))));
}

/* Anew, and with no end. */
static void its_person_renews_it(void **state)
{
    struct fixture *f = *state;
    struct err text;

    assert_int_equal(lock_as(f, &alice, RIGHT_CONTROL, SECOND, &text),
                     CLIENT_CONTROL_DONE);
    lock(f, &alice);
    assert_int_equal(keyboard_lock_of(f->console)->until_us, 0);
    assert_int_equal(f->site.directory.locks.count, 1);
}

static void who_wrote_alone_does_so_no_longer(void **state)
{
    struct fixture *f = *state;
    struct peer *writer = telnet_connect(&f->site, f->console);
    struct client *client = last_client(f);
    struct peer *own;

    client->mode = LOCK_WRITE;
    own = connect_as(f, &alice);
    lock(f, &alice);
    peer_give(writer, BYTES("b"));
    peer_give(own, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
}

static void it_goes_before_one_writer(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->site, f->console);
    struct client *client = last_client(f);
    struct client_actor by;
    struct peer *own = connect_as(f, &alice);
    struct err text;

    let_anybody(f, RIGHT_CONTROL, KEYBOARD_ONE_WRITER);
    peer_give(other, BYTES("b"));
    lock(f, &alice);
    peer_give(own, BYTES("a"));
    peer_give(other, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("ba")));
    by = client_actor_of(client);
    assert_false(client_control_take_over(&by, client, &text));
    assert_string_equal(text.text, "alice has locked the keyboard: new disk");
}

static void there_are_so_many_at_most(void **state)
{
    struct fixture *f = *state;
    const struct console_past past = { .is_proven = true };

    for (int i = 0; i <= KEYBOARD_LOCKS_MAX; i++) {
        char uuid[32];
        const struct vm_identity identity = { uuid, "a", "vm" };
        struct console *c;

        snprintf(uuid, sizeof uuid, "vm-%d", i);
        c = directory_restore(&f->site.directory, &identity, &past);
        assert_int_equal(keyboard_lock(c, &alice, "", 1, 0),
                         i < KEYBOARD_LOCKS_MAX ? KEYBOARD_LOCKED
                                                : KEYBOARD_LOCKS_FULL);
    }
}

static void a_person_is_the_same_by_whatever_proof(void **state)
{
    static const struct principal certified = { .name = alice_name,
                                                .proof = PROOF_CERTIFICATE };
    static const struct principal nobody = { .name = NULL };

    (void)state;
    assert_true(principal_is_same(&alice, &alice_by_password));
    assert_true(principal_is_same(&certified, &certified));
    assert_false(principal_is_same(&alice, &certified));
    assert_false(principal_is_same(&alice, &bob));
    assert_false(principal_is_same(&nobody, &nobody));
}

/* Whose token had the name before is nobody whom its next owner could be. */
static void a_tokens_name_is_no_proof_of_its_owner(void **state)
{
    struct fixture *f = *state;
    struct principal hers = { .name = (char[]){ "ci" }, .proof = PROOF_TOKEN };
    struct principal his = hers;

    hers.owner = (struct principal *)&alice;
    his.owner = (struct principal *)&bob;
    assert_true(principal_is_same(&hers, &hers));
    assert_false(principal_is_same(&hers, &his));
    assert_int_equal(keyboard_lock(f->console, &hers, "", 1, 0),
                     KEYBOARD_LOCKED);
    assert_int_equal(keyboard_lock(f->console, &hers, "", 2, 0),
                     KEYBOARD_LOCKED);
    assert_int_equal(keyboard_lock(f->console, &his, "", 3, 0),
                     KEYBOARD_LOCKED_BY_ANOTHER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_tokens_name_is_no_proof_of_its_owner),
        TEST(only_its_person_types),
        TEST(the_others_type_again_when_it_is_unlocked),
        TEST(who_comes_later_is_told_once),
        TEST(its_person_finds_it_again),
        TEST(beside_it_others_lock_nothing),
        TEST(anothers_lock_stays),
        TEST(it_needs_the_right_and_a_name),
        TEST(it_ends_with_its_time),
        TEST(its_person_renews_it),
        TEST(who_wrote_alone_does_so_no_longer),
        TEST(it_goes_before_one_writer),
        TEST(there_are_so_many_at_most),
        cmocka_unit_test(a_person_is_the_same_by_whatever_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
