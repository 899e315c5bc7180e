/*
 * conlog_compressor.h - a thread that compresses rotated logs, one after the
 * other.
 */
#ifndef CONLOG_CONLOG_COMPRESSOR_H
#define CONLOG_CONLOG_COMPRESSOR_H

#include "conlog/file/conlog_rotation.h"

struct conlog_compressor;

/* 0 or -errno. The thread starts with the first log. failed is called on the
 * thread, while it still has the turn; not for a compression that was
 * stopped. */
int conlog_compressor_open(struct conlog_compressor **ret_compressor,
                           void (*failed)(void *owner,
                                          struct conlog_rotation_turn *turn,
                                          const char *reason),
                           void *owner);

/*
 * Stops the compression under way, which leaves everything as it was before.
 * Takes NULL. False: the thread hangs in the disk after wait_us, and is left
 * behind; the turns that it has must not be freed.
 */
bool conlog_compressor_close(struct conlog_compressor *c, uint64_t wait_us);

/* Compresses the rotated files of path, beneath directory. The caller has
 * taken the log's turn, which is given back afterwards. May be called on any
 * thread. */
void conlog_compressor_add(struct conlog_compressor *c, const char *directory,
                           const char *path, unsigned keep,
                           struct conlog_rotation_turn *turn);

/* The same for the file path itself: to path.gz. */
void conlog_compressor_add_file(struct conlog_compressor *c,
                                const char *directory, const char *path,
                                struct conlog_rotation_turn *turn);

#endif
