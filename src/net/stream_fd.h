/*
 * stream_fd.h - a stream on a file descriptor that can be polled: TCP and Unix
 * sockets, pipes, terminals. A regular file cannot be polled.
 */
#ifndef NET_STREAM_FD_H
#define NET_STREAM_FD_H

#include "net/loop.h"
#include "net/stream.h"

/*
 * Takes fd over, makes it non-blocking, and closes it on failure. peer may be
 * NULL. 0 or -errno; -EPERM: not pollable.
 */
int stream_fd_open(struct loop *loop, int fd, const struct address *peer,
                   struct stream **ret_stream);

/* The stream's descriptor, for ioctl on a terminal or socket. */
int stream_fd_number(const struct stream *s);

#endif
