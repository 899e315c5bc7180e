/*
 * groups_watch.h - principals with open sessions: the groups of their accounts
 * are looked up again, GROUPS_WATCH_US after the last time, so that a person
 * who has left a group does not keep what was open by it.
 *
 * One account is asked about at a time, however many there are: a round is easy
 * on a directory server, and one that hangs only makes the round late. While
 * the name service fails, everybody keeps what they have.
 *
 * For the loop's thread. Owns nothing of what it watches.
 */
#ifndef AUTH_GROUPS_WATCH_H
#define AUTH_GROUPS_WATCH_H

#include "auth/groups.h"

enum { GROUPS_WATCH_US = 60 * 1000 * 1000 };

/* Embedded in whoever has a principal. */
struct groups_watched {
    struct list node; /* in groups_watch.watched */
    struct principal *who;
    /* The principal has other groups, or no owner any more. May remove its own
     * watched, and no other. */
    void (*on_change)(void *owner);
    void *owner;
    unsigned round; /* the last one in which it was looked up */
};

struct groups_watch {
    struct groups *groups;
    struct list watched; /* those that this round has not had come first */
    struct groups_lookup *lookup;  /* NULL: none is under way */
    char name[PRINCIPAL_NAME_MAX]; /* whose it is */
    unsigned round;
    struct deadline_queue pauses;
    struct deadline pause; /* from a round to the next one */
};

/* loop NULL: for a test, which fires the queue itself. w must not move. */
void groups_watch_open(struct groups_watch *w, struct loop *loop,
                       struct groups *groups);

/* Nothing may be watched any more. */
void groups_watch_close(struct groups_watch *w);

static inline void groups_watched_init(struct groups_watched *watched)
{
    list_init(&watched->node);
}

/* who stays where it is until groups_watch_remove, and has just been looked up.
 * A principal without an account is not watched. */
void groups_watch_add(struct groups_watch *w, struct groups_watched *watched,
                      struct principal *who, void (*on_change)(void *owner),
                      void *owner);

/* May be called twice. */
void groups_watch_remove(struct groups_watched *watched);

/* Begins a round now, unless one is under way. */
void groups_watch_begin(struct groups_watch *w);

#endif
