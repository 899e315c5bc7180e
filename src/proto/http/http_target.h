/*
 * http_target.h - the target of a request, "/path/with%20parts?name=value&..."
 * (RFC 3986): its path's segments and its query's pairs, as texts.
 *
 * %XX is undone after the target is taken apart, so an encoded slash is part of
 * a segment. '+' in a query is a blank. A target that does not begin with "/",
 * that has a NUL, an invalid %XX, text that is no UTF-8, or a segment that is
 * "." or "..", is no target of ours.
 */
#ifndef PROTO_HTTP_HTTP_TARGET_H
#define PROTO_HTTP_HTTP_TARGET_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HTTP_SEGMENTS_MAX = 12,
    HTTP_PAIRS_MAX = 32,
};

struct http_pair {
    const char *name;
    const char *value; /* "" without "=" */
};

/* Texts point into text, which is the target's own. */
struct http_target {
    const char *segment[HTTP_SEGMENTS_MAX];
    size_t segment_count;
    struct http_pair pair[HTTP_PAIRS_MAX];
    size_t pair_count;
    char *text;
};

/* NULL, or what is wrong with it (static text). */
const char *http_target_parse(struct http_target *t, struct slice target);
void http_target_done(struct http_target *t);

/* NULL: there is none of this name. */
const char *http_target_value(const struct http_target *t, const char *name);

/* Appends text to `to` as a part of a target: all but unreserved characters as
 * %XX. False: it is too long for size bytes with the NUL. */
bool http_target_encode(char *to, size_t size, const char *text);

#endif
