/*
 * unix_socket.h - sockets in the file system: how to listen on one, and who is
 * at the peer's end of a connection.
 */
#ifndef NET_UNIX_SOCKET_H
#define NET_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* The process that connected, according to the kernel; the peer cannot choose
 * it. After the peer's end, pid may belong to another process. */
struct peer_credentials {
    bool is_known; /* false: no Unix socket */
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
struct peer_credentials unix_socket_peer(int fd);

struct unix_socket_place {
    const char *path; /* absolute; used during the call only */
    mode_t mode;      /* a client needs write permission: 0600, 0660, 0666 */
    gid_t group;      /* (gid_t)-1: the process's */
};

/* The file of a listening socket. */
struct unix_socket_file {
    char *path; /* NULL: none */
    dev_t device;
    ino_t inode;
};

/*
 * Opens a listening socket, which nobody can reach before its mode and group
 * are set. Replaces a socket file on which nobody listens, as left by a program
 * that was killed. Two programs that find such a file at the same moment must
 * exclude each other by other means.
 *
 * Returns the descriptor (non-blocking, close-on-exec) or -errno: -EADDRINUSE:
 * another program listens there; -EEXIST: the path is no socket; -ENAMETOOLONG;
 * other errors of bind, chmod, chown and listen. After a failure, no file of
 * ours is left.
 */
int unix_socket_listen(const struct unix_socket_place *place, int backlog,
                       struct unix_socket_file *ret_file);

/* Removes the file, unless another file has replaced it. Does not close the
 * descriptor. May be called twice. */
void unix_socket_remove(struct unix_socket_file *file);

#endif
