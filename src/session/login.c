#include "session/login.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

const char *login_stage_name(enum login_stage stage)
{
    static const char *const names[LOGIN_STAGE_COUNT] = {
        [LOGIN_NAME] = "name",     [LOGIN_PASSWORD] = "password",
        [LOGIN_CHECK] = "check",   [LOGIN_QUESTION] = "question",
        [LOGIN_PROVEN] = "proven", [LOGIN_SKIPPED] = "skipped",
        [LOGIN_FAILED] = "failed",
    };

    return (unsigned)stage < LOGIN_STAGE_COUNT ? names[stage] : "?";
}

static int say(struct login *l, const char *text)
{
    return buf_append(l->setup.out, slice_of_text(text));
}

static void enter(struct login *l, enum login_stage stage)
{
    l->stage = (uint8_t)stage;
    prompt_begin(&l->prompt, stage == LOGIN_NAME);
}

static void end(struct login *l, enum login_stage stage, const char *reason)
{
    authenticate_cancel(&l->attempt);
    enter(l, stage);
    l->reason = reason;
}

static int ask_name(struct login *l)
{
    explicit_bzero(l->name, sizeof l->name);
    enter(l, LOGIN_NAME);
    return say(l, "login: ");
}

/* A terminal that shows what is typed by itself has refused that we do it, and
 * would show the password. */
static int ask_password(struct login *l, bool is_seen)
{
    memcpy(l->name, l->prompt.line, sizeof l->name);
    enter(l, LOGIN_PASSWORD);
    return say(l, is_seen ? "Password: "
                          : "[vspcd: your telnet refuses ECHO, so the password "
                            "can be seen]\r\nPassword: ");
}

static void check(struct login *l);

static int take_line(struct login *l, bool is_seen)
{
    switch ((enum login_stage)l->stage) {
    case LOGIN_NAME:
        if (l->prompt.len > 0)
            return ask_password(l, is_seen);
        if (!l->setup.may_skip)
            return ask_name(l);
        end(l, LOGIN_SKIPPED, NULL);
        return 0;
    case LOGIN_PASSWORD:
        check(l);
        return 0;
    case LOGIN_QUESTION:
        (void)authenticate_answer(&l->attempt, l->prompt.line);
        enter(l, LOGIN_CHECK);
        return 0;
    case LOGIN_CHECK:
    case LOGIN_PROVEN:
    case LOGIN_SKIPPED:
    case LOGIN_FAILED:
        break;
    }
    return 0;
}

/* The echo of a terminal that shows nothing of ours goes nowhere. */
static int take_some(struct login *l, struct slice *in, bool is_seen,
                     enum prompt_event *event)
{
    struct buf nowhere;
    int r;

    if (is_seen)
        return prompt_next(&l->prompt, in, l->setup.out, event);
    buf_init(&nowhere, LIMIT_ANSWERS);
    r = prompt_next(&l->prompt, in, &nowhere, event);
    buf_done(&nowhere);
    return r;
}

int login_take(struct login *l, struct slice *in, bool is_seen)
{
    int r = 0;

    while (r == 0 && in->len > 0 && login_takes(l)) {
        enum prompt_event event;

        r = take_some(l, in, is_seen, &event);
        if (r == 0 && event == PROMPT_ENTERED)
            r = take_line(l, is_seen);
        else if (event == PROMPT_LEFT)
            end(l, LOGIN_FAILED, "the login was left");
    }
    return r;
}

/* ---- what comes of it --------------------------------------------------- */

static struct login *login_of(struct authenticate_attempt *a)
{
    return CONTAINER_OF(a, struct login, attempt);
}

static void login_on_ask(struct authenticate_attempt *a, const char *question,
                         bool is_hidden)
{
    struct login *l = login_of(a);
    size_t len = strlen(question);

    l->stage = LOGIN_QUESTION;
    prompt_begin(&l->prompt, !is_hidden);
    (void)say(l, question);
    if (len > 0 && question[len - 1] != ' ')
        (void)say(l, " ");
    l->setup.on_change(l->setup.owner);
}

static void login_on_tell(struct authenticate_attempt *a, const char *text)
{
    struct login *l = login_of(a);

    (void)say(l, text);
    (void)say(l, "\r\n");
    l->setup.on_change(l->setup.owner);
}

/* What a person is told; not whether it was the name or the password. */
static const char *words_of(enum authenticate_outcome outcome)
{
    static const char *const words[AUTHENTICATE_OUTCOME_COUNT] = {
        [AUTHENTICATE_PROVEN] = "",
        [AUTHENTICATE_DENIED] = "Login incorrect\r\n",
        [AUTHENTICATE_EXPIRED] =
            "[vspcd: the password or the account has expired]\r\n",
        [AUTHENTICATE_TOO_SOON] = "",
        [AUTHENTICATE_BUSY] =
            "[vspcd: too many others log in; try again later]\r\n",
        [AUTHENTICATE_TIMEOUT] = "[vspcd: no answer came in time]\r\n",
        [AUTHENTICATE_UNAVAILABLE] =
            "[vspcd: logins by password are not possible now]\r\n",
    };

    return words[outcome];
}

static void refuse_too_soon(struct login *l)
{
    char line[128];

    (void)snprintf(line, sizeof line,
                   "[vspcd: refused, too many logins have failed; try again in "
                   "%u s]\r\n",
                   l->attempt.wait_s);
    (void)say(l, line);
    end(l, LOGIN_FAILED, "too many logins have failed");
}

static void login_on_done(struct authenticate_attempt *a,
                          enum authenticate_outcome outcome)
{
    struct login *l = login_of(a);

    (void)say(l, words_of(outcome));
    if (outcome == AUTHENTICATE_PROVEN)
        l->stage = LOGIN_PROVEN;
    else if (outcome == AUTHENTICATE_TOO_SOON)
        refuse_too_soon(l);
    else if (++l->tries == LOGIN_TRIES)
        end(l, LOGIN_FAILED, "the last try to log in has failed");
    else
        (void)ask_name(l);
    l->setup.on_change(l->setup.owner);
}

static const struct authenticate_ops attempt_ops = {
    .ask = login_on_ask,
    .tell = login_on_tell,
    .done = login_on_done,
};

static void check(struct login *l)
{
    struct authenticate_login who = l->setup.who;

    who.name = l->name;
    who.secret = l->prompt.line;
    authenticate_begin(l->setup.authenticate, &l->attempt, &attempt_ops, &who);
    enter(l, LOGIN_CHECK);
}

/* ---- beginning and end -------------------------------------------------- */

struct login *login_new(const struct login_setup *setup)
{
    struct login *l = xcalloc(1, sizeof *l);

    l->setup = *setup;
    (void)say(l, "\r\nvspcd\r\n");
    if (setup->may_skip)
        (void)say(l, "Log in to type, or press Enter to watch.\r\n");
    (void)ask_name(l);
    return l;
}

void login_free(struct login *l)
{
    if (l == NULL)
        return;
    authenticate_cancel(&l->attempt);
    principal_done(&l->attempt.who);
    explicit_bzero(l, sizeof *l);
    free(l);
}

void login_end_late(struct login *l)
{
    (void)say(l, "\r\n[vspcd: refused, the login took too long]\r\n");
    end(l, LOGIN_FAILED, "the login took too long");
}
