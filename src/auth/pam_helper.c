#include "auth/pam_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "vspcd-pam"

enum {
    EXIT_CANNOT_RUN = 126, /* as a shell says it */
    END_MS = 1000,
};

/* Root runs what is found, so nothing but the place of the running program
 * decides. */
static int find_program(char to[PATH_MAX], struct err *err)
{
    ssize_t len = readlink("/proc/self/exe", to, PATH_MAX - sizeof NAME);
    char *slash;

    if (len < 0) {
        err_set(err, NAME ": /proc/self/exe: %s", strerror(errno));
        return -errno;
    }
    to[len] = '\0';
    slash = strrchr(to, '/');
    memcpy(slash != NULL ? slash + 1 : to, NAME, sizeof NAME);
    if (access(to, X_OK) == 0)
        return 0;
    err_set(err, "%.400s: %s", to, strerror(errno));
    return -errno;
}

/* Between fork and exec. Its output would keep whoever reads ours waiting when
 * we are in the background; it writes to syslog. */
_Noreturn static void become_helper(const char *program, const char *user,
                                    int control)
{
    char *arguments[] = {
        (char *)(uintptr_t)NAME,
        (char *)(uintptr_t) "--control",
        (char *)(uintptr_t) "--peer-user",
        (char *)(uintptr_t)user,
        NULL,
    };
    char *environment[] = { NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0 && dup2(control, STDIN_FILENO) >= 0 &&
        dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0)
        execve(program, arguments, environment);
    _exit(EXIT_CANNOT_RUN);
}

int pam_helper_start(const char *user, struct pam_helper *ret, struct err *err)
{
    char program[PATH_MAX];
    int ends[2];
    pid_t pid;
    int r = find_program(program, err);

    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        err_set(err, NAME ": %s", strerror(errno));
        return -errno;
    }
    pid = fork();
    if (pid == 0)
        become_helper(program, user, ends[1]);
    if (pid < 0) {
        r = -errno;
        err_set(err, NAME ": %s", strerror(errno));
        close(ends[0]);
    } else {
        *ret = (struct pam_helper){ .pid = pid, .control = ends[0] };
    }
    close(ends[1]);
    return r;
}

/* Until it is waited for, its number is nobody else's. */
void pam_helper_end(struct pam_helper *helper)
{
    struct pollfd ended = { .events = POLLIN };

    if (helper->pid == 0)
        return;
    close(helper->control);
    ended.fd = (int)syscall(SYS_pidfd_open, helper->pid, 0);
    if (ended.fd >= 0 && poll(&ended, 1, END_MS) > 0)
        (void)waitpid(helper->pid, NULL, WNOHANG);
    if (ended.fd >= 0)
        close(ended.fd);
    *helper = (struct pam_helper){ .control = -1 };
}

/* Gives the connection away; control is without memory of it then. */
static int send_connection(int control, int fd)
{
    char byte = 0;
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
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
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (sendmsg(control, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return -errno;
    return 0;
}

int pam_helper_connect(int control)
{
    int ends[2];
    int r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    r = send_connection(control, ends[1]);
    close(ends[1]);
    if (r == 0)
        return ends[0];
    close(ends[0]);
    return r;
}
