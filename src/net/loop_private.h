/*
 * loop_private.h - what the files of net/ share about a loop.
 */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include "base/clock.h"
#include "net/descriptors_private.h"
#include "net/loop.h"

#include <uv.h>

struct loop_signal {
    uv_signal_t uv;
    int number;
    void (*handler)(void *owner, int number);
    void *owner;
};

struct queries;

struct loop {
    uv_loop_t uv;
    uv_prepare_t turn_end;
    uv_timer_t alarm;    /* for the deadline that is due first */
    uint64_t alarm_us;   /* the time it is set for; 0: not set */
    struct list watches; /* struct deadline_queue, by its node watched */
    struct descriptors descriptors;
    struct deadline_queue linger_queue; /* streams closing gently */
    /* streams whose owners are told of a break */
    struct deadline_queue broken_queue;
    struct deadline_queue silence_queue; /* streams that have written */
    int break_fd;         /* an epoll: streams watched for a break only */
    uv_poll_t break_poll; /* of break_fd */
    void (*on_turn_end)(void *owner);
    void *turn_end_owner;
    struct loop_signal signals[LOOP_SIGNAL_MAX];
    int signal_count;
    struct queries *names; /* of dial/resolver.c; NULL: none was asked for */
    /* When the first handler of this turn was called; 0: none was. */
    uint64_t turn_began_us;
    struct histogram turn_times;
    bool is_stopped;
    uint8_t *read_buffer;
};

/* Each handler that libuv calls says first that its turn has begun, if no other
 * one has. */
static inline void loop_turn_begins(struct loop *loop)
{
    if (loop->turn_began_us == 0)
        loop->turn_began_us = clock_now_us();
}

/* What all streams on descriptors share; in stream_fd.c. 0 or -errno. */
int stream_fd_loop_open(struct loop *loop);
void stream_fd_loop_close(struct loop *loop);

/* In dial/resolver.c. Nobody may have a lookup any more. Takes NULL. */
void resolver_close(struct queries *names);

#endif
