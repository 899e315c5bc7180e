/*
 * standard_stream.h - standard input or output as a stream: a terminal, a pipe,
 * a socket, a file, /dev/null.
 *
 * Streams are made non-blocking, which is a flag of the open file, shared with
 * the shell that started us and with every other process that has it. So
 * terminals and pipes are opened again if possible; where it is not, the flag
 * is set back by standard_stream_done. A regular file has its position in the
 * open file, and needs no such flag.
 */
#ifndef NET_STANDARD_STANDARD_STREAM_H
#define NET_STANDARD_STANDARD_STREAM_H

#include "net/standard/file_stream.h"

/* In the caller's storage. The stream is closed like any other;
 * standard_stream_done comes later, outside the loop's handlers. */
struct standard_stream {
    struct file_stream file; /* of what cannot be polled */
    struct loop *loop;
    int fd;    /* 0 or 1 */
    int flags; /* of the open file, before */
};

void standard_stream_init(struct standard_stream *s, struct loop *loop, int fd);
void standard_stream_done(struct standard_stream *s);

/* 0 or -errno. */
int standard_stream_open(struct standard_stream *s, struct stream **ret);

#endif
