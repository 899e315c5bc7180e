/*
 * file_stream.h - a stream on what cannot be polled: a regular file,
 * /dev/null. It is always ready, once a turn, and its reads and writes do not
 * wait for anybody but the disk.
 */
#ifndef VM_ENDS_FILE_STREAM_H
#define VM_ENDS_FILE_STREAM_H

#include "net/stream.h"
#include "vm/common/timer.h"

/* The caller's storage. The stream may be closed like any other; done comes
 * later, outside of the loop's handlers. */
struct file_stream {
    struct stream stream;
    struct timer turn;
    int fd; /* -1: closed */
};

void file_stream_init(struct file_stream *f, struct loop *loop);
void file_stream_done(struct file_stream *f);

/* Owns fd from now on. */
void file_stream_open(struct file_stream *f, int fd);

#endif
