/*
 * option233.h - the messages of VMware's Python kit for virtual serial ports:
 * subnegotiations of telnet option 233, by which its client asks for a list of
 * ports, and chooses one.
 *
 * The bodies alone; 255 is doubled by telnet. No I/O, no clock, no allocation
 * but in the caller's buf.
 */
#ifndef PROTO_ADMIN_OPTION233_H
#define PROTO_ADMIN_OPTION233_H

#include "base/buf.h"

enum { OPTION233 = 233 };

enum option233_kind {
    OPTION233_GET_LIST,
    OPTION233_CONNECT,    /* mode, id */
    OPTION233_DISCONNECT, /* leave the port; the connection stays */
    OPTION233_WRONG,      /* none of these: the kit's server closes */
};

enum option233_access {
    OPTION233_READ_WRITE = 0x00,
    OPTION233_READ_ONLY = 0x01,
    OPTION233_EXCLUSIVE = 0x10,
    OPTION233_EXCLUSIVE_WRITE = 0x11,
    OPTION233_READ_ONLY_OK = 0x20, /* read-write, or else read-only */
};

struct option233_message {
    enum option233_kind kind;
    uint8_t mode; /* CONNECT: enum option233_access, or another number */
    struct slice
        id; /* CONNECT: UTF-8, one byte or more; points into the body */
};

/* The message of a subnegotiation's body. */
struct option233_message option233_parse(struct slice body);

/*
 * The body of an answer. connected: whether the client has its port now.
 *
 * A list is begun, has any number of ports appended, and is then one body. All
 * fail as buf_append does; a port is appended whole or not at all. The texts
 * are UTF-8 without NUL.
 */
struct slice option233_state(bool is_connected);
int option233_put_list(struct buf *to);
int option233_put_port(struct buf *to, const char *id, const char *name,
                       const char *uri);

#endif
