/*
 * uri_format.h - writes a URI as text.
 */
#ifndef PROTO_URI_URI_FORMAT_H
#define PROTO_URI_URI_FORMAT_H

#include "proto/uri/uri.h"

/*
 * The canonical form: parsed for the place of use, it has the URI's meaning,
 * and it is its own canonical form. Scheme and port are always written, ssl as
 * tcp+ssl, parameters in the document's order. A label's form is the label, or
 * "?port=LABEL" where only that makes it a label. As snprintf: writes at most
 * size bytes, terminated, and returns the whole length.
 */
size_t uri_format(const struct uri *uri, char *to, size_t size);

#endif
