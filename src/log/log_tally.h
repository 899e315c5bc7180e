/*
 * log_tally.h - what the log has told of lately, counted: for whoever asks
 * later what has happened to whom, and cannot read the log.
 *
 * An entry stands for all lines with one message, one reason, one site of the
 * peer's address (base/network.h) and one thing that they are about. It has
 * what the first of these lines says of itself, in clean text, and no more
 * fields than the struct has: nothing secret is in a line of the log, and
 * nothing else of it is kept.
 *
 * Lines are counted whether the log shows them or leaves them out
 * (log_gate.h); those of level debug are not.
 *
 * Memory is fixed, and touched as it is used. Whoever makes many entries pushes
 * out his own first: a site has LOG_TALLY_OF_SITE of them at most, and in a
 * full tally the oldest entry of a site that has most goes.
 *
 * A line costs a look at one number of each entry. Pure: time is an argument.
 */
#ifndef LOG_LOG_TALLY_H
#define LOG_LOG_TALLY_H

#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_TALLY_ENTRIES = 256, LOG_TALLY_OF_SITE = 32 };

/* Texts: "" where the lines have no such field. Longer ones are cut, at the end
 * of a character. */
struct log_tally_entry {
    uint64_t hash; /* of message, reason, site and about */
    uint64_t site; /* of the peer's site */
    uint64_t count;
    int64_t first_ms;    /* since 1970; of the first of them */
    int64_t last_ms;     /* of the last one */
    const char *message; /* of log_words.h */
    unsigned share;      /* entries of the site */
    char reason[288];    /* reason=, or else needs= */
    char door[16];       /* door= or side= */
    char address[64];    /* peer=, without its port; of the last of them */
    char vm[132];        /* vm= */
    char uuid[68];       /* uuid= */
    char console[136];   /* console= */
};

struct log_tally {
    const char *const *messages; /* which ones; ends with NULL; borrowed */
    int64_t pause_ms;            /* an entry that has had no line for so long
                                  * begins anew; 0: never */
    struct log_tally_entry *entries; /* LOG_TALLY_ENTRIES */
    size_t used;                     /* of them, the first */
    struct map hasher;               /* for its seed alone */
    uint64_t dropped;                /* entries that made room for others */
};

void log_tally_init(struct log_tally *t, const uint64_t seed[2],
                    const char *const *messages, int64_t pause_ms);
void log_tally_done(struct log_tally *t);

/* The message among those of the tally that a line's format begins with; NULL:
 * none. */
const char *log_tally_message(const struct log_tally *t, const char *format);

/* A line of this message, from log_tally_message. peer, about: as for
 * log_limited. text: the whole line. */
void log_tally_add(struct log_tally *t, const char *message, const char *peer,
                   const char *about, const char *text, int64_t now_ms);

/* Each entry, the latest first. before: the one that came before; NULL: the
 * first is wanted. NULL: there are no more. Nothing may be added meanwhile. */
const struct log_tally_entry *log_tally_next(
    const struct log_tally *t, const struct log_tally_entry *before);

#endif
