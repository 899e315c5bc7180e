/*
 * log.h - the program's log: one line for each event.
 *
 *     2026-01-31T23:59:59.123Z info VM connected console=web-01 port=50000
 *
 * The form of a line, and what its readers get, is in log_format.h. Text from
 * outside goes in through LOG_TEXT, which quotes it where needed; control
 * characters never reach a line.
 *
 * Lines are collected and written by log_flush, which never blocks. What the
 * log's reader does not take is kept, up to LOG_PENDING_MAX bytes. Lines above
 * that are dropped; a line in their place has their number. Audit lines have
 * LOG_AUDIT_PENDING_MAX of their own, so that no other line displaces them.
 *
 * Audit lines go to the auditor as well, if there is one: the audit log keeps
 * them whatever the level of the log is, and numbers them.
 *
 * A line that a peer can cause goes through log_limited or log_audit, which
 * leave out what is too much and tell how much that was (log_gate.h).
 *
 * Refusals and arrivals are counted as well, for whoever asks the API
 * (log_tally.h).
 *
 * The level, the outputs, the collected lines, their limits and these counts
 * are the program's only mutable statics. For the thread of the loop alone.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/deadline.h"
#include "log/log_format.h"
#include "log/log_gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_PENDING_MAX = 65536, LOG_AUDIT_PENDING_MAX = 4 * LOG_PENDING_MAX };

/* Where lines go, and in which form. */
struct log_output {
    struct log_form form;
    /*
     * Takes as many of len bytes as it can without waiting; returns how many, 0
     * if none. bytes are lines, if the form ends lines with a newline;
     * otherwise one record with its NUL.
     */
    size_t (*write)(void *owner, const char *bytes, size_t len);
    void *owner;
};

/* Writes to a descriptor, which the caller keeps. Before log_open or
 * log_set_output, lines from info up go to stderr. */
void log_open(int fd, enum log_level max_level);

/* Keeps a copy of *output. Lines that the former output does not take now are
 * lost, and counted. */
void log_set_output(const struct log_output *output);
void log_set_level(enum log_level max_level);

/* A second place for audit lines: those of log_audit but for the level debug,
 * and the summaries of what was left out of them. */
struct log_auditor {
    /* Takes the record, which has no number yet, and returns its number. noise:
     * of the source that has caused it. Must not log. */
    uint64_t (*take)(void *owner, const struct log_record *record,
                     enum log_noise noise);
    void *owner;
};

/* Keeps a copy; NULL: there is none any more. */
void log_set_auditor(const struct log_auditor *auditor);

/* A third place for the same lines, for whoever listens to them now. */
struct log_follower {
    /* Takes the record, with its number if it has one. Must not log. */
    void (*take)(void *owner, const struct log_record *record);
    void *owner;
};

/* Keeps a copy; NULL: nobody listens. The follower may call this itself. */
void log_set_follower(const struct log_follower *follower);

/* For a log_output: writes as much to a descriptor as it takes without
 * blocking, even if the descriptor is in blocking mode. */
size_t log_write_descriptor(int fd, const char *bytes, size_t len);

bool log_has(enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Lines that a peer can cause. peer: its address, as net/address.h formats it;
 * about: what sets the line apart from others of its message, mostly the id of
 * a console (names are not unique). Each NULL or "": none. A minute has so many
 * lines with one message, peer's site and about (log_gate.h); the number of
 * others follows. The format begins with a message of log_words.h.
 *
 * log_audit: who had which console, and which settings hold: lines that must be
 * there afterwards, whatever noise others made. Without peer and about, an
 * administrator has caused it, and it is not limited. Of level debug, it is a
 * line like others.
 *
 * log_counted: no line, but a summary a minute for each peer's site: message
 * peer= count= seconds= since=.
 */
void log_limited(enum log_level level, const char *peer, const char *about,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
void log_audit(enum log_level level, const char *peer, const char *about,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
void log_counted(enum log_level level, const char *peer, const char *message);

/* The limits hold between the two. open: the caller has the queue fired until
 * close, by which the summaries come; seed is random. close logs the summaries
 * that are due later. */
struct deadline_queue *log_open_gate(const uint64_t seed[2]);
void log_close_gate(void);

/* What lines have told of lately (log_tally.h), whether they were logged or
 * left out. NULL: the limits do not hold, and nothing is counted. */
enum log_tally_kind {
    LOG_REFUSALS, /* who was refused, or failed before it was served */
    LOG_ARRIVALS, /* VMs that have connected, each console by itself */
};
enum { LOG_TALLIES = LOG_ARRIVALS + 1 };
struct log_tally;
const struct log_tally *log_tally_of(enum log_tally_kind kind);

/* Bytes that are free for more lines that are no audit lines. */
size_t log_room(void);

enum log_flushed {
    LOG_ALL,     /* nothing is left */
    LOG_SOME,    /* the reader takes no more at the moment */
    LOG_BLOCKED, /* the reader took nothing at all */
};

/* Writes collected lines, as far as that is possible without waiting. */
enum log_flushed log_flush(void);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                         \
    do {                                                                       \
        if (log_has(LOG_DEBUG))                                                \
            log_line(LOG_DEBUG, __VA_ARGS__);                                  \
    } while (0)

#endif
