/*
 * api_turns.h - so many calls at once do what costs memory for each console;
 * the others wait, in the order of their coming, and cost next to nothing.
 *
 * However many connections ask for a list at once, memory is bounded, and
 * nobody is refused.
 */
#ifndef API_API_TURNS_H
#define API_API_TURNS_H

#include "base/list.h"

struct api_call;

struct api_turns {
    struct list waiting; /* struct api_turn.node */
    unsigned busy;
    unsigned limit;
    void (*wake)(struct api_call *call);
};

/* Part of what a call is at work on. */
struct api_turn {
    struct list node;
    struct api_turns *turns; /* NULL: it wants none, and has none */
    struct api_call *call;
    bool has_it;
};

/* wake tells a call that has waited that its turn has come. */
void api_turns_init(struct api_turns *turns, unsigned limit,
                    void (*wake)(struct api_call *call));

void api_turn_init(struct api_turn *turn);

/* The call's turn comes now, or later: then it is woken. */
void api_turn_want(struct api_turn *turn, struct api_turns *turns,
                   struct api_call *call);

/* The next one has its turn. Accepts one that waits, or has had it. */
void api_turn_end(struct api_turn *turn);

#endif
