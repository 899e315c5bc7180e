/* Somebody types into a console by a command, and does not stay. */
#include "client_fixture.h"
#include "core/keyboard.h"
#include "session/typing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000 * 1000 };

static char alice_name[] = "alice", bob_name[] = "bob";
static const struct principal alice = { .name = alice_name,
                                        .proof = PROOF_UID,
                                        .is_local = true };
static const struct principal bob = { .name = bob_name,
                                      .proof = PROOF_UID,
                                      .is_local = true };

struct command {
    struct typing typing;
    unsigned done;
};

static void on_done(void *owner)
{
    ((struct command *)owner)->done++;
}

static bool begin(struct fixture *f, struct command *command,
                  const struct typing_wish *wish)
{
    struct typing_wish whole = *wish;
    bool goes_on;

    *command = (struct command){ .done = 0 };
    whole.console = f->console;
    whole.who = whole.who != NULL ? whole.who : &alice;
    whole.peer = "local";
    goes_on =
        typing_begin(&command->typing, &f->site.ctx, &whole, on_done, command);
    directory_settle(&f->site.directory);
    site_run(&f->site);
    return goes_on;
}

/* Ticks of a loop. */
static void pass(struct fixture *f, uint64_t us)
{
    struct deadline_queue *ticks = typing_ticks(&f->site.ctx);
    struct deadline *d = deadline_first(ticks);

    if (d != NULL)
        deadline_queue_fire(ticks, d->due_us + us);
    site_run(&f->site);
}

static void use(struct fixture *f, enum right right,
                enum access_keyboard keyboard)
{
    const struct access_text member = { "anybody", 1 };
    struct access_section_source section = { .pattern = { "*", 1 },
                                             .keyboard = keyboard };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[right] = (struct access_texts){ &member, 1 };
    site_set_rules(&f->site, &source);
    (void)sessions_judge(&f->site.ctx);
    site_run(&f->site);
}

static struct client *last_client(struct fixture *f)
{
    return client_at(f->console->clients.prev);
}

static void a_text_is_typed_at_once(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r\xff") };
    struct fixture *f = *state;
    struct command command;

    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DONE);
    assert_int_equal(command.typing.taken, 4);
    assert_int_equal(command.done, 0);
    assert_true(peer_got(f->vm, BYTES("ls\r\xff")));
    assert_int_equal(f->console->client_count, 0);
}

static void a_break_comes_before_its_letter(void **state)
{
    const struct typing_wish wish = { .has_break = true, .text = BYTES("h") };
    struct fixture *f = *state;
    struct command command;

    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DONE);
    assert_true(peer_heard(f->vm, "command 243"));
    assert_true(peer_got(f->vm, BYTES("h")));
}

static void a_break_needs_its_right(void **state)
{
    const struct typing_wish wish = { .has_break = true };
    struct fixture *f = *state;
    struct command command;

    use(f, RIGHT_WRITE, KEYBOARD_FREE_FOR_ALL);
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DENIED);
    assert_true(peer_heard(f->vm, ""));
}

static void without_a_vm_nothing_is_typed(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;

    peer_break(f->vm);
    site_run(&f->site);
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_NO_VM);
}

/* The VM takes nothing for a while: nothing is given to its console, and what
 * is typed then is in one piece. */
static void it_waits_until_the_vm_takes_input(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;

    console_hold_input(f->console);
    assert_true(begin(f, &command, &wish));
    pass(f, 0);
    assert_int_equal(f->console->held_input.len, 0);
    assert_int_equal(f->console->client_count, 1);
    console_release_input(f->console);
    pass(f, 0);
    assert_int_equal(command.done, 1);
    assert_int_equal(command.typing.outcome, TYPING_DONE);
    assert_true(peer_got(f->vm, BYTES("ls\r")));
    assert_int_equal(f->console->client_count, 0);
}

static void it_does_not_wait_for_ever(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;

    console_hold_input(f->console);
    assert_true(begin(f, &command, &wish));
    pass(f, TYPING_STALL_US);
    assert_int_equal(command.done, 1);
    assert_int_equal(command.typing.outcome, TYPING_STALLED);
    assert_int_equal(command.typing.taken, 0);
    console_release_input(f->console);
    directory_settle(&f->site.directory);
    site_run(&f->site);
    assert_true(peer_got(f->vm, BYTES("")));
}

static void it_is_told_when_the_vm_goes(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;

    console_hold_input(f->console);
    assert_true(begin(f, &command, &wish));
    peer_break(f->vm);
    site_run(&f->site);
    pass(f, 0);
    assert_int_equal(command.typing.outcome, TYPING_NO_VM);
}

/* What a full connection leaves is kept by the console, a piece at most, and
 * counts when it has gone. */
static void what_was_taken_is_counted(void **state)
{
    static uint8_t text[64 * KIB];
    const struct typing_wish wish = { .text = slice_of(text, sizeof text) };
    struct fixture *f = *state;
    struct command command;

    pattern_fill(text, sizeof text, 0);
    peer_block(f->vm);
    assert_true(begin(f, &command, &wish));
    assert_true(command.typing.taken < sizeof text);
    assert_true(f->console->held_input.len <= LIMIT_READ);
    peer_unblock(f->vm);
    for (int i = 0; i < 1000 && command.done == 0; i++)
        pass(f, 0);
    assert_int_equal(command.typing.outcome, TYPING_DONE);
    assert_int_equal(command.typing.taken, sizeof text);
    assert_true(peer_got(f->vm, slice_of(text, sizeof text)));
}

static void it_keeps_its_pace(void **state)
{
    const struct typing_wish wish = { .text = BYTES("abcde"), .pace = 1 };
    struct fixture *f = *state;
    struct command command;

    assert_true(begin(f, &command, &wish));
    assert_true(peer_got(f->vm, BYTES("a")));
    pass(f, 2 * (uint64_t)SECOND);
    assert_true(peer_got(f->vm, BYTES("bc")));
    assert_int_equal(command.done, 0);
    pass(f, 2 * (uint64_t)SECOND);
    assert_true(peer_got(f->vm, BYTES("de")));
    assert_int_equal(command.done, 1);
}

/* It would be a reader that takes nothing. */
static void it_holds_no_vm(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;

    console_hold_input(f->console);
    assert_true(begin(f, &command, &wish));
    peer_send(f->vm, slice_of(output, sizeof output));
    assert_int_equal(f->console->output.head, sizeof output);
    typing_end(&command.typing);
    typing_end(&command.typing);
    assert_int_equal(f->console->client_count, 0);
    assert_int_equal(command.done, 0);
}

static void one_writer_keeps_it_out(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    struct fixture *f = *state;
    struct command command;
    struct peer *client;

    use(f, RIGHT_WRITE, KEYBOARD_ONE_WRITER);
    client = telnet_connect(&f->site, f->console);
    peer_give(client, BYTES("a"));
    peer_forget(f->vm);
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_LOCKED);
    assert_string_equal(command.typing.why.text, "local has the keyboard");
    assert_true(peer_got(f->vm, BYTES("")));
    last_client(f)->who = &alice;
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DONE);
}

/* A command beside its own person's lock types, and ends nothing. */
static void a_lock_keeps_it_out(void **state)
{
    const struct typing_wish wish = { .text = BYTES("ls\r") };
    const struct typing_wish other = { .text = BYTES("ls\r"), .who = &bob };
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);
    struct command command;

    last_client(f)->who = &alice;
    last_client(f)->mode = LOCK_EXCLUSIVE;
    assert_false(begin(f, &command, &other));
    assert_int_equal(command.typing.outcome, TYPING_LOCKED);
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DONE);
    assert_false(client->stream.is_closed);
    last_client(f)->mode = LOCK_FREE_FOR_ALL;
    assert_int_equal(keyboard_lock(f->console, &alice, "disk", 1, 0),
                     KEYBOARD_LOCKED);
    assert_false(begin(f, &command, &other));
    assert_int_equal(command.typing.outcome, TYPING_LOCKED);
    assert_string_equal(command.typing.why.text,
                        "alice has locked the keyboard: disk");
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_DONE);
}

static void a_lock_stops_it(void **state)
{
    const struct typing_wish wish = { .text = BYTES("abc"), .pace = 1 };
    struct fixture *f = *state;
    struct command command;

    assert_true(begin(f, &command, &wish));
    assert_int_equal(keyboard_lock(f->console, &bob, "", 1, 0),
                     KEYBOARD_LOCKED);
    pass(f, SECOND);
    assert_int_equal(command.typing.outcome, TYPING_LOCKED);
    assert_int_equal(command.typing.taken, 1);
}

static void new_rules_stop_it(void **state)
{
    const struct typing_wish wish = { .text = BYTES("abc"), .pace = 1 };
    struct fixture *f = *state;
    struct command command;

    assert_true(begin(f, &command, &wish));
    use(f, RIGHT_READ, KEYBOARD_FREE_FOR_ALL);
    pass(f, SECOND);
    assert_int_equal(command.typing.outcome, TYPING_DENIED);
}

static void it_can_be_disconnected(void **state)
{
    const struct typing_wish wish = { .text = BYTES("abc"), .pace = 1 };
    struct fixture *f = *state;
    struct command command;

    assert_true(begin(f, &command, &wish));
    assert_true(client_disconnect(&command.typing.client, "enough"));
    pass(f, SECOND);
    assert_int_equal(command.done, 1);
    assert_int_equal(command.typing.outcome, TYPING_DISCONNECTED);
    assert_string_equal(command.typing.why.text, "enough");
}

static void a_full_console_takes_none(void **state)
{
    const struct typing_wish wish = { .text = BYTES("abc") };
    struct fixture *f = *state;
    struct directory_settings settings = f->site.directory.settings;
    struct command command;

    settings.client_limit = 1;
    directory_set(&f->site.directory, &settings);
    (void)telnet_connect(&f->site, f->console);
    assert_false(begin(f, &command, &wish));
    assert_int_equal(command.typing.outcome, TYPING_FULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_typed_at_once),
        TEST(a_break_comes_before_its_letter),
        TEST(a_break_needs_its_right),
        TEST(without_a_vm_nothing_is_typed),
        TEST(it_waits_until_the_vm_takes_input),
        TEST(it_does_not_wait_for_ever),
        TEST(it_is_told_when_the_vm_goes),
        TEST(what_was_taken_is_counted),
        TEST(it_keeps_its_pace),
        TEST(it_holds_no_vm),
        TEST(one_writer_keeps_it_out),
        TEST(a_lock_keeps_it_out),
        TEST(a_lock_stops_it),
        TEST(new_rules_stop_it),
        TEST(it_can_be_disconnected),
        TEST(a_full_console_takes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
