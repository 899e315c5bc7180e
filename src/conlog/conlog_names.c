#include "conlog/conlog_names.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool conlog_names_has_path(const void *value, const void *key)
{
    return strcmp(((const struct conlog_names_entry *)value)->path, key) == 0;
}

static uint64_t path_hash(const struct conlog_names *names, const char *path)
{
    return map_hash(&names->paths, slice_of_text(path));
}

void conlog_names_init(struct conlog_names *names,
                       conlog_names_digest_fn *digest, const uint64_t seed[2])
{
    *names = (struct conlog_names){ .digest = digest };
    map_init(&names->paths, seed);
}

void conlog_names_done(struct conlog_names *names)
{
    map_done(&names->paths);
}

void conlog_names_give_up(struct conlog_names *names,
                          struct conlog_names_entry *name)
{
    if (name->path == NULL)
        return;
    map_remove(&names->paths, path_hash(names, name->path), name);
    free(name->path);
    name->path = NULL;
}

/* The length after a cut between characters. */
static size_t cut(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* Appends "-" and what the pattern makes of the facts, cleaned as names are, as
 * far as there is room. A cut one ends in "_", so that no cut makes the end of
 * a rotated file's name. */
static void add_fact(char *to, size_t size, const char *pattern,
                     const struct conlog_facts *facts)
{
    char text[CONLOG_NAME_MAX];
    size_t at = strlen(to);
    size_t len = conlog_name_expand(pattern, facts, 0, text);
    size_t room = size - at - 1;

    if (len + 1 <= room)
        snprintf(to + at, size - at, "-%s", text);
    else if (room > 2)
        snprintf(to + at, size - at, "-%.*s_", (int)cut(text, room - 2), text);
}

/* Inserts the addition before the suffix; without room for it, the stem is
 * cut. */
static void insert(char path[CONLOG_NAME_MAX], const char *added)
{
    char *part = strrchr(path, '/');
    char *dot;
    char suffix[24] = "";
    size_t stem;
    size_t most;

    part = part != NULL ? part + 1 : path;
    dot = strrchr(part, '.');
    if (dot != NULL && strlen(dot) < sizeof suffix)
        snprintf(suffix, sizeof suffix, "%s", dot);
    stem = strlen(part) - strlen(suffix);
    most = CONLOG_NAME_PART_MAX - strlen(suffix);
    most = strlen(added) < most ? most - strlen(added) : 0;
    if (stem > most)
        stem = cut(part, most);
    snprintf(part + stem, CONLOG_NAME_MAX - (size_t)(part + stem - path),
             "%s%s", added, suffix);
}

/* Appends "~" and the digest of "UUID NUL label NUL". */
static void add_digest(char *to, size_t size, const struct conlog_names *names,
                       const struct conlog_facts *facts)
{
    uint8_t digest[CONLOG_NAMES_DIGEST_LEN];
    char both[2 * (TEXT_ID_MAX + 1)];
    size_t at = strlen(to);
    int len =
        snprintf(both, sizeof both, "%s%c%s", facts->uuid, '\0', facts->label);

    names->digest(slice_of(both, (size_t)len + 1), digest);
    snprintf(to + at, size - at, "~");
    for (int i = 0; i < CONLOG_NAMES_DIGEST_SHOWN; i++)
        snprintf(to + at + 1 + 2 * i, size - at - 1 - 2 * (size_t)i, "%02x",
                 digest[i]);
}

static void step_aside(char path[CONLOG_NAME_MAX],
                       const struct conlog_names *names,
                       enum conlog_names_way way,
                       const struct conlog_facts *facts)
{
    /* A label and a UUID have at most TEXT_ID_MAX bytes each; what does not fit
     * is cut. */
    char added[CONLOG_NAME_PART_MAX / 2] = "";

    if (way == CONLOG_NAMES_WITH_UUID || way == CONLOG_NAMES_WITH_BOTH)
        add_fact(added, sizeof added, "%{uuid}", facts);
    if (way == CONLOG_NAMES_WITH_LABEL || way == CONLOG_NAMES_WITH_BOTH)
        add_fact(added, sizeof added, "%{label}", facts);
    if (way == CONLOG_NAMES_WITH_DIGEST)
        add_digest(added, sizeof added, names, facts);
    insert(path, added);
}

static const struct conlog_names_entry *owner_of(
    const struct conlog_names *names, const char *path)
{
    return map_find(&names->paths, path_hash(names, path),
                    conlog_names_has_path, path);
}

/* If even the last way were taken (two equal digests), two logs would write one
 * file; nothing worse comes of it. */
void conlog_names_take(struct conlog_names *names,
                       struct conlog_names_entry *name, const char *pattern,
                       const struct conlog_facts *facts, int64_t utc_s)
{
    char plain[CONLOG_NAME_MAX];
    char path[CONLOG_NAME_MAX];

    conlog_names_give_up(names, name);
    name->uuid = facts->uuid;
    conlog_name_expand(pattern, facts, utc_s, plain);
    for (;; name->way++) {
        const struct conlog_names_entry *other;

        memcpy(path, plain, sizeof path);
        if (name->way != CONLOG_NAMES_PLAIN)
            step_aside(path, names, name->way, facts);
        other = owner_of(names, path);
        if (other == NULL || name->way == CONLOG_NAMES_WITH_DIGEST)
            break;
        if (name->way == CONLOG_NAMES_PLAIN &&
            strcmp(other->uuid, facts->uuid) != 0)
            /* a label would not help here */
            name->way = CONLOG_NAMES_WITH_LABEL;
    }
    name->path = xstrdup(path);
    map_add(&names->paths, path_hash(names, path), name);
}
