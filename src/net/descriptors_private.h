/*
 * descriptors_private.h - a loop's side of descriptors.h, for the modules in
 * net/ that open and close descriptors.
 */
#ifndef NET_DESCRIPTORS_PRIVATE_H
#define NET_DESCRIPTORS_PRIVATE_H

#include "base/deadline.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded in the struct that needs a descriptor. */
struct descriptor_waiter {
    struct list node; /* list_init before use; empty: not waiting */
    void (*wake)(struct descriptor_waiter *w);
};

struct descriptors {
    struct list waiting; /* struct descriptor_waiter */
    struct deadline_queue retries;
    struct deadline retry;
    int reserve_fd;   /* -1: lent, or another thread took its place */
    bool is_starved;  /* the lack was reported; a success ends it */
    uint64_t told_us; /* when the lack was logged last; 0: never */
    uint64_t lack_count;
};

/* The owner must have its loop watch d->retries. */
void descriptors_init(struct descriptors *d);
void descriptors_done(struct descriptors *d);

/* This errno means that there is no descriptor, or no memory for one. */
bool descriptors_is_lack(int error);

/* A descriptor could not be had. Counts it; logs the beginning of a lack. */
void descriptors_report_lack(struct descriptors *d, int error);

/* A descriptor could be had: a lack is over. */
void descriptors_report_success(struct descriptors *d);

/* Calls wake once, in a later turn. list_remove of its node ends the wait. */
void descriptors_wait(struct descriptors *d, struct descriptor_waiter *w);

/* The loop has closed a descriptor: wakes all that wait. */
void descriptors_freed(struct descriptors *d);

/*
 * Closes the reserve, so that one descriptor can be opened in spite of the
 * limit. False: there is no reserve. The caller closes the descriptor and takes
 * the reserve back in the same turn.
 */
bool descriptors_lend_reserve(struct descriptors *d);
void descriptors_take_reserve_back(struct descriptors *d);

#endif
