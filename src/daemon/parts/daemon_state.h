/*
 * daemon_state.h - the consoles over a restart: known ones are there, with
 * their ports, before any VM may connect; what changes goes to the store.
 *
 * A port that a console has for the first time is announced (the log line that
 * people and programs read) when it is on the disk, so that no SIGKILL makes a
 * liar of it. That takes some milliseconds. A disk that fails, or takes longer
 * than a second, is not waited for: the port is announced before.
 *
 * While vspcd is not running nobody can be seen to leave: the time of consoles
 * whose VM or client was there at its end, however it ended, starts when it
 * starts again.
 */
#ifndef DAEMON_PARTS_DAEMON_STATE_H
#define DAEMON_PARTS_DAEMON_STATE_H

#include "base/deadline.h"
#include "base/err.h"
#include "core/census/census.h"
#include "daemon/process/state_path.h"
#include "net/loop.h"

struct daemon_hooks;
struct daemon_logs;
struct daemon_ports;
struct directory;
struct fact_vm_attached;
struct store;
struct waker;

/* All borrowed, and open for longer than the state is. */
struct state_links {
    const struct settings *settings; /* as they are now */
    struct loop *loop;
    struct directory *directory; /* gets the known consoles */
    struct daemon_hooks *hooks;  /* are notified of those that have expired */
    struct daemon_logs *logs;
    struct daemon_ports *ports;
};

struct daemon_state {
    struct state_links links;
    struct store *store;                 /* NULL: nothing is kept */
    struct waker *waker;                 /* the store has news */
    struct deadline_queue announcements; /* the oldest first */
    bool is_failing;  /* the log has said that state is not written */
    bool is_slow;     /* the log has said that the disk is slow */
    bool is_ending;   /* daemon_state_end */
    uint64_t dropped; /* changes for which there was no room, as of the last
                       * news */
    char path[STATE_PATH_MAX];
    /* Of the start, for daemon_state_log: */
    unsigned known, expired, portless;
    unsigned left_out; /* for want of room */
    uint64_t took_us;
};

/* Loads what is known and opens its ports. 0, or negative with err filled:
 * what only a person can settle. Consoles that were loaded stay in the
 * directory, also where it fails. s stays where it is. */
int daemon_state_open(struct daemon_state *s, const struct state_links *links,
                      struct err *err);

/* One line for the log: what was loaded. */
void daemon_state_log(const struct daemon_state *s);

void daemon_state_count(const struct daemon_state *s, struct census *census);

/* The program's end has begun: VMs and clients that leave now are expected
 * back, so what is written of them stays as it is. */
void daemon_state_end(struct daemon_state *s);

/* Writes what is waiting, for a few seconds at most. */
void daemon_state_close(struct daemon_state *s);

/* Whether consoles will have their ports after a restart. */
bool daemon_state_is_kept(const struct daemon_state *s);

/* FACT_VM_ATTACHED: has it written, and announced, now or later. */
void daemon_state_vm_came(struct daemon_state *s, struct console *c,
                          const struct fact_vm_attached *attached);

/* Anything else about it, for example that its VM has gone, has changed. */
void daemon_state_changed(struct daemon_state *s, struct console *c,
                          bool vm_left);

/* FACT_LABELLED: it was kept under the label "". */
void daemon_state_labelled(struct daemon_state *s, const struct console *c);

/* It is about to be removed. */
void daemon_state_forget(struct daemon_state *s, struct console *c);

#endif
