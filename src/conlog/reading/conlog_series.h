/*
 * conlog_series.h - the files of one log, as they are now: NAME, and the
 * rotated ones, as open files.
 *
 * Blocks: for a thread. Opened from the newest to the oldest: a file that is
 * rotated meanwhile is met twice, and counts once, and none is missed. They
 * stay the files that they are, whatever their names become.
 *
 * Ends where two numbers in a row are missing (one is missing in the middle of
 * a rotation), and after CONLOG_SERIES_MAX files.
 */
#ifndef CONLOG_READING_CONLOG_SERIES_H
#define CONLOG_READING_CONLOG_SERIES_H

#include "conlog/file/conlog_file.h"

enum { CONLOG_SERIES_MAX = 8 };

struct conlog_series_file {
    int fd;
    uint64_t identity; /* conlog_file_identity */
    uint64_t size;     /* when it was opened; of what is in the file, so of a
                        * compressed one less than its output */
    bool is_compressed;
};

struct conlog_series {
    unsigned count;
    struct conlog_series_file file[CONLOG_SERIES_MAX]; /* newest first */
};

/* max: how many files; at most CONLOG_SERIES_MAX. Without compressed ones, the
 * series ends before the first. 0, -ENOENT: there is no file, or another
 * -errno: NAME cannot be opened. */
int conlog_series_open(const char *directory, const char *path, unsigned max,
                       bool with_compressed, struct conlog_series *ret);
void conlog_series_close(struct conlog_series *series);

#endif
