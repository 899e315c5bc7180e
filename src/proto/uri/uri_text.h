/*
 * uri_text.h - taking the text of a URI apart: escapes, and where a part ends
 * (RFC 3986, section 2). For the files of proto/uri.
 */
#ifndef PROTO_URI_TEXT_H
#define PROTO_URI_TEXT_H

#include "base/slice.h"

#include <stdbool.h>

/* How far s goes before the first of these characters. */
size_t uri_text_span_until(struct slice s, const char *stops);

/* Whether s is this text, in any case. */
bool uri_text_is(struct slice s, const char *text);

/* Takes a character off the front, %XX undone; -1: '%' without two digits. s is
 * not empty, and is where it was after -1. */
int uri_text_take_char(struct slice *s);

/* A '%' without two hex digits: where; NULL: none. */
const uint8_t *uri_text_find_bad_escape(struct slice s);

/*
 * Decodes raw, whose escapes are good, into to (size bytes, terminated).
 * False: there is no room, or it is not all printable UTF-8.
 */
bool uri_text_decode(char *to, size_t size, struct slice raw);

#endif
