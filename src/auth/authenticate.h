/*
 * authenticate.h - proves who somebody is, by a name and a secret: an access
 * token (tokens.h), or else a password by PAM (pam.h). Then the groups of the
 * person's account are looked up (groups.h).
 *
 * A secret that begins as tokens do never goes to PAM: a token that was cut or
 * mistyped is no directory server's business.
 *
 * Guessing is slow (access/failures.h): an attempt waits before it is checked,
 * whatever it has to say, and one that would have to wait for longer than
 * AUTHENTICATE_PATIENCE_US is not checked. A token that holds does not wait,
 * since it cannot be guessed. Answers come at multiples of
 * AUTHENTICATE_STEP_US, so that the time of a check does not tell an unknown
 * name from a wrong password.
 *
 * Few checks of passwords run at a time. Sites that have not failed are served
 * before those that have, and no site has all of them: so a crowd of guessers
 * is not in the way of somebody who knows the password.
 *
 * Each attempt that succeeds, fails, or is given up while it is checked is a
 * line in the log, with a name only where that may be an account's: people type
 * passwords at the wrong prompt.
 *
 * For the loop's thread; nothing blocks. Secrets are wiped. An attempt that is
 * not under way owns nothing but what it has proven.
 */
#ifndef AUTH_AUTHENTICATE_H
#define AUTH_AUTHENTICATE_H

#include "access/failures.h"
#include "access/principal.h"
#include "access/sites.h"
#include "auth/groups.h"
#include "auth/pam.h"
#include "auth/tokens.h"
#include "base/deadline.h"

enum {
    AUTHENTICATE_STEP_US = 250 * 1000,
    /* A person waits for so long without a word; longer waits are told. */
    AUTHENTICATE_PATIENCE_US = 20 * 1000 * 1000,
    /* Attempts at a time, in all and of one site. */
    AUTHENTICATE_MAX = 512,
    AUTHENTICATE_OF_SITE_MAX = 32,
    /* Of the PAM_AT_ONCE conversations. */
    AUTHENTICATE_CHECKS_OF_SITE_MAX = PAM_AT_ONCE - 1,
};

enum authenticate_outcome {
    AUTHENTICATE_PROVEN,
    AUTHENTICATE_DENIED,      /* wrong: nobody is told what */
    AUTHENTICATE_EXPIRED,     /* the password was right; it or the account has
                               * expired */
    AUTHENTICATE_TOO_SOON,    /* not checked: others before it have failed */
    AUTHENTICATE_BUSY,        /* not checked: too many log in at this moment */
    AUTHENTICATE_TIMEOUT,     /* a question of PAM's was not answered in time */
    AUTHENTICATE_UNAVAILABLE, /* passwords cannot be checked; the log has the
                               * reason */
};
enum { AUTHENTICATE_OUTCOME_COUNT = AUTHENTICATE_UNAVAILABLE + 1 };

/* "proven", "denied", "expired", "too-soon", "busy", "timeout",
 * "unavailable". */
const char *authenticate_outcome_name(enum authenticate_outcome outcome);

/* ---- all attempts ------------------------------------------------------- */

struct authenticate;

/* Borrowed. Each may be NULL: there are no tokens; passwords are UNAVAILABLE;
 * nobody has groups. */
struct authenticate_means {
    struct tokens *tokens;
    struct pam_service *pam;
    struct groups *groups;
};

/* loop: NULL in a test, which fires authenticate_steps itself. seed: random. */
struct authenticate *authenticate_new(struct loop *loop,
                                      const struct authenticate_means *means,
                                      const uint64_t seed[2]);
/* No attempt may be under way. Takes NULL. */
void authenticate_free(struct authenticate *all);

struct deadline_queue *authenticate_steps(struct authenticate *all);

/* ---- one of them -------------------------------------------------------- */

struct authenticate_attempt;

/* Called on the loop, never within a function of this header. Texts are valid
 * during the call: UTF-8 without control characters. */
struct authenticate_ops {
    /* PAM wants to know more. Must be answered, now or later. */
    void (*ask)(struct authenticate_attempt *a, const char *question,
                bool is_hidden);
    void (*tell)(struct authenticate_attempt *a, const char *text);
    /* Once, and the last. a->who is what was proven, or the address alone; it
     * is the owner's. The attempt may be freed in it, or begun anew. */
    void (*done)(struct authenticate_attempt *a,
                 enum authenticate_outcome outcome);
};

/* Embedded by the caller, all zeros at first; its members are authenticate.c's,
 * but for those that are named above. */
struct authenticate_attempt {
    struct principal who;
    uint32_t wait_s; /* TOO_SOON: after so long another one is checked */
    const struct authenticate_ops *ops;
    struct authenticate *all;    /* NULL: not under way */
    struct list node;            /* while it waits for PAM */
    struct site_member of_site;  /* in all->attempts */
    struct site_member checking; /* in all->checks */
    struct deadline step;
    struct pam_conversation pam;
    struct groups_lookup *lookup; /* NULL: none is under way */
    char *name;
    char *secret;     /* NULL: none any more */
    const char *door; /* borrowed, as peer */
    const char *peer;
    const char *reason; /* of a failure, where the outcome does not say it */
    uint32_t steps;     /* until it is checked; until it waits no more */
    uint8_t state;      /* enum state in authenticate.c */
    uint8_t outcome;    /* enum authenticate_outcome, while done is due */
    uint8_t proof;      /* enum principal_proof: what the secret is */
    bool is_suspect;    /* somebody of its site has failed */
    bool has_turn;      /* failures_take_turn */
};

struct authenticate_login {
    const struct principal *from; /* has its address; copied without what was
                                   * proven before */
    const char *name;             /* as typed; copied */
    const char *secret;           /* copied, and wiped by both in time */
    const char *door; /* for the log: static text; and the address, which must
                       * last as long as the attempt */
    const char *peer;
};

/* Attempts since the start, and now. One that was given up before it was
 * checked is none of them. */
struct authenticate_counts {
    uint64_t ended[AUTHENTICATE_OUTCOME_COUNT];
    uint64_t given_up; /* while they were checked */
    uint32_t under_way;
};
struct authenticate_counts authenticate_counts(const struct authenticate *all);

/* The attempt must not be under way. done comes in a later turn, always. */
void authenticate_begin(struct authenticate *all,
                        struct authenticate_attempt *a,
                        const struct authenticate_ops *ops,
                        const struct authenticate_login *login);

/* Of the question that was asked last. False: too long, or no question is open;
 * nothing has happened. */
bool authenticate_answer(struct authenticate_attempt *a, const char *answer);

/* Ends it at any moment, or does nothing: done will not be called, and what was
 * proven is freed. One that was being checked counts as failed, or whoever does
 * not wait for the answer could have as many checks as he likes. */
void authenticate_cancel(struct authenticate_attempt *a);

static inline bool authenticate_is_under_way(
    const struct authenticate_attempt *a)
{
    return a->all != NULL;
}

#endif
