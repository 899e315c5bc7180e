/*
 * loop.h - the event loop: one thread, which owns all state of the program.
 *
 * Everything in net/ hangs on a loop; the loop is on libuv, which nobody
 * outside net/ sees. Handlers are short and never block. What has died in a
 * turn is swept up at its end, in the on_turn_end handler, never inside the
 * handler that saw it die.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/deadline.h"
#include "base/list.h"

#include <stdint.h>

struct loop;

/* 0 or -errno. All or nothing. */
int loop_open(struct loop **ret_loop);

/* Everything opened on it must have been closed; takes NULL. Runs what
 * closing still needs. Signals that it watched are ignored from then on. */
void loop_close(struct loop *loop);

/* Returns after loop_stop, or when nothing is left that could happen: no
 * stream or listener that wants anything, and no deadline. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Called before the loop goes to sleep, every turn. */
void loop_on_turn_end(struct loop *loop, void (*handler)(void *owner),
                      void *owner);

/*
 * Fires the queue from now on (base/deadline.h): its handler gets each deadline
 * that falls due. The queue has been opened with a handler, is watched once,
 * and stays where it is until deadline_queue_close.
 */
void loop_watch(struct loop *loop, struct deadline_queue *queue);

/* Calls handler on the loop for this signal, from now on. 0 or -errno. */
enum { LOOP_SIGNAL_MAX = 8 };
int loop_on_signal(struct loop *loop, int number,
                   void (*handler)(void *owner, int number), void *owner);

/*
 * The buffer of LIMIT_READ bytes that every read of this loop may use; its
 * content is good until the handler returns.
 */
uint8_t *loop_read_buffer(struct loop *loop);

/* How often a connection could not be accepted on this loop for want of file
 * descriptors (descriptors.h). */
uint64_t loop_starved_count(const struct loop *loop);

#endif
