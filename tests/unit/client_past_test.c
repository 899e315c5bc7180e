/* Older output than the ring's: who waits for it, how long, and what comes in
 * which order. The test plays the log. */
#include "session_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COM_PORT "\x2c"
#define VM_GONE                                                                \
    "\r\n[vspcd: vm-0001: VM disconnected; this connection waits for it]\r\n"
#define ENDS "\r\n[vspcd: vm-0001: shutting down]\r\n"

enum { RING = 64 * KIB };

struct fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
    struct list asks;
    struct history_wish wish; /* the last */
    unsigned asked;
    bool has_none;
};

static bool ask(void *owner, struct console *console,
                const struct history_wish *wish, struct past_ask *ask)
{
    struct fixture *f = owner;

    assert_ptr_equal(console, f->console);
    f->wish = *wish;
    f->asked++;
    if (f->has_none)
        return false;
    list_add_tail(&f->asks, &ask->node);
    return true;
}

/* To all who wait; NULL: there is nothing. */
static void answer(struct fixture *f, const char *text)
{
    struct past *past = NULL;

    if (text != NULL) {
        past = past_new((uint32_t)strlen(text));
        assert_non_null(past);
        memcpy(past->bytes, text, past->len);
        past->is_beginning = true;
    }
    while (!list_is_empty(&f->asks)) {
        struct past_ask *a = CONTAINER_OF(f->asks.next, struct past_ask, node);

        list_remove(&a->node);
        a->on_answer(a, past);
    }
    past_leave(past);
    site_run(&f->site);
}

/* The answer does not come in time. */
static void time_passes(struct fixture *f)
{
    site_pasts_due(&f->site);
}

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    memset(&f, 0, sizeof f);
    list_init(&f.asks);
    site_open(&f.site, &settings);
    f.site.ctx.settings.history = (struct history_wish){ 3, 4 * KIB };
    f.site.ctx.past = (struct past_source){ .ask = ask, .owner = &f };
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    assert_true(list_is_empty(&f->asks));
    return 0;
}

static struct peer *come_with(struct fixture *f, struct slice said)
{
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, said);
    return client;
}

static struct peer *come(struct fixture *f)
{
    return come_with(f, BYTES(YES));
}

static void it_comes_before_the_rings(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES("in: root\r\n"));
    client = come(f);
    assert_true(peer_got(client, BYTES("")));
    peer_give(f->vm, BYTES("# "));
    assert_true(peer_got(client, BYTES("")));
    answer(f, "one\r\ntwo\r\nthree\r\nlog");
    assert_true(peer_got(client, BYTES("two\r\nthree\r\nlogin: root\r\n# ")));
    peer_give(f->vm, BYTES("ls"));
    assert_true(peer_got(client, BYTES("ls")));
}

static void only_what_is_missing_is_asked_for(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm, BYTES("0123456789"));
    come(f);
    assert_int_equal(f->wish.lines, 3);
    assert_int_equal(f->wish.bytes, 4 * KIB - 10 + HISTORY_CONTEXT);
    answer(f, NULL);
}

static void never_more_than_a_quarter_of_a_ring(void **state)
{
    struct fixture *f = *state;

    f->site.ctx.settings.history = (struct history_wish){ 9999, 1 << 20 };
    come(f);
    assert_int_equal(f->wish.bytes, RING / 4 + HISTORY_CONTEXT);
    answer(f, NULL);
}

static void many_share_one_answer(void **state)
{
    struct fixture *f = *state;
    struct peer *client[5];

    for (int i = 0; i < 5; i++)
        client[i] = come(f);
    peer_block(client[1]);
    answer(f, "login: ");
    for (int i = 0; i < 5; i++)
        assert_int_equal(peer_got(client[i], BYTES("login: ")), i != 1);
    peer_take(client[1], 1);
    assert_true(peer_got(client[1], BYTES("login: ")));
}

static void in_pieces_as_the_client_takes_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_block(client);
    answer(f, "\377\377login: ");
    peer_give(f->vm, BYTES("root"));
    peer_take(client, 1);
    assert_true(peer_got(client, BYTES("\377\377login: root")));
}

static void who_has_none_waits_for_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    f->has_none = true;
    peer_give(f->vm, BYTES("login: "));
    client = come(f);
    assert_true(peer_got(client, BYTES("login: ")));
}

static void there_may_be_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES("login: "));
    client = come(f);
    answer(f, NULL);
    assert_true(peer_got(client, BYTES("login: ")));
}

static void no_answer_is_not_waited_for_long(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES("login: "));
    client = come(f);
    peer_give(f->vm, BYTES("root"));
    time_passes(f);
    assert_true(peer_got(client, BYTES("login: root")));
    answer(f, "too late");
    assert_true(peer_got(client, BYTES("")));
}

static void fill(struct fixture *f, size_t len)
{
    static uint8_t bytes[RING];

    memset(bytes, 'x', sizeof bytes);
    while (len > 0) {
        size_t some = len < sizeof bytes ? len : sizeof bytes;

        peer_give(f->vm, slice_of(bytes, some));
        len -= some;
    }
}

/* Nor is the VM held back by it; and nothing is skipped. */
static void no_vm_waits_for_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    fill(f, RING / 4);
    assert_true(peer_got(client, BYTES("")));
    fill(f, RING / 4);
    assert_int_equal(client->data.len, RING / 2);
    fill(f, 4 * RING);
    assert_int_equal(client->data.len, 4 * RING + RING / 2);
    assert_false(deadline_is_running(&f->console->hold));
    answer(f, "too late");
    assert_null(memmem(client->data.data, client->data.len, "late", 4));
}

static void a_ring_with_enough_asks_for_nothing(void **state)
{
    struct fixture *f = *state;

    fill(f, 4 * KIB);
    come(f);
    assert_int_equal(f->asked, 0);
}

static void nothing_wished_for_is_nothing_asked_for(void **state)
{
    struct fixture *f = *state;

    f->site.ctx.settings.history.lines = 0;
    come(f);
    f->site.ctx.settings.history = (struct history_wish){ 3, 0 };
    come(f);
    assert_int_equal(f->asked, 0);
}

static void programs_do_not_ask(void **state)
{
    struct fixture *f = *state;
    struct peer *silent = client_connect(&f->site, f->console);

    come_with(f, BYTES("$qSupported#37"));
    come_with(f, BYTES(IAC WILL COM_PORT YES));
    come_with(f, BYTES(IAC DO SGA));
    site_negotiations_due(&f->site);
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(silent, BYTES("now")));
    assert_int_equal(f->asked, 0);
}

/* It has said so while the log was read. */
static void a_line_is_wanted_after_all(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_give(client, BYTES(IAC WILL COM_PORT));
    answer(f, "login: ");
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(client, BYTES("now")));
}

static void what_is_typed_meanwhile_reaches_the_vm(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_give(client, BYTES("root\r"));
    assert_true(peer_got(f->vm, BYTES("root\r")));
    answer(f, "login: ");
    assert_true(peer_got(client, BYTES("login: ")));
}

static void notices_stand_behind_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_end(f->vm);
    client = come(f);
    assert_true(peer_got(client, BYTES("")));
    answer(f, "login: ");
    assert_true(peer_got(client, BYTES("login: " VM_GONE)));
}

static void a_client_that_goes_has_not_asked(void **state)
{
    struct fixture *f = *state;
    struct peer *gone = come(f);
    struct peer *client = come(f);

    peer_break(gone);
    peer_give(f->vm, BYTES("x"));
    site_run(&f->site);
    answer(f, "login: ");
    assert_true(peer_got(client, BYTES("login: x")));
}

static void who_ends_its_side_gets_it_still(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_end(client);
    assert_false(client->stream.is_closed);
    answer(f, "login: ");
    assert_true(peer_got(client, BYTES("login: ")));
    assert_true(client->stream.is_closed);
}

static void one_that_has_part_of_it_may_go(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_block(client);
    answer(f, "login: ");
    peer_break(client);
    site_run(&f->site);
    assert_true(client->stream.is_closed);
}

static void the_end_of_all_waits_for_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES("login: "));
    client = come(f);
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_true(peer_got(client, BYTES("login: " VM_GONE ENDS)));
    assert_true(client->stream.is_closed);
    assert_true(list_is_empty(&f->asks));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* One whose right has gone is shown no more of it. */
static void it_goes_with_the_right(void **state)
{
    const struct access_source nobody = { .section_count = 0 };
    struct fixture *f = *state;
    struct peer *client = come(f);

    peer_block(client);
    answer(f, "one\r\ntwo\r\n");
    site_set_rules(&f->site, &nobody);
    (void)sessions_judge(&f->site.ctx);
    peer_unblock(client);
    site_run(&f->site);
    assert_true(client->stream.is_closed);
    assert_false(client->data.len > 0 &&
                 memmem(buf_bytes(&client->data).data, client->data.len, "two",
                        3) != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_comes_before_the_rings),
        TEST(only_what_is_missing_is_asked_for),
        TEST(never_more_than_a_quarter_of_a_ring),
        TEST(many_share_one_answer),
        TEST(in_pieces_as_the_client_takes_it),
        TEST(who_has_none_waits_for_nothing),
        TEST(there_may_be_nothing),
        TEST(no_answer_is_not_waited_for_long),
        TEST(no_vm_waits_for_it),
        TEST(a_ring_with_enough_asks_for_nothing),
        TEST(nothing_wished_for_is_nothing_asked_for),
        TEST(programs_do_not_ask),
        TEST(a_line_is_wanted_after_all),
        TEST(what_is_typed_meanwhile_reaches_the_vm),
        TEST(notices_stand_behind_it),
        TEST(a_client_that_goes_has_not_asked),
        TEST(who_ends_its_side_gets_it_still),
        TEST(one_that_has_part_of_it_may_go),
        TEST(the_end_of_all_waits_for_nothing),
        TEST(it_goes_with_the_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
