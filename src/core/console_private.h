/*
 * console_private.h - what the files of core/ share about a console.
 */
#ifndef CORE_CONSOLE_PRIVATE_H
#define CORE_CONSOLE_PRIVATE_H

#include "core/console.h"

/*
 * What a console has left to do, in the order in which directory_settle does
 * it (console_settle.c says why in this one).
 */
enum console_due {
    CONSOLE_DUE_SERVE = 1 << 0,       /* the link: serve */
    CONSOLE_DUE_LEAVE = 1 << 1,       /* the one that leaves: leave */
    CONSOLE_DUE_INPUT = 1 << 2,       /* held input goes to the link */
    CONSOLE_DUE_INPUT_END = 1 << 3,   /* the link: input_end */
    CONSOLE_DUE_VM_SEES = 1 << 4,     /* the link: lines_changed */
    CONSOLE_DUE_PULL = 1 << 5,        /* readers: pull */
    CONSOLE_DUE_CLIENTS_SEE = 1 << 6, /* clients: lines_changed */
    CONSOLE_DUE_TAKES_INPUT = 1 << 7, /* clients: input_changed */
    CONSOLE_DUE_RESUME = 1 << 8,      /* who is read: resume */
    CONSOLE_DUE_END = 1 << 9,
};

/* Marks one of these; directory_settle will do it. */
void console_mark(struct console *c, enum console_due what);

/* Nothing is left to do for one that is to be freed. */
void console_forget_due(struct console *c);

/* Lets the readers take what there is, in the middle of a drain: without that
 * they would lose what one read after the other pushes out of the ring. The
 * console is whole then. */
void console_pull_readers(struct console *c);

/* What client_attach and client_detach do to the console; client->console is
 * set, or no more. */
void console_add_client(struct client *client, uint64_t now_us);
void console_remove_client(struct console *c, struct client *client,
                           uint64_t now_us);

/* Input of a client's; see client.h. There is a VM. */
bool console_input(struct console *c, struct slice bytes);
void console_break_input(struct console *c, bool is_on);

/* The reader took something, or left: the VM may perhaps be read again. */
void console_reader_moved(struct console *c, struct reader *reader,
                          uint64_t now_us);

/* Attaches a link that is attached nowhere; the directory's work is done. */
void console_attach_vm(struct console *c, struct vm_link *link,
                       uint64_t now_us);

/* The destination of a move has the console now, in place of its link, which
 * leaves; from: where the output was when the move began. */
void console_hand_over(struct console *c, struct vm_link *destination,
                       uint64_t from, uint64_t now_us);

/* The link is that no more, and has the console's output before the next one's.
 * Then it is read for that, or at once dismissed. */
void console_begin_leaving(struct console *c);
void console_start_leaving(struct console *c, uint64_t from, uint64_t now_us);
void console_dismiss_leaving(struct console *c, const char *reason);

/* Lets the ring have room for len more bytes, as far as it may; one that was
 * larger than usual for a while gives that back. */
void console_make_ring_room(struct console *c, size_t len);

/* Nobody is held back any more. */
void console_stop_hold(struct console *c);

/* Everybody is told that the VM at this address has gone. */
void console_tell_detached(struct console *c, const char *peer,
                           const char *reason);

/* Who is there on a side has changed, and with it what the other side sees. */
void console_tell_vm_lines(struct console *c);
void console_tell_client_lines(struct console *c);

/* What was kept goes on, as far as it may now; of directory_settle. */
void console_pass_on_input(struct console *c);

/* Whatever input there is goes before what the link says next. False: the
 * link does not take it. */
bool console_queue_input(struct console *c);

/* A move has ended: its input goes on, or nowhere. */
void console_move_over(struct console *c, uint64_t now_us);

/* What move.c does when a console ends, its link is lost (there must be a
 * move then), or its VM has come back by another way. */
void move_free(struct move *m);
void move_lose_source(struct console *c, const char *reason, uint64_t now_us);
void move_return(struct console *c, uint64_t now_us);

#endif
