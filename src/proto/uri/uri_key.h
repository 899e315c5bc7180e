/*
 * uri_key.h - the key in a service URI: "key=VALUE" in its query, behind a
 * label or an address, in front of any parameters: "s0?key=4f1c...".
 *
 * The key says who configured the VM, and nothing about the serial port, so it
 * is taken off before the URI is parsed. It must not be shown.
 */
#ifndef PROTO_URI_URI_KEY_H
#define PROTO_URI_URI_KEY_H

#include "base/slice.h"

/* The value of the first key, part of text; data is NULL if there is no key. It
 * may be empty. */
struct slice uri_find_key(struct slice text);

/* Writes the text without its keys to `to`, which has room for all of text, or
 * is text. Text without a key stays as it is. Returns the length. */
size_t uri_remove_keys(struct slice text, uint8_t *to);

/* Where a value that looks like a key of ours (32 hex digits behind "key=")
 * begins, wherever that is in the text, with %XX for any character: somebody
 * may have put it behind "&", "#" or "%3F". NULL: nowhere. */
const uint8_t *uri_find_stray_key(struct slice text);

#endif
