#include "core/told/fact.h"

#include "base/mem.h"

#include <stdlib.h>

void fact_queue_init(struct fact_queue *q)
{
    *q = (struct fact_queue){ 0 };
}

const char *fact_kind_name(enum fact_kind kind)
{
    static const char *const names[FACT_KIND_COUNT] = {
        [FACT_VM_ATTACHED] = "vm-attached",
        [FACT_VM_DETACHED] = "vm-detached",
        [FACT_VM_RENAMED] = "vm-renamed",
        [FACT_LABELLED] = "labelled",
        [FACT_DESERTED] = "deserted",
        [FACT_VISITED] = "visited",
        [FACT_CLIENT_ATTACHED] = "client-attached",
        [FACT_CLIENT_DETACHED] = "client-detached",
        [FACT_CLIENT_LAGS] = "client-lags",
        [FACT_MOVE_ENDED] = "move-ended",
        [FACT_DESTINATION_REPLACED] = "destination-replaced",
        [FACT_OUTPUT_LOST] = "output-lost",
        [FACT_PROVEN] = "proven",
        [FACT_VM_TAKEN_OVER] = "vm-taken-over",
        [FACT_VM_TAKEOVER_REFUSED] = "vm-takeover-refused",
        [FACT_CLIENT_REFUSED] = "client-refused",
        [FACT_KEYBOARD_TAKEN] = "keyboard-taken",
        [FACT_KEYBOARD_LOCKED] = "keyboard-locked",
        [FACT_KEYBOARD_UNLOCKED] = "keyboard-unlocked",
    };

    return (unsigned)kind < FACT_KIND_COUNT ? names[kind] : "?";
}

void fact_done(struct fact *fact)
{
    switch (fact->kind) {
    case FACT_VM_RENAMED:
        free(fact->vm_renamed.former_name);
        fact->vm_renamed.former_name = NULL;
        break;
    case FACT_CLIENT_ATTACHED:
    case FACT_CLIENT_DETACHED:
    case FACT_CLIENT_LAGS:
    case FACT_CLIENT_REFUSED:
    case FACT_KEYBOARD_TAKEN:
        free(fact->client.name);
        fact->client.name = NULL;
        break;
    case FACT_KEYBOARD_LOCKED:
    case FACT_KEYBOARD_UNLOCKED:
        free(fact->lock.name);
        free(fact->lock.reason);
        fact->lock.name = fact->lock.reason = NULL;
        break;
    case FACT_VM_ATTACHED:
    case FACT_VM_DETACHED:
    case FACT_PROVEN:
    case FACT_LABELLED:
    case FACT_DESERTED:
    case FACT_VISITED:
    case FACT_MOVE_ENDED:
    case FACT_DESTINATION_REPLACED:
    case FACT_OUTPUT_LOST:
    case FACT_VM_TAKEN_OVER:
    case FACT_VM_TAKEOVER_REFUSED:
        break;
    }
}

/* The facts at the front that were not taken. */
static void drop_chunk(struct fact_queue *q)
{
    struct fact_chunk *chunk = q->first;

    for (size_t i = q->taken; i < chunk->count; i++)
        fact_done(&chunk->facts[i]);
    q->first = chunk->next;
    q->taken = 0;
    free(chunk);
}

void fact_queue_done(struct fact_queue *q)
{
    while (q->first != NULL)
        drop_chunk(q);
    fact_queue_init(q);
}

static void add_chunk(struct fact_queue *q)
{
    struct fact_chunk *chunk = xcalloc(1, sizeof *chunk);

    if (q->first == NULL)
        q->first = chunk;
    else
        q->last->next = chunk;
    q->last = chunk;
}

void fact_add(struct fact_queue *q, struct fact fact)
{
    if (q->first == NULL || q->last->count == FACT_CHUNK)
        add_chunk(q);
    q->last->facts[q->last->count++] = fact;
}

/* A copy and no pointer into the queue: while a fact is handled its chunk may
 * go. The last chunk stays for the next turn. */
bool fact_take(struct fact_queue *q, struct fact *ret_fact)
{
    if (fact_queue_is_empty(q)) {
        q->taken = 0;
        if (q->first != NULL)
            q->first->count = 0;
        return false;
    }
    if (q->taken == q->first->count)
        drop_chunk(q);
    *ret_fact = q->first->facts[q->taken++];
    return true;
}
