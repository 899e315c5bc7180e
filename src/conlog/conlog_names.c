#include "conlog/conlog_names.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool conlog_names_has_path(const void *value, const void *key)
{
    return strcmp(((const struct conlog_names_entry *)value)->path, key) == 0;
}

static uint64_t path_hash(const struct map *names, const char *path)
{
    return map_hash(names, slice_of_text(path));
}

void conlog_names_give_up(struct map *names, struct conlog_names_entry *name)
{
    if (name->path == NULL)
        return;
    map_remove(names, path_hash(names, name->path), name);
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

/* Appends "-" and what the pattern makes of the facts, cleaned as names are. */
static void add_fact(char *to, size_t size, const char *pattern,
                     const struct conlog_facts *facts)
{
    char text[CONLOG_NAME_MAX];
    size_t at = strlen(to);
    size_t len = conlog_name_expand(pattern, facts, 0, text);

    if (len + 2 > size - at)
        len = cut(text, size - at - 2);
    snprintf(to + at, size - at, "-%.*s", (int)len, text);
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

static void step_aside(char path[CONLOG_NAME_MAX], uint32_t way,
                       const struct conlog_facts *facts)
{
    /* A label and a UUID have at most TEXT_ID_MAX bytes each. If they are cut,
     * the number still distinguishes them. */
    char added[CONLOG_NAME_PART_MAX / 2] = "";
    char number[16];

    if (way == CONLOG_NAMES_WITH_UUID || way >= CONLOG_NAMES_WITH_BOTH)
        add_fact(added, sizeof added, "%{uuid}", facts);
    if (way == CONLOG_NAMES_WITH_LABEL || way >= CONLOG_NAMES_WITH_BOTH)
        add_fact(added, sizeof added, "%{label}", facts);
    if (way >= CONLOG_NAMES_NUMBERED) {
        size_t most = sizeof added - sizeof number;
        size_t len = strlen(added);

        snprintf(number, sizeof number, "-%u", way - CONLOG_NAMES_NUMBERED + 2);
        if (len > most)
            len = cut(added, most);
        snprintf(added + len, sizeof added - len, "%s", number);
    }
    insert(path, added);
}

void conlog_names_take(struct map *names, struct conlog_names_entry *name,
                       const char *pattern, const struct conlog_facts *facts,
                       int64_t utc_s)
{
    char plain[CONLOG_NAME_MAX];
    char path[CONLOG_NAME_MAX];
    const struct conlog_names_entry *other;

    conlog_names_give_up(names, name);
    name->uuid = facts->uuid;
    conlog_name_expand(pattern, facts, utc_s, plain);
    for (;; name->way++) {
        memcpy(path, plain, sizeof path);
        if (name->way != CONLOG_NAMES_PLAIN)
            step_aside(path, name->way, facts);
        other = map_find(names, path_hash(names, path), conlog_names_has_path,
                         path);
        if (other == NULL)
            break;
        if (name->way == CONLOG_NAMES_PLAIN &&
            strcmp(other->uuid, facts->uuid) != 0)
            /* a label would not help here */
            name->way = CONLOG_NAMES_WITH_LABEL;
    }
    name->path = xstrdup(path);
    map_add(names, path_hash(names, path), name);
}
