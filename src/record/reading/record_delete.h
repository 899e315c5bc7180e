/*
 * record_delete.h - deletes a recording's files. Blocks: for a thread. No
 * symbolic link is followed. Its folder stays: a recording may begin there.
 */
#ifndef RECORD_READING_RECORD_DELETE_H
#define RECORD_READING_RECORD_DELETE_H

#include "record/reading/record_scan.h"

/* 0 or -errno: some are there still. Files that have gone meanwhile are no
 * error. The last file goes first, so that one that was cut off in the middle
 * has its beginning and no hole. */
int record_delete(const char *directory, const struct record_found *found);

#endif
