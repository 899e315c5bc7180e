/*
 * pattern.h - what is sent and what must therefore arrive: endless, repeating
 * after a prime number of bytes, laid out so that making it costs nothing and
 * checking it is a memcmp.
 *
 * Because the period is a prime near 2^16, losing or doubling any piece of
 * the sizes that buffers have (powers of two, segments, pages) shifts all that
 * follows, and the next comparison fails. A loss of exactly whole periods is
 * found by counting.
 *
 * A pattern is kept as it goes over the wire: for telnet with each 255
 * doubled. "Wire bytes" count that form, "user bytes" the one before it.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATTERN_USER_PERIOD = 65521,
    PATTERN_RUN = 128 * 1024, /* readable behind any offset below period */
};

struct pattern {
    uint8_t *bytes; /* period + PATTERN_RUN of them */
    size_t period;  /* in wire bytes */
    bool is_telnet;
};

/* iac_percent of the user bytes (0 to 50) are 255; else none is. */
void pattern_init(struct pattern *p, bool is_telnet, unsigned iac_percent);

/* Whether this offset lies between the two halves of a doubled 255. */
bool pattern_is_split(const struct pattern *p, size_t offset);

/* A place to start for stream number n: never split, different for each n. */
size_t pattern_start(const struct pattern *p, unsigned n);

/* How many user bytes the wire bytes from start on are; not ending split. */
uint64_t pattern_user_bytes(const struct pattern *p, size_t start,
                            uint64_t wire);

/* The least whole number of periods with that many user bytes, in wire bytes.
 */
uint64_t pattern_wire_bytes(const struct pattern *p, uint64_t user);

#endif
