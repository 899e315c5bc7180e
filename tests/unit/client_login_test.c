/*
 * A login on a console's port: who is asked, that nothing of the console is
 * heard or touched before it has succeeded, and where each typed byte goes.
 * alice may write, and her password is "right".
 */
#include "base/clock.h"
#include "client_fixture.h"
#include "fake_means.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GREETING "\r\nvspcd\r\nlogin: "
#define IN NOTICE("vm-0001: you are logged in, and may type")
#define PASSWORD "alice\r\nPassword: "
#define COM_PORT "\x2c"
#define AWAY "[vspcd: refused, you have no access here]\r\n"

static const uint64_t seed[2] = { 9, 10 };

/* alice writes; anybody reads, if anybody may. */
static void allow(struct fixture *f, bool anybody_reads)
{
    static const struct access_text alice = { "alice", 1 };
    static const struct access_text anybody = { "anybody", 2 };
    struct access_section_source section = { .pattern = { "*", 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[RIGHT_WRITE] = (struct access_texts){ &alice, 1 };
    if (anybody_reads)
        section.members[RIGHT_READ] = (struct access_texts){ &anybody, 1 };
    site_set_rules(&f->site, &source);
}

static int setup_login(void **state)
{
    const struct authenticate_means means = fake_means_begin();
    struct session_settings settings;
    struct fixture *f;

    (void)setup(state);
    f = *state;
    settings = f->site.ctx.settings;
    settings.asks_logins = true;
    settings.sends_interrupt = true;
    sessions_set(&f->site.ctx, &settings);
    f->site.ctx.authenticate = authenticate_new(NULL, &means, seed);
    f->site.ctx.tokens = means.tokens;
    allow(f, false);
    return 0;
}

static int teardown_login(void **state)
{
    struct fixture *f = *state;
    struct authenticate *authenticate = f->site.ctx.authenticate;

    (void)teardown(state);
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(fake.looked_up_count, 0);
    authenticate_free(authenticate);
    return 0;
}

/* A step of authenticate passes. */
static void pass(struct fixture *f)
{
    struct deadline_queue *steps = authenticate_steps(f->site.ctx.authenticate);
    struct deadline *first = deadline_first(steps);

    if (first != NULL)
        deadline_queue_fire(steps, first->due_us);
    site_run(&f->site);
}

/* PAM answers whatever is asked. */
static void answer(struct fixture *f)
{
    for (int i = 0; i < 100 && fake.asked_count == 0; i++)
        pass(f);
    if (strcmp(fake.password, "right") == 0)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, fake.user);
    else
        fake_pam_done(PAM_OUTCOME_DENIED, "");
    while (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    pass(f);
}

/* A person's program, asked for a name. */
static struct peer *person(struct fixture *f)
{
    struct peer *p = client_connect(&f->site, f->console);

    peer_give(p, BYTES(YES));
    assert_true(peer_got(p, BYTES(GREETING)));
    peer_forget(p);
    return p;
}

/* From another machine; says is_tls whether the port has TLS. */
static struct peer *connect_from(struct fixture *f, const char *ip,
                                 enum tls_policy policy, bool is_relayed)
{
    struct peer *p = peer_add(&f->site);
    struct ip address;

    assert_true(ip_parse(ip, &address));
    p->stream.stream.peer = address_of_ip(address, 40000);
    p->stream.stream.is_relayed = is_relayed;
    client_session_start(&f->site.ctx, &p->stream.stream, f->console,
                         client_port_role(policy));
    site_run(&f->site);
    if (policy != TLS_OFF)
        site_first_bytes_due(&f->site);
    peer_give(p, BYTES(YES));
    return p;
}

/* ---- who is asked ------------------------------------------------------- */

static void a_person_logs_in_and_types(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(f->vm, BYTES("secret of the VM"));
    peer_give(p, BYTES("alice\r\0right\r\0"));
    assert_true(peer_got(p, BYTES(PASSWORD "\r\n")));
    assert_int_equal(f->console->client_count, 0);
    assert_false(f->site.seen[FACT_CLIENT_ATTACHED].count);
    answer(f);
    assert_int_equal(f->console->client_count, 1);
    assert_string_equal(client_name(client_at(f->console->clients.next)),
                        "alice");
    assert_int_equal(client_at(f->console->clients.next)->right, RIGHT_WRITE);
    assert_true(peer_got(p, BYTES(IN "secret of the VM")));
    peer_give(p, BYTES("ls\r"));
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

static void a_token_does_as_well(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("ci\r\0"));
    peer_give(p, slice_of_text(fake_token()));
    peer_give(p, BYTES("\r\0"));
    fake_groups_done(GROUPS_FOUND);
    pass(f);
    assert_int_equal(f->console->client_count, 1);
    assert_string_equal(client_name(client_at(f->console->clients.next)), "ci");
    assert_true(peer_got(p, BYTES("ci\r\nPassword: \r\n" IN)));
}

/* At the menu there is no console whose rules would say no. */
static void a_token_that_ends_meanwhile_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    peer_give(p, BYTES(YES IAC WONT "\x18" IAC WONT "\x1f"));
    peer_give(p, BYTES("ci\r\0"));
    peer_give(p, slice_of_text(fake_token()));
    peer_give(p, BYTES("\r\0"));
    fake_token_ends();
    fake_groups_done(GROUPS_FOUND);
    peer_forget(p);
    pass(f);
    assert_true(peer_got(p, BYTES(AWAY)));
    assert_true(p->stream.is_closed);
}

static void one_who_may_do_nothing_is_refused_behind_the_login(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("bob\r\0right\r\0"));
    peer_forget(p);
    answer(f);
    assert_true(peer_got(p, BYTES(AWAY)));
    assert_true(p->stream.is_closed);
}

static void who_may_watch_is_asked_and_may_go_on_without(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, true);
    p = client_connect(&f->site, f->console);
    peer_give(p, BYTES(YES));
    assert_true(peer_got(p, BYTES("\r\nvspcd\r\nLog in to type, or press Enter "
                                  "to watch.\r\nlogin: ")));
    peer_give(f->vm, BYTES("output"));
    assert_true(peer_got(p, BYTES("")));
    peer_give(p, BYTES("\r\0"));
    assert_true(peer_got(p, BYTES("\r\noutput")));
    peer_give(p, BYTES("x"));
    peer_give(f->vm, BYTES("more"));
    assert_true(peer_got(f->vm, BYTES("")));
}

/* In BINARY the decoder leaves the LF of an Enter. */
static void the_rest_of_the_enter_that_ends_a_login_is_no_input(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, true);
    p = client_connect(&f->site, f->console);
    peer_give(p, BYTES(YES));
    peer_forget(p);
    peer_give(p, BYTES("\r"));
    assert_true(peer_got(p, BYTES("\r\n")));
    peer_give(p, BYTES("\n"));
    assert_true(peer_got(p, BYTES("")));
}

static void programs_are_never_asked(void **state)
{
    struct fixture *f = *state;
    struct peer *raw = client_connect(&f->site, f->console);
    struct peer *silent = client_connect(&f->site, f->console);
    struct peer *modem = client_connect(&f->site, f->console);

    peer_forget(raw);
    raw->is_raw = true;
    peer_give(raw, BYTES("alice\r"));
    assert_true(peer_got(raw, BYTES(AWAY)));
    assert_true(raw->stream.is_closed);
    peer_give(modem, BYTES(IAC WILL COM_PORT IAC DO BINARY));
    assert_true(peer_got(modem, BYTES(AWAY)));
    assert_true(modem->stream.is_closed);
    peer_forget(silent);
    for (int i = 0; i < 20 && !silent->stream.is_closed; i++)
        site_negotiations_due(&f->site);
    assert_true(silent->stream.is_closed);
}

/* Its answer is on its way for longer than a program is waited for. */
static void a_person_on_a_slow_link_is_asked(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);

    for (int i = 0; i < 5; i++)
        site_negotiations_due(&f->site);
    peer_give(p, BYTES(YES));
    assert_true(peer_got(p, BYTES(GREETING)));
}

static void nobody_is_asked_where_that_is_off(void **state)
{
    struct fixture *f = *state;
    struct session_settings settings = f->site.ctx.settings;
    struct peer *p;

    settings.asks_logins = false;
    sessions_set(&f->site.ctx, &settings);
    p = client_connect(&f->site, f->console);
    peer_give(p, BYTES(YES));
    assert_true(peer_got(p, BYTES(AWAY)));
}

static void nobody_is_asked_who_may_type_already(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    site_set_access(&f->site,
                    access_rules_standard("", true, KEYBOARD_FREE_FOR_ALL));
    p = telnet_connect(&f->site, f->console);
    peer_give(p, BYTES("ls\r"));
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

/* ---- the menu ----------------------------------------------------------- */

#define TTYPE "\x18"
#define NAWS "\x1f"
#define DUMB IAC SB TTYPE "\0DUMB" IAC SE
#define MENU_GREETING                                                          \
    "\r\nvspcd\r\nLog in to type, or press Enter to watch.\r\nlogin: "

static bool has(const struct peer *p, const char *text)
{
    return p->data.len > 0 && memmem(buf_bytes(&p->data).data, p->data.len,
                                     text, strlen(text)) != NULL;
}

/* Whatever it says of its terminal, it is asked for a name first. */
static struct peer *come_to_menu(struct fixture *f)
{
    struct peer *p = menu_connect(&f->site);

    peer_give(p, BYTES(YES IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS
                       "\0\x50\0\x18" IAC SE));
    peer_give(p, BYTES(IAC SB NAWS "\0\x60\0\x20" IAC SE));
    site_menus_due(&f->site);
    assert_true(peer_got(p, BYTES(MENU_GREETING)));
    return p;
}

static void the_menu_lists_what_the_person_may_read(void **state)
{
    struct fixture *f = *state;
    struct peer *p = come_to_menu(f);

    peer_give(p, BYTES("alice\r\0right\r\0"));
    answer(f);
    peer_give(p, BYTES(DUMB));
    site_menus_due(&f->site);
    assert_true(has(p, "1-1 of 1 console"));
    assert_true(has(p, "vm-0001"));
    peer_give(p, BYTES("1\r\0"));
    site_menus_due(&f->site);
    assert_int_equal(f->console->client_count, 1);
    assert_int_equal(client_at(f->console->clients.next)->right, RIGHT_WRITE);
}

static void at_the_menu_one_may_go_on_without_a_name(void **state)
{
    struct fixture *f = *state;
    struct peer *p = come_to_menu(f);

    peer_give(p, BYTES("\r\0"));
    peer_give(p, BYTES(DUMB));
    site_menus_due(&f->site);
    assert_true(has(p, "number, text, ? or q: "));
    assert_false(has(p, "vm-0001"));
}

/* ---- in the clear ------------------------------------------------------- */

static void in_the_clear_from_elsewhere_nobody_is_asked(void **state)
{
    static const struct {
        enum tls_policy policy;
        bool is_relayed;
        const char *ip, *said;
    } cases[] = {
        { TLS_TELNETS, false, "192.0.2.9",
          "[vspcd: refused, this needs a login, and for that use TLS (telnet "
          "-z ssl)]\r\n" },
        { TLS_OFF, false, "192.0.2.9",
          "[vspcd: refused, this needs a login, and for that its administrator "
          "has to switch TLS on (client-tls)]\r\n" },
        /* What a balancer says is no proof that it is this machine. */
        { TLS_TELNETS, true, "127.0.0.1",
          "[vspcd: refused, this needs a login, and for that use TLS (telnet "
          "-z ssl)]\r\n" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p =
            connect_from(f, cases[i].ip, cases[i].policy, cases[i].is_relayed);

        assert_true(peer_got(p, slice_of_text(cases[i].said)));
        assert_true(p->stream.is_closed);
    }
    assert_int_equal(f->console->client_count, 0);
}

static void in_the_clear_from_elsewhere_one_may_watch(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, true);
    p = connect_from(f, "192.0.2.9", TLS_TELNETS, false);
    assert_true(peer_got(p, BYTES("[vspcd: you may only read; to log in use "
                                  "TLS (telnet -z ssl)]\r\n")));
    peer_give(f->vm, BYTES("output"));
    assert_true(peer_got(p, BYTES("output")));
}

static void this_machine_is_asked_in_the_clear(void **state)
{
    struct peer *p = connect_from(*state, "127.0.0.1", TLS_OFF, false);

    assert_true(peer_got(p, BYTES(GREETING)));
}

/* ---- what it says and does before it has succeeded ---------------------- */

static void nothing_of_the_console_is_heard_before(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);

    peer_give(p, BYTES(IAC AYT));
    peer_give(f->vm, BYTES("output"));
    assert_true(peer_got(p, BYTES("\r\n[vspcd: yes]\r\n")));
    peer_give(p, BYTES(YES));
    peer_forget(p);
    peer_give(p, BYTES(IAC AYT IAC "\xf3"));
    assert_true(peer_got(p, BYTES("\r\n[vspcd: yes]\r\n")));
    assert_true(peer_got(f->vm, BYTES("")));
    peer_forget(f->vm);
    peer_give(p, BYTES("alice\r\0wrong\r\0" IAC AYT));
    answer(f);
    assert_int_equal(f->console->client_count, 0);
    assert_int_equal(f->console->input_bytes, 0);
    assert_true(peer_heard(f->vm, ""));
}

/* What is typed before the first question answers nothing. */
static void what_is_typed_before_the_question_goes_nowhere(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);

    peer_give(p, BYTES(IAC DO SGA "reboot\r"));
    assert_int_equal(f->console->client_count, 0);
    peer_give(p, BYTES("reboot\r" YES));
    assert_true(peer_got(p, BYTES(GREETING)));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void a_program_after_all_is_judged_as_one(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("al" IAC WILL COM_PORT));
    assert_true(peer_got(p, BYTES("al" AWAY)));
    assert_true(p->stream.is_closed);
    allow(f, true);
    p = client_connect(&f->site, f->console);
    peer_give(p, BYTES(YES));
    peer_give(p, BYTES("alice\r\0right\r\0" IAC WILL COM_PORT "x"));
    peer_forget(p);
    answer(f);
    peer_give(f->vm, BYTES("output"));
    assert_int_equal(f->console->client_count, 1);
}

static void interrupt_leaves(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("al" IAC "\xf4"));
    assert_true(p->stream.is_closed);
}

static void a_client_that_refuses_echo_is_warned(void **state)
{
    struct fixture *f = *state;
    struct peer *p = client_connect(&f->site, f->console);

    peer_give(p, BYTES(IAC DO BINARY IAC DO SGA IAC DONT ECHO IAC WILL BINARY));
    peer_forget(p);
    peer_give(p, BYTES("alice\r\0"));
    assert_true(peer_got(p, BYTES("[vspcd: your telnet refuses ECHO, so the "
                                  "password can be seen]\r\nPassword: ")));
}

/* ---- where each byte goes ----------------------------------------------- */

/* All that a script types at once, in every cut: what is behind the password's
 * Enter goes to the VM, once the login has succeeded. */
static void play_ahead(struct fixture *f, bool is_binary, struct slice typed,
                       struct slice to_vm, size_t cut)
{
    struct peer *p = client_connect(&f->site, f->console);

    if (is_binary)
        peer_give(p, BYTES(YES));
    else
        peer_give(
            p, BYTES(IAC DONT BINARY IAC DO SGA IAC DO ECHO IAC WONT BINARY));
    peer_forget(f->vm);
    peer_give(p, slice_of(typed.data, cut));
    peer_give(p, slice_after(typed, cut));
    answer(f);
    site_run(&f->site);
    assert_int_equal(f->console->client_count, 1);
    assert_true(peer_got(f->vm, to_vm));
    peer_break(p);
    assert_int_equal(f->console->client_count, 0);
    peer_remove(p);
}

static void what_is_typed_ahead_goes_to_the_console_after_success(void **state)
{
    static const struct {
        bool is_binary;
        struct slice typed, to_vm;
    } cases[] = {
#define TYPED(text) { (const uint8_t *)(text), sizeof(text) - 1 }
        { true, TYPED("alice\rright\rls\r"), TYPED("ls\r") },
        { true, TYPED("alice\r\nright\r\nls\r\n"), TYPED("ls\r\n") },
        { true, TYPED("alice\r\0right\r\0ls\r"), TYPED("ls\r") },
        { true, TYPED("alice\nright\nls\n"), TYPED("ls\n") },
        { true,
          TYPED("alice\rright\r\xff\xff"
                "a\xff\xff"),
          TYPED("\xff"
                "a\xff") },
        { false, TYPED("alice\r\nright\r\nls\r\n"), TYPED("ls\r") },
        { false, TYPED("alice\r\0right\r\0ls\r\0"), TYPED("ls\r") },
        { false, TYPED("alice\nright\nls\n"), TYPED("ls\n") },
#undef TYPED
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut <= cases[i].typed.len; cut++)
            play_ahead(f, cases[i].is_binary, cases[i].typed, cases[i].to_vm,
                       cut);
    }
}

static void what_is_typed_ahead_of_a_wrong_password_goes_nowhere(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("alice\r\0wrong\r\0rm -rf /\r\0x"));
    peer_forget(p);
    answer(f);
    assert_true(peer_got(p, BYTES("Login incorrect\r\nlogin: ")));
    assert_true(peer_got(f->vm, BYTES("")));
    peer_give(p, BYTES("alice\r\0right\r\0"));
    answer(f);
    assert_true(peer_got(p, BYTES(PASSWORD "\r\n" IN)));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void little_is_kept_while_a_password_is_checked(void **state)
{
    static uint8_t flood[256 * KIB];
    struct fixture *f = *state;
    struct peer *p = person(f);

    memset(flood, 'x', sizeof flood);
    peer_give(p, BYTES("alice\r\0right\r\0"));
    peer_give(p, slice_of(flood, sizeof flood));
    assert_true(p->stream.to_session.len >= sizeof flood - 1 * KIB);
    answer(f);
    site_run(&f->site);
    assert_int_equal(f->console->input_bytes, sizeof flood);
}

static void a_second_factor_takes_what_is_typed_ahead(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("alice\r\0right\r\0"
                       "123\r\0"
                       "ls\r"));
    fake_pam_ask("Code: ", false);
    site_run(&f->site);
    assert_string_equal(fake.answer, "123");
    assert_true(peer_got(p, BYTES(PASSWORD "\r\nCode: 123\r\n")));
    answer(f);
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

/* ---- ends --------------------------------------------------------------- */

static void three_wrong_passwords_end_it(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    for (int i = 0; i < 3; i++) {
        assert_false(p->stream.is_closed);
        peer_give(p, BYTES("alice\r\0wrong\r\0"));
        answer(f);
    }
    assert_true(p->stream.is_closed);
}

static void a_login_has_its_time(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("alice\r\0right\r\0"));
    peer_forget(p);
    site_logins_due(&f->site);
    assert_true(peer_got(
        p, BYTES("\r\n[vspcd: refused, the login took too long]\r\n")));
    assert_true(p->stream.is_closed);
    assert_int_equal(fake.cancelled, 1);
}

enum ending { BROKEN, ENDED, SHUT_DOWN, CONSOLE_GONE, ENDINGS };

static void end_by(struct fixture *f, struct peer *p, enum ending ending)
{
    if (ending == BROKEN)
        peer_break(p);
    if (ending == ENDED)
        peer_half_close(p);
    if (ending == SHUT_DOWN)
        session_shut_down(&f->site.ctx.all, "the program ends");
    if (ending == CONSOLE_GONE) {
        peer_break(f->vm);
        directory_remove(f->console);
    }
    site_run(&f->site);
    pass(f);
}

static void it_may_end_at_any_moment(void **state)
{
    static const struct slice typed[] = {
        { (const uint8_t *)"", 0 },
        { (const uint8_t *)"ali", 3 },
        { (const uint8_t *)"alice\rri", 8 },
        { (const uint8_t *)"alice\rright\r", 12 },
        { (const uint8_t *)"alice\rright\rls", 14 },
    };

    for (enum ending ending = BROKEN; ending < ENDINGS; ending++) {
        for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
            struct fixture *f;
            struct peer *p;

            /* Is not read: its end is heard when the check is done. */
            if (ending == ENDED && typed[i].len == 14)
                continue;
            (void)teardown_login(state);
            (void)setup_login(state);
            f = *state;
            p = person(f);
            peer_give(p, typed[i]);
            end_by(f, p, ending);
            assert_int_equal(fake.asked_count, 0);
            assert_true(peer_got(f->vm, BYTES("")));
            assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 0);
        }
    }
}

/* PAM's answer and the break are in one turn. */
static void a_break_in_the_turn_of_the_answer_serves_nobody(void **state)
{
    struct fixture *f = *state;
    struct peer *p = person(f);

    peer_give(p, BYTES("alice\r\0right\r\0"));
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    fake_groups_done(GROUPS_FOUND);
    p->stream.is_broken = true;
    pass(f);
    assert_int_equal(f->console->client_count, 0);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup_login, teardown_login)
    static const struct CMUnitTest tests[] = {
        TEST(a_person_logs_in_and_types),
        TEST(a_token_does_as_well),
        TEST(a_token_that_ends_meanwhile_opens_nothing),
        TEST(one_who_may_do_nothing_is_refused_behind_the_login),
        TEST(who_may_watch_is_asked_and_may_go_on_without),
        TEST(the_rest_of_the_enter_that_ends_a_login_is_no_input),
        TEST(programs_are_never_asked),
        TEST(a_person_on_a_slow_link_is_asked),
        TEST(nobody_is_asked_where_that_is_off),
        TEST(nobody_is_asked_who_may_type_already),
        TEST(the_menu_lists_what_the_person_may_read),
        TEST(at_the_menu_one_may_go_on_without_a_name),
        TEST(in_the_clear_from_elsewhere_nobody_is_asked),
        TEST(in_the_clear_from_elsewhere_one_may_watch),
        TEST(this_machine_is_asked_in_the_clear),
        TEST(nothing_of_the_console_is_heard_before),
        TEST(what_is_typed_before_the_question_goes_nowhere),
        TEST(a_program_after_all_is_judged_as_one),
        TEST(interrupt_leaves),
        TEST(a_client_that_refuses_echo_is_warned),
        TEST(what_is_typed_ahead_goes_to_the_console_after_success),
        TEST(what_is_typed_ahead_of_a_wrong_password_goes_nowhere),
        TEST(little_is_kept_while_a_password_is_checked),
        TEST(a_second_factor_takes_what_is_typed_ahead),
        TEST(three_wrong_passwords_end_it),
        TEST(a_login_has_its_time),
        TEST(it_may_end_at_any_moment),
        TEST(a_break_in_the_turn_of_the_answer_serves_nobody),
    };

    return cmocka_run_group_tests_name("client_login", tests, NULL, NULL);
}
