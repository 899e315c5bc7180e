/*
 * target.h - the target of a request, put together: what comes from outside is
 * encoded. One that is too long is cut, and refused when it is asked for.
 */
#ifndef REMOTE_TARGET_H
#define REMOTE_TARGET_H

#include "proto/http/http_reader.h"

struct target {
    char text[HTTP_TARGET_MAX];
    bool is_oversized;
    bool has_query; /* of pairs */
};

/* path as it is: "/api/v1/consoles". */
void target_init(struct target *t, const char *path);
/* As it is: "/log". */
void target_add(struct target *t, const char *path);
/* Encoded, as one segment: a slash in it is no separator. */
void target_add_segment(struct target *t, const char *segment);
/* value NULL: nothing is added. */
void target_add_query(struct target *t, const char *name, const char *value);

#endif
