/*
 * conlog_writers.h - the threads that write console logs, and their jobs.
 *
 * Jobs of one log are written in order, by one thread at a time; those of
 * different logs by CONLOG_WRITER_THREADS. A thread that hangs in a disk is
 * replaced, up to CONLOG_WRITER_THREADS_MAX threads in all. So one log fewer
 * than that may hang in dead disks without delaying other logs. Compression has
 * its own thread.
 *
 * Bounds: a log has at most CONLOG_WRITER_LOG_MAX bytes waiting, including the
 * overhead of jobs, and all logs together hold CONLOG_WRITER_TOTAL_MAX of
 * memory. Above that, a log without waiting jobs still gets
 * CONLOG_WRITER_GRANT, up to CONLOG_WRITER_HELD_MAX in all. Only the program's
 * end exceeds that. Files stay open after a write; of more than
 * settings.open_max, the least recently written are closed. A log whose file is
 * closed costs nothing here.
 *
 * Before a write a thread looks how much is free (conlog_space.h), and
 * sometimes one counts all files and deletes some (conlog_sweep.h). Without
 * room a write fails, as on a full disk.
 *
 * A job whose write fails is kept and retried every second. If many logs fail,
 * a few are retried, and after the first success all.
 *
 * Except for the threads, called by the loop's thread alone.
 */
#ifndef CONLOG_CONLOG_WRITERS_H
#define CONLOG_CONLOG_WRITERS_H

#include "base/list.h"
#include "conlog/file/conlog_past.h"
#include "conlog/file/conlog_sweep.h"

#include <stddef.h>

enum {
    CONLOG_WRITER_THREADS = 4,
    CONLOG_WRITER_THREADS_MAX = 16,
    CONLOG_WRITER_JOB_MAX = 64 * 1024,
    /* Small enough to be there, if the program is to go on at all. */
    CONLOG_WRITER_JOB_LEAST = 2 * 1024,
    CONLOG_WRITER_LOG_MAX = 512 * 1024,
    /* Waking a thread costs as much as writing some jobs. */
    CONLOG_WRITER_WAKE = 256 * 1024,
    CONLOG_WRITER_TOTAL_MAX = 64 * 1024 * 1024,
    CONLOG_WRITER_HELD_MAX = 2 * CONLOG_WRITER_TOTAL_MAX,
    CONLOG_WRITER_GRANT = 4 * 1024,
};

struct conlog_writers;

/* The writers' part of a log: embedded in the log, zeroed before use. */
struct conlog_writer_slot {
    struct conlog_writer_file
        *file; /* NULL: no job waits, and the file is closed */
    struct conlog_origin origin;
    /* where its last write has left its file */
    struct conlog_origin left;
};

struct conlog_writers_news {
    struct conlog_writer_slot *slot; /* NULL: the log is gone */
    const char *path;                /* valid until the call returns */
    int error;                       /* 0: written again */
    bool has_new_error;
    const char *rotation;    /* reason of a failed rotation; else NULL */
    const char *compression; /* reason of a failed compression; else NULL */
    bool is_past;      /* the answer to conlog_writers_ask is there, in past */
    struct past *past; /* may be NULL; the receiver owns it */
    uint64_t bytes;    /* waiting */
};

/* wake: conlog_writers_take_news must be called, or there is room again for a
 * log that was refused. Called on any thread, with the lock held; not after
 * conlog_writers_close has begun. */
int conlog_writers_open(struct conlog_writers **ret_writers,
                        const struct conlog_settings *settings,
                        void (*wake)(void *owner), void *owner,
                        const uint64_t seed[2]);

/* Waits until all jobs are written, for at most wait_us; each gets what is left
 * of a log. */
void conlog_writers_close(struct conlog_writers *w, uint64_t wait_us,
                          void (*each)(void *owner,
                                       const struct conlog_writers_news *left),
                          void *owner);

/* Reopens all files. */
void conlog_writers_set(struct conlog_writers *w,
                        const struct conlog_settings *settings);

/* How many bytes a job may have, at most want. 0: none now; wake then reports
 * when to ask again. */
uint32_t conlog_writers_room(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint32_t want);

/* True if not even a job without bytes may be put. */
bool conlog_writers_are_full(struct conlog_writers *w);

/* Memory of jobs that wait, in bytes; and how many files are not written now,
 * because the disk fails. */
void conlog_writers_count(struct conlog_writers *w, uint64_t *ret_held,
                          uint64_t *ret_failing);

/* A job with room for len bytes, or for fewer if there is little memory
 * (job->len, at least CONLOG_WRITER_JOB_LEAST); the caller fills all its
 * members. */
struct conlog_job *conlog_writers_new_job(struct conlog_writers *w,
                                          uint32_t len);

/* Has the log's jobs written now. Without it, they wait until
 * CONLOG_WRITER_WAKE bytes have gathered. */
void conlog_writers_flush(struct conlog_writers *w,
                          struct conlog_writer_slot *slot);

/* Takes the job over. path: the log's current path, which no other log has. If
 * it was another log's path, this job is written behind that log's jobs. */
void conlog_writers_put(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, struct conlog_job *job,
                        const char *path);

/*
 * Has a thread read what the log had before this run, before it writes the
 * log's next jobs; news have the answer. path: the log's current path, which no
 * other log has. A log that asks again before its answer gets one answer.
 */
void conlog_writers_ask(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, const char *path,
                        const struct history_wish *wish);

/* The log is gone; its jobs are still written. is_end: they are the last, and
 * complete. */
void conlog_writers_leave(struct conlog_writers *w,
                          struct conlog_writer_slot *slot, bool is_end);

/* Where this run has begun in the log's first file. */
struct conlog_origin conlog_writers_origin(
    struct conlog_writers *w, const struct conlog_writer_slot *slot);

/* Where the last write has left the log's file. Returns the position behind
 * what is written; taken: behind what was put. */
uint64_t conlog_writers_seam(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint64_t taken, struct conlog_origin *ret_left);

/* The errno of the log's last write, and the bytes that wait. */
int conlog_writers_state(struct conlog_writers *w,
                         const struct conlog_writer_slot *slot,
                         uint64_t *ret_waiting);

/* Must be called once a second while conlog_writers_are_busy: finds threads
 * that hang, and retries failed writes. */
void conlog_writers_tick(struct conlog_writers *w, uint64_t now_us);
bool conlog_writers_are_busy(struct conlog_writers *w);

/* A thread looks whether files have to be counted, or are too old: without jobs
 * nobody would. Of parts, to be called each conlog_space_expiry_us. */
void conlog_writers_look(struct conlog_writers *w);

/* What was deleted for --log-total, or because it was too old, since the last
 * call; false: nothing. */
bool conlog_writers_take_swept(struct conlog_writers *w,
                               struct conlog_sweep_result *ret_swept);

void conlog_writers_take_news(
    struct conlog_writers *w,
    void (*each)(void *owner, const struct conlog_writers_news *news),
    void *owner);

#endif
