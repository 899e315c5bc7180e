/*
 * pending.h - changes that are not on the disk yet: at most one for each
 * console, in the order in which they came, and notes of other parts.
 *
 * Has no lock and does no I/O: store.c has both. Owns copies of all text.
 */
#ifndef STORE_PENDING_H
#define STORE_PENDING_H

#include "base/list.h"
#include "base/map.h"
#include "store/pending_notes.h"
#include "store/record.h"

/* If both are set, the console is forgotten first, then put. */
struct pending_change {
    struct list node;
    bool forgets;
    bool puts;
    struct store_record record; /* with forgets alone: uuid and label only */
    char text[];
};

struct pending {
    struct list changes; /* struct pending_change.node */
    struct map by_console;
    size_t count;
    size_t max;
    uint64_t dropped;           /* changes for which there was no room */
    struct pending_notes notes; /* besides; not in count and max */
};

/* Changes of consoles, and notes. */
static inline size_t pending_total(const struct pending *p)
{
    return p->count + p->notes.count;
}

/* max: number of changes; above it, changes of further consoles are dropped. */
void pending_init(struct pending *p, const uint64_t seed[2], size_t max);
void pending_done(struct pending *p);

void pending_put(struct pending *p, const struct store_record *record);
void pending_forget(struct pending *p, const char *uuid, const char *label);

/* Moves all changes into to, which is initialised here; p is then empty. */
void pending_take(struct pending *p, struct pending *to);

/* Puts changes that could not be written back, older than all that came since.
 * older was taken from p. */
void pending_return(struct pending *p, struct pending *older);

#endif
