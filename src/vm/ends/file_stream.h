/*
 * file_stream.h - a stream on what cannot be polled: a regular file,
 * /dev/null. It is always ready, once a turn, and its reads and writes do not
 * wait for anybody but the disk.
 */
#ifndef VM_ENDS_FILE_STREAM_H
#define VM_ENDS_FILE_STREAM_H

#include "net/loop.h"
#include "net/stream.h"

/* Owns fd from now on. */
struct stream *file_stream_open(struct loop *loop, int fd);

#endif
