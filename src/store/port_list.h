/*
 * port_list.h - a line of vSPC.py's list of VMs, as vSPCClient prints it:
 * NAME:UUID:PORT. Pure.
 *
 * A name may have colons in it. The UUID is as the host told it without its
 * blanks, 16 hex digits, a hyphen, 16 more; ours is taken as well. With
 * SUPPORT_MULTI_CONSOLE=true "_" and the port URI stand behind both name and
 * UUID: that is our label. Without, the list does not say it, and it is "".
 * A VM without a port (--no-vm-ports) has no third field.
 */
#ifndef STORE_PORT_LIST_H
#define STORE_PORT_LIST_H

#include "base/err.h"
#include "base/slice.h"
#include "base/text.h"

#include <stdint.h>

/* What a VM's console is, cleaned. */
struct port_list_entry {
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1]; /* "": not known */
    char name[TEXT_ID_MAX + 1];  /* the UUID if there is none */
    uint16_t port;
};

enum port_list_outcome {
    PORT_LIST_EMPTY = 1, /* nothing in it, or a comment behind # */
};

/* line has no end of line. 0, PORT_LIST_EMPTY, or -EINVAL with err filled: what
 * is wrong with it and what was expected. */
int port_list_parse(struct slice line, struct port_list_entry *ret_entry,
                    struct err *err);

#endif
