/*
 * record_search.h - whether a text is in the output of a recording: in one of
 * its lines, as people see them (proto/text/output_find.h).
 *
 * Blocks: for a thread, a step at a time.
 */
#ifndef RECORD_READING_RECORD_SEARCH_H
#define RECORD_READING_RECORD_SEARCH_H

#include "proto/text/output_find.h"
#include "record/reading/record_reading.h"

struct record_search {
    struct record_reading reading;
    struct output_find find;
    bool is_found;
};

/* False: there is no memory. */
bool record_search_open(struct record_search *s, const char *directory,
                        const struct record_found *found, const char *wanted);
/* Takes one that is all zeros. */
void record_search_close(struct record_search *s);

/* Some 64 KiB. True: there is more to do. False: is_found says it. */
bool record_search_step(struct record_search *s);

#endif
