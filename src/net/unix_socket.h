/*
 * unix_socket.h - sockets in the file system: making one to listen on, and who
 * is at the other end of a connection.
 */
#ifndef NET_UNIX_SOCKET_H
#define NET_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* The process that connected, as the kernel knows it: the peer cannot choose
 * it. Of a process that has ended since, pid may be another's by now. */
struct peer_credentials {
    bool is_known; /* false: no Unix socket */
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
struct peer_credentials unix_socket_peer(int fd);

struct unix_socket_place {
    const char *path; /* absolute; good for the time of the call */
    mode_t mode;      /* who may connect needs to write: 0600, 0660, 0666 */
    gid_t group;      /* (gid_t)-1: the process's */
};

/* The file of a socket that listens. */
struct unix_socket_file {
    char *path; /* NULL: none */
    dev_t device;
    ino_t inode;
};

/*
 * A listening socket in *ret_file, which nobody can reach before its mode and
 * group are what they should be. A socket file that nobody listens on, of a
 * program that was killed, is replaced. Two programs that find the same such
 * file at the same moment have to exclude each other by other means.
 *
 * The descriptor (non-blocking, close-on-exec) or -errno: -EADDRINUSE: somebody
 * listens there; -EEXIST: there is something that is no socket;
 * -ENAMETOOLONG; what else bind, chmod, chown and listen say. Then no file of
 * ours is left.
 */
int unix_socket_listen(const struct unix_socket_place *place, int backlog,
                       struct unix_socket_file *ret_file);

/* Removes the file, unless it is another one by now. Does not close the
 * descriptor. May be called twice. */
void unix_socket_remove(struct unix_socket_file *file);

#endif
