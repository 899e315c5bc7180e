#include "core/told/fact.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FACTS_FIRST_CAP = 16 };

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
        free(fact->client.name);
        fact->client.name = NULL;
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
        break;
    }
}

void fact_queue_done(struct fact_queue *q)
{
    for (size_t i = q->taken; i < q->count; i++)
        fact_done(&q->facts[i]);
    free(q->facts);
    fact_queue_init(q);
}

static void grow(struct fact_queue *q)
{
    size_t cap = q->cap > 0 ? q->cap * 2 : FACTS_FIRST_CAP;
    struct fact *facts = xcalloc(cap, sizeof *facts);

    if (q->count > 0)
        memcpy(facts, q->facts, q->count * sizeof *facts);
    free(q->facts);
    q->facts = facts;
    q->cap = cap;
}

void fact_add(struct fact_queue *q, struct fact fact)
{
    if (q->count == q->cap)
        grow(q);
    q->facts[q->count++] = fact;
}

/* A copy and no pointer into the queue: while a fact is handled the queue may
 * grow, and move. The memory stays for the next turn. */
bool fact_take(struct fact_queue *q, struct fact *ret_fact)
{
    if (q->taken == q->count) {
        q->taken = 0;
        q->count = 0;
        return false;
    }
    *ret_fact = q->facts[q->taken++];
    return true;
}
