/*
 * ports.h - which TCP ports of the range the consoles have.
 *
 * Hands out the first free one upwards. A port that somebody outside the
 * program holds is passed over until the range has no other left: asking the
 * system about it for every new console would make each one slower.
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ports {
    uint64_t *taken;   /* a bit a port: a console has it */
    uint64_t *foreign; /* somebody else has it */
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

/* This one. False: it is taken, or not in the range. */
bool ports_take_number(struct ports *p, uint16_t port);

/* The port that was taken is not ours to have. */
void ports_set_foreign(struct ports *p, uint16_t port);

void ports_release(struct ports *p, uint16_t port);

#endif
