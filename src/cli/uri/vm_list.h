/*
 * vm_list.h - a list of VMs, as people have it from their inventory: a line for
 * each with its name, or CSV (RFC 4180) with its name, UUID and the label of
 * its serial port. A first line "name,uuid" is a heading. Pure.
 */
#ifndef CLI_URI_VM_LIST_H
#define CLI_URI_VM_LIST_H

#include "base/err.h"
#include "base/slice.h"
#include "base/text.h"

#include <stddef.h>

enum { VM_LIST_BYTES_MAX = 4 * 1024 * 1024, VM_LIST_MAX = 20000 };

struct vm_entry {
    char *name;                   /* UTF-8 */
    char uuid[TEXT_UUID_LEN + 1]; /* "": not given */
    char *label;                  /* UTF-8; NULL: not given */
    char *port_uri;               /* the user's of this module; freed here */
};

struct vm_list {
    struct vm_entry *item;
    size_t count;
};

/* Appends the text's VMs. 0, or -EINVAL with err filled: which line. */
int vm_list_read(struct vm_list *list, struct slice text, struct err *err);

/* Appends one. 0, or -EINVAL with err filled. uuid, label: NULL: not given. */
int vm_list_add(struct vm_list *list, const char *name, const char *uuid,
                const char *label, struct err *err);

/* Port URIs are wiped. */
void vm_list_done(struct vm_list *list);

#endif
