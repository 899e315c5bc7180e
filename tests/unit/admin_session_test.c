/*
 * Connections on the admin port, byte for byte: the recorded conversations in
 * every cut, what is said when, and what is not; who waits for whom, and for
 * how long; and what is left when a connection breaks.
 */
#include "client_fixture.h"

#include "session/admin/admin_session.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PIECE_OF(literal)                                                      \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }
#define VERSION(n) "\x80\4K" n "."
#define TEXT(len, text) "\x80\4\x95" len "\0\0\0\0\0\0\0\x8c" text "\x94."
#define WEB TEXT("\x0b", "\x7vm-0001")
#define ANY                                                                    \
    TEXT("\x1c", "\x18"                                                        \
                 "free_for_all_or_readonly")
#define WRITE TEXT("\x9", "\5write")
#define EXCLUSIVE                                                              \
    TEXT("\x0d", "\x9"                                                         \
                 "exclusive")
#define QUERY                                                                  \
    TEXT("\x10", "\x0c"                                                        \
                 "cmd_query_vm")
#define CLEAR                                                                  \
    TEXT("\x12", "\x0e"                                                        \
                 "cmd_clear_port")
#define NOBODY "\x80\4N."

#define NUMBER(n) "\x80\2J" n "\0\0\0."
#define SAYS(len, text) "\x80\2X" len "\0\0\0" text "."
#define FOUND SAYS("\x8", "vm_found")
#define ALL SAYS("\x0c", "free_for_all")
#define NO_SEED SAYS("\0", "")
#define MISSING SAYS("\x0c", "vm_not_found")
#define REFUSED SAYS("\x0b", "lock_failed")
#define VM                                                                     \
    "}(X\4\0\0\0nameX\7\0\0\0vm-0001X\4\0\0\0uuidX\x21\0\0\0"                  \
    "500c1e2f33415a6b-7c8d9eafb0c1d2e3X\4\0\0\0portNu"
#define BYTES_VM                                                               \
    "}(X\4\0\0\0nameT\7\0\0\0vm-0001X\4\0\0\0uuidT\x21\0\0\0"                  \
    "500c1e2f33415a6b-7c8d9eafb0c1d2e3X\4\0\0\0portNu"
#define OPTION "\xe9"
#define KIT(body) IAC SB OPTION body IAC SE
#define PORT "500C1E2F33415A6B7C8D9EAFB0C1D2E3"

/* vSPC.py's client: what it hears is bytes. */
static struct peer *vspc_connect(struct fixture *f)
{
    struct peer *p = admin_connect(&f->site);

    p->is_raw = true;
    return p;
}

static struct peer *kit_connect(struct fixture *f)
{
    struct peer *p = admin_connect(&f->site);

    site_admin_silences_due(&f->site);
    assert_true(peer_heard(p, "WILL 233"));
    peer_give(p, BYTES(IAC DO OPTION));
    return p;
}

static struct peer *ask(struct fixture *f, struct slice said)
{
    struct peer *p = vspc_connect(f);

    peer_give(p, said);
    site_admin_work_due(&f->site);
    return p;
}

static bool has_ended(const struct peer *p)
{
    return p->stream.is_closed;
}

/* ---- vSPC.py's client --------------------------------------------------- */

static void each_conversation_is_heard_in_every_cut(void **state)
{
    static const struct {
        struct slice says, hears;
    } cases[] = {
        { PIECE_OF("I1\n."),
          PIECE_OF(NUMBER("\1") "\x80\2J\1\0\0\0](" BYTES_VM "e\x86.") },
        { PIECE_OF("I2\n.N.S'free_for_all'\np1\n."),
          PIECE_OF(NUMBER("\2") MISSING "\x80\2](" BYTES_VM "e.") },
        { PIECE_OF(VERSION("\3") NOBODY ANY),
          PIECE_OF(NUMBER("\3") MISSING NUMBER("\1") "\x80\2" VM ".") },
        { PIECE_OF(VERSION("\3") TEXT("\x0a", "\6nosuch") ANY),
          PIECE_OF(NUMBER("\3") MISSING NUMBER("\1") "\x80\2" VM ".") },
        { PIECE_OF(VERSION("\3") WEB TEXT("\x0a", "\6strong")),
          PIECE_OF(NUMBER("\3") SAYS("\x0c", "lock_invalid")) },
        { PIECE_OF(VERSION("\4") QUERY NOBODY ANY),
          PIECE_OF(NUMBER("\4") SAYS("\2", "ok")
                       MISSING NUMBER("\1") "\x80\2" VM ".") },
        { PIECE_OF(VERSION("\4") CLEAR "\x80\4\x95\4\0\0\0\0\0\0\0M\x8a\x89."),
          PIECE_OF(NUMBER("\4") SAYS("\2", "ok") SAYS("\4", "fail")) },
        { PIECE_OF(VERSION("\4") TEXT("\7", "\3new")),
          PIECE_OF(NUMBER("\4") SAYS("\x11", "cmd_not_supported")) },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut < cases[i].says.len; cut++) {
            struct peer *p = vspc_connect(f);

            peer_give(p, slice_of(cases[i].says.data, cut));
            peer_give(p, slice_after(cases[i].says, cut));
            site_admin_work_due(&f->site);
            assert_true(peer_got(p, cases[i].hears));
            assert_true(has_ended(p));
            peer_remove(p);
        }
    }
}

/* What is behind the seed in one segment with it, the client does not see. */
static void nothing_is_said_behind_the_seed_before_telnet(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    peer_send(f->vm, BYTES("login: "));
    p = ask(f, BYTES(VERSION("\3") WEB ANY));
    peer_send(f->vm, BYTES("more"));
    for (int i = 0; i < 5; i++)
        site_negotiations_due(&f->site);
    assert_true(peer_got(p, BYTES(NUMBER("\3") FOUND ALL NO_SEED)));
    assert_int_equal(f->console->client_count, 1);
    p->is_raw = false;
    peer_give(p, BYTES(IAC WILL BINARY));
    assert_true(peer_heard(p, "WILL 0, WILL 3, WILL 1, DO 0, DO 3"));
    assert_true(peer_got(p, BYTES("")));
    peer_give(p, BYTES(IAC WILL SGA IAC DO BINARY IAC DO SGA IAC DONT ECHO));
    assert_true(peer_heard(p, ""));
    assert_true(peer_got(p, BYTES("more")));
    peer_give(p, BYTES("typed"));
    assert_true(peer_got(f->vm, BYTES("typed")));
}

static void earlier_output_is_shown_as_to_any_person(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    f->site.ctx.settings.history = (struct history_wish){ 24, 4 * KIB };
    peer_send(f->vm, BYTES("first\r\nlogin: "));
    p = ask(f, BYTES(VERSION("\3") WEB ANY));
    assert_true(peer_got(p, BYTES(NUMBER("\3") FOUND ALL NO_SEED)));
    p->is_raw = false;
    peer_give(p, BYTES(YES));
    assert_true(peer_got(p, BYTES("first\r\nlogin: ")));
}

static void a_client_that_stays_silent_loses_its_lock(void **state)
{
    struct fixture *f = *state;
    struct peer *p = ask(f, BYTES(VERSION("\3") WEB EXCLUSIVE));
    struct peer *other = ask(f, BYTES(VERSION("\3") WEB ANY));
    int waits = 0;

    assert_true(peer_got(other, BYTES(NUMBER("\3") REFUSED)));
    assert_true(has_ended(other));
    while (!has_ended(p) && waits <= CLIENT_TELNET_WAITS) {
        site_negotiations_due(&f->site);
        waits++;
    }
    assert_int_equal(waits, CLIENT_TELNET_WAITS);
    assert_int_equal(f->console->client_count, 0);
    other = ask(f, BYTES(VERSION("\3") WEB ANY));
    assert_true(peer_got(other, BYTES(NUMBER("\3") FOUND ALL NO_SEED)));
}

/* It could be the beginning of anything, and must not be typed. */
static void what_is_no_telnet_behind_the_seed_ends_the_client(void **state)
{
    struct fixture *f = *state;
    struct peer *p = ask(f, BYTES(VERSION("\3") WEB ANY));

    peer_give(p, BYTES("typed"));
    assert_true(has_ended(p));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void the_end_of_a_client_before_its_telnet_is_seen_at_once(void **state)
{
    struct fixture *f = *state;
    struct peer *p = ask(f, BYTES(VERSION("\3") WEB WRITE));

    assert_int_equal(f->console->client_count, 1);
    peer_half_close(p);
    assert_true(has_ended(p));
    assert_int_equal(f->console->client_count, 0);
}

static void what_is_sent_before_the_answer_ends_the_conversation(void **state)
{
    struct fixture *f = *state;
    struct peer *p =
        ask(f, BYTES(VERSION("\3") WEB ANY IAC WILL BINARY "typed"));

    assert_true(has_ended(p));
    assert_true(peer_got(p, BYTES("")));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void a_conversation_has_a_time(void **state)
{
    struct fixture *f = *state;
    struct peer *silent = vspc_connect(f);
    struct peer *half = vspc_connect(f);
    struct peer *rest = vspc_connect(f);

    peer_give(half, BYTES("\x80"));
    peer_block(rest);
    peer_give(rest, BYTES(VERSION("\3") NOBODY ANY));
    site_admin_work_due(&f->site);
    site_admin_talks_due(&f->site);
    assert_true(has_ended(half));
    assert_true(has_ended(rest));
    assert_false(has_ended(silent));
    site_admin_silences_due(&f->site);
    assert_true(peer_got(silent, BYTES(IAC WILL OPTION)));
}

/* ---- the kit's client ---------------------------------------------------- */

static void the_kit_is_offered_its_option_after_a_silence(void **state)
{
    struct fixture *f = *state;
    struct peer *p = admin_connect(&f->site);

    assert_true(peer_heard(p, ""));
    site_admin_silences_due(&f->site);
    assert_true(peer_heard(p, "WILL 233"));
    for (int i = 0; i < CLIENT_TELNET_WAITS - 1; i++)
        site_negotiations_due(&f->site);
    assert_false(has_ended(p));
    assert_int_equal(f->site.ctx.gate.at_no_console, 0);
    peer_give(p, BYTES(IAC DO OPTION));
    assert_int_equal(f->site.ctx.gate.at_no_console, 1);
    peer_break(p);
    assert_true(has_ended(p));
    assert_int_equal(f->site.ctx.gate.at_no_console, 0);
}

static void the_kits_conversation_is_heard_in_every_cut(void **state)
{
    static const char said[] =
        IAC DO OPTION KIT("\x10") KIT("\x20\0" PORT) "typed" IAC IAC "\r\0";
    struct slice says = slice_of(said, sizeof said - 1);
    struct fixture *f = *state;

    for (size_t cut = 1; cut < says.len; cut++) {
        struct peer *p = admin_connect(&f->site);

        site_admin_silences_due(&f->site);
        peer_forget(p);
        p->is_raw = true;
        peer_give(p, slice_of(says.data, cut));
        peer_give(p, slice_after(says, cut));
        site_admin_work_due(&f->site);
        assert_true(peer_got(f->vm, BYTES("typed\xff\r\0")));
        peer_send(f->vm, BYTES("\xff\r\0"));
        assert_true(peer_got(
            p,
            BYTES(KIT("\x21") KIT("\x11" PORT "\0vm-0001\0") "\xff\xff\r\0")));
        peer_break(p);
        peer_remove(p);
    }
}

static void the_kit_learns_that_it_is_refused(void **state)
{
    struct fixture *f = *state;
    struct peer *holder = kit_connect(f);
    struct peer *p = kit_connect(f);

    peer_give(holder, BYTES(KIT("\x20\x10" PORT)));
    assert_true(peer_heard(holder, "SB 233 33"));
    peer_give(p, BYTES(KIT("\x20\0" PORT)));
    assert_true(peer_heard(p, "SB 233 34"));
    peer_give(p, BYTES(KIT("\x20\0nosuch")));
    assert_true(peer_heard(p, "SB 233 34"));
    peer_give(holder, BYTES(KIT("\x20")));
    assert_true(peer_heard(holder, "SB 233 34"));
    peer_give(p, BYTES(KIT("\x20\0" PORT)));
    assert_true(peer_heard(p, "SB 233 33"));
    assert_int_equal(f->console->client_count, 1);
    assert_int_equal(f->site.ctx.gate.at_no_console, 1);
}

/* The list is one message, and output comes before or behind it. */
static void a_list_beside_output_is_whole(void **state)
{
    struct fixture *f = *state;
    struct peer *p = kit_connect(f);

    peer_give(p, BYTES(KIT("\x20\0" PORT)));
    peer_forget(p);
    p->is_raw = true;
    peer_block(p);
    peer_send(f->vm, BYTES("before"));
    peer_give(p, BYTES(KIT("\x10")));
    site_admin_work_due(&f->site);
    peer_send(f->vm, BYTES("behind"));
    peer_take(p, 1);
    peer_unblock(p);
    assert_true(
        peer_got(p, BYTES(KIT("\x11" PORT "\0vm-0001\0") "beforebehind")));
}

/* ---- both ---------------------------------------------------------------- */

/* Nobody reads what was made for him: others wait, for a bounded time. */
static void lists_are_made_for_some_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct peer *stuck[ADMIN_LISTS];
    struct peer *vspc, *kit;

    for (int i = 0; i < ADMIN_LISTS; i++) {
        stuck[i] = vspc_connect(f);
        peer_block(stuck[i]);
        peer_give(stuck[i], BYTES(VERSION("\3") NOBODY ANY));
    }
    site_admin_work_due(&f->site);
    vspc = ask(f, BYTES(VERSION("\3") NOBODY ANY));
    kit = kit_connect(f);
    peer_give(kit, BYTES(KIT("\x10") KIT("\x10")));
    site_admin_work_due(&f->site);
    assert_true(peer_got(vspc, BYTES(NUMBER("\3"))));
    assert_true(peer_heard(kit, ""));
    peer_unblock(stuck[0]);
    site_admin_work_due(&f->site);
    assert_true(has_ended(stuck[0]));
    assert_true(has_ended(vspc));
    peer_listen(kit);
    assert_true(peer_has_finished(kit));
    assert_true(kit->said.len > 0);
    site_admin_talks_due(&f->site);
    for (int i = 1; i < ADMIN_LISTS; i++)
        assert_true(has_ended(stuck[i]));
}

static void connections_that_break_leave_nothing(void **state)
{
    static const struct slice said[] = {
        PIECE_OF(""),
        PIECE_OF("\x80"),
        PIECE_OF(VERSION("\3")),
        PIECE_OF(VERSION("\3") NOBODY ANY),
        PIECE_OF(VERSION("\3") WEB EXCLUSIVE),
        PIECE_OF(VERSION("\4") CLEAR),
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        for (int works = 0; works < 2; works++) {
            struct peer *p = vspc_connect(f);

            peer_block(p);
            peer_give(p, said[i]);
            if (works)
                site_admin_work_due(&f->site);
            peer_break(p);
            site_admin_work_due(&f->site);
            site_admin_talks_due(&f->site);
            assert_true(has_ended(p));
            assert_int_equal(f->console->client_count, 0);
            peer_remove(p);
        }
    }
    assert_int_equal(f->site.ctx.gate.newcomers[ADMISSION_CLIENT].count, 0);
}

/* The console that was looked for goes while others are looked at. */
static void a_console_may_go_before_it_is_found(void **state)
{
    struct fixture *f = *state;
    struct peer *p = vspc_connect(f);

    peer_give(p, BYTES(VERSION("\3") WEB ANY));
    peer_break(f->vm);
    census_walks_forget(&f->site.walks, f->console);
    directory_remove(f->console);
    site_admin_work_due(&f->site);
    assert_true(peer_got(p, BYTES(NUMBER("\3") MISSING NUMBER("\0"))));
    assert_true(has_ended(p));
}

static void where_tls_is_required_nothing_is_said_in_the_clear(void **state)
{
    struct fixture *f = *state;
    struct peer *vspc, *kit;

    f->site.policy = TLS_REQUIRED;
    vspc = vspc_connect(f);
    kit = admin_connect(&f->site);
    peer_give(vspc, BYTES(VERSION("\3") NOBODY ANY));
    site_admin_silences_due(&f->site);
    site_admin_work_due(&f->site);
    assert_true(has_ended(vspc));
    assert_true(has_ended(kit));
    assert_true(peer_got(vspc, BYTES("")));
    assert_true(peer_heard(kit, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(each_conversation_is_heard_in_every_cut),
        TEST(nothing_is_said_behind_the_seed_before_telnet),
        TEST(earlier_output_is_shown_as_to_any_person),
        TEST(a_client_that_stays_silent_loses_its_lock),
        TEST(what_is_no_telnet_behind_the_seed_ends_the_client),
        TEST(the_end_of_a_client_before_its_telnet_is_seen_at_once),
        TEST(what_is_sent_before_the_answer_ends_the_conversation),
        TEST(a_conversation_has_a_time),
        TEST(the_kit_is_offered_its_option_after_a_silence),
        TEST(the_kits_conversation_is_heard_in_every_cut),
        TEST(the_kit_learns_that_it_is_refused),
        TEST(a_list_beside_output_is_whole),
        TEST(lists_are_made_for_some_at_a_time),
        TEST(connections_that_break_leave_nothing),
        TEST(a_console_may_go_before_it_is_found),
        TEST(where_tls_is_required_nothing_is_said_in_the_clear),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
