/*
 * conlog_names.h - the file names of the logs, so that no two logs have one
 * name.
 *
 * If another console has the name, the console gets an addition before the last
 * dot of the name's last part: its label if the other console is of one VM with
 * it, otherwise its UUID, then both. A VM may take all of these by its name or
 * UUID. The last addition cannot be taken: "~" and a digest of UUID and label.
 * No name that a VM sends leads to a "~" (conlog_name.h), and the directory has
 * no two consoles with one UUID and label. So a free name is found with a fixed
 * number of tries, whatever VMs claim to be, and it is the same in every run.
 *
 * A console with an addition keeps it until it is renamed, so that two consoles
 * do not swap files with each date.
 *
 * No I/O. Owns the texts.
 */
#ifndef CONLOG_CONLOG_NAMES_H
#define CONLOG_CONLOG_NAMES_H

#include "base/map.h"
#include "conlog/file/conlog_name.h"

/* Of all bytes of a digest, these many are in a name. To find two consoles with
 * equal ones takes 2^64 tries. */
enum { CONLOG_NAMES_DIGEST_LEN = 32, CONLOG_NAMES_DIGEST_SHOWN = 16 };

/* SHA-256, which is not at home in this layer. */
typedef void conlog_names_digest_fn(struct slice bytes,
                                    uint8_t ret[CONLOG_NAMES_DIGEST_LEN]);

struct conlog_names {
    struct map paths; /* path -> struct conlog_names_entry */
    conlog_names_digest_fn *digest;
};

enum conlog_names_way {
    CONLOG_NAMES_PLAIN,
    CONLOG_NAMES_WITH_LABEL,
    CONLOG_NAMES_WITH_UUID,
    CONLOG_NAMES_WITH_BOTH,
    CONLOG_NAMES_WITH_DIGEST,
};

struct conlog_names_entry {
    char *path;       /* NULL: none */
    const char *uuid; /* borrowed from the console */
    enum conlog_names_way way;
};

/* seed: random, for map_hash. */
void conlog_names_init(struct conlog_names *names,
                       conlog_names_digest_fn *digest, const uint64_t seed[2]);

/* All names must have been given up. */
void conlog_names_done(struct conlog_names *names);

/* Gives name the path that the pattern makes of the facts, instead of its
 * former path. facts->uuid must live as long as the name. */
void conlog_names_take(struct conlog_names *names,
                       struct conlog_names_entry *name, const char *pattern,
                       const struct conlog_facts *facts, int64_t utc_s);

/* Does nothing if name has no path. */
void conlog_names_give_up(struct conlog_names *names,
                          struct conlog_names_entry *name);

#endif
