/*
 * pam.h - passwords by PAM: asks vspcd-pam, which is root and may check them.
 *
 * A conversation is one login: PAM has questions (a password, a second factor,
 * a new password for an expired one), a person has answers, and in the end PAM
 * has accepted a name or not. Each has a process vspcd-pam of its own, so a
 * module that hangs or crashes holds up nobody else; auth/helper/pam_wire.h has
 * the protocol.
 *
 * At most PAM_AT_ONCE conversations have a process, PAM_WAITING_MAX wait for
 * one, for PAM_PATIENCE_US at most. A person who thinks keeps a process, so
 * whoever can ask for the password first gives it to pam_conversation_begin.
 *
 * Neither delays nor counts wrong passwords, and how long PAM takes tells
 * unknown names from wrong passwords: the caller must delay all answers.
 *
 * Everything is on the loop's thread and never blocks. Passwords and answers
 * are wiped after use, and never logged. A conversation that is not under way
 * owns nothing.
 */
#ifndef AUTH_PAM_H
#define AUTH_PAM_H

#include "base/deadline.h"
#include "base/list.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAM_AT_ONCE = 3,
    PAM_WAITING_MAX = 32,
    PAM_PATIENCE_US = 10 * 1000 * 1000, /* wait for a process */
    PAM_WORK_US = 12 * 1000 * 1000,     /* PAM's, between two answers; vspcd-pam
                                         * gives up before */
    PAM_PERSON_US = 60 * 1000 * 1000,   /* a person's, for one answer; for all
                                         * of them by vspcd-pam */
    PAM_ANSWER_MAX = 511,               /* bytes: PAM_MAX_RESP_SIZE */
};

enum pam_outcome {
    PAM_OUTCOME_ACCEPTED,
    /* Wrong, or no such name, or this account may not log in: nobody is told
     * which. */
    PAM_OUTCOME_DENIED,
    /* The password was right; it or the account has expired. */
    PAM_OUTCOME_EXPIRED,
    PAM_OUTCOME_TIMEOUT, /* the person did not answer in time */
    PAM_OUTCOME_BUSY,    /* too many others log in at this moment */
    PAM_OUTCOME_UNAVAILABLE,
};

/* ---- all conversations ------------------------------------------------ */

/* Its members are pam.c's. */
struct pam_service {
    struct loop *loop;
    char *path;          /* NULL: as pam_service_new says */
    int control;         /* -1: none */
    struct list waiting; /* conversations, the first is the next */
    unsigned waiting_count;
    unsigned count; /* of those that have a process, or get it */
    struct deadline_queue patience;
    struct deadline_queue work;
    struct deadline_queue person;
    struct deadline_queue ends;
    struct deadline_queue pauses;
    struct deadline pause; /* runs: no process is asked for */
};

/* Where vspcd-pam.socket listens. */
#define PAM_SOCKET_STANDARD "/run/vspcd-pam.sock"

/*
 * path: of vspcd-pam's socket; copied. NULL: the vspcd-pam that we have started
 * (auth/pam_helper.h) is asked, whose control is borrowed, or if there
 * is none (-1), PAM_SOCKET_STANDARD.
 */
struct pam_service *pam_service_new(struct loop *loop, const char *path,
                                    int control);

/* For conversations that get a process later. */
void pam_service_set_path(struct pam_service *service, const char *path);

/* No conversation may be left. Takes NULL. */
void pam_service_free(struct pam_service *service);

/* ---- one of them ------------------------------------------------------ */

struct pam_conversation;

/*
 * Called on the loop, never within a function of this header. Texts are valid
 * during the call; questions and messages are PAM's, UTF-8 without control
 * characters, not empty.
 *
 * done comes once, is the last, and the conversation may be freed in it, or
 * begun anew. text: ACCEPTED: the name that PAM knows the person by, which may
 * be another one than was typed; UNAVAILABLE: words for the log; else "".
 */
struct pam_conversation_ops {
    /* Must be answered, now or later. */
    void (*ask)(struct pam_conversation *c, const char *question,
                bool is_hidden);
    void (*tell)(struct pam_conversation *c, const char *text);
    void (*done)(struct pam_conversation *c, enum pam_outcome outcome,
                 const char *text);
};

/* Embedded by the caller; its members are pam.c's. */
struct pam_conversation {
    const struct pam_conversation_ops *ops;
    struct pam_service *service;
    struct list node; /* of the service's waiting; in no list otherwise */
    struct deadline deadline;
    struct dial *dial;     /* NULL: not under way */
    struct stream *stream; /* NULL: not connected */
    struct pam_wire *in;   /* the message that is being read */
    char *user;
    char *remote;
    char *password;  /* NULL: not given, or used */
    char *why;       /* of PAM_OUTCOME_UNAVAILABLE, while done is due */
    uint8_t phase;   /* enum pam_phase in pam.c */
    uint8_t outcome; /* enum pam_outcome, while done is due */
    bool has_heard;  /* a message of the process */
    bool is_account_only;
    uint8_t tries; /* processes that have ended without a word */
    uint8_t told;  /* messages that were no questions */
};

struct pam_login {
    const char *user;   /* as typed */
    const char *remote; /* numeric address of the person; "": this machine */
    /* Answers PAM's first hidden question that asks for a password, and not for
     * a new one; NULL: the person is asked. Others are asked in any case. */
    const char *password;
    /* The person has proven himself before: PAM only says whether the account
     * may still be used, and mostly asks nothing. */
    bool is_account_only;
};

/* Copies the login. done comes in a later turn, even if nothing can be done. */
void pam_conversation_begin(struct pam_service *service,
                            struct pam_conversation *c,
                            const struct pam_conversation_ops *ops,
                            const struct pam_login *login);

/* Of the question that was asked last. False: longer than PAM_ANSWER_MAX, or no
 * question is open; nothing has happened. */
bool pam_conversation_answer(struct pam_conversation *c, const char *answer);

/* Ends it at any moment before done, which will not be called: the process is
 * left alone, and ends by itself. */
void pam_conversation_cancel(struct pam_conversation *c);

#endif
