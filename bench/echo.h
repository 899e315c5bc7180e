/*
 * echo.h - a person who types a byte, and a VM that echoes it.
 *
 * One byte of a client is under way at a time. A byte that is wrong, or more
 * than was typed, ends the program.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "end.h"

/* From now on the VM echoes what the client types. */
void echo_begin(struct end *vm, struct end *client);

/* Types a byte, the round's, and waits for its echo; returns after how many
 * microseconds it came. */
uint32_t echo_round_trip_us(struct end *client, unsigned round,
                            unsigned timeout_s);

#endif
