/*
 * stream_fd.h - a stream on a file descriptor: TCP and Unix sockets, pipes,
 * terminals; whatever can be polled (a regular file cannot).
 */
#ifndef NET_STREAM_FD_H
#define NET_STREAM_FD_H

#include "net/loop.h"
#include "net/stream.h"

/*
 * The stream owns fd from now on, also when this fails (then it is closed),
 * and makes it non-blocking. peer may be NULL. 0 or -errno; -EPERM: not
 * pollable.
 */
int stream_fd_open(struct loop *loop, int fd, const struct address *peer,
                   struct stream **ret_stream);

/* The descriptor, still the stream's: for ioctl on a terminal or socket. */
int stream_fd_number(const struct stream *s);

#endif
