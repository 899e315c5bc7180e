/*
 * login.h - asks a person at a terminal for a name and a password: what is
 * said, what is typed, three tries. auth/authenticate.h checks it.
 *
 *     vspcd
 *     login: alice
 *     Password:
 *
 * Says nothing of any console. The owner has the connection, knows whether it
 * may be asked on at all, and bounds the time (LOGIN_US). It gives what is
 * typed to login_take, and is told when something was said, or the login is
 * over, in a later turn.
 *
 * While a password is checked nothing is taken: what was typed ahead stays with
 * the owner, who drops it if the login fails, because it may be a secret that
 * belonged to the question before.
 */
#ifndef SESSION_LOGIN_H
#define SESSION_LOGIN_H

#include "auth/authenticate.h"
#include "base/buf.h"
#include "proto/prompt.h"

enum {
    LOGIN_US = 60 * 1000 * 1000, /* for all of it */
    LOGIN_TRIES = 3,
};

enum login_stage {
    LOGIN_NAME,     /* a name is typed */
    LOGIN_PASSWORD, /* the password */
    LOGIN_CHECK,    /* nothing is typed */
    LOGIN_QUESTION, /* the answer to a question of PAM's */
    LOGIN_PROVEN,   /* over: attempt.who is what was proven */
    LOGIN_SKIPPED,  /* over: a person who may watch wants no more */
    LOGIN_FAILED,   /* over: the connection is to be closed; said and reason */
};
enum { LOGIN_STAGE_COUNT = LOGIN_FAILED + 1 };

/* "name", "password", "check", "question", "proven", "skipped", "failed". */
const char *login_stage_name(enum login_stage stage);

struct login_setup {
    struct authenticate *authenticate;
    struct authenticate_login who; /* name and secret are not looked at; from
                                    * and peer must last as long as the login */
    struct buf *out; /* what is said; lasts as long as the login */
    bool may_skip;   /* an empty name ends it: the person may read already */
    /* Something was said, or it is over. Called by the loop, never by a
     * function of this header; the owner may free the login. */
    void (*on_change)(void *owner);
    void *owner;
};

struct login {
    struct login_setup setup;
    struct authenticate_attempt attempt;
    struct prompt prompt;
    const char *reason; /* FAILED: for the log; static */
    char name[PROMPT_MAX + 1];
    uint8_t stage; /* enum login_stage */
    uint8_t tries;
};

/* Says what comes first. The owner frees it. */
struct login *login_new(const struct login_setup *setup);

/* At any moment; what was typed is wiped. Takes NULL. */
void login_free(struct login *l);

static inline bool login_is_over(const struct login *l)
{
    return l->stage >= LOGIN_PROVEN;
}

/* Whether something can be typed now. */
static inline bool login_takes(const struct login *l)
{
    return l->stage != LOGIN_CHECK && !login_is_over(l);
}

/* Takes what is typed off the front of *in, as far as login_takes allows. The
 * owner looks afterwards whether it is over. is_seen: the terminal shows what
 * it is sent (telnet's ECHO), and nothing by itself. 0, or a failure of
 * buf_append. */
int login_take(struct login *l, struct slice *in, bool is_seen);

/* LOGIN_US has passed: it has failed, and says so. */
void login_end_late(struct login *l);

#endif
