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

/*
 * What is set on every TCP connection, accepted or dialled: no delay, urgent
 * data in its place, keepalive, and bounds on what the kernel keeps for a peer
 * that takes nothing. Set on a listening socket, accepted ones inherit it
 * (Linux), so that an accept costs one system call.
 *
 * takes_little: what goes to the peer is answers and typed bytes, so the kernel
 * keeps STREAM_FD_LITTLE of it at most (by its own count, which doubles the
 * number and includes its overhead).
 *
 * TCP_USER_TIMEOUT is not among it. It ends a connection whose peer keeps its
 * window closed, too, even though that peer answers (Linux 6: a terminal that
 * is stopped by Ctrl-S is gone after this time). A stream finds the peers that
 * do not answer itself: reading returns -ETIMEDOUT then.
 *
 * 0 or -errno.
 */
enum { STREAM_FD_LITTLE = 64 * 1024 };
int stream_fd_set_tcp(int fd, bool takes_little);

/* The stream's descriptor, for ioctl on a terminal or socket. */
int stream_fd_number(const struct stream *s);

#endif
