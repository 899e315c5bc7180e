/*
 * hook_process.h - one run of a hook: the process, its output, its time.
 *
 * The program is a session and process group of its own, in /, with default
 * signals and three descriptors. Standard input is a pipe with the JSON, then
 * its end; output and errors are one pipe, whose last bytes are kept. The
 * program may run for timeout_us; then its group gets SIGTERM, and SIGKILL
 * after a grace time. Processes of its group that outlive it are killed.
 *
 * The owner polls the two descriptors, and calls; nothing here waits, except
 * for the kernel to start the program. One thread.
 */
#ifndef HOOK_HOOK_PROCESS_H
#define HOOK_HOOK_PROCESS_H

#include "hook/hook_event.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    HOOK_OUTPUT_KEPT = 1024, /* last bytes of its output */
    HOOK_LINE_MAX = 240,     /* of its last line, for the log */
    /* Between SIGTERM and SIGKILL. */
    HOOK_KILL_GRACE_US = 2 * 1000 * 1000,
};

enum hook_stage {
    HOOK_RUNS,
    HOOK_TERMINATED, /* SIGTERM was sent */
    HOOK_KILLED,     /* SIGKILL was sent: its end is certain */
};
enum { HOOK_STAGE_COUNT = HOOK_KILLED + 1 };

/* "runs", "terminated", "killed". */
const char *hook_stage_name(enum hook_stage stage);

struct hook_process {
    pid_t pid;
    int pidfd;  /* readable: the program has ended */
    int output; /* readable: there is output; -1: the program has closed it */
    enum hook_stage stage;
    uint64_t begun_us;
    uint64_t timeout_us;
    /* when hook_process_due must be called; UINT64_MAX: never */
    uint64_t due_us;
    size_t kept;
    char printed[HOOK_OUTPUT_KEPT];
};

/* How a program ended. */
struct hook_end {
    int status; /* in waitpid's form */
    bool is_timed_out;
    uint64_t timeout_us; /* its time limit */
    uint64_t took_us;
    char line[HOOK_LINE_MAX]; /* its last line of output, clean; or "" */
};

/* 0, or -errno: the program was not started. */
int hook_process_start(struct hook_process *p, const char *program,
                       const struct hook_event *event, uint64_t now_us,
                       uint64_t timeout_us);

/* Call when output is readable. */
void hook_process_read(struct hook_process *p);

/* Call when due_us has come. */
void hook_process_due(struct hook_process *p, uint64_t now_us,
                      uint64_t kill_grace_us);

/* Call when pidfd is readable: kills the rest of the group, and releases
 * everything. */
void hook_process_finish(struct hook_process *p, uint64_t now_us,
                         struct hook_end *ret_end);

#endif
