/*
 * uri_text.h - the text of a URI: escapes, and where a part ends (RFC 3986,
 * section 2). For the files of proto/uri.
 */
#ifndef PROTO_URI_URI_TEXT_H
#define PROTO_URI_URI_TEXT_H

#include "base/slice.h"

#include <stdbool.h>

/* The length of s before the first of these characters. */
size_t uri_text_span_until(struct slice s, const char *stops);

/* True if s is this text, in any case. */
bool uri_text_is(struct slice s, const char *text);

/* Takes a character off the front of s, which is not empty, %XX undone. -1, and
 * s unchanged: a '%' without two hex digits. */
int uri_text_take_char(struct slice *s);

/* The first '%' without two hex digits; NULL: none. */
const uint8_t *uri_text_find_bad_escape(struct slice s);

/*
 * Decodes raw, whose escapes are valid, into to (size bytes, terminated).
 * False: there is no room, or the result is not printable UTF-8.
 */
bool uri_text_decode(char *to, size_t size, struct slice raw);

#endif
