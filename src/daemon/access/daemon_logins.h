/*
 * daemon_logins.h - what checks logins in the running program: passwords by
 * PAM, the groups of accounts, and the attempts themselves, which ask both and
 * the tokens.
 */
#ifndef DAEMON_ACCESS_DAEMON_LOGINS_H
#define DAEMON_ACCESS_DAEMON_LOGINS_H

#include "auth/groups_watch.h"
#include "base/err.h"
#include "conf/options.h"
#include "net/loop.h"

struct authenticate;
struct pam_service;
struct session_context;
struct tokens;

struct logins_links {
    const struct settings *settings; /* at the start */
    struct loop *loop;               /* borrowed, as the others */
    struct tokens *tokens;
    int pam_control;  /* of our own vspcd-pam; -1: none */
    uint64_t seed[2]; /* random */
};

struct daemon_logins {
    struct groups *groups;
    struct groups_watch watch;
    struct pam_service *pam;
    struct authenticate *authenticate;
};

/* 0, or negative with err filled. l must not move. */
int daemon_logins_open(struct daemon_logins *l,
                       const struct logins_links *links, struct err *err);

/* No session may be left, and no login. */
void daemon_logins_close(struct daemon_logins *l);

/* Sessions ask for logins here. */
void daemon_logins_use(struct daemon_logins *l,
                       struct session_context *sessions);

/* SIGHUP: later logins go where the settings say. */
void daemon_logins_set(struct daemon_logins *l,
                       const struct settings *settings);

/* SIGHUP, behind the judgement of sessions: who has which groups is asked
 * anew. */
void daemon_logins_look_again(struct daemon_logins *l);

#endif
