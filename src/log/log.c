#include "log/log.h"
#include "log/log_words.h"

#include "base/clock.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    /* No write is longer than what a pipe that polls as writable takes without
     * blocking (PIPE_BUF, pipe(7)). */
    LOG_WRITE_MAX = 4096,
};

static size_t write_to_fd(void *owner, const char *bytes, size_t len);

static struct {
    int fd; /* for write_to_fd */
    enum log_level max_level;
    struct log_output output;
    size_t taken;          /* bytes at the front of lines that were written */
    size_t end;            /* of the collected lines */
    unsigned long dropped; /* lines */
    char lines[LOG_PENDING_MAX];
} state = {
    .fd = STDERR_FILENO,
    .max_level = LOG_INFO,
    .output = { .write = write_to_fd },
};

/* ---- output ----------------------------------------------------------- */

size_t log_write_descriptor(int fd, const char *bytes, size_t len)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    ssize_t written;

    if (poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT))
        return 0;
    written = write(fd, bytes, len < LOG_WRITE_MAX ? len : LOG_WRITE_MAX);
    return written > 0 ? (size_t)written : 0;
}

static size_t write_to_fd(void *owner, const char *bytes, size_t len)
{
    (void)owner;
    return log_write_descriptor(state.fd, bytes, len);
}

static bool has_records(const struct log_output *output)
{
    return output->form.envelope >= LOG_SYSLOG;
}

/* ---- collecting ------------------------------------------------------- */

size_t log_room(void)
{
    return LOG_PENDING_MAX - (state.end - state.taken);
}

static void keep(const char *bytes, size_t len)
{
    if (len > LOG_PENDING_MAX - state.end) {
        memmove(state.lines, state.lines + state.taken,
                state.end - state.taken);
        state.end -= state.taken;
        state.taken = 0;
    }
    memcpy(state.lines + state.end, bytes, len);
    state.end += len;
}

__attribute__((format(printf, 3, 0))) static size_t format_record(
    char record[LOG_RECORD_MAX], enum log_level level, const char *format,
    va_list args)
{
    char text[LOG_LINE_MAX];
    char utc[CLOCK_TEXT_LEN];
    char local[CLOCK_TEXT_LEN] = "";
    struct log_record r = { level, text, utc, local, 0 };

    vsnprintf(text, sizeof text, format, args);
    clock_format_utc(utc);
    if (state.output.form.envelope == LOG_SYSLOG) {
        clock_format_local(local);
        r.pid = getpid();
    }
    return log_format(record, &r, state.output.form);
}

__attribute__((format(printf, 3, 4))) static size_t format_line(
    char record[LOG_RECORD_MAX], enum log_level level, const char *format, ...)
{
    va_list args;
    size_t len;

    va_start(args, format);
    len = format_record(record, level, format, args);
    va_end(args);
    return len;
}

/* The line that stands in place of dropped lines. */
static size_t format_loss(char record[LOG_RECORD_MAX])
{
    return format_line(record, LOG_WARNING, LOG_LINES_LOST " count=%lu",
                       state.dropped);
}

void log_line(enum log_level level, const char *format, ...)
{
    char record[LOG_RECORD_MAX];
    char loss[LOG_RECORD_MAX];
    size_t loss_len = 0;
    size_t len;
    va_list args;

    if (!log_has(level))
        return;
    va_start(args, format);
    len = format_record(record, level, format, args);
    va_end(args);
    if (state.dropped > 0)
        loss_len = format_loss(loss);
    if (loss_len + len > log_room())
        (void)log_flush();
    if (state.dropped == 0)
        loss_len = 0; /* the flush has written it */
    if (loss_len + len > log_room()) {
        state.dropped++;
        return;
    }
    if (loss_len > 0)
        keep(loss, loss_len);
    state.dropped = 0;
    keep(record, len);
}

/* ---- writing ---------------------------------------------------------- */

static bool write_some(void)
{
    const char *from = state.lines + state.taken;
    size_t len = state.end - state.taken;
    size_t written;

    if (len > 0 && has_records(&state.output))
        len = strnlen(from, len) + 1;
    written = len > 0 ? state.output.write(state.output.owner, from, len) : 0;
    state.taken += written;
    if (state.taken == state.end)
        state.taken = state.end = 0;
    return written > 0;
}

enum log_flushed log_flush(void)
{
    bool any = false;

    while (write_some())
        any = true;
    if (state.dropped > 0 && state.end == 0) {
        char loss[LOG_RECORD_MAX];
        size_t len = format_loss(loss);

        keep(loss, len);
        state.dropped = 0;
        any = write_some() || any;
    }
    if (state.end == 0)
        return LOG_ALL;
    return any ? LOG_SOME : LOG_BLOCKED;
}

/* ---- settings --------------------------------------------------------- */

static unsigned long count_lines(void)
{
    char end = has_records(&state.output) ? '\0' : '\n';
    unsigned long count = 0;

    for (size_t i = state.taken; i < state.end; i++)
        count += state.lines[i] == end;
    return count;
}

void log_set_output(const struct log_output *output)
{
    (void)log_flush();
    state.dropped += count_lines();
    state.taken = state.end = 0;
    state.output = *output;
}

void log_set_level(enum log_level max_level)
{
    state.max_level = max_level;
}

void log_open(int fd, enum log_level max_level)
{
    static const struct log_output to_fd = { .write = write_to_fd };

    log_set_output(&to_fd);
    state.fd = fd;
    state.max_level = max_level;
}

bool log_has(enum log_level level)
{
    return level <= state.max_level;
}
