/*
 * session.h - what has a life of its own beside the consoles: connections of
 * VMs and of clients, null modems. One list has them all.
 *
 * A session ends in one place: at the end of the turn. Whoever finds that it
 * has to end (its own handler, an operation that core calls, its owner) notes
 * why, and calls session_mark_ending. From then on it does nothing any more,
 * but stays attached as it is, so that nobody who is still at work finds it
 * gone. session_end_turn lets it leave its console, and frees it.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/list.h"

#include <stdbool.h>

struct directory;
struct session;

/* All sessions of a context. */
struct session_list {
    struct directory *directory; /* borrowed */
    struct list living;          /* struct session.node, in order of coming */
    struct list ending;          /* those that end at the end of the turn */
    struct list ended;           /* those that wait for being freed */
};

void session_list_init(struct session_list *all, struct directory *directory);

struct session_ops {
    /* The program ends, for this reason (which must last): the session takes
     * and gives what is still due, for a bounded time, and marks itself. */
    void (*shut_down)(struct session *s, const char *reason);
    /* The same at once. */
    void (*close)(struct session *s, const char *reason);
    /* At the end of the turn: it leaves its console and closes its stream. Its
     * memory stays until free. */
    void (*end)(struct session *s);
    void (*free)(struct session *s);
    /* What it says last is for others: it is shut down before them. */
    bool is_source;
};

struct session {
    const struct session_ops *ops;
    struct list node; /* in one of the lists */
};

/* It lives from now on. */
void session_start(struct session_list *all, struct session *s,
                   const struct session_ops *ops);

/* It ends at the end of the turn. Once for each: it knows that it ends. */
void session_mark_ending(struct session_list *all, struct session *s);

/* Ends one that is marked now, all but its memory, because something it has is
 * needed at once. Only from a handler of the loop that is at work on no
 * console. */
void session_end_now(struct session_list *all, struct session *s);

/* Ends those that are marked, and those that are because of it. True: there
 * were some, and there may be new facts. */
bool session_end_marked(struct session_list *all);

/* Frees those that have ended. Nothing may name them any more. */
void session_free_ended(struct session_list *all);

/* Shuts all of them down: see the operation. The loop runs on until
 * session_is_quiet. */
void session_shut_down(struct session_list *all, const char *reason);
void session_close_all(struct session_list *all, const char *reason);
bool session_is_quiet(const struct session_list *all);

#endif
