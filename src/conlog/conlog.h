/*
 * conlog.h - console logs: a file for each console, of all that its VM prints.
 *
 * Each log is a lossless reader of its console's ring (core/reader.h). What it
 * takes is copied into jobs, which threads write (conlog_writers.h); the loop
 * never waits for a disk. Little output is taken at most CONLOG_BATCH_US late,
 * so that many consoles that print a line now and then cost little. As soon as
 * half a ring is there it is taken, and written when several of these are
 * there. Where the disk is slow the jobs are kept, bounded; then the ring
 * fills, the VM is held back for --hold-time at a time, and what falls off the
 * ring is missing: a line in the file says so.
 *
 * Names: conlog_names.h says what two consoles with the same name get.
 *
 * Called by one thread, the loop's. It does not log: it calls back.
 */
#ifndef CONLOG_CONLOG_H
#define CONLOG_CONLOG_H

#include "base/deadline.h"
#include "base/err.h"
#include "conlog/file/conlog_settings.h"
#include "core/console.h"
#include "core/past.h"

enum { CONLOG_BATCH_US = 100 * 1000, CONLOG_TICK_US = 1000 * 1000 };

struct conlog;
struct console_log;

/*
 * What has come of writing a console's log. They are for telling people, and
 * call nothing of conlog/. error: an errno, ETIMEDOUT if the disk does not
 * answer, 0 if it is written again. console: NULL if it is gone already.
 */
struct conlog_callbacks {
    void (*on_state)(void *owner, const struct console *console,
                     const char *path, int error);
    /* So many bytes are missing in it. */
    void (*on_gap)(void *owner, const struct console *console, const char *path,
                   uint64_t bytes, int error);
    /* It goes on as it was. */
    void (*on_rotation)(void *owner, const struct console *console,
                        const char *path, const char *reason);
    /* What was rotated stays as it is until the next rotation. */
    void (*on_compression)(void *owner, const struct console *console,
                           const char *path, const char *reason);
    /* Its name is another console's already: it got this one. */
    void (*on_same_name)(void *owner, const struct console *console,
                         const char *path);
    /* conlog_wake is to be called on the loop. On any thread. */
    void (*wake)(void *owner);
    void *owner;
};

/* 0 or -errno. seed: random, for a hash. */
int conlog_open(struct conlog **ret_conlog,
                const struct conlog_settings *settings,
                const struct conlog_callbacks *callbacks,
                const uint64_t seed[2]);

/* To be watched by the loop, with what is to be called. */
struct deadline_queue *conlog_batches(struct conlog *conlog);
void conlog_batch_due(struct deadline *deadline, uint64_t now_us);
struct deadline_queue *conlog_ticks(struct conlog *conlog);
void conlog_tick_due(struct conlog *conlog, uint64_t now_us);
void conlog_wake(struct conlog *conlog, uint64_t now_us);

/* Settings may be others, and all files are opened anew: what is written from
 * now on goes to the file that has the name then. */
void conlog_set(struct conlog *conlog, const struct conlog_settings *settings,
                uint64_t now_us);

/*
 * Waits until all that was taken is written, for at most wait_us; calls each
 * for every console with bytes left. All logs must have been closed. Takes
 * NULL. Threads that the disk does not let go are left behind.
 */
void conlog_close(struct conlog *conlog, uint64_t wait_us,
                  void (*each)(void *owner, const char *path, uint64_t bytes),
                  void *owner);

/* Where the console's log begins. */
enum console_log_start {
    CONSOLE_LOG_GOES_ON, /* with what comes from now on */
    CONSOLE_LOG_IS_NEW,  /* with its first byte; what has left its ring is a
                          * gap */
    CONSOLE_LOG_IS_KNOWN /* the same, and what is in the file already is the
                          * console's, from before this run */
};
struct console_log *console_log_open(struct conlog *conlog,
                                     struct console *console,
                                     enum console_log_start start);

/*
 * Asks for what the console has printed before this run: as much of it as is
 * wished for, or a little more. It is read by a thread. False: there is none.
 * The answer comes with conlog_wake, or when the log is closed.
 */
bool console_log_ask_past(struct console_log *log,
                          const struct history_wish *wish, struct past_ask *ask,
                          uint64_t now_us);

/* Takes what is there, as far as there is room, or all because it is the
 * program's end; it is written behind. Takes NULL. */
void console_log_close(struct console_log *log, bool is_end, uint64_t now_us);

/* Its name is made anew with what comes next. */
void console_log_renamed(struct console_log *log);

struct console_log_state {
    const char *path; /* relative; good until the log takes something */
    uint64_t written; /* bytes of the VM, of this run */
    uint64_t missing;
    int error; /* as in conlog_callbacks */
};
struct console_log_state console_log_state(struct console_log *log);

#endif
