#include "api/api_private.h"
#include "proto/http/http_target.h"

#include "base/text.h"
#include "core/directory.h"

#include <stdio.h>
#include <string.h>

static const char *const base[] = { "api", "v1" };
enum { BASE_COUNT = 2 };

/* The next segment of a row's path; NULL: there is none. */
static const char *next_segment(const char **path, size_t *ret_len)
{
    const char *segment = *path;

    if (*segment == '/')
        segment++;
    if (*segment == '\0')
        return NULL;
    *ret_len = strcspn(segment, "/");
    *path = segment + *ret_len;
    return segment;
}

static bool is_same(const char *segment, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(segment, text, len) == 0;
}

static bool path_matches(const struct api_command *command,
                         const struct http_target *target,
                         const char *ret_value[4])
{
    const char *path = command->path;
    const char *segment;
    size_t at = 0, values = 0, len;

    if (strncmp(path, "//", 2) == 0) {
        path++;
    } else {
        for (; at < BASE_COUNT; at++)
            if (at >= target->segment_count ||
                strcmp(target->segment[at], base[at]) != 0)
                return false;
    }
    while ((segment = next_segment(&path, &len)) != NULL) {
        if (at >= target->segment_count)
            return false;
        if (*segment == '{')
            ret_value[values++] = target->segment[at];
        else if (!is_same(segment, len, target->segment[at]))
            return false;
        at++;
    }
    return at == target->segment_count;
}

static void allow(struct api_found_row *row, enum http_verb verb)
{
    size_t len = strlen(row->allowed);

    snprintf(row->allowed + len, sizeof row->allowed - len, "%s%s",
             len > 0 ? ", " : "", http_verb_name(verb));
}

/* A HEAD is a GET whose body is not sent. */
enum api_found api_find(const struct api *api, enum http_verb verb,
                        const struct http_target *target,
                        struct api_found_row *ret)
{
    struct api_cursor cursor = { 0 };
    const struct api_command *row;

    (void)api;
    *ret = (struct api_found_row){ .command = NULL };
    if (verb == HTTP_VERB_HEAD)
        verb = HTTP_VERB_GET;
    while ((row = api_next_row(&cursor)) != NULL) {
        if (!path_matches(row, target, ret->path_value))
            continue;
        if (row->verb == verb) {
            ret->command = row;
            return API_FOUND;
        }
        allow(ret, row->verb);
    }
    return ret->allowed[0] != '\0' ? API_NO_VERB : API_NO_PATH;
}

/* "UUID", "UUID/LABEL", or, where that is a console's name, "UUID_LABEL". */
static struct console *find_by_id(const struct directory *d, const char *text,
                                  unsigned *ret_many)
{
    char between = d->settings.is_multi_console ? '_' : '/';
    const char *end = strchr(text, between);
    size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
    char uuid[TEXT_ID_MAX + 1];
    struct console *c;

    if (!text_uuid(uuid, slice_of(text, len)))
        return NULL;
    c = directory_find(d, uuid, end != NULL ? end + 1 : NULL);
    if (c == NULL || end != NULL || c->next_of_vm == NULL)
        return c;
    while (c != NULL) {
        (*ret_many)++;
        c = c->next_of_vm;
    }
    return NULL;
}

/* A name as shown begins with the VM's, so most consoles cost one comparison.
 */
static struct console *find_by_name(const struct directory *d, const char *text,
                                    unsigned *ret_many)
{
    struct directory_cursor cursor = { 0 };
    struct console *found = NULL;
    struct console *c;

    while ((c = directory_next(d, &cursor)) != NULL) {
        if (strncmp(text, c->name, strlen(c->name)) != 0 ||
            strcmp(text, console_name(c).text) != 0)
            continue;
        found = c;
        (*ret_many)++;
    }
    return *ret_many == 1 ? found : NULL;
}

struct console *api_find_console(const struct directory *d, const char *text,
                                 unsigned *ret_many)
{
    struct console *c;

    *ret_many = 0;
    c = find_by_id(d, text, ret_many);
    if (c == NULL && *ret_many == 0)
        c = find_by_name(d, text, ret_many);
    return c;
}
