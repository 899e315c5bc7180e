/*
 * typed.h - what a client types to its VM, and what the VM prints to it, while
 * the VM moves from one connection to another.
 *
 * Each byte is told by its position (pattern.h): the first one that is lost,
 * doubled, changed or out of order ends the program, on whichever connection
 * it comes. The owner of a struct typed is the work that runs.
 */
#ifndef BENCH_TYPED_H
#define BENCH_TYPED_H

#include "end.h"

/* One direction, in user bytes. */
struct typed_lane {
    size_t start; /* offset in the pattern of the first byte */
    uint64_t sent, arrived;
};

struct typed {
    const struct pattern *pattern; /* undoubled */
    struct end *client;
    struct typed_lane to_vm, to_client;
};

/* Of an attached client; number tells it from others. */
void typed_init(struct typed *t, const struct pattern *p, struct end *client,
                unsigned number);

/* The client types the next len bytes. */
void typed_type(struct typed *t, unsigned len);

/* Puts the next len bytes that the VM prints into the reply of its end. */
void typed_print(struct typed *t, struct end *vm, unsigned len);

/* Decoded data arrived at the VM. */
void typed_take(struct typed *t, const struct end *vm, const uint8_t *bytes,
                size_t len);

bool typed_has_all(const struct typed *t);

#endif
