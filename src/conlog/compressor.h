/*
 * compressor.h - a thread that compresses rotated logs, one after the other.
 */
#ifndef CONLOG_COMPRESSOR_H
#define CONLOG_COMPRESSOR_H

#include "conlog/rotation.h"

struct compressor;

/* 0 or -errno. The thread starts with the first log. failed: called by it, and
 * it has the turn still; not for what was stopped. */
int compressor_open(struct compressor **ret_compressor,
                    void (*failed)(void *owner, struct rotation_turn *turn,
                                   const char *reason),
                    void *owner);

/*
 * What it is at is stopped; all is as before then. Takes NULL. False: the disk
 * has not let it go within wait_us, and it is left behind; so the turns that it
 * has must stay.
 */
bool compressor_close(struct compressor *c, uint64_t wait_us);

/* Compresses what is rotated of path, beneath the directory. The log's turn has
 * been taken; it is given back in the end. On any thread. */
void compressor_add(struct compressor *c, const char *directory,
                    const char *path, unsigned keep,
                    struct rotation_turn *turn);

#endif
