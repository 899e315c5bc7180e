/*
 * waiting_break.h - a break's place in a queue of bytes. Pure.
 *
 * Of several breaks in one queue, the last one is kept. Starts as { 0 }.
 */
#ifndef VM_COMMON_WAITING_BREAK_H
#define VM_COMMON_WAITING_BREAK_H

#include "base/slice.h"
#include "vm/common/uart.h"

struct waiting_break {
    enum uart_break what; /* OFF: no break waits */
    size_t before;        /* bytes of the queue that go before it */
};

static inline bool waiting_break_is_there(const struct waiting_break *w)
{
    return w->what != UART_BREAK_OFF;
}

/* Puts a break behind the queue's bytes. The end of a break has no place of its
 * own, so that a break cannot delay its own end: it turns a waiting break into
 * a pulse. False: no break waits, so its end must be handled now. */
static inline bool waiting_break_put(struct waiting_break *w,
                                     enum uart_break what, size_t queue_len)
{
    if (what == UART_BREAK_OFF) {
        if (!waiting_break_is_there(w))
            return false;
        w->what = UART_BREAK_PULSE;
        return true;
    }
    *w = (struct waiting_break){ what, queue_len };
    return true;
}

/* The bytes of the queue that may go: those before the break. */
static inline struct slice waiting_break_limit(const struct waiting_break *w,
                                               struct slice queue)
{
    if (waiting_break_is_there(w) && queue.len > w->before)
        queue.len = w->before;
    return queue;
}

/* len bytes have left the queue. */
static inline void waiting_break_went(struct waiting_break *w, size_t len)
{
    if (waiting_break_is_there(w))
        w->before -= len;
}

/* True if the break is next. */
static inline bool waiting_break_is_due(const struct waiting_break *w)
{
    return waiting_break_is_there(w) && w->before == 0;
}

static inline enum uart_break waiting_break_take(struct waiting_break *w)
{
    enum uart_break what = w->what;

    *w = (struct waiting_break){ 0 };
    return what;
}

#endif
