/*
 * identity.h - who we say we are: the UUID as ESXi writes it, and one for a
 * port that was given none. Pure.
 */
#ifndef VM_HOST_IDENTITY_H
#define VM_HOST_IDENTITY_H

#include "base/text.h"

/*
 * A UUID as --uuid may give it, to be kept and shown: canonical if it is one,
 * else as it is. False: empty, longer than TEXT_ID_MAX, or with bytes that are
 * no printable text.
 */
bool identity_read_uuid(char to[TEXT_ID_MAX + 1], const char *text);

/* As it goes out: what is a UUID in ESXi's way, "50 0c 1e 2f 33 41 5a 6b-7c 8d
 * 9e af b0 c1 d2 e3"; other text as it is. uuid: from the function above. */
void identity_format_uuid(char to[TEXT_ID_MAX + 1], const char *uuid);

/*
 * A UUID that is the same each time for the same two names, and another one
 * for others: the console keeps its TCP port over restarts of ours.
 */
void identity_make_uuid(char to[TEXT_UUID_LEN + 1], const char *host_name,
                        const char *vm_name);

#endif
