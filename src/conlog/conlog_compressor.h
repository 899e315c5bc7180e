/*
 * conlog_compressor.h - a thread that compresses rotated logs, one after the
 * other.
 */
#ifndef CONLOG_CONLOG_COMPRESSOR_H
#define CONLOG_CONLOG_COMPRESSOR_H

#include "conlog/file/conlog_rotation.h"

struct conlog_compressor;

/* 0 or -errno. The thread starts with the first log. failed: called by it, and
 * it has the turn still; not for what was stopped. */
int conlog_compressor_open(struct conlog_compressor **ret_compressor,
                           void (*failed)(void *owner,
                                          struct conlog_rotation_turn *turn,
                                          const char *reason),
                           void *owner);

/*
 * What it is at is stopped; all is as before then. Takes NULL. False: the disk
 * has not let it go within wait_us, and it is left behind; so the turns that it
 * has must stay.
 */
bool conlog_compressor_close(struct conlog_compressor *c, uint64_t wait_us);

/* Compresses what is rotated of path, beneath the directory. The log's turn has
 * been taken; it is given back in the end. On any thread. */
void conlog_compressor_add(struct conlog_compressor *c, const char *directory,
                           const char *path, unsigned keep,
                           struct conlog_rotation_turn *turn);

#endif
