/*
 * uri_quote.h - a text as one value of a language: it means what it is,
 * whatever is in it, and cannot become anything else. Pure.
 *
 * VMs' names come from people: quotes, dollars, blanks, line ends, braces of
 * templates, characters that turn the direction of what is around them. A
 * byte that is no UTF-8 becomes U+FFFD.
 */
#ifndef CLI_URI_URI_QUOTE_H
#define CLI_URI_URI_QUOTE_H

#include "base/buf.h"

#include <stdbool.h>

enum uri_quote {
    URI_QUOTE_SH,         /* POSIX shell: 'a' */
    URI_QUOTE_POWERSHELL, /* 'a', or 'gr' + [char]0x00fc + 'n' */
    URI_QUOTE_PYTHON,     /* "a" */
    URI_QUOTE_YAML,       /* "a" */
    URI_QUOTE_HCL,        /* "a", without interpolation */
    URI_QUOTE_VMX,        /* "a", with |22 for a quote */
    URI_QUOTE_OSLO,       /* a value of oslo.config, in the rest of a line */
    URI_QUOTE_TEXT,       /* for people: cleaned */
    URI_QUOTE_FILE,       /* a part of a file's name, for any language */
};
enum { URI_QUOTE_COUNT = URI_QUOTE_FILE + 1 };

/* By its name in templates: "sh". False: there is none. */
bool uri_quote_find(struct slice name, enum uri_quote *ret);

/* Out of memory ends the program. */
void uri_quote_add(struct buf *to, enum uri_quote how, const char *text);

#endif
