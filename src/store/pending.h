/*
 * pending.h - what is known better here than on disk: at most one change a
 * console, in the order in which they came up.
 *
 * Has no lock and does no I/O: store.c has both. Owns copies of all text.
 */
#ifndef STORE_PENDING_H
#define STORE_PENDING_H

#include "base/list.h"
#include "base/map.h"
#include "store/record.h"

/* First it forgets the console, then it puts it, where both are set. */
struct pending_change {
    struct list node;
    bool forgets;
    bool puts;
    struct store_record record; /* forgets alone: uuid and label only */
    char text[];
};

struct pending {
    struct list changes; /* struct pending_change.node */
    struct map by_console;
    size_t count;
    size_t max;
    uint64_t dropped; /* changes there was no room for */
};

/* max: of changes; what comes then, of other consoles, is dropped. */
void pending_init(struct pending *p, const uint64_t seed[2], size_t max);
void pending_done(struct pending *p);

void pending_put(struct pending *p, const struct store_record *record);
void pending_forget(struct pending *p, const char *uuid, const char *label);

/* All of them into to, which is initialised here; p is empty then. */
void pending_take(struct pending *p, struct pending *to);

/* What could not be written after all, beneath what has come since. older was
 * taken from p, and is p's again. */
void pending_return(struct pending *p, struct pending *older);

#endif
