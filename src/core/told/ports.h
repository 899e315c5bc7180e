/*
 * ports.h - which TCP ports of the range the consoles have.
 *
 * Hands out the first free port upwards. A port that another program holds is
 * passed over until the range has no other left: to ask the system about it for
 * every new console would make each console slower.
 */
#ifndef CORE_TOLD_PORTS_H
#define CORE_TOLD_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ports {
    uint64_t *taken;   /* a bit for each port: a console has it */
    uint64_t *foreign; /* a bit for each port: another program has it */
    size_t words;
    size_t full_words; /* all ports below this word are taken or foreign */
    uint32_t first;
    uint32_t count;
};

/* first to last, both included. */
void ports_init(struct ports *p, uint16_t first, uint16_t last);
void ports_done(struct ports *p);

/* False: none is free. */
bool ports_take(struct ports *p, uint16_t *ret_port);

/* Takes this port. False: it is taken, or not in the range. */
bool ports_take_number(struct ports *p, uint16_t port);

/* Another program has the port that was taken: it is given back, and passed
 * over from now on. */
void ports_set_foreign(struct ports *p, uint16_t port);

void ports_release(struct ports *p, uint16_t port);

#endif
