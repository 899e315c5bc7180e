/*
 * conlog_compress.h - NAME.N becomes NAME.N.gz (RFC 1952), for gunzip and zcat.
 *
 * Blocks for long; for a slow thread. Needs about 400 KiB, whatever the size
 * of the file. The caller has the log's turn (conlog_rotation.h) meanwhile, and
 * nobody writes NAME.N any more; one that has grown meanwhile is left as it is.
 *
 * NAME.N.gz appears when it is whole and on the disk, with mode, owner and
 * mtime of NAME.N, which goes after that. Until then the compressed bytes are
 * in NAME.gz.tmp, a leftover of which is overwritten. Killed at any instant,
 * there is NAME.N, NAME.N.gz, or both with the same content and mtime; the next
 * compression of it or the next rotation deletes NAME.N then.
 */
#ifndef CONLOG_FILE_CONLOG_COMPRESS_H
#define CONLOG_FILE_CONLOG_COMPRESS_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>

enum conlog_compress_outcome {
    CONLOG_COMPRESS_DONE,    /* or there is no NAME.N, and nothing to do */
    CONLOG_COMPRESS_STOPPED, /* all is as before */
};

/*
 * stop is looked at every 64 KiB; may be set by any thread. Negative: -errno
 * with err filled; NAME.N is as it was. NAME.N.gz is not there, or whole: then
 * deleting NAME.N is what failed. -EEXIST: NAME.N.gz was there before, and is
 * another file's content (their mtimes differ). -EBUSY: NAME.N has grown.
 */
int conlog_compress_file(int directory, const char *path, unsigned number,
                         const atomic_bool *stop, struct err *err);

#endif
