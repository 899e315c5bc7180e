/*
 * inventory_look.h - one look at the inventory's file, or one run of its
 * program. Waits for both, so it is called on a thread (inventory_source.h).
 */
#ifndef DAEMON_INVENTORY_INVENTORY_LOOK_H
#define DAEMON_INVENTORY_INVENTORY_LOOK_H

#include "base/err.h"
#include "inventory/inventory_reader.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
    /* How long the program may run: long enough to ask a slow vCenter for all
     * VMs. */
    INVENTORY_PROGRAM_US = 120 * 1000 * 1000,
    INVENTORY_KILL_GRACE_US = 2 * 1000 * 1000, /* after SIGTERM */
};

/* What a file is known by. All zeros: it is not there. */
struct inventory_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct inventory_stamp inventory_stamp(const char *path);
bool inventory_stamp_is_same(const struct inventory_stamp *a,
                             const struct inventory_stamp *b);

/* Feeds the reader with the file. Whoever may write it decides who may read
 * what, so a file that everybody may write is refused. *ret_stamp: of what was
 * read. False: it cannot be read, or what it has cannot; err is filled. */
bool inventory_look_at_file(const char *path, struct inventory_reader *reader,
                            struct inventory_stamp *ret_stamp, struct err *err);

/* The table of all that a reader was fed with, of a file or program. NULL: err
 * is filled. */
struct inventory *inventory_look_end(const char *path,
                                     struct inventory_reader *reader,
                                     struct err *err);

/* How the program is stopped: vspcd ends, or has another inventory. */
struct inventory_stop {
    const atomic_bool *is_stopped;
    int wake; /* readable: is_stopped may have changed */
};

/* Feeds the reader with the program's standard output; the last line of its
 * errors is in err. The exit status has to be 0. False as above. */
bool inventory_look_at_program(const char *program,
                               const struct inventory_stop *stop,
                               struct inventory_reader *reader,
                               struct err *err);

#endif
