/*
 * stream.h - a rig's VMs and clients sending each other the pattern.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "setup.h"

struct stream {
    struct end *vms, *clients; /* of the rig, or a part of it */
    unsigned vm_count, clients_per_vm;
    enum direction direction;
    struct flow *to_client, *to_vm; /* one a VM */
};

/* The VMs first to first + count - 1 of the rig, with their clients. */
void stream_init(struct stream *s, const struct rig *rig, unsigned first,
                 unsigned count, enum direction direction);

/* Sends until stopped, or user_bytes a flow if that is not 0. */
void stream_start(struct stream *s, const struct pattern *p,
                  uint64_t user_bytes);
void stream_stop(struct stream *s);

/* The sources have ended, and every byte that they sent was received. */
bool stream_is_done(void *stream);

/* Of all sinks together; call when done. */
uint64_t stream_user_bytes(const struct stream *s);
uint64_t stream_last_us(const struct stream *s);

/* Waits a moment for bytes that nobody sent; dies if there are any. */
void stream_check_rest(struct stream *s, struct loop *l);

#endif
