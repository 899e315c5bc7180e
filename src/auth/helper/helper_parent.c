#include "auth/helper/helper_parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its only effect is that ppoll returns. */
static void on_child_ended(int number)
{
    (void)number;
}

enum { NO_CONNECTION = -2 };

/* NO_CONNECTION: there was none in the message. -1: the control is closed. */
static int receive_connection(int control)
{
    char byte;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    int fd = NO_CONNECTION;
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
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? NO_CONNECTION
                                                            : -1;
    head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET &&
        head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

/* pid: 0 is a free place. */
struct logins {
    pid_t pid[HELPER_AT_ONCE];
};

static pid_t *find(struct logins *l, pid_t pid)
{
    for (int i = 0; i < HELPER_AT_ONCE; i++) {
        if (l->pid[i] == pid)
            return &l->pid[i];
    }
    return NULL;
}

/* Their parents have ended, so they are our children, and nobody else waits for
 * them. Without CONFIG_PROC_CHILDREN they are left alone. */
static void end_orphans(struct logins *l)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    int pid;

    if (children == NULL)
        return;
    while (fscanf(children, "%d", &pid) == 1) {
        if (find(l, pid) == NULL)
            (void)kill(pid, SIGKILL);
    }
    (void)fclose(children);
}

static bool is_idle(const struct logins *l)
{
    for (int i = 0; i < HELPER_AT_ONCE; i++) {
        if (l->pid[i] != 0)
            return false;
    }
    return true;
}

/* A program in the background of a module's script may go on until a login
 * ends; what orphans leave behind, until the last one does. */
static void reap(struct logins *l)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        pid_t *place = find(l, pid);

        if (place != NULL)
            *place = 0;
        if (place != NULL || is_idle(l))
            end_orphans(l);
    }
}

/* Nobody is left to have their results. */
static void end_all(void)
{
    struct logins none = { { 0 } };

    do
        end_orphans(&none);
    while (waitpid(-1, NULL, 0) > 0);
}

/* In the new process. PAM's modules wait for programs that they run. */
static void become_login(int control, const sigset_t *mask)
{
    close(control);
    signal(SIGCHLD, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

static void take_signals(sigset_t *ret_mask)
{
    const struct sigaction on_child = { .sa_handler = on_child_ended };
    sigset_t child;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, ret_mask);
    (void)sigaction(SIGCHLD, &on_child, NULL);
}

/* The next connection, when there is a place for it; -1: the control is
 * closed. */
static int next_connection(int control, struct logins *l, const sigset_t *mask)
{
    for (;;) {
        struct pollfd p = { .fd = control };
        int fd = NO_CONNECTION;

        reap(l);
        if (find(l, 0) != NULL)
            p.events = POLLIN;
        if (ppoll(&p, 1, NULL, mask) < 0)
            continue; /* a process has ended */
        if (p.revents & POLLIN)
            fd = receive_connection(control);
        else if (p.revents & (POLLHUP | POLLERR))
            return -1;
        if (fd != NO_CONNECTION)
            return fd;
    }
}

int helper_parent_run(int control)
{
    struct logins l = { { 0 } };
    sigset_t mask;
    int fd;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    take_signals(&mask);
    while ((fd = next_connection(control, &l, &mask)) >= 0) {
        pid_t *place = find(&l, 0);
        pid_t pid = fork();

        if (pid == 0) {
            become_login(control, &mask);
            return fd;
        }
        if (pid > 0 && place != NULL) /* there is one, it was waited for */
            *place = pid;
        close(fd);
    }
    end_all();
    return -1;
}
