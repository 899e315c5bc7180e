#include "api/list/list_clients.h"

#include "api/api_private.h"
#include "api/list/clients_walk.h"
#include "api/show/show_items.h"
#include "base/mem.h"

#include <stdlib.h>

struct listed {
    struct api_turn turn;
    bool has_begun;
    struct clients_walk walk;
    struct show_items items;
};

static enum api_more list_clients_produce(struct api_call *call, struct buf *to)
{
    struct listed *l = call->state;
    struct show_moment now = show_moment(call->api);
    struct clients_found found;

    if (call->console_text == NULL && !l->turn.has_it)
        return API_WAIT;
    if (!l->has_begun && !clients_walk_begin(&l->walk, call))
        return API_CUT; /* for want of memory */
    l->has_begun = true;
    if (!clients_walk_step(&l->walk, call, &found)) {
        l->items.hidden = l->walk.hidden;
        return show_items_end(&l->items, to) ? API_END : API_CUT;
    }
    for (size_t i = 0; i < found.count; i++) {
        if (show_items_count(&l->items) &&
            !show_items_put(&l->items, to,
                            show_client(found.client[i], found.right, &now)))
            return API_CUT;
    }
    return API_MORE;
}

static void list_clients_end(struct api_call *call)
{
    struct listed *l = call->state;

    api_turn_end(&l->turn);
    clients_walk_end(&l->walk);
    free(l);
}

void list_clients(struct api_call *call)
{
    static const struct api_work work = {
        .produce = list_clients_produce,
        .end = list_clients_end,
    };
    struct listed *l = xcalloc(1, sizeof *l);

    clients_walk_init(&l->walk);
    api_turn_init(&l->turn);
    l->items.offset = api_number(call, "offset");
    l->items.limit = api_number(call, "limit");
    if (call->console_text == NULL)
        api_turn_want(&l->turn, &call->api->plain_lists, call);
    api_answer_stream(call, "application/json", &work, l);
}
