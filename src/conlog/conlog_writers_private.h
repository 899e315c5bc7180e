/*
 * conlog_writers_private.h - what the files of the writers share:
 * conlog_writers.c is called by the loop, conlog_writer_thread.c is what the
 * threads do, conlog_writer_file.c keeps the files and their jobs. All but
 * conlog_writer_thread_start's thread is called with the lock.
 */
#ifndef CONLOG_CONLOG_WRITERS_PRIVATE_H
#define CONLOG_CONLOG_WRITERS_PRIVATE_H

#include "base/map.h"
#include "base/worker.h"
#include "conlog/conlog_writers.h"

/*
 * Locks: the crew's, and inside conlog_compressor.c that one's own. They are
 * never held together: a writer gives the crew's back before it rotates, and
 * the compressor has none when it tells of a failure. A log's turn
 * (conlog_rotation.h) is a flag that nobody waits for.
 *
 * A file is busy while one thread works on it without the lock. Until it is
 * done, only that thread may
 *   - touch f->log, but for its path, which never changes;
 *   - take jobs off the front, or change those up to the batch's last.
 * The loop may append behind the last job, set is_flushed and wish, and change
 * slot; the thread looks at these with the lock when it comes back. So a busy
 * file is in no place: nobody else can find it there and serve it, too.
 */

/* Where an idle file is; a busy one is nowhere. */
enum place {
    NOWHERE,   /* closed; or with jobs that are not ready to be written */
    READY,     /* to be served */
    FAILING,   /* the longest ago first */
    OPEN,      /* without jobs; the least recent first */
    LINGERING, /* left, closed: its turn or its news are not back yet */
    PLACES,
};

/* "nowhere", "ready", "failing", "open", "lingering". */
const char *conlog_writer_file_place_name(enum place place);

/*
 * What there is of a path while it is open or something waits for it: there
 * are never two of one path, whoever writes to it. So a console that comes
 * back, or a name that is another console's now, goes on behind what waits
 * still, and no rotation meets the compression of the same files.
 */
struct conlog_writer_file {
    struct list node;                /* in w->files[place] */
    struct list told;                /* in news */
    struct list whole;               /* in all */
    struct conlog_writer_slot *slot; /* NULL: left */
    struct conlog_job *first;
    struct conlog_job *last;
    uint64_t waiting;  /* bytes of its jobs that are not written yet */
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
    struct conlog_rotation_turn turn;
    struct conlog_file log; /* the writer's while busy, but for its path */
};

struct conlog_writer {
    struct worker worker;
    struct conlog_writers *writers;
    struct conlog_writer_file *file; /* that it writes */
    uint64_t since_us; /* when it gave the lock back; 0: it is idle */
};

struct conlog_writers {
    struct conlog_compressor *compressor;
    struct worker_crew crew; /* its lock is for all below */
    struct conlog_settings settings;
    unsigned generation;
    struct list files[PLACES]; /* struct conlog_writer_file.node */
    struct list news;          /* struct conlog_writer_file.told */
    struct list all;           /* struct conlog_writer_file.whole */
    struct map paths;          /* path -> struct conlog_writer_file */
    struct conlog_job *spare;
    uint32_t spare_count;
    uint32_t open_count;  /* in files[OPEN] */
    uint32_t ready_count; /* in files[READY] */
    uint32_t idle;        /* threads that wait for work */
    uint32_t called;      /* of these: woken, and not up yet; at most, as a
                           * thread may wake up without having been called */
    uint32_t stale;       /* in open, of an older generation, perhaps */
    uint64_t served_us;   /* when one that was ready was taken last */
    uint64_t held;        /* memory of files and jobs */
    bool someone_waits;   /* for room */
    bool is_closing;      /* a thread is at what is stale */
    struct conlog_writer writer[CONLOG_WRITER_THREADS_MAX];
};

static inline struct conlog_writer_file *conlog_writer_file_at(
    struct list *node)
{
    return CONTAINER_OF(node, struct conlog_writer_file, node);
}

static inline bool conlog_writers_have_none(const struct conlog_writers *w,
                                            enum place place)
{
    return list_is_empty(&w->files[place]);
}

static inline struct conlog_writer_file *conlog_writers_first(
    const struct conlog_writers *w, enum place place)
{
    return conlog_writer_file_at(w->files[place].next);
}

/* The memory of a job of so many bytes. */
static inline uint32_t conlog_writers_job_size(uint32_t len)
{
    return len > CONLOG_WRITER_JOB_MAX / 4 ? CONLOG_WRITER_JOB_MAX : len;
}

void conlog_writer_file_move(struct conlog_writers *w,
                             struct conlog_writer_file *f, enum place place);

/* The path's one; NULL: there is none. And a new one. */
struct conlog_writer_file *conlog_writer_file_find(
    const struct conlog_writers *w, const char *path);
struct conlog_writer_file *conlog_writer_file_new(struct conlog_writers *w,
                                                  const char *path);

/* Idle, closed and without jobs. */
void conlog_writer_file_free(struct conlog_writers *w,
                             struct conlog_writer_file *f);

/* A thread is needed for it; and the opposite: nothing needs it any more. */
bool conlog_writer_file_has_work(const struct conlog_writer_file *f);
bool conlog_writer_file_may_go(const struct conlog_writer_file *f);

/* There is news of it. */
void conlog_writer_file_tell(struct conlog_writers *w,
                             struct conlog_writer_file *f);
void conlog_writer_file_set_error(struct conlog_writers *w,
                                  struct conlog_writer_file *f, int error);

void conlog_writer_file_make_ready(struct conlog_writers *w,
                                   struct conlog_writer_file *f);
void conlog_writer_file_retry_all(struct conlog_writers *w);

/* So many jobs are written, and some of the next. */
void conlog_writer_file_settle(struct conlog_writers *w,
                               struct conlog_writer_file *f, unsigned written);

/* Gives the lock back, and wakes a thread if one is needed. */
void conlog_writers_unlock(struct conlog_writers *w);

/* One more thread. 0 or -errno. */
int conlog_writer_thread_start(struct conlog_writers *w);

/* On the compressor's thread, without the lock. */
void conlog_writer_thread_not_compressed(void *owner,
                                         struct conlog_rotation_turn *turn,
                                         const char *reason);

#endif
