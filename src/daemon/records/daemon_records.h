/*
 * daemon_records.h - joins the recordings (record/) with the rest of the
 * daemon: rules, facts, events, the log.
 *
 * The directory is made when the first recording is written.
 */
#ifndef DAEMON_RECORDS_DAEMON_RECORDS_H
#define DAEMON_RECORDS_DAEMON_RECORDS_H

#include "conf/options.h"
#include "core/census/census.h"
#include "net/loop.h"

struct console;
struct directory;
struct event_hub;
struct fact;
struct recorder;
struct session_context;
struct waker;

struct daemon_records {
    const struct settings *settings; /* borrowed; always the present ones */
    struct loop *loop;               /* this and the following are borrowed */
    struct directory *directory;
    const struct session_context *sessions; /* their rules */
    struct event_hub *events;
    uint32_t open_max; /* files */
    struct recorder *recorder;
    struct waker *waker;
    bool is_ending; /* nobody is told any more */
};

/* What belongs to the daemon's records; all but settings as in struct
 * daemon_records. */
struct records_links {
    const struct settings *settings;
    struct loop *loop;
    struct directory *directory;
    const struct session_context *sessions;
    struct event_hub *events;
    uint32_t log_files; /* that console logs have open at most */
};

/* All or nothing; r must not move. 0, or negative with err filled. */
int daemon_records_open(struct daemon_records *r,
                        const struct records_links *links, struct err *err);

/* The program's end has begun. */
void daemon_records_end(struct daemon_records *r);

/* Writes what is waiting, for a few seconds at most. */
void daemon_records_close(struct daemon_records *r);

/* How many files recordings have open at most. */
static inline uint64_t daemon_records_open_max(const struct daemon_records *r)
{
    return r->open_max;
}

/* What has happened, in order. */
void daemon_records_tell_fact(struct daemon_records *r,
                              const struct fact *fact);

/* The inventory has changed: whether the console is recorded. */
void daemon_records_judge(struct daemon_records *r, struct console *c);

/* The console is about to be removed. */
void daemon_records_remove(struct daemon_records *r, const struct console *c);

/* Rules and settings that are in force from now on. */
void daemon_records_reload(struct daemon_records *r);

/* All recordings' part of the census. */
void daemon_records_count(const struct daemon_records *r,
                          struct census *census);

/* What is wrong with the settings, if anything is. */
void daemon_records_check(const struct settings *s, struct problems *problems);

#endif
