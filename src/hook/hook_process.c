#include "hook/hook_process.h"

#include "base/text.h"
#include "hook/hook_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

static int start(struct hook_process *p, const char *program,
                 const struct hook_event *event, int input, int output)
{
    char **environment = hook_event_environment(event);
    const struct hook_start how = {
        .program = program,
        .environment = environment,
        .input = input,
        .output = output,
        .errors = output,
    };
    int r = hook_start(&how, &p->pid, &p->pidfd);

    free(environment);
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

void hook_process_read(struct hook_process *p)
{
    char bytes[READ_SIZE];

    for (int i = 0; i < READS_AT_ONCE && p->output >= 0; i++) {
        ssize_t got = read(p->output, bytes, sizeof bytes);

        if (got > 0) {
            p->kept = text_keep_end(p->printed, sizeof p->printed, p->kept,
                                    slice_of(bytes, (size_t)got));
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
    text_clean(ret_end->line, sizeof ret_end->line,
               text_last_line(slice_of(p->printed, p->kept)));
}
