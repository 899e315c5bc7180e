/*
 * loop.h - the event loop: one thread, which owns all state of the program.
 *
 * Everything in net/ runs on a loop. The loop uses libuv, which only net/ sees.
 * Handlers are short and never block. Objects that die in a turn are freed at
 * its end, in the on_turn_end handler, never inside the handler in which they
 * died.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/deadline.h"
#include "base/histogram.h"
#include "base/list.h"

#include <stdint.h>

struct loop;

/* 0 or -errno; on failure nothing is left. */
int loop_open(struct loop **ret_loop);

/* Everything that was opened on the loop must have been closed. Runs libuv's
 * remaining close callbacks. Signals that the loop watched are ignored
 * afterwards. Takes NULL. */
void loop_close(struct loop *loop);

/* Returns after loop_stop, or when nothing can happen any more: no stream or
 * listener wants anything, and no deadline runs. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* The handler is called in every turn, before the loop waits for events. */
void loop_on_turn_end(struct loop *loop, void (*handler)(void *owner),
                      void *owner);

/*
 * Fires the queue (base/deadline.h) until deadline_queue_close: the queue's
 * handler gets each deadline that falls due. The queue must have a handler, is
 * watched once, and must not move. Handlers may close queues, their own too.
 */
void loop_watch(struct loop *loop, struct deadline_queue *queue);

/* Calls handler on the loop for each such signal. 0 or -errno. */
enum { LOOP_SIGNAL_MAX = 8 };
int loop_on_signal(struct loop *loop, int number,
                   void (*handler)(void *owner, int number), void *owner);

/*
 * A buffer of LIMIT_READ bytes that every read on this loop may use. Its
 * content is valid until the handler returns.
 */
uint8_t *loop_read_buffer(struct loop *loop);

/*
 * How long the loop was at work in its turns, from the first handler that libuv
 * has called to the end of the turn, without the time that it waited. So long
 * everything that comes waits at most, before it is looked at.
 */
const struct histogram *loop_turn_times(const struct loop *loop);

/* When the first handler of this turn was called: what a handler is told of has
 * come before. clock_now_us. */
uint64_t loop_turn_began_us(const struct loop *loop);

/* How often a lack of descriptors (descriptors.h) has prevented an accept on
 * this loop. */
uint64_t loop_starved_count(const struct loop *loop);

#endif
