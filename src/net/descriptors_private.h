/*
 * descriptors_private.h - a loop's side of descriptors.h, for those in net/ who
 * open and close descriptors.
 */
#ifndef NET_DESCRIPTORS_PRIVATE_H
#define NET_DESCRIPTORS_PRIVATE_H

#include "base/deadline.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

/* Somebody who needs a descriptor; lives in the struct that does. */
struct descriptor_waiter {
    struct list node; /* list_init before use; empty: it does not wait */
    void (*wake)(struct descriptor_waiter *w);
};

struct descriptors {
    struct list waiting; /* struct descriptor_waiter */
    struct deadline_queue retries;
    struct deadline retry;
    int reserve_fd;   /* -1: lent, or another thread was faster */
    bool is_starved;  /* and that is no news */
    uint64_t told_us; /* when it was logged last; 0: never */
    uint64_t lack_count;
};

/* The owner has retries watched by its loop. */
void descriptors_init(struct descriptors *d);
void descriptors_done(struct descriptors *d);

/* This errno says that there is none, or no memory for one. */
bool descriptors_is_lack(int error);

/* There was none, for this reason. Counts it and, if that is news, logs it. */
void descriptors_report_lack(struct descriptors *d, int error);

/* There was one. */
void descriptors_report_success(struct descriptors *d);

/* Calls wake once, in a later turn. list_remove of its node ends the wait. */
void descriptors_wait(struct descriptors *d, struct descriptor_waiter *w);

/* One of the loop's was closed: all that wait are woken. */
void descriptors_freed(struct descriptors *d);

/*
 * Closes the reserve, so that the next descriptor can be opened whatever the
 * limit; false if there is no reserve. It is taken back when that one is closed
 * again, in the same turn.
 */
bool descriptors_lend_reserve(struct descriptors *d);
void descriptors_take_reserve_back(struct descriptors *d);

#endif
