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

enum { CONLOG_BATCH_US = 100 * 1000, CONLOG_TICK_US = 1000 * 1000 };

struct conlog;

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

/* Of all logs since conlog_open, those of consoles that have gone too. */
struct conlog_counts {
    uint64_t taken;   /* bytes of VMs, written or to be written */
    uint64_t missing; /* bytes; gaps that are under way count when they end */
    uint64_t held;    /* bytes of memory that wait for the disk, now */
};
struct conlog_counts conlog_count(const struct conlog *conlog);

#endif
