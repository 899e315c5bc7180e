/*
 * conlog_place.h - a log's file, opened beneath the log directory.
 *
 * Blocks: for a thread. No symbolic link is followed beneath the directory, so
 * that whoever can write there cannot lead a log elsewhere.
 */
#ifndef CONLOG_FILE_CONLOG_PLACE_H
#define CONLOG_FILE_CONLOG_PLACE_H

#include "conlog/file/conlog_settings.h"

/*
 * Makes what is missing, folders too. A new file gets mode and owner, or is not
 * there. The descriptor is for reading (of the file's end) and appending. 0 or
 * -errno; -EINVAL: what is there is no file (nor a FIFO).
 */
int conlog_place_open(const struct conlog_settings *settings, const char *path,
                      int *ret_fd);

/* One that is there, for reading. 0 or -errno; -EINVAL: it is no regular file.
 */
int conlog_place_find(const struct conlog_settings *settings, const char *path,
                      int *ret_fd);
/* The folder that the file is in, for reading, or -errno; *ret_name is what it
 * is called there, within path. */
int conlog_place_folder(const char *directory, const char *path,
                        const char **ret_name);

/* Makes a directory, with all that leads there. 0 or -errno. */
int conlog_place_make(const char *directory);

#endif
