/*
 * conlog_place.h - opens a log's file beneath the log directory.
 *
 * Blocks: for a thread. No symbolic link is followed beneath the directory, and
 * no file with another name (hard link) is opened, so that whoever can write
 * there cannot lead a log elsewhere.
 */
#ifndef CONLOG_FILE_CONLOG_PLACE_H
#define CONLOG_FILE_CONLOG_PLACE_H

#include "conlog/file/conlog_settings.h"

/*
 * Makes missing folders and the file. A new file gets mode and owner, or does
 * not remain. The descriptor is for reading (of the file's end) and appending.
 * 0 or -errno; -EINVAL: the path is neither a file nor a FIFO;
 * -CONLOG_ERROR_LINKED: the file has another name.
 */
int conlog_place_open(const struct conlog_settings *settings, const char *path,
                      int *ret_fd);

/* Opens an existing file for reading. 0 or -errno; -EINVAL: it is no regular
 * file; -CONLOG_ERROR_LINKED. */
int conlog_place_find(const struct conlog_settings *settings, const char *path,
                      int *ret_fd);
/* Opens the file's folder for reading; or -errno. *ret_name points to the
 * file's name in that folder, within path. */
int conlog_place_folder(const char *directory, const char *path,
                        const char **ret_name);

/* The free bytes of the directory's file system; UINT64_MAX if the system does
 * not tell. */
uint64_t conlog_place_free(const char *directory);

/* Makes a directory, for owner and group, and its parents. 0 or -errno. */
int conlog_place_make(const char *directory);

#endif
