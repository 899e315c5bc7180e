/*
 * account_checks.h - whether the accounts of those who have web sessions may
 * still log in: PAM is asked, as sshd and cron ask it, without a password.
 *
 * One account at a time, all of them in a round, ACCOUNT_CHECKS_US after the
 * former one. A refusal ends the web sessions of the person; as long as PAM
 * does not answer, or asks something, they go on. The rounds are rare because a
 * module may take a check for a login that has succeeded, and forget failures
 * (pam_faillock).
 *
 * For the loop's thread; nothing blocks.
 */
#ifndef AUTH_WEB_ACCOUNT_CHECKS_H
#define AUTH_WEB_ACCOUNT_CHECKS_H

#include "auth/pam.h"
#include "auth/web/web_sessions.h"

enum { ACCOUNT_CHECKS_US = 5 * 60 * 1000 * 1000 };

struct account_checks {
    struct web_sessions *sessions; /* borrowed, as pam */
    struct pam_service *pam;
    struct pam_conversation conversation;
    bool is_asking;                /* it is under way */
    char name[PRINCIPAL_NAME_MAX]; /* about whom */
    unsigned round;
    struct deadline_queue pauses;
    struct deadline pause; /* to the next round */
};

/* loop NULL: for a test, which fires the queue itself. checks must not move. */
void account_checks_open(struct account_checks *checks, struct loop *loop,
                         struct web_sessions *sessions,
                         struct pam_service *pam);
void account_checks_close(struct account_checks *checks);

/* Begins a round now; one that is under way goes on with all of them. */
void account_checks_begin(struct account_checks *checks);

#endif
