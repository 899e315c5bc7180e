#include "auth/web/account_checks.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const struct pam_conversation_ops check_ops;

/* Calls nobody back: whatever comes of it comes in a later turn. */
static void ask_next(struct account_checks *checks)
{
    struct pam_login check = { .is_account_only = true };

    check.user = web_sessions_next_person(checks->sessions, checks->round,
                                          &check.remote);
    checks->is_asking = check.user != NULL;
    if (!checks->is_asking) {
        deadline_start(&checks->pauses, &checks->pause, clock_now_us());
        return;
    }
    snprintf(checks->name, sizeof checks->name, "%s", check.user);
    pam_conversation_begin(checks->pam, &checks->conversation, &check_ops,
                           &check);
}

static struct account_checks *checks_of(struct pam_conversation *c)
{
    return CONTAINER_OF(c, struct account_checks, conversation);
}

static void account_checks_tell(struct pam_conversation *c, const char *text)
{
    (void)c;
    (void)text;
}

/* There is nobody to be asked. */
static void account_checks_ask(struct pam_conversation *c, const char *question,
                               bool is_hidden)
{
    (void)question;
    (void)is_hidden;
    pam_conversation_cancel(c);
    ask_next(checks_of(c));
}

static void account_checks_done(struct pam_conversation *c,
                                enum pam_outcome outcome, const char *text)
{
    struct account_checks *checks = checks_of(c);

    (void)text;
    if (outcome == PAM_OUTCOME_DENIED || outcome == PAM_OUTCOME_EXPIRED)
        web_sessions_end_person(checks->sessions, checks->name,
                                WEB_SESSION_LOCKED);
    ask_next(checks);
}

static const struct pam_conversation_ops check_ops = {
    .ask = account_checks_ask,
    .tell = account_checks_tell,
    .done = account_checks_done,
};

void account_checks_begin(struct account_checks *checks)
{
    checks->round++;
    if (checks->is_asking)
        return;
    deadline_stop(&checks->pause);
    ask_next(checks);
}

static void account_checks_pause_over(struct deadline *d, void *owner)
{
    (void)d;
    account_checks_begin(owner);
}

void account_checks_open(struct account_checks *checks, struct loop *loop,
                         struct web_sessions *sessions, struct pam_service *pam)
{
    *checks = (struct account_checks){ .sessions = sessions, .pam = pam };
    deadline_init(&checks->pause);
    deadline_queue_open(&checks->pauses, ACCOUNT_CHECKS_US,
                        account_checks_pause_over, checks);
    if (loop != NULL)
        loop_watch(loop, &checks->pauses);
    deadline_start(&checks->pauses, &checks->pause, clock_now_us());
}

void account_checks_close(struct account_checks *checks)
{
    if (checks->is_asking)
        pam_conversation_cancel(&checks->conversation);
    deadline_stop(&checks->pause);
    deadline_queue_close(&checks->pauses);
}
