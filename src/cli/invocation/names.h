/*
 * names.h - which console a name means, and which ones may have been meant.
 * Pure; consoles are the items of a list: objects with "name" and "id".
 */
#ifndef CLI_INVOCATION_NAMES_H
#define CLI_INVOCATION_NAMES_H

#include <jansson.h>

/* The only item whose name begins so, in this case or, if there is none, in
 * any; NULL: there is none, or there are several. Borrowed. */
json_t *names_only_prefix(const json_t *items, const char *begin);

enum { NAMES_NEAR_MAX = 5 };

/* Names that are near, the nearest first; returns how many. Borrowed. */
size_t names_near(const json_t *items, const char *name,
                  const char *ret_near[NAMES_NEAR_MAX]);

#endif
