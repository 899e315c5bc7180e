#include "hook/hook_start.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int r;

    sigfillset(&all);
    sigemptyset(&none);
    r = posix_spawnattr_setsigdefault(attributes, &all);
    if (r == 0)
        r = posix_spawnattr_setsigmask(attributes, &none);
    if (r == 0)
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID |
                                                     POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETSIGMASK);
    return -r;
}

static int set_actions(posix_spawn_file_actions_t *actions,
                       const struct hook_start *start)
{
    int r =
        posix_spawn_file_actions_adddup2(actions, start->input, STDIN_FILENO);

    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, start->output,
                                             STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, start->errors,
                                             STDERR_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_addclosefrom_np(actions,
                                                     STDERR_FILENO + 1);
    if (r == 0)
        r = posix_spawn_file_actions_addchdir_np(actions, "/");
    return -r;
}

/* posix_spawn does not copy our memory, however large it is, and returns why
 * the program could not be started. */
static int spawn(const struct hook_start *start, pid_t *ret_pid)
{
    char *argv[] = { (char *)start->program, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int r;

    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    r = set_attributes(&attributes);
    if (r == 0)
        r = set_actions(&actions, start);
    if (r == 0)
        r = -posix_spawn(ret_pid, start->program, &actions, &attributes, argv,
                         start->environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return r;
}

/* Ends a program that was started but cannot be watched. */
static void undo(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int hook_start(const struct hook_start *start, pid_t *ret_pid, int *ret_pidfd)
{
    int r = spawn(start, ret_pid);

    if (r < 0)
        return r;
    /* glibc has a function for it since 2.36; EL9 has 2.34. */
    *ret_pidfd = (int)syscall(SYS_pidfd_open, *ret_pid, 0);
    if (*ret_pidfd < 0) {
        r = -errno;
        undo(*ret_pid);
    }
    return r;
}

void hook_start_allow(void)
{
    struct sigaction child;

    if (sigaction(SIGCHLD, NULL, &child) == 0 && child.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}
