/*
 * log.h - the program's log: a line an event, to stderr or stdout.
 *
 *     2026-01-31T23:59:59.123Z info VM connected console=web-01 port=50000
 *
 * Lines are collected and written together by log_flush, which never blocks:
 * what the reader of the log does not take is dropped, and a later line says
 * how many lines were. Text from outside goes in through LOG_TEXT, which
 * quotes it where needed; control characters never reach a line.
 *
 * The level and the collected lines are the program's only mutable statics.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* fd stays the caller's. Until this is called: info and above, to stderr. */
void log_open(int fd, enum log_level max_level);

bool log_has(enum log_level level);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes what was collected, as far as it can be written without waiting. */
void log_flush(void);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                         \
    do {                                                                       \
        if (log_has(LOG_DEBUG))                                                \
            log_line(LOG_DEBUG, __VA_ARGS__);                                  \
    } while (0)

/*
 * A value for key=value: as it is if it is one word, else in double quotes
 * with quotes and backslashes escaped and control characters replaced.
 */
struct log_value {
    char text[320];
};
struct log_value log_quote(const char *value);
#define LOG_TEXT(value) (log_quote(value).text)

#endif
