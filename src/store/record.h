/*
 * record.h - what is kept of a console over a restart.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdint.h>

/* Times are seconds since 1970. The text is borrowed. In a change that is
 * given to the store, 0 and "" leave what is known as it is, but for left_s. */
struct store_record {
    const char *uuid;
    const char *label;
    const char *name;
    const char *address;  /* where its VM came from last */
    int64_t first_seen_s; /* the VM, ever */
    int64_t last_seen_s;  /* the VM: when it came last, or went */
    int64_t left_s;       /* since when neither VM nor client is there; 0:
                           * somebody is */
    uint16_t port;        /* its TCP port */
};

#endif
