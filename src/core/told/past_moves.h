/*
 * past_moves.h - the last moves of the program, for those who ask what has
 * happened to a VM.
 *
 * Bounded: the oldest one is forgotten for a new one, and a console that moves
 * without end forgets its own. Owns copies of all texts, because a console may
 * be gone by the time that somebody asks. Pure: time is an argument.
 */
#ifndef CORE_TOLD_PAST_MOVES_H
#define CORE_TOLD_PAST_MOVES_H

#include "base/limits.h"
#include "base/list.h"
#include "core/told/fact.h"

enum {
    PAST_MOVES_MAX = 1024,
    PAST_MOVES_OF_CONSOLE = 64,
};

struct past_move {
    struct list node;
    uint64_t number;  /* of all moves that have ended, from 1 on */
    int64_t ended_ms; /* since 1970 */
    struct fact_move_ended how;
    char *name; /* of the console, as shown to people then */
    char id[];  /* "UUID/LABEL" */
};

struct past_moves {
    struct list all; /* struct past_move.node, the oldest first */
    size_t count;
    uint64_t last_number;
};

void past_moves_init(struct past_moves *m);
void past_moves_done(struct past_moves *m);

void past_moves_add(struct past_moves *m, const char *name, const char *id,
                    const struct fact_move_ended *how, int64_t ended_ms);

/* The newest move with a smaller number, of this console; id NULL: of any.
 * NULL: there is none. Good until the next past_moves_add. */
const struct past_move *past_moves_before(const struct past_moves *m,
                                          const char *id, uint64_t number);

#endif
