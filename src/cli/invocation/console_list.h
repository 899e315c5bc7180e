/*
 * console_list.h - which consoles there are, asked again and again. The
 * interval grows with what the answer costs: a long list is not asked for all
 * the time.
 */
#ifndef CLI_INVOCATION_CONSOLE_LIST_H
#define CLI_INVOCATION_CONSOLE_LIST_H

#include "base/buf.h"
#include "net/timer.h"
#include "remote/exits.h"
#include "remote/link/turns.h"

#include <jansson.h>

enum {
    CONSOLE_LIST_INTERVAL_MS = 2000,
    CONSOLE_LIST_TIMES = 20, /* the interval, in times of an answer */
    CONSOLE_LIST_MAX = 64 * 1024 * 1024,
};

struct console_list_ops {
    /* The API's answer; borrowed. */
    void (*on_list)(void *owner, const json_t *answer);
    /* It is asked again. */
    void (*on_failed)(void *owner, enum exits exits, const char *why);
};

/* Members are console_list.c's. */
struct console_list {
    struct turns *turns;
    const struct console_list_ops *ops;
    void *owner;
    const char *target; /* borrowed */
    struct turn turn;
    struct timer again;
    struct remote_request request;
    struct buf body;
    uint64_t asked_us;
    unsigned status;
};

void console_list_init(struct console_list *l, struct turns *turns,
                       const char *target, const struct console_list_ops *ops,
                       void *owner);
void console_list_done(struct console_list *l);

/* From now on, or again. */
void console_list_start(struct console_list *l);
void console_list_stop(struct console_list *l);

#endif
