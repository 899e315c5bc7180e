/*
 * past.h - output of a console from before this program was started: bytes of
 * its log, and the request for them.
 *
 * The bytes of a past end where the console's output begins (position 0), or
 * begin behind a place that somebody knows (struct past_place). Several clients
 * share them; the last one frees them. They are shared on the loop's thread
 * alone; before that, the thread that reads them owns them.
 */
#ifndef CORE_TOLD_PAST_H
#define CORE_TOLD_PAST_H

#include "base/list.h"
#include "base/slice.h"

#include <stdlib.h>

enum {
    PAST_STEP = 64 * 1024, /* bytes in an answer about a place */
    PAST_READERS_MAX = 64, /* such questions at a time, of all consoles */
};

/* A place in all that a console has ever printed: console_epoch, and a position
 * in that stream. */
struct past_place {
    uint64_t epoch;
    uint64_t position;
};

/* "EPOCH:POSITION", sixteen digits of base 16; or the position alone, which is
 * one of the present epoch. False: it is neither. */
bool past_place_read(const char *text, uint64_t present,
                     struct past_place *ret);

struct past {
    uint32_t users;    /* how many share it; 1 at first */
    uint32_t len;      /* of bytes */
    bool is_beginning; /* nothing ever came before these bytes */
    /* The members below are of what follows a place. */
    struct past_place next; /* behind the bytes */
    /* Bytes just before that place that the log does not have, and will not:
     * who knows the place has seen them, and the program was killed before they
     * were written. */
    uint64_t unwritten;
    /* Bytes between the place and these that nobody has. */
    uint64_t missing;
    /* Between the place and these bytes a run of the program has ended in
     * disorder: what the VM printed at its end, and the log does not have, may
     * be missing, besides. */
    bool may_miss;
    uint8_t bytes[];
};

/* With room for len bytes, to be filled; NULL: there is no memory. */
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

/* Accepts NULL. */
static inline void past_leave(struct past *past)
{
    if (past != NULL && --past->users == 0)
        free(past);
}

/* A request that waits for its answer; embedded in the client that asks. */
struct past_ask {
    struct list node; /* in a list of the source that was asked */
    /* past NULL: there is none. A client that keeps the past shares it. */
    void (*on_answer)(struct past_ask *ask, struct past *past);
};

static inline void past_ask_init(struct past_ask *ask,
                                 void (*on_answer)(struct past_ask *ask,
                                                   struct past *past))
{
    list_init(&ask->node);
    ask->on_answer = on_answer;
}

/* The request will not be answered. Accepts one that was never asked, or was
 * answered. */
static inline void past_ask_cancel(struct past_ask *ask)
{
    list_remove(&ask->node);
}

#endif
