/*
 * audit_writer.h - the queue of an audit log, and the thread that writes it.
 *
 * Only audit_writer_open and audit_writer_close wait for the disk. Events are
 * written as they come, and are on the disk a second later (fdatasync). While
 * the disk fails, events wait, up to AUDIT_WAITING_MAX bytes, and writing is
 * retried each second. Events above that are lost: they are counted, and are
 * gaps in the numbers.
 *
 * Called by one thread, the loop's. Owns the file, the thread and the events
 * that wait. Does not log: it reports news.
 */
#ifndef AUDIT_AUDIT_WRITER_H
#define AUDIT_AUDIT_WRITER_H

#include "audit/audit_chain.h"
#include "base/err.h"
#include "log/log_gate.h"

enum {
    /* Some 10,000 events: more than log_gate lets through at once, and hours
     * of a quiet site. */
    AUDIT_WAITING_MAX = 4 * 1024 * 1024,
    /* A disk that has not answered for so long is told as failing. */
    AUDIT_HANG_US = 5 * 1000 * 1000,
};

struct audit_writer;

struct audit_settings {
    const char *path;   /* copied */
    size_t waiting_max; /* bytes; AUDIT_WAITING_MAX */
    /* There is news. Called on the writer's thread, with its lock: it may only
     * wake the loop. Not called after audit_writer_close has begun. */
    void (*on_news)(void *owner);
    void *owner;
};

struct audit_news {
    uint64_t written;  /* events, since the start */
    uint64_t lost;     /* events, since the start */
    uint64_t waiting;  /* events */
    uint64_t reopened; /* how often the path had another file at a reopening */
    uint64_t deleted;  /* how often the file had been deleted */
    bool is_failing;   /* events are not written now */
    bool is_in_former; /* the path's file cannot be opened, and the former file
                        * is written on */
    struct err why;    /* of is_failing or is_in_former */
};

/* Opens the file, which is needed, and starts the thread. 0, or -errno with err
 * filled: a person must handle it. *ret_is_torn: the file's last line was torn,
 * and so an event is missing. */
int audit_writer_open(struct audit_writer **ret_writer,
                      const struct audit_settings *settings, bool *ret_is_torn,
                      struct err *err);

/* Writes what waits, for at most wait_us. False: not all of it is on the disk;
 * *ret_news has the reason. Takes NULL. */
bool audit_writer_close(struct audit_writer *w, uint64_t wait_us,
                        struct audit_news *ret_news);

/* Queues the record as the next event, or loses it. A noisy source leaves room
 * to others. Returns its number. */
uint64_t audit_writer_put(struct audit_writer *w,
                          const struct log_record *record,
                          enum log_noise noise);

/* If the path leads to another file than the one that is written, or to none,
 * that one is opened; until this works, the former one is written on. */
void audit_writer_reopen(struct audit_writer *w);

void audit_writer_read_news(struct audit_writer *w,
                            struct audit_news *ret_news);

#endif
