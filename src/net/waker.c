#include "net/waker.h"

#include "base/mem.h"
#include "net/loop_private.h"

#include <stdlib.h>

struct waker {
    uv_async_t async;
    void (*handler)(void *owner);
    void *owner;
};

static void waker_on_wake(uv_async_t *async)
{
    struct waker *w = async->data;

    loop_turn_begins(CONTAINER_OF(async->loop, struct loop, uv));
    w->handler(w->owner);
}

int waker_open(struct loop *loop, void (*handler)(void *owner), void *owner,
               struct waker **ret_waker)
{
    struct waker *w = xcalloc(1, sizeof *w);
    int r = uv_async_init(&loop->uv, &w->async, waker_on_wake);

    if (r < 0) {
        free(w);
        return r;
    }
    uv_unref((uv_handle_t *)&w->async);
    w->async.data = w;
    w->handler = handler;
    w->owner = owner;
    *ret_waker = w;
    return 0;
}

static void waker_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void waker_close(struct waker *w)
{
    if (w != NULL)
        uv_close((uv_handle_t *)&w->async, waker_on_closed);
}

void waker_wake(struct waker *w)
{
    uv_async_send(&w->async);
}
