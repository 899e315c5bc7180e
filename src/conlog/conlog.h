/*
 * conlog.h - console logs: a file for each console, with all output of its VM.
 *
 * Each log is a lossless reader of its console's ring (core/reader.h). The log
 * copies output into jobs, which threads write (conlog_writers.h); the loop
 * never waits for a disk. A little output is taken at most CONLOG_BATCH_US
 * late, so that many consoles that print a line now and then cost little. Half
 * a ring of output is taken at once, and written when several halves are there.
 * If the disk is slow, jobs are kept up to a bound. Then the ring fills, and
 * the VM is held for --hold-time at a time. Output that the ring loses is
 * missing in the file, and a line in the file says so.
 *
 * Names: conlog_names.h decides the files of two consoles with one name.
 *
 * Called by one thread, the loop's. Does not log: it calls back.
 */
#ifndef CONLOG_CONLOG_H
#define CONLOG_CONLOG_H

#include "base/deadline.h"
#include "base/err.h"
#include "conlog/conlog_names.h"
#include "conlog/file/conlog_settings.h"
#include "core/console.h"

struct conlog;

/*
 * Results of writing a console's log, for telling people; the callbacks must
 * call nothing of conlog/. error: as in conlog/file/conlog_error.h, ETIMEDOUT
 * if the disk does not answer, 0 if the log is written again. console: NULL if
 * it is gone.
 */
struct conlog_callbacks {
    void (*on_state)(void *owner, const struct console *console,
                     const char *path, int error);
    /* bytes: how many are missing in the file. */
    void (*on_gap)(void *owner, const struct console *console, const char *path,
                   uint64_t bytes, int error);
    /* A rotation failed; the file is written as before. */
    void (*on_rotation)(void *owner, const struct console *console,
                        const char *path, const char *reason);
    /* A compression failed; the rotated file stays until the next rotation. */
    void (*on_compression)(void *owner, const struct console *console,
                           const char *path, const char *reason);
    /* Rotated files were deleted, of this log and maybe others, because all
     * logs took nearly as much as settings.total. */
    void (*on_deletion)(void *owner, const char *path, uint32_t files,
                        uint64_t bytes);
    /* The log's name belongs to another console; the log got this path. */
    void (*on_same_name)(void *owner, const struct console *console,
                         const char *path);
    conlog_names_digest_fn *digest;
    /* conlog_wake must be called on the loop. Called on any thread. */
    void (*wake)(void *owner);
    void *owner;
};

/* 0 or -errno. seed: random, for map_hash. */
int conlog_open(struct conlog **ret_conlog,
                const struct conlog_settings *settings,
                const struct conlog_callbacks *callbacks,
                const uint64_t seed[2]);

/* Deadline queues for the loop to watch. */
struct deadline_queue *conlog_batches(struct conlog *conlog);
struct deadline_queue *conlog_ticks(struct conlog *conlog);
void conlog_wake(struct conlog *conlog, uint64_t now_us);

/* Sets the settings, which may be equal, and reopens all files: later output
 * goes to the file that then has the name. */
void conlog_set(struct conlog *conlog, const struct conlog_settings *settings,
                uint64_t now_us);

/*
 * Waits until all jobs are written, for at most wait_us; calls each for every
 * console with bytes left. All logs must have been closed. Takes NULL. Threads
 * that hang in the disk are left behind.
 */
void conlog_close(struct conlog *conlog, uint64_t wait_us,
                  void (*each)(void *owner, const char *path, uint64_t bytes),
                  void *owner);

/* Totals of all logs since conlog_open, also of consoles that are gone. */
struct conlog_counts {
    uint64_t taken;   /* bytes of VMs, written or to be written */
    uint64_t missing; /* bytes; a gap counts when it ends */
    uint64_t gaps;
    uint64_t held;    /* bytes of memory that now wait for the disk */
    uint64_t failing; /* logs that are not written now */
};
struct conlog_counts conlog_count(const struct conlog *conlog);

#endif
