/*
 * log.h - the program's log: a line an event.
 *
 *     2026-01-31T23:59:59.123Z info VM connected console=web-01 port=50000
 *
 * What a line is, and what becomes of it for those who read it, is in
 * log_format.h. Text from outside goes in through LOG_TEXT, which quotes it
 * where needed; control characters never reach a line.
 *
 * Lines are collected and written by log_flush, which never blocks: what the
 * reader of the log does not take is kept, up to LOG_PENDING_MAX bytes. What
 * comes then is dropped, and where it is missing a line says how many lines
 * are.
 *
 * The level, the output and the collected lines are the program's only mutable
 * statics. For the thread of the loop alone.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "log/log_format.h"

#include <stdbool.h>
#include <stddef.h>

enum { LOG_PENDING_MAX = 65536 };

/* Where lines go, in this form. */
struct log_output {
    struct log_form form;
    /*
     * Takes of len bytes what it can without waiting: how many, 0 if none now.
     * Lines, if the form ends them with a newline; else one record with its
     * NUL.
     */
    size_t (*write)(void *owner, const char *bytes, size_t len);
    void *owner;
};

/* To a descriptor, which stays the caller's. Until it or log_set_output is
 * called: info and above, to stderr. */
void log_open(int fd, enum log_level max_level);

/* A copy is kept. What the former output has not taken and does not take now
 * is lost, and counted. */
void log_set_output(const struct log_output *output);
void log_set_level(enum log_level max_level);

/* For a log_output: writes to a descriptor, which may be blocking, what it
 * takes without. */
size_t log_write_descriptor(int fd, const char *bytes, size_t len);

bool log_has(enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes that are free for lines to come. */
size_t log_room(void);

enum log_flushed {
    LOG_ALL,     /* nothing is left */
    LOG_SOME,    /* its reader takes no more at the moment */
    LOG_BLOCKED, /* it took nothing at all */
};

/* Writes what was collected, as far as it can be written without waiting. */
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
