/*
 * session.h - what has a life of its own beside the consoles: connections of
 * VMs and of clients, null modems. One list has them all.
 *
 * A session ends in one place: at the end of the turn. Code that finds that a
 * session has to end (its own handler, an operation that core calls, its owner)
 * notes the reason, and calls session_mark_ending. From then on the session
 * does nothing any more, but stays attached, so that no code that is still at
 * work finds it gone. session_end_marked lets it leave its console, and
 * session_free_ended frees it.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;
struct session;

/* All sessions of a context. */
struct session_list {
    struct directory *directory; /* borrowed */
    struct list living;          /* struct session.node, in order of coming */
    struct list *next_judged;    /* in it: session_judge_some goes on there;
                                  * NULL: nowhere */
    struct list ending;          /* those that end at the end of the turn */
    struct list ended;           /* those that wait for being freed */
};

void session_list_init(struct session_list *all, struct directory *directory);

struct session_ops {
    /* The program ends, for this reason (which must last). The session receives
     * and delivers what is still due, for a bounded time, and marks itself. */
    void (*shut_down)(struct session *s, const char *reason);
    /* The session marks itself at once, for this reason (which must last). */
    void (*close)(struct session *s, const char *reason);
    /* The rules have changed. True: they do not allow the session any more, and
     * it ends: it marks itself, or delivers what is due for a bounded time and
     * then marks itself. NULL: its owner judges it. */
    bool (*judge)(struct session *s);
    /* At the end of the turn: it leaves its console and closes its stream. Its
     * memory stays until free. */
    void (*end)(struct session *s);
    void (*free)(struct session *s);
    /* Its last output is for other sessions: it is shut down before them. */
    bool is_vm;
};

struct session {
    const struct session_ops *ops;
    struct list node; /* in one of the lists */
};

/* The session is in the list of the living from now on. */
void session_start(struct session_list *all, struct session *s,
                   const struct session_ops *ops);

/* The session ends at the end of the turn. Once for each session: a session
 * knows that it ends. */
void session_mark_ending(struct session_list *all, struct session *s);

/* Ends a marked session now, all but its memory, because something that it has
 * is needed at once. Only from a handler of the loop that is at work on no
 * console. */
void session_end_now(struct session_list *all, struct session *s);

/* Ends the sessions that are marked, and those that are marked because of that.
 * True: there were some, and there may be new facts. */
bool session_end_marked(struct session_list *all);

/* Frees the sessions that have ended. Nothing may refer to them any more. */
void session_free_ended(struct session_list *all);

/* Shuts all sessions down, or closes all of them (the operations of these
 * names). The loop runs on until session_is_quiet. */
void session_shut_down(struct session_list *all, const char *reason);
void session_close_all(struct session_list *all, const char *reason);

/* How many sessions the rules do not allow any more. */
struct session_judged {
    uint32_t vms;
    uint32_t clients;
    uint32_t services; /* service/service.h */
};

/* Judges all sessions (the operation of this name), and counts those that
 * end. */
void session_judge_all(struct session_list *all, struct session_judged *judged);

/* The same, some sessions with each call, where it is no matter of a turn:
 * begin starts from the first one. False: all were judged. */
void session_judge_begin(struct session_list *all);
bool session_judge_some(struct session_list *all, unsigned count);

bool session_is_quiet(const struct session_list *all);

#endif
