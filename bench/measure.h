/*
 * measure.h - the clock, what a server used of CPU and memory, percentiles.
 *
 * Also the generator's only way to fail: die(). A benchmark whose numbers are
 * wrong must not print any, so nothing here returns an error.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Prints the message and ends the program with status 1. Any thread may. */
_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Zeroed memory; dies if there is none. */
void *zalloc(size_t count, size_t size);

uint64_t now_us(void);

enum { SERVER_PIDS_MAX = 16 };

/* The processes of the server under test; nginx has a master and a worker. */
struct server {
    pid_t pids[SERVER_PIDS_MAX];
    unsigned count;
};

/* Nanoseconds of CPU used so far by all threads of all its processes. */
uint64_t server_cpu_ns(const struct server *s);

/* Nanoseconds of CPU the generator itself used so far. */
uint64_t own_cpu_ns(void);

/* Resident memory in KiB, summed over its processes. */
uint64_t server_rss_kib(const struct server *s);

/* Sorts the samples and gives the one at that share (0.5: the median). */
uint32_t percentile(uint32_t *samples, size_t count, double share);

#endif
