/*
 * vm_key.h - the key in a VM's service URI ("s0?key=..."): it proves that
 * whoever configured the VM has got the key from an administrator of the
 * concentrator. So a UUID alone does not make a connection a VM's.
 *
 * The key is an HMAC-SHA256 by the site's key over the VM's UUID and the serial
 * port's label, or over the UUID alone: then it is good for each serial port of
 * the VM. 128 bits of it, as hex digits. Whoever can read the VM's
 * configuration, or its connection in the clear, has the key.
 */
#ifndef SESSION_VM_VM_KEY_H
#define SESSION_VM_VM_KEY_H

#include "base/text.h"
#include "net/tls/tls_digest.h"

#include <stdbool.h>

enum { VM_KEY_LEN = 32 };

/* 32 hex digits, in lower case. A secret: wipe it. */
struct vm_key {
    char text[VM_KEY_LEN + 1];
};

/* label NULL: of all serial ports. Both as in struct vm_identity. */
struct vm_key vm_key_make(const uint8_t site_key[TLS_DIGEST_LEN],
                          const char *uuid, const char *label);

/* The key in a port URI: "s0?key=..."; with the label "" what is appended to
 * another one. A secret, too. */
struct vm_key_uri {
    char text[TEXT_ID_MAX + sizeof "?key=" + VM_KEY_LEN];
};
struct vm_key_uri vm_key_format_uri(const struct vm_key *key,
                                    const char *label);

/* Whether it is the key of this serial port, or of the VM. Takes as long for
 * each key. */
bool vm_key_is_right(const uint8_t site_key[TLS_DIGEST_LEN], const char *uuid,
                     const char *label, const struct vm_key *given);

#endif
