/*
 * conlog_writers.h - the threads that write console logs, and what waits for
 * them.
 *
 * Jobs of one log are written in order, by one thread at a time; those of
 * different logs by CONLOG_WRITER_THREADS. A thread that the disk does not let
 * go is replaced, up to CONLOG_WRITER_THREADS_MAX in all: so that many logs on
 * dead disks, less one, keep nobody else's from being written. Compression has
 * a thread of its own.
 *
 * Bounds: a log has at most CONLOG_WRITER_LOG_MAX bytes waiting, counting what
 * a job costs beside its bytes, and all together hold CONLOG_WRITER_TOTAL_MAX
 * of memory. Beyond that a log that has none waiting gets CONLOG_WRITER_GRANT,
 * up to CONLOG_WRITER_HELD_MAX, which nothing goes beyond but the program's
 * end. Files stay open after a write, the least recently written of more than
 * settings.open_max are closed; a log whose file is closed costs nothing here.
 *
 * What fails is kept and tried again every second; of many that fail a few, and
 * when one of those is written again, all.
 *
 * But for the threads, called by the loop's thread alone.
 */
#ifndef CONLOG_CONLOG_WRITERS_H
#define CONLOG_CONLOG_WRITERS_H

#include "base/list.h"
#include "conlog/file/conlog_past.h"

#include <stddef.h>

enum {
    CONLOG_WRITER_THREADS = 4,
    CONLOG_WRITER_THREADS_MAX = 16,
    CONLOG_WRITER_JOB_MAX = 64 * 1024,
    CONLOG_WRITER_LOG_MAX = 512 * 1024,
    /* Waking a thread costs as much as writing some jobs does. */
    CONLOG_WRITER_WAKE = 256 * 1024,
    CONLOG_WRITER_TOTAL_MAX = 64 * 1024 * 1024,
    CONLOG_WRITER_HELD_MAX = 2 * CONLOG_WRITER_TOTAL_MAX,
    CONLOG_WRITER_GRANT = 4 * 1024,
};

struct conlog_writers;

/* A log as writers know it: in the log, zeroed. */
struct conlog_writer_slot {
    struct conlog_writer_file
        *file; /* NULL: nothing waits, and it is not open */
    struct conlog_origin origin;
};

struct conlog_writers_news {
    struct conlog_writer_slot *slot; /* NULL: the log has been left */
    const char *path;                /* good until the call returns */
    int error;                       /* 0: written again */
    bool has_new_error;
    const char *rotation;    /* a rotation failed: why; else NULL */
    const char *compression; /* a compression failed: why; else NULL */
    bool is_past;      /* what conlog_writers_ask has asked for is there: */
    struct past *past; /* this, or NULL: for whoever is told to keep */
    uint64_t bytes;    /* that wait */
};

/* wake: conlog_writers_take_news is to be called, or there is room again for
 * somebody who was refused it. On any thread, with the lock held; not once
 * conlog_writers_close has begun. */
int conlog_writers_open(struct conlog_writers **ret_writers,
                        const struct conlog_settings *settings,
                        void (*wake)(void *owner), void *owner,
                        const uint64_t seed[2]);

/* Waits for what waits, for at most so long; each is told what is left. */
void conlog_writers_close(struct conlog_writers *w, uint64_t wait_us,
                          void (*each)(void *owner,
                                       const struct conlog_writers_news *left),
                          void *owner);

/* All files are opened anew. */
void conlog_writers_set(struct conlog_writers *w,
                        const struct conlog_settings *settings);

/* How many bytes a job may have: up to want; 0: none now, wake tells when it
 * is worth asking again. */
uint32_t conlog_writers_room(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint32_t want);

/* Not even a job of no bytes is to be put. */
bool conlog_writers_are_full(struct conlog_writers *w);

/* Bytes of memory of what waits to be written. */
uint64_t conlog_writers_held(struct conlog_writers *w);

/* With room for len bytes; all else is the caller's to fill. */
struct conlog_job *conlog_writers_new_job(struct conlog_writers *w,
                                          uint32_t len);

/* It is written with conlog_writers_flush, or when CONLOG_WRITER_WAKE bytes
 * wait. */
void conlog_writers_flush(struct conlog_writers *w,
                          struct conlog_writer_slot *slot);

/* Gives it away; path: of the log as it is now, which no other log has now. If
 * it had been another's, this one's jobs are written behind what waits still.
 */
void conlog_writers_put(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, struct conlog_job *job,
                        const char *path);

/*
 * What the log had before this run is read by the thread that would write it
 * next, before it writes; news tell of it. path: as for conlog_writers_put. One
 * that is asked again before it has answered answers once.
 */
void conlog_writers_ask(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, const char *path,
                        const struct history_wish *wish);

/* The log is gone; what waits is written all the same. */
void conlog_writers_leave(struct conlog_writers *w,
                          struct conlog_writer_slot *slot);

/* What the log's last write has come to, an errno; and bytes that wait. */
int conlog_writers_state(struct conlog_writers *w,
                         const struct conlog_writer_slot *slot,
                         uint64_t *ret_waiting);

/* Once a second while conlog_writers_are_busy: finds threads that are stuck,
 * and tries again what has failed. */
void conlog_writers_tick(struct conlog_writers *w, uint64_t now_us);
bool conlog_writers_are_busy(struct conlog_writers *w);

void conlog_writers_take_news(
    struct conlog_writers *w,
    void (*each)(void *owner, const struct conlog_writers_news *news),
    void *owner);

#endif
