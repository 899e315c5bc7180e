/* console_private.h - what the files of core/ share about a console. */
#ifndef CORE_CONSOLE_PRIVATE_H
#define CORE_CONSOLE_PRIVATE_H

#include "core/console.h"

/*
 * What a console has left to do, in the order in which directory_settle does
 * it. console_settle.c says why in this order.
 */
enum console_due {
    CONSOLE_DUE_JUDGE = 1 << 0,       /* clients: judge */
    CONSOLE_DUE_SERVE = 1 << 1,       /* the link: serve */
    CONSOLE_DUE_LEAVE = 1 << 2,       /* the leaving link: leave */
    CONSOLE_DUE_INPUT = 1 << 3,       /* held input goes to the link */
    CONSOLE_DUE_INPUT_END = 1 << 4,   /* the link: input_end */
    CONSOLE_DUE_VM_SEES = 1 << 5,     /* the link: lines_changed */
    CONSOLE_DUE_PULL = 1 << 6,        /* readers: pull */
    CONSOLE_DUE_CLIENTS_SEE = 1 << 7, /* clients: lines_changed */
    CONSOLE_DUE_TAKES_INPUT = 1 << 8, /* clients: input_changed */
    CONSOLE_DUE_PEOPLE = 1 << 9,      /* clients: people_changed */
    CONSOLE_DUE_RESUME = 1 << 10, /* the leaving link, else the link: resume */
    CONSOLE_DUE_END = 1 << 11,    /* no mark: the number of steps */
};

/* Marks a step; directory_settle will do it. */
void console_mark(struct console *c, enum console_due what);

/* Drops the marks of a console that is about to be freed. */
void console_forget_due(struct console *c);

/* The console is about to be removed: its references learn that. */
void console_leave_refs(struct console *c);

/* Lets the readers take what there is. A step of directory_settle, and the one
 * that a drain calls by itself, between its reads (console_leaving.c). */
void console_pull_readers(struct console *c);

/* The console's part of client_attach and client_detach. client->console is set
 * by then, or NULL again. */
void console_add_client(struct client *client, uint64_t now_us);
void console_remove_client(struct console *c, struct client *client,
                           uint64_t now_us);

/*
 * How long the console stays (console_stay.c). update_stay: who is attached has
 * changed. stop_waiting: trial or expiry does not go on; a console that was to
 * make room does not. start_expiry: VM and clients have left at this time.
 * prove: the console is new no longer. trial_due: one connection has lasted for
 * LIMIT_TRIAL_US.
 */
void console_update_stay(struct console *c, uint64_t now_us);
void console_stop_waiting(struct console *c);
void console_start_expiry(struct console *c, uint64_t since_us);
void console_prove(struct console *c);
void console_trial_due(struct console *c);

/* The console counts for the site of this address; for none. It must not be
 * spare, and no VM connected. */
void console_set_site(struct console *c, struct ip ip);
void console_leave_site(struct console *c);

/* The link is in the clear, and the console goes only to links in TLS. */
bool console_needs_tls(const struct console *c, const struct vm_link *link);

/* A client's input (client.h). console_input: there must be a VM; false: there
 * is no memory. console_break_input: a break begins or ends behind that input.
 */
bool console_input(struct console *c, struct slice bytes);
void console_break_input(struct console *c, bool is_on);

/* The client has typed; has another window, or has come with one; leaves. */
void console_note_typist(struct console *c, const struct client *client);
void console_note_window(struct console *c, const struct client *client);
void console_forget_typist(struct console *c, const struct client *client);

/* The reader took something, or has left: the VM can perhaps be read again. */
void console_reader_moved(struct console *c, struct reader *reader,
                          uint64_t now_us);

/* Whether the VM is held for this reader, or was until it gave up. */
bool console_was_held_by(const struct reader *reader);

/* The hold has lasted longer than jitter does. The VM is read further ahead of
 * its readers, because more than output may wait there (a move, an end). */
void console_short_hold_due(struct console *c, uint64_t now_us);

/* The hold has lasted for the hold time. Readers that hold the VM and have not
 * taken half a ring meanwhile start to lag. */
void console_hold_due(struct console *c, uint64_t now_us);

/* Nothing has come from the leaving link for LIMIT_LEAVE_SILENCE_US. */
void console_leave_due(struct console *c, uint64_t now_us);

/* No step of the move was taken for directory_settings.move_timeout_us. */
void move_due(struct move *m, uint64_t now_us);

/* The console's part of directory_attach_vm. */
void console_attach_vm(struct console *c, struct vm_link *link,
                       uint64_t now_us);

/* The destination of a move gets the console, and the console's link leaves.
 * from: position in the output at which the move began. */
void console_hand_over(struct console *c, struct vm_link *destination,
                       uint64_t from, uint64_t now_us);

/* begin: the console's link becomes the leaving link, whose output comes before
 * the next link's. Then either start: it is read for that output; or dismiss:
 * it is drained at once, and dismissed for this reason (static text). */
void console_begin_leaving(struct console *c);
void console_start_leaving(struct console *c, uint64_t from, uint64_t now_us);
void console_dismiss_leaving(struct console *c, const char *reason);

/* Lets the ring have room for len more bytes, as far as it may; a ring that was
 * larger than usual for a while gives that memory back. */
void console_make_ring_room(struct console *c, size_t len);

/* The VM is not held any more. */
void console_stop_hold(struct console *c);

/* Tells the owner (a fact) and the clients (a notice, lines) that the VM at
 * this address has gone. */
void console_tell_detached(struct console *c, const char *peer,
                           const char *reason);

/* What the VM's side drives, or whether it is there, has changed: the clients
 * are told. And the clients' side: the VM is told. */
void console_tell_vm_lines(struct console *c);
void console_tell_client_lines(struct console *c);

/* by 1: a client that drives these lines has come, by -1: it has gone. */
void console_count_lines(struct console *c, uint8_t driven, int by);

/* Passes held input on, as far as that is possible now. A step of
 * directory_settle. */
void console_pass_on_input(struct console *c);

/* Puts all held input into the link's queue, before the message that the link
 * sends next. False: the link does not take all of it. */
bool console_queue_input(struct console *c);

/* A move has ended: held input goes to the link, or is dropped without one. */
void console_move_over(struct console *c, uint64_t now_us);

/* What move.c does when a console ends (accepts NULL), when the console's link
 * is lost (there must be a move), and when the VM has identified itself on
 * another connection (accepts a console without a move). */
void move_free(struct move *m);
void move_lose_source(struct console *c, const char *reason, uint64_t now_us);
void move_return(struct console *c, uint64_t now_us);

#endif
