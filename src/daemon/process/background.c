#include "daemon/process/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NOT_STARTED = 2 };

/* The first process: waits until the other one is ready or has ended. */
_Noreturn static void wait_for(pid_t other, int fd)
{
    char ready;
    ssize_t n;
    int status;

    do
        n = read(fd, &ready, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(EXIT_SUCCESS);
    if (waitpid(other, &status, 0) == other && WIFEXITED(status) &&
        WEXITSTATUS(status) != EXIT_SUCCESS)
        _exit(WEXITSTATUS(status));
    fputs("vspcd: it has ended before it was ready\n", stderr);
    _exit(EXIT_NOT_STARTED);
}

int background_begin(int *ret_fd, struct err *err)
{
    int ends[2];
    pid_t other;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_set(err, "cannot go to the background: %s", strerror(errno));
        return -errno;
    }
    other = fork();
    if (other < 0) {
        int error = errno;

        close(ends[0]);
        close(ends[1]);
        err_set(err, "cannot go to the background: %s", strerror(error));
        return -error;
    }
    if (other > 0) {
        close(ends[1]);
        wait_for(other, ends[0]);
    }
    close(ends[0]);
    *ret_fd = ends[1];
    /* Files get the modes they are created with, but are not writable for
     * others. */
    umask(022);
    return 0;
}

void background_done(int fd)
{
    static const char ready = 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)setsid(); /* cannot fail: a child is no leader of its group */
    if (chdir("/") < 0)
        perror("vspcd: /"); /* it stays in its present directory */
    for (int i = STDIN_FILENO; i <= STDERR_FILENO && null >= 0; i++)
        (void)dup2(null, i);
    if (null > STDERR_FILENO)
        close(null);
    /* The first process may be gone; then nobody needs to know. */
    if (write(fd, &ready, 1) < 0)
        (void)0;
    close(fd);
}
