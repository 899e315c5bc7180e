/*
 * conlog_names.h - which log has which name, so that no two have the same.
 *
 * A name that another console has gets something of the console's own, before
 * the last dot of its last part: its label, if the other one is of the same VM,
 * else its UUID, then both, then a number too. A console that had to step aside
 * goes on doing so until it is renamed, so that two of them do not change their
 * files with each date.
 *
 * No I/O. Owns the texts.
 */
#ifndef CONLOG_CONLOG_NAMES_H
#define CONLOG_CONLOG_NAMES_H

#include "base/map.h"
#include "conlog/file/conlog_name.h"

enum conlog_names_way {
    CONLOG_NAMES_PLAIN,
    CONLOG_NAMES_WITH_LABEL,
    CONLOG_NAMES_WITH_UUID,
    CONLOG_NAMES_WITH_BOTH,
    CONLOG_NAMES_NUMBERED, /* and on: which number */
};

struct conlog_names_entry {
    char *path;       /* NULL: none yet */
    const char *uuid; /* borrowed: the console's */
    uint32_t way;     /* enum conlog_names_way */
};

/* Gives name the path that the pattern makes of the facts, and gives up the one
 * that it had. facts->uuid lives as long as the name. */
void conlog_names_take(struct map *names, struct conlog_names_entry *name,
                       const char *pattern, const struct conlog_facts *facts,
                       int64_t utc_s);

/* Takes one that has none. */
void conlog_names_give_up(struct map *names, struct conlog_names_entry *name);

#endif
