#include "core/told/past_moves.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct past_move *at(struct list *node)
{
    return CONTAINER_OF(node, struct past_move, node);
}

void past_moves_init(struct past_moves *m)
{
    *m = (struct past_moves){ 0 };
    list_init(&m->all);
}

static void forget(struct past_moves *m, struct past_move *move)
{
    list_remove(&move->node);
    m->count--;
    free(move->name);
    free(move);
}

void past_moves_done(struct past_moves *m)
{
    LIST_EACH (node, after, &m->all)
        forget(m, at(node));
}

/* NULL: the console has not too many. */
static struct past_move *oldest_of_many(const struct past_moves *m,
                                        const char *id)
{
    struct past_move *oldest = NULL;
    size_t count = 0;

    LIST_EACH (node, after, &m->all) {
        if (strcmp(at(node)->id, id) != 0)
            continue;
        if (count++ == 0)
            oldest = at(node);
    }
    return count >= PAST_MOVES_OF_CONSOLE ? oldest : NULL;
}

void past_moves_add(struct past_moves *m, const char *name, const char *id,
                    const struct fact_move_ended *how, int64_t ended_ms)
{
    struct past_move *oldest = oldest_of_many(m, id);
    size_t size = strlen(id) + 1;
    struct past_move *move = xmalloc(sizeof *move + size);

    if (oldest == NULL && m->count == PAST_MOVES_MAX)
        oldest = at(m->all.next);
    if (oldest != NULL)
        forget(m, oldest);
    *move = (struct past_move){
        .number = ++m->last_number,
        .ended_ms = ended_ms,
        .how = *how,
        .name = xstrdup(name),
    };
    memcpy(move->id, id, size);
    list_add_tail(&m->all, &move->node);
    m->count++;
}

const struct past_move *past_moves_before(const struct past_moves *m,
                                          const char *id, uint64_t number)
{
    for (struct list *node = m->all.prev; node != &m->all; node = node->prev) {
        const struct past_move *move = at(node);

        if (move->number < number && (id == NULL || strcmp(move->id, id) == 0))
            return move;
    }
    return NULL;
}
