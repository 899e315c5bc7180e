#include "cli/invocation/names.h"

#include "base/text.h"

#include <string.h>

static const char *name_of(const json_t *items, size_t i)
{
    const char *name =
        json_string_value(json_object_get(json_array_get(items, i), "name"));

    return name != NULL ? name : "";
}

static json_t *only_prefix(const json_t *items, const char *begin,
                           int (*compare)(const char *, const char *, size_t))
{
    size_t len = strlen(begin);
    json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(items); i++) {
        if (compare(name_of(items, i), begin, len) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = json_array_get(items, i);
    }
    return found;
}

static bool has_prefix(const json_t *items, const char *begin)
{
    size_t len = strlen(begin);

    for (size_t i = 0; i < json_array_size(items); i++) {
        if (strncmp(name_of(items, i), begin, len) == 0)
            return true;
    }
    return false;
}

json_t *names_only_prefix(const json_t *items, const char *begin)
{
    return only_prefix(items, begin,
                       has_prefix(items, begin) ? strncmp : strncasecmp);
}

/* How far a name is from what was typed; more than FAR: not near. */
enum { FAR = 8 };

static size_t distance_of(const char *name, const char *typed)
{
    size_t len = strlen(typed);
    size_t letters = text_distance(name, typed);

    /* A third of the letters may be wrong. */
    if (letters <= 1 || letters * 3 <= len)
        return letters;
    if (strncasecmp(name, typed, len) == 0)
        return 4;
    return strcasestr(name, typed) != NULL ? 5 : FAR + 1;
}

size_t names_near(const json_t *items, const char *name,
                  const char *ret_near[NAMES_NEAR_MAX])
{
    size_t distances[NAMES_NEAR_MAX];
    size_t count = 0;

    if (name[0] == '\0')
        return 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        size_t distance = distance_of(name_of(items, i), name);
        size_t at = count;

        if (distance > FAR)
            continue;
        while (at > 0 && distances[at - 1] > distance)
            at--;
        if (at == NAMES_NEAR_MAX)
            continue;
        count += count < NAMES_NEAR_MAX;
        for (size_t j = count - 1; j > at; j--) {
            distances[j] = distances[j - 1];
            ret_near[j] = ret_near[j - 1];
        }
        distances[at] = distance;
        ret_near[at] = name_of(items, i);
    }
    return count;
}
