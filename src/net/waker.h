/*
 * waker.h - how another thread calls the loop. The thread keeps its message
 * under a lock of its own and wakes the loop, which then fetches the message.
 *
 * waker_wake is the only function of net/ that any thread may call. Several
 * calls may become one call of the handler; none is lost.
 */
#ifndef NET_WAKER_H
#define NET_WAKER_H

#include "net/loop.h"

struct waker;

/* handler is called on the loop. A waker does not keep the loop running. 0 or
 * -errno. */
int waker_open(struct loop *loop, void (*handler)(void *owner), void *owner,
               struct waker **ret_waker);

/* No other thread may use w any more. Takes NULL. */
void waker_close(struct waker *w);

void waker_wake(struct waker *w);

#endif
