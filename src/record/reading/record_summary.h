/*
 * record_summary.h - how a recording has ended, and what it has: from the sizes
 * of its files and the events of the last one, because the header of that one
 * tells what was in those before.
 *
 * Blocks: for a thread, a step at a time. For a recording that is written at
 * present, whoever writes it knows (record_find).
 */
#ifndef RECORD_READING_RECORD_SUMMARY_H
#define RECORD_READING_RECORD_SUMMARY_H

#include "record/reading/record_reading.h"

struct record_summary {
    struct record_reading last; /* the last file */
    struct record_found found;  /* files and folder are the scan's */
    uint32_t sized;             /* files whose sizes are known */
    uint32_t lost;              /* files that are not there any more */
    /* The results. */
    uint64_t length_us;
    uint64_t bytes; /* of all files, unpacked; of a packed one of 4 GiB and more
                     * a multiple of 4 GiB less */
    uint64_t gaps;
    uint64_t missing; /* bytes of output */
    bool is_complete; /* as it should be, from its first file to its end */
};

/* found: good for as long as the summary. False: there is no memory. */
bool record_summary_open(struct record_summary *s, const char *directory,
                         const struct record_found *found);
/* Takes one that is all zeros. */
void record_summary_close(struct record_summary *s);

/* Some 64 KiB. True: there is more to do. */
bool record_summary_step(struct record_summary *s);

#endif
