/*
 * writers_private.h - what the files of the writers share: writers.c is called
 * by the loop, writer_thread.c is what the threads do, writer_file.c keeps the
 * files and their jobs. All but writer_start's thread is called with the lock.
 */
#ifndef CONLOG_WRITERS_PRIVATE_H
#define CONLOG_WRITERS_PRIVATE_H

#include "base/map.h"
#include "base/worker.h"
#include "conlog/writers.h"

/* Where an idle file is; a busy one is nowhere. */
enum place {
    NOWHERE,   /* closed; or with jobs that are not ready to be written */
    READY,     /* to be served */
    FAILING,   /* the longest ago first */
    OPEN,      /* without jobs; the least recent first */
    LINGERING, /* left, closed: its turn or its news are not back yet */
    PLACES,
};

/*
 * What there is of a path while it is open or something waits for it: there
 * are never two of one path, whoever writes to it. So a console that comes
 * back, or a name that is another console's now, goes on behind what waits
 * still, and no rotation meets the compression of the same files.
 */
struct writer_file {
    struct list node;         /* in w->files[place] */
    struct list told;         /* in news */
    struct list whole;        /* in all */
    struct writer_slot *slot; /* NULL: left */
    struct log_job *first;
    struct log_job *last;
    uint64_t waiting;  /* bytes */
    uint32_t jobs;     /* that wait */
    uint32_t settled;  /* of the first: written, and waiting no more */
    char *trouble;     /* of a rotation, to be told */
    char *compression; /* that failed, to be told */
    int error;
    int told_error;
    struct history_wish wish; /* bytes 0: nobody has asked for its past */
    struct past *past;        /* what was read, to be told */
    bool is_past_read;
    uint8_t place; /* enum place */
    bool is_busy;
    bool is_flushed; /* all that waits is to be written */
    struct rotation_turn turn;
    struct log_file log; /* the writer's while busy, but for its path */
};

struct writer {
    struct worker worker;
    struct writers *writers;
    struct writer_file *file; /* that it writes */
    uint64_t since_us;        /* when it gave the lock back; 0: it is idle */
};

struct writers {
    struct compressor *compressor;
    struct worker_crew crew; /* its lock is for all below */
    struct conlog_settings settings;
    unsigned generation;
    struct list files[PLACES]; /* struct writer_file.node */
    struct list news;          /* struct writer_file.told */
    struct list all;           /* struct writer_file.whole */
    struct map paths;          /* path -> struct writer_file */
    struct log_job *spare;
    uint32_t spare_count;
    uint32_t open_count;  /* in files[OPEN] */
    uint32_t ready_count; /* in files[READY] */
    uint32_t idle;        /* threads that wait for work */
    uint32_t called;      /* of these: woken, and not up yet; at most */
    uint32_t stale;       /* in open, of an older generation, perhaps */
    uint64_t served_us;   /* when one that was ready was taken last */
    uint64_t held;        /* memory of files and jobs */
    bool someone_waits;   /* for room */
    bool is_closing;      /* a thread is at what is stale */
    struct writer writer[WRITER_THREADS_MAX];
};

static inline struct writer_file *writer_file_at(struct list *node)
{
    return CONTAINER_OF(node, struct writer_file, node);
}

static inline bool writers_have_none(const struct writers *w, enum place place)
{
    return list_is_empty(&w->files[place]);
}

static inline struct writer_file *writers_first(const struct writers *w,
                                                enum place place)
{
    return writer_file_at(w->files[place].next);
}

/* The memory of a job of so many bytes. */
static inline uint32_t writer_job_size(uint32_t len)
{
    return len > WRITER_JOB_MAX / 4 ? WRITER_JOB_MAX : len;
}

void writer_file_move(struct writers *w, struct writer_file *f,
                      enum place place);

/* The path's one; NULL: there is none. And a new one. */
struct writer_file *writer_file_find(const struct writers *w, const char *path);
struct writer_file *writer_file_new(struct writers *w, const char *path);

/* Idle, closed and without jobs. */
void writer_file_free(struct writers *w, struct writer_file *f);

/* A thread is needed for it; and the opposite: nothing needs it any more. */
bool writer_file_has_work(const struct writer_file *f);
bool writer_file_may_go(const struct writer_file *f);

/* There is news of it. */
void writer_file_tell(struct writers *w, struct writer_file *f);
void writer_file_set_error(struct writers *w, struct writer_file *f, int error);

void writer_file_make_ready(struct writers *w, struct writer_file *f);
void writers_retry_all(struct writers *w);

/* So many jobs are written, and some of the next. */
void writer_file_settle(struct writers *w, struct writer_file *f,
                        unsigned written);

/* Gives the lock back, and wakes a thread if one is needed. */
void writers_unlock(struct writers *w);

/* One more thread. 0 or -errno. */
int writer_start(struct writers *w);

/* On the compressor's thread, without the lock. */
void writer_compression_failed(void *owner, struct rotation_turn *turn,
                               const char *reason);

#endif
