/*
 * uri_format.h - writes a URI as text: all of it, or what everybody may see.
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

struct uri_shown {
    char text[TEXT_ID_MAX + 1];
};

/*
 * A text that was given as a URI, and may be none, for the log and for people
 * who have not written it: clean, cut, and without what may be a secret. "***"
 * stands for everything in front of the last '@' (a password may have any
 * character in it), and behind an address for its path, query and parameters.
 * Names have no secrets: labels, and those of vspc://.
 */
struct uri_shown uri_show(struct slice text);

#endif
