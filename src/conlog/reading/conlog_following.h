/*
 * conlog_following.h - the output that follows a place, as a log has it: of an
 * earlier run of the program or of this one (core/told/past.h, struct
 * past_place).
 *
 * Blocks: for a thread; the log may be written meanwhile. The places are those
 * that conlog_positions.h notes, of NAME and of rotated files that are not
 * compressed. With times in the file, a place is found by reading from where
 * its stretch begins: some 0.1 s for 100 MiB.
 */
#ifndef CONLOG_READING_CONLOG_FOLLOWING_H
#define CONLOG_READING_CONLOG_FOLLOWING_H

#include "core/told/past.h"

/* What the answers mean is in session/session_context.h, struct past_source.
 * present: the console's epoch. NULL: not known. */
struct past *conlog_following_read(const char *directory, const char *path,
                                   uint64_t present,
                                   const struct past_place *place);

/* Where in which file the byte at the place stands (conlog_file_identity), or
 * the first one behind it that the log has. False: it has none. */
bool conlog_following_find(const char *directory, const char *path,
                           const struct past_place *place, uint64_t *ret_file,
                           uint64_t *ret_offset);

#endif
