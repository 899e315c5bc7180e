/*
 * conlog_writers_private.h - what the files of the writers share: the loop
 * calls conlog_writers.c, the threads run conlog_writer_thread.c, and
 * conlog_writer_file.c keeps the files and their jobs. Everything is called
 * with the lock, except the thread of conlog_writer_thread_start.
 */
#ifndef CONLOG_CONLOG_WRITERS_PRIVATE_H
#define CONLOG_CONLOG_WRITERS_PRIVATE_H

#include "base/map.h"
#include "base/worker.h"
#include "conlog/conlog_writers.h"
#include "conlog/file/conlog_space.h"

/*
 * Locks: the crew's, and the compressor's inside conlog_compressor.c. They are
 * never held together: a writer releases the crew's lock before it rotates, and
 * the compressor holds none when it reports a failure. A log's turn
 * (conlog_rotation.h) is a flag that nobody waits for.
 *
 * A file is busy while one thread works on it without the lock. Meanwhile only
 * that thread may
 *
 *     - touch f->log, except its path, which never changes;
 *     - take jobs off the front, or change those up to the batch's last.
 *
 * The loop may append behind the last job, set is_flushed and wish, and change
 * slot; the thread reads these with the lock when it returns. A busy file is in
 * no place, so that no other thread can find it there and serve it too.
 */

/* Where an idle file is; a busy file is NOWHERE. */
enum place {
    NOWHERE,   /* closed; or with jobs that are not ready to be written */
    READY,     /* to be served */
    FAILING,   /* the longest ago first */
    OPEN,      /* without jobs; the least recently used first */
    LINGERING, /* left and closed, but its turn or news are under way */
    PLACES,
};

/* "nowhere", "ready", "failing", "open", "lingering". */
const char *conlog_writer_file_place_name(enum place place);

/*
 * The state of a path while its file is open or something waits for it. A path
 * never has two, whoever writes to it. So the output of a console that returns,
 * or of one that takes over another's name, comes behind the jobs that wait,
 * and no rotation meets the compression of its files.
 */
struct conlog_writer_file {
    struct list node;                /* in w->files[place] */
    struct list told;                /* in news */
    struct list whole;               /* in all */
    struct conlog_writer_slot *slot; /* NULL: the log is gone */
    struct conlog_job *first;
    struct conlog_job *last;
    uint64_t waiting;  /* bytes of its jobs that are not written */
    uint32_t jobs;     /* waiting jobs */
    uint32_t settled;  /* bytes of the first job: written, no longer waiting */
    char *trouble;     /* reason of a failed rotation, to be reported */
    char *compression; /* reason of a failed compression, to be reported */
    int error;
    int told_error;
    /* Where the slot's log has left its file, when it put the first job, and
     * whose output its jobs are. */
    struct conlog_origin left;
    uint64_t epoch;
    /* of the slot's first byte behind its left, while jobs wait */
    uint64_t next_at;
    struct history_wish wish; /* bytes 0: nobody has asked for its past */
    struct past *past;        /* what was read, to be handed out */
    bool is_past_read;
    uint8_t place; /* enum place */
    bool is_busy;
    bool is_flushed; /* all waiting jobs are to be written */
    bool is_ending;  /* when they are, the output ends in order */
    struct conlog_rotation_turn turn;
    struct conlog_file log; /* the writer's while busy, except its path */
};

struct conlog_writer {
    struct worker worker;
    struct conlog_writers *writers;
    struct conlog_writer_file *file; /* that it is writing */
    uint64_t since_us; /* when it released the lock; 0: it is idle */
};

struct conlog_writers {
    struct conlog_compressor *compressor;
    struct worker_crew crew; /* its lock protects all members below */
    struct conlog_settings settings;
    unsigned generation;
    struct conlog_space space;
    struct conlog_sweep_result swept; /* not handed out yet; files 0: none */
    struct list files[PLACES];        /* struct conlog_writer_file.node */
    struct list news;                 /* struct conlog_writer_file.told */
    struct list all;                  /* struct conlog_writer_file.whole */
    struct map paths;                 /* path -> struct conlog_writer_file */
    struct conlog_job *spare;
    uint32_t spare_count;
    uint32_t open_count;  /* in files[OPEN] */
    uint32_t ready_count; /* in files[READY] */
    uint32_t idle;        /* threads that wait for work */
    /* of the idle threads: those that were woken and have not run; an upper
     * bound, as a thread may wake up uncalled */
    uint32_t called;
    uint32_t stale;  /* upper bound of files in OPEN with an older generation */
    int64_t begun_s; /* UTC: when the writers were opened */
    uint64_t served_us; /* when a READY file was last taken */
    uint64_t held;      /* memory of files and jobs */
    uint64_t failing;   /* files with an error */
    bool someone_waits; /* for room */
    bool is_closing;    /* a thread is closing a stale file */
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

/* The memory of a job with len bytes. */
static inline uint32_t conlog_writers_job_size(uint32_t len)
{
    return len > CONLOG_WRITER_JOB_MAX / 4 ? CONLOG_WRITER_JOB_MAX : len;
}

void conlog_writer_file_move(struct conlog_writers *w,
                             struct conlog_writer_file *f, enum place place);

/* The file of this path; NULL: none. And a new one. */
struct conlog_writer_file *conlog_writer_file_find(
    const struct conlog_writers *w, const char *path);
struct conlog_writer_file *conlog_writer_file_new(struct conlog_writers *w,
                                                  const char *path);

/* f must be idle, closed and without jobs. */
void conlog_writer_file_free(struct conlog_writers *w,
                             struct conlog_writer_file *f);

/* has_work: f needs a thread. may_go: nothing needs f. */
bool conlog_writer_file_has_work(const struct conlog_writer_file *f);
bool conlog_writer_file_may_go(const struct conlog_writer_file *f);

/* Puts f into the news. */
void conlog_writer_file_tell(struct conlog_writers *w,
                             struct conlog_writer_file *f);
void conlog_writer_file_set_error(struct conlog_writers *w,
                                  struct conlog_writer_file *f, int error);

void conlog_writer_file_make_ready(struct conlog_writers *w,
                                   struct conlog_writer_file *f);
void conlog_writer_file_retry_all(struct conlog_writers *w);

/* written jobs are done, and some bytes of the next one. */
void conlog_writer_file_settle(struct conlog_writers *w,
                               struct conlog_writer_file *f, unsigned written);

/* Releases the lock, and wakes a thread if one is needed. */
void conlog_writers_unlock(struct conlog_writers *w);

/* Starts one more thread. 0 or -errno. */
int conlog_writer_thread_start(struct conlog_writers *w);

/* Called on the compressor's thread, without the lock. */
void conlog_writer_thread_not_compressed(void *owner,
                                         struct conlog_rotation_turn *turn,
                                         const char *reason);

#endif
