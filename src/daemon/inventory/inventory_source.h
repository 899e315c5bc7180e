/*
 * inventory_source.h - the inventory's file or program, looked at by a thread.
 *
 * The file is read again when it is another one than before: by device, inode,
 * size and times, every two seconds, which also works on NFS and when a file is
 * renamed over it. A file that has just changed is read when it has stayed as
 * it is for half a second: who writes it in place is done then. The program is
 * run again after a while.
 *
 * A look that fails gives a reason and no table. Tables are handed back, and
 * the thread frees them: the loop is not held for it.
 *
 * All functions are the loop's; only open's wait and close wait.
 */
#ifndef DAEMON_INVENTORY_INVENTORY_SOURCE_H
#define DAEMON_INVENTORY_INVENTORY_SOURCE_H

#include "base/err.h"
#include "inventory/inventory_build.h"

#include <stdint.h>

struct inventory_source;

struct inventory_source_settings {
    const char *file;    /* NULL: none */
    const char *program; /* NULL: none */
    uint64_t every_us;   /* from a run of the program to the next one */
};

/* What came of a look. */
struct inventory_news {
    struct inventory *table; /* the caller's, to give back; NULL: none, or
                                 the one in force is read again */
    size_t changed;          /* VMs, since the table before */
    struct inventory_doubts doubts;
    uint64_t took_us;
    struct err why; /* of the last look, if it failed; else "" */
};

/* on_news: on the thread; may only wake the loop; not called after close has
 * begun. seed: random. */
struct inventory_source *inventory_source_open(const uint64_t seed[2],
                                               void (*on_news)(void *owner),
                                               void *owner);

/* Looks at once. Copies the settings. 0, or -errno: there is no thread. */
int inventory_source_set(struct inventory_source *s,
                         const struct inventory_source_settings *settings);

/* Waits for the first news, for so long at most. */
void inventory_source_wait(struct inventory_source *s, uint64_t wait_us);

/* False: there are none. A look that has found the same table as before is no
 * news. */
bool inventory_source_take(struct inventory_source *s,
                           struct inventory_news *ret);

/* Nobody looks at the table any more. Takes NULL. */
void inventory_source_give_back(struct inventory_source *s,
                                struct inventory *table);

/* Ends the program, if it runs. All tables were given back. */
void inventory_source_close(struct inventory_source *s, uint64_t wait_us);

#endif
