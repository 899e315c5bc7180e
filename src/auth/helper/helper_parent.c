#include "auth/helper/helper_parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its only effect is that ppoll returns. */
static void on_child_ended(int number)
{
    (void)number;
}

/* The connection; -1: there was none in the message; -2: the control is
 * closed. */
static int receive_connection(int control)
{
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    int fd = -1;
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof fd)];
    } ancillary = { 0 };
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &ancillary,
        .msg_controllen = sizeof ancillary,
    };
    const struct cmsghdr *head;
    ssize_t n = recvmsg(control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : -2;
    head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET &&
        head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

static void reap(unsigned *count)
{
    while (*count > 0 && waitpid(-1, NULL, WNOHANG) > 0)
        --*count;
}

/* In the new process. PAM's modules wait for programs that they run. */
static void become_login(int control, const sigset_t *mask)
{
    close(control);
    signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

int helper_parent_run(int control)
{
    const struct sigaction on_child = { .sa_handler = on_child_ended };
    unsigned count = 0;
    sigset_t child;
    sigset_t mask;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &mask);
    (void)sigaction(SIGCHLD, &on_child, NULL);
    for (;;) {
        struct pollfd p = { .fd = control };
        pid_t pid = -1;
        int fd = -1;

        reap(&count);
        if (count < HELPER_AT_ONCE)
            p.events = POLLIN;
        if (ppoll(&p, 1, NULL, &mask) < 0)
            continue; /* a process has ended */
        if (p.revents & POLLIN)
            fd = receive_connection(control);
        if (fd == -2 || (fd == -1 && (p.revents & (POLLHUP | POLLERR))))
            return -1;
        if (fd >= 0)
            pid = fork();
        if (pid == 0) {
            become_login(control, &mask);
            return fd;
        }
        if (pid > 0)
            count++;
        if (fd >= 0)
            close(fd);
    }
}
