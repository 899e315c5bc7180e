/*
 * What all TLS streams of a loop share: its opening and closing. What happens
 * when its deadlines are due is stream_tls.c's.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "net/tls/stream_tls.h"
#include "net/tls/stream_tls_private.h"
#include "net/tls/tls_engine.h"

#include <assert.h>
#include <stdlib.h>

/* With 0, a turn that takes less than a microsecond would be followed by the
 * next one within the call that fires the queue. */
enum { TLS_NEXT_TURN_US = 1 };

void tls_hub_init(struct tls_hub *hub, struct loop *loop)
{
    *hub = (struct tls_hub){ 0 };
    deadline_queue_open(&hub->again, 0, tls_hub_again_due, hub);
    deadline_queue_open(&hub->handshakes, TLS_HANDSHAKE_US,
                        tls_hub_handshake_due, hub);
    deadline_queue_open(&hub->looks, TLS_LOOK_US, tls_hub_look_due, hub);
    deadline_queue_open(&hub->turns, TLS_NEXT_TURN_US, tls_hub_turn_due, hub);
    deadline_init(&hub->turn);
    list_init(&hub->waiting);
    hub->in = xmalloc(TLS_FIRST_BYTES + LIMIT_READ);
    hub->plain = xmalloc(TLS_RECORD_MAX);
    hub->out = xcalloc(1, sizeof *hub->out);
    hub->out->bytes = xmalloc(TLS_OUT_MAX);
    if (loop == NULL)
        return;
    loop_watch(loop, &hub->again);
    loop_watch(loop, &hub->handshakes);
    loop_watch(loop, &hub->looks);
    loop_watch(loop, &hub->turns);
}

void tls_hub_done(struct tls_hub *hub)
{
    struct deadline *d;

    while ((d = deadline_pop(&hub->handshakes, UINT64_MAX)) != NULL)
        tls_hub_handshake_due(d, hub);
    LIST_EACH (node, after, &hub->again.waiting)
        tls_hub_again_due(CONTAINER_OF(node, struct deadline, node), hub);
    assert(hub->stream_count == 0);
    assert(list_is_empty(&hub->waiting));
    deadline_stop(&hub->turn);
    deadline_queue_close(&hub->again);
    deadline_queue_close(&hub->handshakes);
    deadline_queue_close(&hub->looks);
    deadline_queue_close(&hub->turns);
    free(hub->in);
    free(hub->plain);
    free(hub->out->bytes);
    free(hub->out);
}
