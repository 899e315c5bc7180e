/*
 * conlog_lines.h - lines of a log's file: how many, the last ones, and those
 * from a time on, without reading all of a large file.
 *
 * Blocks: for a thread. block: scratch, CONLOG_LINES_BLOCK bytes. start and
 * end: what of the file counts. A line ends with LF; the last one may be
 * without. Where the file cannot be read, there are no lines.
 */
#ifndef CONLOG_READING_CONLOG_LINES_H
#define CONLOG_READING_CONLOG_LINES_H

#include "conlog/file/conlog_stamp.h"

enum { CONLOG_LINES_BLOCK = 64 * 1024 };

/* The LFs. */
uint64_t conlog_lines_count(struct slice bytes);

/* Takes as many lines off the front, or the bytes that there are. Returns how
 * many lines. */
uint64_t conlog_lines_skip(struct slice *bytes, uint64_t lines);

/* Finds where the last lines begin, and looks at most max bytes back: it begins
 * there then, as if the line before ended there. Returns how many there are,
 * wanted at most. */
uint64_t conlog_lines_back(int fd, uint64_t start, uint64_t end,
                           uint64_t wanted, uint64_t max, uint8_t *block,
                           uint64_t *ret_offset);

/* The first line with a time is of an earlier one than since, which is a text
 * as in the file. */
bool conlog_lines_is_before(int fd, uint64_t start, uint64_t end,
                            const char *since, uint8_t *block);

/* Where a line begins that is at most a little before the first one of since or
 * later: times rise in a log, but for clocks that are set. */
uint64_t conlog_lines_find_time(int fd, uint64_t start, uint64_t end,
                                const char *since, uint8_t *block);

/* From the beginning of a line on: where the first line of since or later
 * begins; end: there is none. */
uint64_t conlog_lines_first_since(int fd, uint64_t start, uint64_t end,
                                  const char *since, uint8_t *block);

#endif
