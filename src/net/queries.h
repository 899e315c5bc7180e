/*
 * queries.h - questions whose answers block for a directory server, asked on
 * threads of their own: each once for all who ask at a time.
 *
 * A query is a question and its answer; whoever waits for it is an asker. The
 * user of this module embeds struct query and struct asker in its own structs,
 * and tells by struct queries_kind what the questions are. A query waits in a
 * lane, in the order of asking; threads serve lane 0 first.
 *
 *     queries_ask -> WAITING --a thread--> RUNNING --answer--> ANSWERED
 *                                                                 |
 *                    the user's again <--on_told-- tell, each asker
 *
 * A query is this module's from queries_ask to on_told, its answer the thread's
 * while it runs, its question nobody's to change. Blocking calls cannot be
 * interrupted: a query that runs is let run, also when nobody waits any more.
 *
 * Threads start with the questions, and end when they have had nothing to do
 * for 10 s. All functions are for the loop's thread.
 */
#ifndef NET_QUERIES_H
#define NET_QUERIES_H

#include "net/loop.h"

enum { QUERIES_LANES_MAX = 3, QUERIES_THREADS_MAX = 16 };

enum query_place { QUERY_WAITING, QUERY_RUNNING, QUERY_ANSWERED };

struct query {
    struct list node;   /* in the list of its place */
    struct list askers; /* struct asker.node */
    enum query_place place;
    unsigned lane;
};

struct asker {
    struct list node;
    struct queries *all;
    struct query *query;
};

struct queries_kind {
    unsigned lanes; /* at most QUERIES_LANES_MAX */
    /* for a lane and those behind it together, so [0] is for all; at most
     * QUERIES_THREADS_MAX */
    unsigned threads_max[QUERIES_LANES_MAX];
    unsigned asked_max; /* queries that wait or run; 0: no maximum */

    /* Whether the questions are the same. */
    bool (*is_same)(const struct query *a, const struct query *b);
    /* On a thread: finds the answer. May block. */
    void (*answer)(struct query *q);
    /* a is in no list any more, and is freed here. May ask and cancel. */
    void (*tell)(struct asker *a, struct query *q);
    /* All askers were told: q is the user's, to be freed or kept. */
    void (*on_told)(void *owner, struct query *q);
    void (*free)(struct query *q);
};

struct queries;

/* kind is borrowed. 0 or -errno. */
int queries_open(struct queries **ret_queries, struct loop *loop,
                 const struct queries_kind *kind, void *owner);

/* Nobody waits any more. A thread that hangs is left behind, with all that it
 * can reach. Takes NULL. */
void queries_close(struct queries *all);

/* Makes a query for a lane, before it is asked. */
void query_init(struct query *q, unsigned lane);

/*
 * a waits for q, or for a query with the same question that is asked already;
 * q is then freed. If q's lane is before that query's, that query changes to
 * it. a is told in a later call of the loop, never within queries_ask.
 *
 * 0; -EBUSY: asked_max queries wait or run; other -errno: there is no thread
 * at all. Then q is freed, and a waits for nothing.
 */
int queries_ask(struct queries *all, struct query *q, struct asker *a);

/* Instead of queries_ask for a query that was answered before (on_told) and has
 * that answer still. */
void queries_answer(struct queries *all, struct query *q, struct asker *a);

/* a is not told; it is the caller's to free. */
void queries_cancel(struct asker *a);

#endif
