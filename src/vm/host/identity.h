/*
 * identity.h - the VM's identity: its UUID as ESXi writes it, and a UUID for a
 * port without one. Pure.
 */
#ifndef VM_HOST_IDENTITY_H
#define VM_HOST_IDENTITY_H

#include "base/text.h"

/*
 * Reads the value of --uuid, to be kept and shown: canonical if it is a UUID,
 * otherwise unchanged. False: empty, longer than TEXT_ID_MAX, or not printable
 * text.
 */
bool identity_read_uuid(char to[TEXT_ID_MAX + 1], const char *text);

/* The form that is sent: a UUID in ESXi's notation, "50 0c 1e 2f 33 41 5a
 * 6b-7c 8d 9e af b0 c1 d2 e3"; other text unchanged. uuid: from
 * identity_read_uuid. */
void identity_format_uuid(char to[TEXT_ID_MAX + 1], const char *uuid);

/*
 * Makes a UUID of two names, equal for equal names: so the console keeps its
 * TCP port when vspc-vm is restarted.
 */
void identity_make_uuid(char to[TEXT_UUID_LEN + 1], const char *host_name,
                        const char *vm_name);

#endif
