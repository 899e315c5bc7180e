#include "net/unix_socket.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct peer_credentials unix_socket_peer(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    int domain;
    socklen_t domain_len = sizeof domain;

    /* TCP sockets also answer SO_PEERCRED, without a process. */
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) != 0 ||
        domain != AF_UNIX ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return (struct peer_credentials){ .is_known = false };
    return (struct peer_credentials){
        .is_known = true,
        .pid = peer.pid,
        .uid = peer.uid,
        .gid = peer.gid,
    };
}

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return fd >= 0 ? fd : -errno;
}

/* 0: nobody listens there, or the path does not exist. */
static int look_for_listener(const struct sockaddr_un *at)
{
    int fd = new_socket();
    int r;

    if (fd < 0)
        return fd;
    r = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ? 0 : -errno;
    close(fd);
    switch (r) {
    case 0:
    case -EAGAIN: /* its backlog is full */
        return -EADDRINUSE;
    case -ECONNREFUSED:
    case -ENOENT:
        return 0;
    case -EPROTOTYPE: /* another program's datagram socket */
        return -EADDRINUSE;
    default:
        return r;
    }
}

/* Removes a stale socket file. Anything else is left, because the path may be
 * mistyped. */
static int clear_place(const struct sockaddr_un *at)
{
    struct stat there;
    int r;

    if (lstat(at->sun_path, &there) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(there.st_mode))
        return -EEXIST;
    r = look_for_listener(at);
    if (r < 0)
        return r;
    return unlink(at->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

/* The file exists from bind on, but connects fail before listen: mode and group
 * are set in between. */
static int listen_at(int fd, const struct sockaddr_un *at,
                     const struct unix_socket_place *place, int backlog,
                     struct unix_socket_file *file)
{
    struct stat made;

    if (bind(fd, (const struct sockaddr *)at, sizeof *at) != 0)
        return -errno;
    file->path = xstrdup(place->path);
    if (lstat(place->path, &made) != 0)
        return -errno;
    file->device = made.st_dev;
    file->inode = made.st_ino;
    /* The group first: a change of the group may clear bits of the mode. */
    if (place->group != (gid_t)-1 &&
        lchown(place->path, (uid_t)-1, place->group) != 0)
        return -errno;
    if (chmod(place->path, place->mode & 0777) != 0)
        return -errno;
    return listen(fd, backlog) == 0 ? 0 : -errno;
}

int unix_socket_listen(const struct unix_socket_place *place, int backlog,
                       struct unix_socket_file *ret_file)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct unix_socket_file file = { 0 };
    size_t len = strlen(place->path);
    int fd;
    int r;

    if (len == 0)
        return -EINVAL;
    if (len >= sizeof at.sun_path)
        return -ENAMETOOLONG;
    memcpy(at.sun_path, place->path, len);
    r = clear_place(&at);
    if (r < 0)
        return r;
    fd = new_socket();
    if (fd < 0)
        return fd;
    r = listen_at(fd, &at, place, backlog, &file);
    if (r < 0) {
        unix_socket_remove(&file);
        close(fd);
        return r;
    }
    *ret_file = file;
    return fd;
}

/* The file may belong to a program that was started since, so it is compared
 * first. */
void unix_socket_remove(struct unix_socket_file *file)
{
    struct stat there;

    if (file->path == NULL)
        return;
    if (lstat(file->path, &there) == 0 && there.st_dev == file->device &&
        there.st_ino == file->inode)
        (void)unlink(file->path);
    free(file->path);
    file->path = NULL;
}
