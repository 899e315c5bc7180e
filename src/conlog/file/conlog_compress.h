/*
 * conlog_compress.h - compresses NAME.N to NAME.N.gz (RFC 1952), for gunzip and
 * zcat.
 *
 * Blocks for long; for a slow thread. Needs about 400 KiB, whatever the file's
 * size. The caller has the log's turn (conlog_rotation.h). Nobody writes to
 * NAME.N any more; if it has grown meanwhile, it is left as it is.
 *
 * NAME.N.gz appears when it is complete and on the disk, with mode, owner and
 * mtime of NAME.N; then NAME.N is deleted. Before, the compressed bytes are in
 * NAME.gz.tmp; an old one is overwritten. After a kill at any instant there is
 * NAME.N, NAME.N.gz, or both with equal content and mtime; the next compression
 * or rotation then deletes NAME.N.
 */
#ifndef CONLOG_FILE_CONLOG_COMPRESS_H
#define CONLOG_FILE_CONLOG_COMPRESS_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>

enum conlog_compress_outcome {
    CONLOG_COMPRESS_DONE,    /* also if there is no NAME.N, and nothing to do */
    CONLOG_COMPRESS_STOPPED, /* everything is as before */
};

/*
 * number 0: NAME itself, to NAME.gz. stop is read every 64 KiB; any thread may
 * set it. Negative: -errno with err filled; NAME.N is unchanged. NAME.N.gz is
 * missing or complete; if complete, deleting NAME.N has failed. -EEXIST:
 * NAME.N.gz existed before with other content (their mtimes differ). -EBUSY:
 * NAME.N has grown.
 */
int conlog_compress_file(int directory, const char *path, unsigned number,
                         const atomic_bool *stop, struct err *err);

#endif
