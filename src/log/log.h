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
 * that are dropped; a line in their place has their number.
 *
 * The level, the output and the collected lines are the program's only mutable
 * statics. For the thread of the loop alone.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "log/log_format.h"

#include <stdbool.h>
#include <stddef.h>

enum { LOG_PENDING_MAX = 65536 };

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

/* For a log_output: writes as much to a descriptor as it takes without
 * blocking, even if the descriptor is in blocking mode. */
size_t log_write_descriptor(int fd, const char *bytes, size_t len);

bool log_has(enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes that are free for more lines. */
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
