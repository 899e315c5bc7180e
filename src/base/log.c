#include "base/log.h"

#include "base/clock.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LOG_LINE_MAX = 1024,
    LOG_PENDING_MAX = 65536,
    /* What a pipe that polls as writable takes without blocking (PIPE_BUF,
     * pipe(7)); so no write is longer than this. */
    LOG_WRITE_MAX = 4096,
};

static struct {
    int fd;
    enum log_level max_level;
    size_t pending;        /* bytes */
    unsigned long dropped; /* lines */
    char lines[LOG_PENDING_MAX];
} state = { .fd = STDERR_FILENO, .max_level = LOG_INFO };

void log_open(int fd, enum log_level max_level)
{
    state.fd = fd;
    state.max_level = max_level;
}

bool log_has(enum log_level level)
{
    return level <= state.max_level;
}

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
    };

    return names[level];
}

/* One line into the collected ones; the caller has seen that it fits. */
__attribute__((format(printf, 2, 0))) static void collect(enum log_level level,
                                                          const char *format,
                                                          va_list args)
{
    char *line = state.lines + state.pending;
    char utc[CLOCK_TEXT_LEN];
    int len;
    int more;

    clock_format_utc(utc);
    len = snprintf(line, LOG_LINE_MAX, "%s %s ", utc, level_name(level));
    more = vsnprintf(line + len, LOG_LINE_MAX - (size_t)len, format, args);
    len += more > 0 ? more : 0;
    if (len > LOG_LINE_MAX - 1)
        len = LOG_LINE_MAX - 1;
    line[len] = '\n';
    state.pending += (size_t)len + 1;
}

__attribute__((format(printf, 2, 3))) static void collect_line(
    enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    collect(level, format, args);
    va_end(args);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    if (!log_has(level))
        return;
    if (state.pending + LOG_LINE_MAX > LOG_PENDING_MAX)
        log_flush();
    if (state.pending + LOG_LINE_MAX > LOG_PENDING_MAX) {
        state.dropped++;
        return;
    }
    va_start(args, format);
    collect(level, format, args);
    va_end(args);
}

/* False: nothing could be written now. */
static bool write_some(void)
{
    struct pollfd ready = { .fd = state.fd, .events = POLLOUT };
    size_t len = state.pending;
    ssize_t written;

    if (poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT))
        return false;
    if (len > LOG_WRITE_MAX)
        len = LOG_WRITE_MAX;
    written = write(state.fd, state.lines, len);
    if (written <= 0)
        return false;
    state.pending -= (size_t)written;
    memmove(state.lines, state.lines + written, state.pending);
    return true;
}

void log_flush(void)
{
    while (state.pending > 0 && write_some())
        continue;
    if (state.dropped > 0 && state.pending == 0) {
        unsigned long dropped = state.dropped;

        state.dropped = 0;
        collect_line(LOG_WARNING,
                     "log lines lost because nobody took them "
                     "count=%lu",
                     dropped);
        (void)write_some();
    }
}

static bool is_plain(const char *value)
{
    if (*value == '\0')
        return false;
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f)
            return false;
    }
    return true;
}

struct log_value log_quote(const char *value)
{
    struct log_value quoted;
    size_t at = 0;
    bool plain = is_plain(value);

    if (!plain)
        quoted.text[at++] = '"';
    for (; *value != '\0' && at < sizeof quoted.text - 4; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == '"' || c == '\\')
            quoted.text[at++] = '\\';
        quoted.text[at++] = c < ' ' || c == 0x7f ? '?' : (char)c;
    }
    if (!plain)
        quoted.text[at++] = '"';
    quoted.text[at] = '\0';
    return quoted;
}
