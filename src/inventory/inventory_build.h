/*
 * inventory_build.h - makes a table of VMs, one after the other.
 *
 * Of two VMs with one UUID the later one counts. A draft that is wrong is left
 * out, and counted; the first few are told. If no other has its UUID, that VM
 * is unknown: whoever can make a line wrong, by a long tag or a comma in a
 * name, does not get the VM out of its folder into a more open section. Memory
 * is bounded by INVENTORY_VMS_MAX and by what their texts take. Pure.
 */
#ifndef INVENTORY_INVENTORY_BUILD_H
#define INVENTORY_INVENTORY_BUILD_H

#include "base/map.h"
#include "inventory/inventory_draft.h"

enum { INVENTORY_DOUBTS_MAX = 4 };

/* Something strange about a line. */
struct inventory_doubt {
    unsigned line;
    const char *what; /* static text, such as "has no UUID" */
};

/* What there was besides the VMs. */
struct inventory_doubts {
    struct inventory_doubt first[INVENTORY_DOUBTS_MAX];
    size_t left_out; /* VMs; the first ones are in first */
    size_t repeated; /* VMs whose UUID came again */
};

struct inventory_build {
    struct inventory_row *row;
    size_t count, room;
    char *text;
    size_t text_len, text_room;
    struct map shared; /* texts that are there: offset + 1 as a pointer */
    struct inventory_doubts doubts;
};

/* seed: random, for map_init. */
void inventory_build_init(struct inventory_build *b, const uint64_t seed[2]);
void inventory_build_done(struct inventory_build *b);

/* Something is wrong with a line that makes no draft; what: static text. */
void inventory_build_doubt(struct inventory_build *b, unsigned line,
                           const char *what);

/* False: there are too many VMs, or there is no memory. */
bool inventory_build_add(struct inventory_build *b,
                         const struct inventory_draft *draft);

/* The table of all that was added; the build is empty then. NULL: there is no
 * memory. doubts is complete from here on. */
struct inventory *inventory_build_end(struct inventory_build *b);

#endif
