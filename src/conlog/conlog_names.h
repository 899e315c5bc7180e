/*
 * conlog_names.h - the file names of the logs, so that no two logs have one
 * name.
 *
 * If another console has the name, the console gets an addition before the last
 * dot of the name's last part: its label if the other console is of one VM with
 * it, otherwise its UUID, then both, then a number too. A console with an
 * addition keeps it until it is renamed, so that two consoles do not swap files
 * with each date.
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
    CONLOG_NAMES_NUMBERED, /* this and higher values: the number */
};

struct conlog_names_entry {
    char *path;       /* NULL: none */
    const char *uuid; /* borrowed from the console */
    uint32_t way;     /* enum conlog_names_way */
};

/* Gives name the path that the pattern makes of the facts, instead of its
 * former path. facts->uuid must live as long as the name. */
void conlog_names_take(struct map *names, struct conlog_names_entry *name,
                       const char *pattern, const struct conlog_facts *facts,
                       int64_t utc_s);

/* Does nothing if name has no path. */
void conlog_names_give_up(struct map *names, struct conlog_names_entry *name);

#endif
