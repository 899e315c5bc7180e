/*
 * conlog_reading.h - reads a log forward, in pieces, from where somebody wants
 * it: all of it, from an offset, from a time, or its last lines.
 *
 * Each call blocks: for a thread, one call at a time. The log may be written
 * and rotated meanwhile: a file that was opened stays the file that it is.
 * Between calls the caller has the reading, with what the last call read.
 *
 * Only what is the console's is read: where the file may have output of another
 * console that had the name before, it begins where this one's does.
 */
#ifndef CONLOG_READING_CONLOG_READING_H
#define CONLOG_READING_CONLOG_READING_H

#include "conlog/reading/conlog_series.h"

enum {
    CONLOG_READING_PIECE = 64 * 1024,
    CONLOG_READING_LINES_MAX = 100 * 1000, /* of tail */
    /* How far back the last lines are looked for in one file. */
    CONLOG_READING_BACK_MAX = 64 * 1024 * 1024,
};

/* Which log, and what of it is the console's. */
struct conlog_source {
    char directory[CONLOG_DIRECTORY_MAX];
    char path[CONLOG_NAME_MAX];
    bool is_stamped; /* lines have times */
    bool is_all_own; /* the whole file is the console's */
    uint64_t epoch;  /* otherwise: the output of this epoch, or if that is not
                      * noted, what is behind origin */
    struct conlog_origin origin;
};

struct conlog_wish {
    uint64_t file;    /* of the log's files the one with this identity alone; 0:
                       * as the members below say */
    uint64_t offset;  /* in the first file; 0: from its beginning */
    uint64_t bytes;   /* at most so many are read; 0: all */
    int64_t since_ms; /* lines of this time or later; 0: all. Only a hint: a
                       * little more may be read */
    uint64_t lines;   /* the last ones; UINT64_MAX: all */
    bool has_lines;
    bool with_rotated; /* also what stands in rotated files, before NAME */
};

struct conlog_reading {
    struct conlog_source source;
    struct conlog_wish wish;
    struct conlog_series series;
    unsigned left;       /* files of the series that are not read yet */
    uint64_t offset;     /* of the next byte, in the file that is read */
    uint64_t bytes_left; /* that may be read; UINT64_MAX: all */
    uint64_t lines_over; /* of a compressed file: not shown */
    void *unpacking;     /* of a compressed file */
    bool is_following;   /* conlog_reading_follow */
    /* Up to where NAME is read; UINT64_MAX: to its end. Set by the caller. */
    uint64_t limit;
    /* The results of a call. */
    int error;           /* -errno: nothing more comes */
    bool is_opened;      /* the first call has succeeded */
    bool is_at_end;      /* there is no more now */
    bool begins_in_line; /* the piece begins within a line, whose beginning was
                          * not read */
    bool begins_file;    /* it is the first of its file */
    size_t len;
    uint8_t bytes[CONLOG_READING_PIECE];
};

/* Zeroes it; the caller fills in source and wish. */
void conlog_reading_init(struct conlog_reading *r);

/* The first call opens the files and finds the place, and reads nothing.
 * -ENOENT in error: there is no log, or nothing in it is the console's;
 * -ESTALE: it has no such file. Each other one reads a piece. */
void conlog_reading_step(struct conlog_reading *r);

/* At the end of a file that was NAME, and was rotated: the next call of step
 * opens what came behind it, and begins there. */
void conlog_reading_follow(struct conlog_reading *r);

/* Closes the files. */
void conlog_reading_done(struct conlog_reading *r);

#endif
