/*
 * console_private.h - what the files of core/ share about a console.
 */
#ifndef CORE_CONSOLE_PRIVATE_H
#define CORE_CONSOLE_PRIVATE_H

#include "core/console.h"

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

/* Nobody is held back any more. */
void console_stop_hold(struct console *c);

/* Everybody is told that the VM at this address has gone. */
void console_tell_detached(struct console *c, const char *peer,
                           const char *reason);

/* Who is there on a side has changed, and with it what the other side sees. */
void console_tell_vm_lines(struct console *c);
void console_tell_client_lines(struct console *c);

/* What was kept goes on, as far as it may now. */
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
