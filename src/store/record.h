/*
 * record.h - what is kept of a console over a restart.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/* Times are seconds since 1970. The text is borrowed. In a change, 0 and ""
 * keep what is known; but left_s is always set, and so are the flags. */
struct store_record {
    const char *uuid;
    const char *label;
    const char *name;
    const char *address;  /* last peer address of its VM */
    int64_t first_seen_s; /* when its VM first connected */
    int64_t last_seen_s;  /* when its VM last connected or disconnected */
    /* since when it has had neither VM nor client; 0: it has one */
    int64_t left_s;
    uint16_t port;    /* its TCP port */
    bool is_proven;   /* it was used, so it is new no longer */
    bool came_by_tls; /* its VM's last connection that lasted was in TLS */
    bool is_keyed;    /* its VM has come with the key of its configuration */
};

#endif
