/*
 * hook_process.h - one run of a hook: the process, what it prints, its time.
 *
 * The program is a session and process group of its own, in /, with signals as
 * they are by default and three descriptors: standard input is a pipe with the
 * JSON, and its end; output and errors are a pipe whose last bytes are kept. It
 * may run for timeout_us; then its group gets SIGTERM, and SIGKILL after a
 * grace. What it leaves in its group when it ends is killed.
 *
 * The owner polls the two descriptors, and calls; nothing here waits, but for
 * the kernel to start the program. One thread.
 */
#ifndef HOOK_HOOK_PROCESS_H
#define HOOK_HOOK_PROCESS_H

#include "hook/hook_event.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    HOOK_OUTPUT_KEPT = 1024, /* bytes of what it has printed last */
    HOOK_LINE_MAX = 240,     /* of its last line, for the log */
    /* Between SIGTERM and SIGKILL. */
    HOOK_KILL_GRACE_US = 2 * 1000 * 1000,
};

enum hook_stage {
    HOOK_RUNS,
    HOOK_TERMINATED, /* SIGTERM was sent */
    HOOK_KILLED,     /* SIGKILL was sent: nothing is left but to wait */
};
enum { HOOK_STAGE_COUNT = HOOK_KILLED + 1 };

/* "runs", "terminated", "killed". */
const char *hook_stage_name(enum hook_stage stage);

struct hook_process {
    pid_t pid;
    int pidfd;  /* readable: it has ended */
    int output; /* readable: it has printed; -1: it has closed that */
    enum hook_stage stage;
    uint64_t begun_us;
    uint64_t timeout_us;
    uint64_t due_us; /* when hook_process_due is to be called; UINT64_MAX:
                      * never */
    size_t kept;
    char printed[HOOK_OUTPUT_KEPT];
};

/* How it ended. */
struct hook_end {
    int status; /* as waitpid has it */
    bool is_timed_out;
    uint64_t timeout_us; /* what it was given */
    uint64_t took_us;
    char line[HOOK_LINE_MAX]; /* the last one it has printed, clean; or "" */
};

/* 0, or -errno: it was not started. */
int hook_process_start(struct hook_process *p, const char *program,
                       const struct hook_event *event, uint64_t now_us,
                       uint64_t timeout_us);

/* output is readable. */
void hook_process_read(struct hook_process *p);

/* due_us has come. */
void hook_process_due(struct hook_process *p, uint64_t now_us,
                      uint64_t kill_grace_us);

/* pidfd is readable: kills what is left of its group, and gives all back. */
void hook_process_finish(struct hook_process *p, uint64_t now_us,
                         struct hook_end *ret_end);

#endif
