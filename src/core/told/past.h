/*
 * past.h - output of a console from before this program was started: bytes of
 * its log, and the question for them.
 *
 * The bytes end where the console's output begins (position 0). Many who have
 * asked share them; they are freed by the last. Shared on the loop's thread
 * alone; before, they are the thread's that has read them.
 */
#ifndef CORE_PAST_H
#define CORE_PAST_H

#include "base/list.h"
#include "base/slice.h"

#include <stdlib.h>

struct past {
    uint32_t users;    /* 1 at first */
    uint32_t len;      /* of bytes */
    bool is_beginning; /* nothing ever came before them */
    uint8_t bytes[];
};

/* With so many bytes, to be filled; NULL: there is no memory. */
static inline struct past *past_new(uint32_t len)
{
    struct past *past = malloc(sizeof *past + len);

    if (past != NULL)
        *past = (struct past){ .users = 1, .len = len };
    return past;
}

static inline struct past *past_share(struct past *past)
{
    past->users++;
    return past;
}

/* Takes NULL. */
static inline void past_leave(struct past *past)
{
    if (past != NULL && --past->users == 0)
        free(past);
}

/* A question that waits for its answer, in whoever asks. */
struct past_ask {
    struct list node; /* whoever was asked has it there */
    /* past: NULL: there is none; who wants to keep it shares it. */
    void (*on_answer)(struct past_ask *ask, struct past *past);
};

static inline void past_ask_init(struct past_ask *ask,
                                 void (*on_answer)(struct past_ask *ask,
                                                   struct past *past))
{
    list_init(&ask->node);
    ask->on_answer = on_answer;
}

/* It is not answered then. Takes one that was not asked, or was answered. */
static inline void past_ask_cancel(struct past_ask *ask)
{
    list_remove(&ask->node);
}

#endif
