#include "api/list/clients_walk.h"

#include "session/session_context.h"

enum { CONSOLES_AT_ONCE = 64 };

void clients_walk_init(struct clients_walk *w)
{
    *w = (struct clients_walk){ .is_of_all = false };
    census_walk_init(&w->consoles);
}

bool clients_walk_begin(struct clients_walk *w, const struct api_call *call)
{
    const struct session_context *ctx = api_sessions(call->api);

    w->is_of_all = call->console_text == NULL;
    return w->is_of_all
               ? census_walk_begin(&w->consoles, ctx->walks, ctx->directory)
               : census_walk_begin_empty(&w->consoles, ctx->walks, 0);
}

void clients_walk_end(struct clients_walk *w)
{
    census_walk_end(&w->consoles);
}

/* The console that is looked at stays in the walk until all of its clients were
 * found, because the walk knows if it goes. */
static const struct console *present(const struct clients_walk *w,
                                     const struct api_call *call)
{
    if (!w->is_of_all)
        return call->console;
    return census_walk_left(&w->consoles) > 0
               ? w->consoles.consoles[w->consoles.at]
               : NULL;
}

/* False: that was the last one. */
static bool go_on(struct clients_walk *w)
{
    w->number = 0;
    if (census_walk_left(&w->consoles) > 0)
        w->consoles.at++;
    return census_walk_left(&w->consoles) > 0;
}

static void find(struct clients_walk *w, const struct api_call *call,
                 const struct console *c, struct clients_found *ret)
{
    ret->right = api_right_on(call, c);
    if (ret->right >= RIGHT_READ)
        ret->count = show_clients_behind(c, w->number, ret->client);
    else
        w->hidden += c->client_count;
    if (ret->count > 0)
        w->number = ret->client[ret->count - 1]->number;
}

bool clients_walk_step(struct clients_walk *w, const struct api_call *call,
                       struct clients_found *ret)
{
    ret->count = 0;
    for (int i = 0; i < CONSOLES_AT_ONCE; i++) {
        const struct console *c = present(w, call);

        if (c != NULL && c->client_count > 0)
            find(w, call, c, ret);
        if (ret->count > 0)
            return true;
        if (!go_on(w))
            return false;
    }
    return true;
}
