/*
 * daemon_state.h - the consoles over a restart: known ones are there, with
 * their ports, before any VM may connect; what changes goes to the store.
 *
 * A port that a console has for the first time is announced (the log line that
 * people and programs read) when it is on the disk, so that no SIGKILL makes a
 * liar of it. That takes some milliseconds. A disk that fails, or takes longer
 * than a second, is not waited for: the port is announced all the same.
 *
 * While vspcd is not running nobody can be seen to leave: the time of consoles
 * whose VM or client was there at its end, however it ended, starts when it
 * starts again.
 */
#ifndef DAEMON_PARTS_DAEMON_STATE_H
#define DAEMON_PARTS_DAEMON_STATE_H

#include "base/deadline.h"
#include "base/err.h"
#include "daemon/process/state_path.h"
#include "net/loop.h"

struct console;
struct daemon;
struct fact;
struct store;
struct waker;

struct daemon_state {
    struct store *store;                 /* NULL: nothing is kept */
    struct waker *waker;                 /* the store has news */
    struct deadline_queue announcements; /* the oldest first */
    struct loop_watch watch;             /* of them */
    bool is_failing;                     /* as the log has it */
    bool is_slow;                        /* the same */
    char path[STATE_PATH_MAX];
    /* Of the start, for daemon_state_log: */
    unsigned known, expired, portless;
    unsigned left_out; /* for want of room */
    uint64_t took_us;
};

/* Loads what is known and opens its ports. 0, or negative with err filled:
 * what only a person can settle. */
int daemon_state_open(struct daemon *d, struct err *err);

/* One line for the log: what was loaded. */
void daemon_state_log(const struct daemon *d);

/* Writes what is waiting, for a few seconds at most. */
void daemon_state_close(struct daemon *d);

/* Whether consoles will have their ports after a restart. */
bool daemon_state_is_kept(const struct daemon *d);

/* FACT_VM_ATTACHED: has it written, and announced, now or later. */
void daemon_state_vm_came(struct daemon *d, const struct fact *fact);

/* Anything else about it, for example that its VM has gone, has changed. */
void daemon_state_changed(struct daemon *d, struct console *c, bool vm_left);

/* FACT_LABELLED: it was kept under the label "". */
void daemon_state_labelled(struct daemon *d, const struct console *c);

/* It is about to be removed. */
void daemon_state_forget(struct daemon *d, struct console *c);

#endif
