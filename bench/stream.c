#include "stream.h"

enum { REST_MS = 30 };

void stream_init(struct stream *s, const struct rig *rig, unsigned first,
                 unsigned count, enum direction direction)
{
    *s = (struct stream){
        .vms = &rig->vms[first],
        .clients = &rig->clients[first * rig->clients_per_vm],
        .vm_count = count,
        .clients_per_vm = rig->clients_per_vm,
        .direction = direction,
        .to_client = zalloc(count, sizeof *s->to_client),
        .to_vm = zalloc(count, sizeof *s->to_vm),
    };
}

/* Only the first client of a VM sends; all receive. */
static struct end *client_of(const struct stream *s, unsigned vm, unsigned i)
{
    return &s->clients[vm * s->clients_per_vm + i];
}

void stream_start(struct stream *s, const struct pattern *p,
                  uint64_t user_bytes)
{
    uint64_t limit = UINT64_MAX;

    if (user_bytes > 0)
        limit = pattern_wire_bytes(p, user_bytes);
    for (unsigned i = 0; i < s->vm_count; i++) {
        flow_init(&s->to_client[i], p, 2 * i);
        flow_init(&s->to_vm[i], p, 2 * i + 1);
        s->to_client[i].limit = s->direction & TO_CLIENT ? limit : 0;
        s->to_vm[i].limit = s->direction & TO_VM ? limit : 0;
        for (unsigned c = 0; c < s->clients_per_vm; c++)
            end_start_sink(client_of(s, i, c), &s->to_client[i]);
        end_start_sink(&s->vms[i], &s->to_vm[i]);
    }
    /* All sinks are there before the first byte is sent. */
    for (unsigned i = 0; i < s->vm_count; i++) {
        end_start_source(&s->vms[i], &s->to_client[i]);
        end_start_source(client_of(s, i, 0), &s->to_vm[i]);
    }
}

void stream_stop(struct stream *s)
{
    for (unsigned i = 0; i < s->vm_count; i++) {
        flow_stop(&s->to_client[i]);
        flow_stop(&s->to_vm[i]);
    }
}

bool stream_is_done(void *stream)
{
    const struct stream *s = stream;

    for (unsigned i = 0; i < s->vm_count; i++) {
        if (!end_has_all(&s->vms[i]))
            return false;
        for (unsigned c = 0; c < s->clients_per_vm; c++)
            if (!end_has_all(client_of(s, i, c)))
                return false;
    }
    return true;
}

uint64_t stream_user_bytes(const struct stream *s)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < s->vm_count; i++)
        total += flow_user_bytes(&s->to_vm[i]) +
                 s->clients_per_vm * flow_user_bytes(&s->to_client[i]);
    return total;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t stream_last_us(const struct stream *s)
{
    uint64_t last = 0;

    for (unsigned i = 0; i < s->vm_count; i++) {
        last = later(last, s->vms[i].received_us);
        for (unsigned c = 0; c < s->clients_per_vm; c++)
            last = later(last, client_of(s, i, c)->received_us);
    }
    return last;
}

void stream_check_rest(struct stream *s, struct loop *l)
{
    uint64_t until = now_us() + REST_MS * 1000;

    while (now_us() < until)
        loop_turn(l, 5);
    if (!stream_is_done(s))
        die("bytes arrived that were not sent");
}
