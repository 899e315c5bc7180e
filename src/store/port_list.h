/*
 * port_list.h - parses a line of vSPC.py's list of VMs, as vSPCClient prints
 * it: NAME:UUID:PORT. Pure.
 *
 * A name may contain colons. The UUID is the host's form without blanks, 16 hex
 * digits, a hyphen, 16 more; our form is accepted too. With
 * SUPPORT_MULTI_CONSOLE=true, "_" and the port URI follow both name and UUID:
 * they are our label. Otherwise the list has no label, and it is "". A VM
 * without a port (--no-vm-ports) has no third field.
 */
#ifndef STORE_PORT_LIST_H
#define STORE_PORT_LIST_H

#include "base/err.h"
#include "base/slice.h"
#include "base/text.h"

#include <stdint.h>

/* A VM's console, with its text cleaned. */
struct port_list_entry {
    char uuid[TEXT_ID_MAX + 1];
    char label[TEXT_ID_MAX + 1]; /* "": not known */
    char name[TEXT_ID_MAX + 1];  /* the UUID if the line has none */
    uint16_t port;
};

enum port_list_outcome {
    PORT_LIST_EMPTY = 1, /* no text, or a comment behind # */
};

/* line is without its line end. 0, PORT_LIST_EMPTY, or -EINVAL with err filled:
 * what is wrong and what was expected. */
int port_list_parse(struct slice line, struct port_list_entry *ret_entry,
                    struct err *err);

#endif
