/*
 * daemon_state.h - the consoles over a restart: known consoles exist, with
 * their ports, before any VM can connect; changes go to the store.
 *
 * A console's new port is announced (the log line that people and programs
 * read) when it is on the disk, so that it stays true after a SIGKILL. That
 * takes some milliseconds. If the disk fails, or takes longer than a second,
 * the port is announced before.
 *
 * While vspcd is not running, nobody can be seen to leave. So a console that
 * had a VM or client when vspcd ended, in whatever way, begins to expire at the
 * next start.
 */
#ifndef DAEMON_PARTS_DAEMON_STATE_H
#define DAEMON_PARTS_DAEMON_STATE_H

#include "base/deadline.h"
#include "base/err.h"
#include "core/census/census.h"
#include "daemon/process/state_path.h"
#include "net/loop.h"

struct daemon_hooks;
struct daemon_alerts;
struct event_hub;
struct daemon_logs;
struct daemon_ports;
struct directory;
struct fact_vm_attached;
struct store;
struct store_note;
struct waker;

/* All borrowed, and open for longer than the state. */
struct state_links {
    const struct settings *settings; /* always the present ones */
    struct loop *loop;
    struct directory *directory;  /* gets the known consoles */
    struct daemon_hooks *hooks;   /* notified of expired consoles */
    struct event_hub *events;     /* the same */
    struct daemon_alerts *alerts; /* get the notes that were kept */
    struct daemon_logs *logs;
    struct daemon_ports *ports;
};

struct daemon_state {
    struct state_links links;
    struct store *store;                 /* NULL: nothing is kept */
    struct waker *waker;                 /* the store has news */
    struct deadline_queue announcements; /* the oldest first */
    bool is_failing;  /* the log has reported that state is not written */
    bool is_slow;     /* the log has reported that the disk is slow */
    bool is_ending;   /* set by daemon_state_end */
    uint64_t dropped; /* changes without room, as of the last news */
    char path[STATE_PATH_MAX];
    /* Results of the start, for daemon_state_log: */
    unsigned known, expired, portless;
    unsigned left_out; /* for want of room */
    uint64_t took_us;
};

/* Loads the known consoles and opens their ports. 0, or negative with err
 * filled: a person must handle it. Consoles that were loaded stay in the
 * directory even after a failure. s must not move. */
int daemon_state_open(struct daemon_state *s, const struct state_links *links,
                      struct err *err);

/* Logs one line: what was loaded. */
void daemon_state_log(const struct daemon_state *s);

void daemon_state_count(const struct daemon_state *s, struct census *census);

/* The program's end has begun: VMs and clients that leave now are expected
 * back, so their records stay as they are. */
void daemon_state_end(struct daemon_state *s);

/* Writes what is waiting, for a few seconds at most. */
void daemon_state_close(struct daemon_state *s);

/* True if consoles will have their ports after a restart. */
bool daemon_state_is_kept(const struct daemon_state *s);

/* FACT_VM_ATTACHED: has the console written, and its port announced, now or
 * later. */
void daemon_state_vm_came(struct daemon_state *s, struct console *c,
                          const struct fact_vm_attached *attached);

/* Another fact has changed the console, for example the loss of its VM. */
void daemon_state_changed(struct daemon_state *s, struct console *c,
                          bool vm_left);

/* FACT_LABELLED: the console's record had the label "". */
void daemon_state_labelled(struct daemon_state *s, const struct console *c);

/* What others keep by a number (store/pending_notes.h). */
void daemon_state_put_note(struct daemon_state *s,
                           const struct store_note *note);

/* The console is about to be removed. */
void daemon_state_forget(struct daemon_state *s, struct console *c);

#endif
