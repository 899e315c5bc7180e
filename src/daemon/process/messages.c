#include "daemon/process/messages.h"

#include "base/clock.h"
#include "log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAUSE_FIRST_US = 10 * 1000,
    PAUSE_LAST_US = 500 * 1000,
};

/* ---- sockets ---------------------------------------------------------- */

static int try_connect(struct messages *m, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&m->socket, sizeof m->socket) <
        0) {
        r = -errno;
        close(fd);
        return r;
    }
    m->fd = fd;
    m->is_stream = type == SOCK_STREAM;
    return 0;
}

/* syslog's socket takes datagrams nearly everywhere, and the journal's always.
 * 0 or -errno. */
static int connect_socket(struct messages *m)
{
    int r = try_connect(m, SOCK_DGRAM);

    return r == -EPROTOTYPE ? try_connect(m, SOCK_STREAM) : r;
}

static void disconnect(struct messages *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

/* Writes one record with its NUL, which ends it on a stream. */
static size_t messages_write_socket(void *owner, const char *record, size_t len)
{
    struct messages *m = owner;

    /* The reader may have been restarted, so one more try. */
    for (int tries = 0; tries < 2; tries++) {
        ssize_t sent;

        if (m->fd < 0 && connect_socket(m) < 0)
            return 0;
        sent = send(m->fd, record, m->is_stream ? len : len - 1,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0)
            return m->is_stream ? (size_t)sent : len;
        if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
            return 0;
        disconnect(m);
    }
    return 0;
}

/* ---- descriptors ------------------------------------------------------ */

static size_t messages_write_stdout(void *owner, const char *bytes, size_t len)
{
    (void)owner;
    return log_write_descriptor(STDOUT_FILENO, bytes, len);
}

static size_t messages_write_stderr(void *owner, const char *bytes, size_t len)
{
    (void)owner;
    return log_write_descriptor(STDERR_FILENO, bytes, len);
}

/* sd-daemon(3): systemd reads this descriptor, adds the time itself, and wants
 * the level. */
static bool is_journal_stream(int fd)
{
    const char *given = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat s;

    return given != NULL && sscanf(given, "%llu:%llu", &device, &inode) == 2 &&
           fstat(fd, &s) == 0 && s.st_dev == device && s.st_ino == inode;
}

/* ---- settings --------------------------------------------------------- */

static struct log_output make_output(struct messages *m,
                                     enum messages_place place, bool is_json)
{
    struct log_output output = {
        .form = { .is_json = is_json },
        .owner = m,
        .write = messages_write_socket,
    };

    switch (place) {
    case MESSAGES_SYSLOG:
        output.form.envelope = LOG_SYSLOG;
        break;
    case MESSAGES_JOURNAL:
        output.form.envelope = LOG_JOURNAL;
        break;
    case MESSAGES_STDOUT:
        output.write = messages_write_stdout;
        if (is_journal_stream(STDOUT_FILENO))
            output.form.envelope = LOG_PREFIXED;
        break;
    case MESSAGES_STDERR:
        output.write = messages_write_stderr;
        if (is_journal_stream(STDERR_FILENO))
            output.form.envelope = LOG_PREFIXED;
        break;
    }
    return output;
}

void messages_set(struct messages *m, const struct settings *s)
{
    enum messages_place place = MESSAGES_STDERR;
    bool is_json = s->messages_format != 0;
    const char *path = NULL;
    struct log_output output;

    log_set_level(s->is_debug ? LOG_DEBUG : (enum log_level)s->messages_level);
    /* Cannot fail: the settings were checked by this function. */
    (void)program_messages_place(s, &place, &path);
    if (path == NULL)
        path = "";
    if (m->is_open && m->place == place && m->is_json == is_json &&
        strcmp(m->socket.sun_path, path) == 0)
        return;
    output = make_output(m, place, is_json);
    /* the former output gets the lines that it takes */
    log_set_output(&output);
    disconnect(m);
    snprintf(m->socket.sun_path, sizeof m->socket.sun_path, "%s", path);
    m->place = place;
    m->is_json = is_json;
    m->is_open = true;
}

bool messages_open(struct messages *m, const struct settings *s,
                   struct err *err)
{
    int r = 0;

    *m = (struct messages){ .fd = -1, .socket = { .sun_family = AF_UNIX } };
    messages_set(m, s);
    if (m->socket.sun_path[0] != '\0')
        r = connect_socket(m);
    if (r < 0)
        err_set(err,
                "messages cannot be sent to %.120s, will retry: %s; up to 64 "
                "KiB of them are kept",
                m->socket.sun_path, strerror(-r));
    return r == 0;
}

/* ---- the loop --------------------------------------------------------- */

static void messages_pause_over(struct deadline *deadline, void *owner)
{
    /* The end of this turn flushes. */
    (void)deadline;
    (void)owner;
}

void messages_watch(struct messages *m, struct loop *loop,
                    const uint64_t seed[2])
{
    loop_watch(loop, log_open_gate(seed));
    m->pause_us = PAUSE_FIRST_US;
    deadline_init(&m->pause);
    deadline_queue_open(&m->pauses, PAUSE_FIRST_US, messages_pause_over, m);
    loop_watch(loop, &m->pauses);
}

void messages_unwatch(struct messages *m)
{
    log_close_gate();
    deadline_queue_close(&m->pauses);
}

bool messages_flush(struct messages *m)
{
    enum log_flushed flushed;

    if (deadline_is_running(&m->pause))
        return false;
    flushed = log_flush();
    if (flushed != LOG_BLOCKED)
        m->pause_us = PAUSE_FIRST_US;
    if (flushed == LOG_ALL)
        return true;
    deadline_queue_set_length(&m->pauses, m->pause_us);
    deadline_start(&m->pauses, &m->pause, clock_now_us());
    if (m->pause_us < PAUSE_LAST_US)
        m->pause_us *= 2;
    return false;
}

void messages_close(struct messages *m)
{
    (void)log_flush();
    log_open(STDERR_FILENO, LOG_INFO);
    disconnect(m);
}
