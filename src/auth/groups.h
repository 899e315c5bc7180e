/*
 * groups.h - a person's account: its uid, name and groups, from the system's
 * name service (getpwnam_r, getgrouplist), on threads of its own.
 *
 * A directory server behind the name service (SSSD, LDAP) may answer late or
 * never. So a question is asked on a thread, and whoever asks waits for the
 * answer, or gives up by itself (groups_cancel); nobody else waits. All who ask
 * for one account at a time share one lookup. An answer is kept for
 * GROUPS_KEPT_US, also that there is no such account; a failure is not kept.
 *
 * Bounds: GROUPS_THREADS_MAX threads, GROUPS_WAITING_MAX accounts that are
 * looked up or wait for it, GROUPS_KEPT_MAX answers that are kept.
 *
 * For the loop's thread. Answers come in a later turn, never within
 * groups_ask.
 */
#ifndef AUTH_GROUPS_H
#define AUTH_GROUPS_H

#include "access/principal.h"
#include "auth/groups_answer.h"
#include "net/loop.h"

enum {
    GROUPS_THREADS_MAX = 4,
    GROUPS_WAITING_MAX = 256,
    GROUPS_KEPT_MAX = 1024,
    GROUPS_KEPT_US = 60 * 1000 * 1000,
};

struct groups;
struct groups_lookup; /* somebody who waits for an answer */

/* Called once; the lookup no longer exists. The answer is borrowed. */
typedef void groups_done_fn(void *owner, const struct groups_answer *answer);

/* keeper: vspcd's own uid; it and root are keepers. 0 or -errno. */
int groups_open(struct groups **ret_groups, struct loop *loop, uid_t keeper);

/* Nobody waits any more. A thread that hangs is left behind. Takes NULL. */
void groups_close(struct groups *all);

/* NULL: too many wait already, or there is no thread; err has the reason. */
struct groups_lookup *groups_ask_name(struct groups *all, const char *name,
                                      groups_done_fn *on_done, void *owner,
                                      struct err *err);
struct groups_lookup *groups_ask_uid(struct groups *all, uid_t uid,
                                     groups_done_fn *on_done, void *owner,
                                     struct err *err);

/* Before on_done, which will not be called. */
void groups_cancel(struct groups_lookup *lookup);

/* Drops the answers that are kept: the next questions are asked anew. */
void groups_forget(struct groups *all);

/* Root, and vspcd's own user. */
bool groups_is_keeper(const struct groups *all, uid_t uid);

/*
 * The person whose account counts for this principal: itself, if it has proven
 * a name by uid or password; the owner of a token; NULL: nobody, and there is
 * nothing to ask.
 */
const struct principal *groups_person(const struct principal *p);

/*
 * Gives the person of p what the answer about its name says: groups, and
 * whether it is a keeper. Without an account a person has no groups; a token of
 * an owner without one has no owner who could lend it a right. After a failure,
 * what the person had stays. True if anything has changed.
 */
bool groups_give(const struct groups *all, const struct groups_answer *answer,
                 struct principal *p);

#endif
