#include "api/api_turns.h"

void api_turns_init(struct api_turns *turns, unsigned limit,
                    void (*wake)(struct api_call *call))
{
    *turns = (struct api_turns){ .limit = limit, .wake = wake };
    list_init(&turns->waiting);
}

void api_turn_init(struct api_turn *turn)
{
    *turn = (struct api_turn){ .turns = NULL };
    list_init(&turn->node);
}

static void give_to(struct api_turn *turn)
{
    list_remove(&turn->node);
    turn->has_it = true;
    turn->turns->busy++;
}

void api_turn_want(struct api_turn *turn, struct api_turns *turns,
                   struct api_call *call)
{
    turn->turns = turns;
    turn->call = call;
    list_add_tail(&turns->waiting, &turn->node);
    if (turns->busy < turns->limit)
        give_to(turn);
}

void api_turn_end(struct api_turn *turn)
{
    struct api_turns *turns = turn->turns;
    bool had_it = turn->has_it;
    struct api_turn *next;

    list_remove(&turn->node);
    turn->turns = NULL;
    turn->has_it = false;
    if (!had_it)
        return;
    turns->busy--;
    if (list_is_empty(&turns->waiting))
        return;
    next = CONTAINER_OF(turns->waiting.next, struct api_turn, node);
    give_to(next);
    turns->wake(next->call);
}
