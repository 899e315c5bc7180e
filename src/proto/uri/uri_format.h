/*
 * uri_format.h - a URI back to text.
 */
#ifndef PROTO_URI_FORMAT_H
#define PROTO_URI_FORMAT_H

#include "proto/uri/uri.h"

/*
 * The canonical form: parsed at the same place it means the same, and it is
 * its own canonical form. Scheme and port are always written, ssl as tcp+ssl,
 * parameters in the document's order. A label's is the label, or "?port=LABEL"
 * where that is needed to make it one. As snprintf: writes at most size bytes,
 * terminated, and returns the whole length.
 */
size_t uri_format(const struct uri *uri, char *to, size_t size);

#endif
