/*
 * cast_file.h - a recording in a file of ours, read forward, and again from its
 * beginning as often as it is wanted. Of the server, and so foreign: a line
 * that is no event is passed over.
 */
#ifndef CLI_PLAY_CAST_FILE_H
#define CLI_PLAY_CAST_FILE_H

#include "proto/cast/cast_reader.h"

#include <stdio.h>

enum { CAST_FILE_BLOCK = 64 * 1024 };

struct cast_file {
    FILE *file;
    struct cast_reader reader;
    struct slice rest; /* of the block */
    uint8_t block[CAST_FILE_BLOCK];
};

/* A file without a name, which is gone when it is closed. 0 or -errno. */
int cast_file_open(struct cast_file *f);
void cast_file_close(struct cast_file *f);

/* 0 or -errno: not all of it could be written. */
int cast_file_put(struct cast_file *f, struct slice bytes);

/* To its beginning. Also between writing and reading. */
void cast_file_rewind(struct cast_file *f);

/* False: there are no more. The text is good until the next call. */
bool cast_file_next(struct cast_file *f, struct cast_event *ret);

#endif
