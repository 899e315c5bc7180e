/*
 * file_stream.h - a stream on what cannot be polled: a regular file, /dev/null.
 * It is always ready, once a turn; its reads and writes wait for the disk only.
 */
#ifndef NET_STANDARD_FILE_STREAM_H
#define NET_STANDARD_FILE_STREAM_H

#include "net/stream.h"
#include "net/timer.h"

/* In the caller's storage. The stream is closed like any other;
 * file_stream_done comes later, outside the loop's handlers. */
struct file_stream {
    struct stream stream;
    struct timer turn;
    int fd; /* -1: closed */
};

void file_stream_init(struct file_stream *f, struct loop *loop);
void file_stream_done(struct file_stream *f);

/* Takes fd over. */
void file_stream_open(struct file_stream *f, int fd);

#endif
