#include "hook/hook_process.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* Bytes of one read, and the number of reads before others have their
     * turn. */
    READ_SIZE = 16 * 1024,
    READS_AT_ONCE = 16,
};

const char *hook_stage_name(enum hook_stage stage)
{
    static const char *const names[HOOK_STAGE_COUNT] = {
        [HOOK_RUNS] = "runs",
        [HOOK_TERMINATED] = "terminated",
        [HOOK_KILLED] = "killed",
    };

    return (unsigned)stage < HOOK_STAGE_COUNT ? names[stage] : "?";
}

static void close_both(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

/* Returns a pipe's read end with the whole JSON in it, and no writer: so no
 * writer can block or get SIGPIPE, whatever the program does with its input.
 * The JSON always fits a pipe. */
static int make_input(const struct hook_event *event)
{
    char *json = hook_event_json(event);
    size_t len = strlen(json);
    int fds[2] = { -1, -1 };
    ssize_t written = -1;
    int r = 0;

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        r = -errno;
    else
        written = write(fds[1], json, len);
    if (r == 0 && written != (ssize_t)len)
        r = written < 0 ? -errno : -ENOBUFS;
    free(json);
    /* The program must find an ordinary, blocking pipe. */
    if (r == 0 && fcntl(fds[0], F_SETFL, 0) < 0)
        r = -errno;
    if (r < 0) {
        close_both(fds);
        return r;
    }
    close(fds[1]);
    return fds[0];
}

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

static int set_actions(posix_spawn_file_actions_t *actions, int input,
                       int output)
{
    int r = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);

    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_addclosefrom_np(actions,
                                                     STDERR_FILENO + 1);
    if (r == 0)
        r = posix_spawn_file_actions_addchdir_np(actions, "/");
    return -r;
}

/* posix_spawn does not copy our memory, however large it is, and returns why
 * the program could not be started. */
static int spawn(const char *program, char **environment, int input, int output,
                 pid_t *ret_pid)
{
    char *argv[] = { (char *)program, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int r;

    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    r = set_attributes(&attributes);
    if (r == 0)
        r = set_actions(&actions, input, output);
    if (r == 0)
        r = -posix_spawn(ret_pid, program, &actions, &attributes, argv,
                         environment);
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

static int start(struct hook_process *p, const char *program,
                 const struct hook_event *event, int input, int output)
{
    char **environment = hook_event_environment(event);
    int r = spawn(program, environment, input, output, &p->pid);

    free(environment);
    if (r < 0)
        return r;
    p->pidfd = pidfd_open(p->pid, 0);
    if (p->pidfd < 0) {
        r = -errno;
        undo(p->pid);
    }
    return r;
}

int hook_process_start(struct hook_process *p, const char *program,
                       const struct hook_event *event, uint64_t now_us,
                       uint64_t timeout_us)
{
    int input = make_input(event);
    int output[2] = { -1, -1 };
    int r = input < 0 ? input : 0;

    if (r == 0 && pipe2(output, O_CLOEXEC) < 0)
        r = -errno;
    /* Only the read end: the program's end blocks, as programs expect. */
    if (r == 0 && fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
        r = -errno;
    if (r == 0)
        r = start(p, program, event, input, output[1]);
    if (input >= 0)
        close(input);
    if (r < 0) {
        close_both(output);
        return r;
    }
    close(output[1]);
    p->output = output[0];
    p->stage = HOOK_RUNS;
    p->begun_us = now_us;
    p->timeout_us = timeout_us;
    p->due_us = now_us + timeout_us;
    p->kept = 0;
    return 0;
}

static void keep(struct hook_process *p, const char *bytes, size_t len)
{
    size_t stays = p->kept;

    if (len >= sizeof p->printed) {
        bytes += len - sizeof p->printed;
        len = sizeof p->printed;
    }
    if (stays > sizeof p->printed - len)
        stays = sizeof p->printed - len;
    memmove(p->printed, p->printed + p->kept - stays, stays);
    memcpy(p->printed + stays, bytes, len);
    p->kept = stays + len;
}

void hook_process_read(struct hook_process *p)
{
    char bytes[READ_SIZE];

    for (int i = 0; i < READS_AT_ONCE && p->output >= 0; i++) {
        ssize_t got = read(p->output, bytes, sizeof bytes);

        if (got > 0) {
            keep(p, bytes, (size_t)got);
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            close(p->output);
            p->output = -1;
        }
    }
}

void hook_process_due(struct hook_process *p, uint64_t now_us,
                      uint64_t kill_grace_us)
{
    bool is_first = p->stage == HOOK_RUNS;

    /* The group exists as long as the program was not waited for. */
    kill(-p->pid, is_first ? SIGTERM : SIGKILL);
    p->stage = is_first ? HOOK_TERMINATED : HOOK_KILLED;
    p->due_us = is_first ? now_us + kill_grace_us : UINT64_MAX;
}

static void last_line(const struct hook_process *p, char line[HOOK_LINE_MAX])
{
    size_t end = p->kept;
    size_t begin;

    while (end > 0 && strchr("\r\n", p->printed[end - 1]) != NULL)
        end--;
    begin = end;
    while (begin > 0 && p->printed[begin - 1] != '\n')
        begin--;
    text_clean(line, HOOK_LINE_MAX, slice_of(p->printed + begin, end - begin));
}

void hook_process_finish(struct hook_process *p, uint64_t now_us,
                         struct hook_end *ret_end)
{
    *ret_end = (struct hook_end){
        .is_timed_out = p->stage != HOOK_RUNS,
        .timeout_us = p->timeout_us,
        .took_us = now_us - p->begun_us,
    };
    /* The order matters: the group's number may be another's once the program
     * was waited for, and the rest of its output is complete only when no
     * process of the group can write. */
    kill(-p->pid, SIGKILL);
    waitpid(p->pid, &ret_end->status, 0);
    hook_process_read(p);
    if (p->output >= 0)
        close(p->output);
    close(p->pidfd);
    last_line(p, ret_end->line);
}
