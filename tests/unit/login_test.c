/*
 * A person at a terminal logs in: what is said and what is typed, in every cut,
 * with a PAM that knows alice, whose password is "right", and bob, who has a
 * second factor as well.
 */
#include "proto/enter.h"
#include "session/login.h"

#include "base/clock.h"
#include "fake_means.h"
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t seed[2] = { 5, 6 };

#define GREETING "\r\nvspcd\r\nlogin: "
#define WRONG "Login incorrect\r\nlogin: "

struct terminal {
    struct authenticate *all;
    struct login *login;
    struct buf out;
    struct principal from;
    struct slice left; /* what was typed and not taken */
    bool is_seen;
    bool has_changed;
    uint64_t now_us;
};

static void on_change(void *owner)
{
    struct terminal *t = owner;

    t->has_changed = true;
}

static void open_terminal(struct terminal *t, bool is_seen, bool may_skip)
{
    const struct authenticate_means means = fake_means_begin();
    struct login_setup setup = {
        .who = { .from = &t->from, .door = "port", .peer = "192.0.2.1:40000" },
        .out = &t->out,
        .may_skip = may_skip,
        .on_change = on_change,
        .owner = t,
    };
    struct ip ip;

    assert_true(ip_parse("192.0.2.1", &ip));
    *t = (struct terminal){ .is_seen = is_seen };
    t->all = authenticate_new(NULL, &means, seed);
    t->from = principal_of_address(true, ip);
    buf_init(&t->out, 8192);
    setup.authenticate = t->all;
    t->login = login_new(&setup);
}

static void close_terminal(struct terminal *t)
{
    login_free(t->login);
    assert_int_equal(fake.asked_count, 0);
    authenticate_free(t->all);
    buf_done(&t->out);
}

static void type(struct terminal *t, struct slice in)
{
    assert_int_equal(login_take(t->login, &in, t->is_seen), 0);
    t->left = in;
}

static void answer_as_pam(void)
{
    bool is_right = strcmp(fake.password, "right") == 0;

    if (is_right && strcmp(fake.user, "alice") == 0)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    else if (is_right && strcmp(fake.user, "bob") == 0 &&
             fake.answer[0] == '\0')
        fake_pam_ask("Code:", false);
    else if (strcmp(fake.answer, "123") == 0)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "bob");
    else
        fake_pam_done(PAM_OUTCOME_DENIED, "");
    while (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
}

static void pass(struct terminal *t)
{
    uint64_t now_us = clock_now_us();

    t->now_us = (now_us > t->now_us ? now_us : t->now_us) +
                (uint64_t)AUTHENTICATE_STEP_US;
    deadline_queue_fire(authenticate_steps(t->all), t->now_us);
}

/* Time passes until something can be typed again, or it is over. */
static void wait(struct terminal *t)
{
    for (int i = 0; i < 100 && t->login->stage == LOGIN_CHECK; i++) {
        t->has_changed = false;
        if (fake.asked_count > 0)
            answer_as_pam();
        pass(t);
        assert_int_equal(t->has_changed, t->login->stage != LOGIN_CHECK);
    }
}

static void assert_said(struct terminal *t, const char *text)
{
    char said[8192];

    memcpy(said, buf_bytes(&t->out).data, t->out.len);
    said[t->out.len] = '\0';
    assert_string_equal(said, text);
}

/* Lines that are typed when the one before has had its answer; NULL: no more.
 */
struct play {
    bool is_seen;
    bool may_skip;
    const char *typed[8];
    enum login_stage stage;
    const char *said;
};

static void play_cut(const struct play *p, size_t cut)
{
    struct terminal t;

    open_terminal(&t, p->is_seen, p->may_skip);
    for (int i = 0; p->typed[i] != NULL; i++) {
        struct slice line = slice_of_text(p->typed[i]);
        size_t at = cut < line.len ? cut : line.len;

        type(&t, slice_of(line.data, at));
        if (t.login->stage != LOGIN_CHECK)
            type(&t, slice_after(line, at));
        wait(&t);
    }
    assert_int_equal(t.login->stage, p->stage);
    assert_said(&t, p->said);
    close_terminal(&t);
}

static void play(const struct play *p)
{
    for (size_t cut = 0; cut < 24; cut++)
        play_cut(p, cut);
}

static void name_and_password_prove_a_person(void **state)
{
    static const struct play p = {
        .is_seen = true,
        .typed = { "alice\r", "right\r" },
        .stage = LOGIN_PROVEN,
        .said = GREETING "alice\r\nPassword: \r\n",
    };

    (void)state;
    play(&p);
}

static void the_principal_is_the_persons(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    type(&t, slice_of_text("alice\rright\r"));
    wait(&t);
    assert_int_equal(t.login->attempt.who.proof, PROOF_PASSWORD);
    assert_string_equal(t.login->attempt.who.name, "alice");
    assert_int_equal(t.login->attempt.who.group_count, 1);
    close_terminal(&t);
}

static void three_tries_are_all(void **state)
{
    static const struct play p = {
        .is_seen = true,
        .typed = { "alice\r", "wrong\r", "eve\r", "right\r", "alice\r", "w\r" },
        .stage = LOGIN_FAILED,
        .said = GREETING "alice\r\nPassword: \r\n" WRONG
                         "eve\r\nPassword: \r\n" WRONG
                         "alice\r\nPassword: \r\nLogin incorrect\r\n",
    };

    (void)state;
    play(&p);
}

static void the_third_try_may_be_right(void **state)
{
    static const struct play p = {
        .is_seen = true,
        .typed = { "alice\r", "w\r", "alice\n", "w\n", "alice\r\n",
                   "right\r\n" },
        .stage = LOGIN_PROVEN,
        .said =
            GREETING "alice\r\nPassword: \r\n" WRONG
                     "alice\r\nPassword: \r\n" WRONG "alice\r\nPassword: \r\n",
    };

    (void)state;
    play(&p);
}

static void a_second_factor_is_asked_for(void **state)
{
    static const struct play right = {
        .is_seen = true,
        .typed = { "bob\r", "right\r", "123\r" },
        .stage = LOGIN_PROVEN,
        .said = GREETING "bob\r\nPassword: \r\nCode: 123\r\n",
    };
    static const struct play wrong = {
        .is_seen = true,
        .typed = { "bob\r", "right\r", "12\r" },
        .stage = LOGIN_NAME,
        .said = GREETING "bob\r\nPassword: \r\nCode: 12\r\n" WRONG,
    };

    (void)state;
    play(&right);
    play(&wrong);
}

static void whoever_may_watch_need_not_log_in(void **state)
{
    static const struct play watch = {
        .is_seen = true,
        .may_skip = true,
        .typed = { "\r" },
        .stage = LOGIN_SKIPPED,
        .said = "\r\nvspcd\r\nLog in to type, or press Enter to "
                "watch.\r\nlogin: \r\n",
    };
    static const struct play no_watch = {
        .is_seen = true,
        .typed = { "\r", "\r\n" },
        .stage = LOGIN_NAME,
        .said = GREETING "\r\nlogin: \r\nlogin: ",
    };

    (void)state;
    play(&watch);
    play(&no_watch);
}

static void ctrl_c_leaves_at_each_question(void **state)
{
    static const struct play plays[] = {
        { true, false, { "al\x03" }, LOGIN_FAILED, GREETING "al\r\n" },
        { true,
          false,
          { "alice\r", "r\x04" },
          LOGIN_FAILED,
          GREETING "alice\r\nPassword: \r\n" },
        { true,
          false,
          { "bob\r", "right\r", "\x03" },
          LOGIN_FAILED,
          GREETING "bob\r\nPassword: \r\nCode: \r\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++)
        play(&plays[i]);
}

/* It shows what is typed by itself. */
static void a_terminal_without_our_echo_is_warned_and_gets_none(void **state)
{
    static const struct play p = {
        .typed = { "alice\r", "right\r" },
        .stage = LOGIN_PROVEN,
        .said = GREETING "[vspcd: your telnet refuses ECHO, so the password "
                         "can be seen]\r\nPassword: ",
    };

    (void)state;
    play(&p);
}

static void a_token_needs_no_pam(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    type(&t, slice_of_text("whoever\r"));
    type(&t, slice_of_text(fake_token()));
    type(&t, slice_of_text("\r"));
    fake_groups_done(GROUPS_FOUND);
    wait(&t);
    assert_int_equal(t.login->stage, LOGIN_PROVEN);
    assert_int_equal(t.login->attempt.who.proof, PROOF_TOKEN);
    assert_int_equal(fake.begun, 0);
    assert_said(&t, GREETING "whoever\r\nPassword: \r\n");
    close_terminal(&t);
}

static void what_is_typed_ahead_of_an_answer_is_left(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    type(&t, slice_of_text("alice\rright\r\nls\r"));
    assert_int_equal(t.left.len, 4);
    assert_false(login_takes(t.login));
    wait(&t);
    assert_int_equal(t.login->stage, LOGIN_PROVEN);
    /* What is left of the password's Enter belongs to it. */
    enter_skip_rest(&t.login->prompt.is_behind_cr, &t.left);
    assert_int_equal(t.left.len, 3);
    type(&t, t.left);
    assert_int_equal(t.left.len, 3);
    close_terminal(&t);
}

static void what_pam_says_is_shown(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    type(&t, slice_of_text("alice\rright\r"));
    fake_pam_tell("Your password expires tomorrow");
    wait(&t);
    assert_said(&t, GREETING "alice\r\nPassword: \r\nYour password expires "
                             "tomorrow\r\n");
    close_terminal(&t);
}

/* Each of them is told, and which one it was. */
static void what_prevents_a_check_is_told(void **state)
{
    static const struct {
        enum pam_outcome outcome;
        const char *said;
    } cases[] = {
        { PAM_OUTCOME_EXPIRED, "has expired" },
        { PAM_OUTCOME_BUSY, "too many others" },
        { PAM_OUTCOME_TIMEOUT, "no answer came in time" },
        { PAM_OUTCOME_UNAVAILABLE, "not possible now" },
    };

    (void)state;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terminal t;
        char said[8192];

        open_terminal(&t, true, false);
        type(&t, slice_of_text("alice\rright\r"));
        fake_pam_done(cases[i].outcome, "no socket");
        wait(&t);
        assert_int_equal(t.login->stage, LOGIN_NAME);
        memcpy(said, buf_bytes(&t.out).data, t.out.len);
        said[t.out.len] = '\0';
        assert_non_null(strstr(said, cases[i].said));
        assert_null(strstr(said, "socket"));
        close_terminal(&t);
    }
}

/* By others at the same address. */
static void too_many_failures_end_it(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    for (int i = 0; i < 8; i++) {
        struct authenticate_attempt a = { .all = NULL };
        struct authenticate_login who = t.login->setup.who;

        who.name = "eve";
        who.secret = "wrong";
        authenticate_begin(t.all, &a, t.login->attempt.ops, &who);
        for (int k = 0; k < 200 && fake.asked_count == 0; k++)
            pass(&t);
        authenticate_cancel(&a);
    }
    type(&t, slice_of_text("alice\rright\r"));
    wait(&t);
    assert_int_equal(t.login->stage, LOGIN_FAILED);
    assert_string_equal(t.login->reason, "too many logins have failed");
    assert_non_null(
        memmem(buf_bytes(&t.out).data, t.out.len, "try again in ", 13));
    close_terminal(&t);
}

static void a_login_that_takes_too_long_says_so(void **state)
{
    struct terminal t;

    (void)state;
    open_terminal(&t, true, false);
    type(&t, slice_of_text("alice\rright\r"));
    login_end_late(t.login);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(t.login->stage, LOGIN_FAILED);
    assert_said(&t, GREETING "alice\r\nPassword: \r\n\r\n[vspcd: refused, the "
                             "login took too long]\r\n");
    close_terminal(&t);
}

static void it_may_go_at_any_moment(void **state)
{
    static const char *const typed[] = { "", "al", "alice\rri",
                                         "alice\rright\r" };

    (void)state;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct terminal t;

        open_terminal(&t, true, false);
        type(&t, slice_of_text(typed[i]));
        close_terminal(&t);
    }
}

static void stages_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < LOGIN_STAGE_COUNT; i++)
        assert_string_not_equal(login_stage_name((enum login_stage)i), "?");
    assert_string_equal(login_stage_name((enum login_stage)LOGIN_STAGE_COUNT),
                        "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_and_password_prove_a_person),
        cmocka_unit_test(the_principal_is_the_persons),
        cmocka_unit_test(three_tries_are_all),
        cmocka_unit_test(the_third_try_may_be_right),
        cmocka_unit_test(a_second_factor_is_asked_for),
        cmocka_unit_test(whoever_may_watch_need_not_log_in),
        cmocka_unit_test(ctrl_c_leaves_at_each_question),
        cmocka_unit_test(a_terminal_without_our_echo_is_warned_and_gets_none),
        cmocka_unit_test(a_token_needs_no_pam),
        cmocka_unit_test(what_is_typed_ahead_of_an_answer_is_left),
        cmocka_unit_test(what_pam_says_is_shown),
        cmocka_unit_test(what_prevents_a_check_is_told),
        cmocka_unit_test(too_many_failures_end_it),
        cmocka_unit_test(a_login_that_takes_too_long_says_so),
        cmocka_unit_test(it_may_go_at_any_moment),
        cmocka_unit_test(stages_have_names),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
