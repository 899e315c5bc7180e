#include "log/log.h"
#include "log/log_words.h"

#include "base/clock.h"
#include "base/text.h"
#include "log/log_gate.h"
#include "log/log_tally.h"

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

/* Lines that wait for the log's reader. */
struct queue {
    const char *name; /* in the line that tells how many were dropped */
    size_t size;
    size_t taken;          /* bytes at the front that were written */
    size_t end;            /* of the collected lines */
    unsigned long dropped; /* lines */
    char *bytes;
};

/* What the program refuses, and what has failed before it was served. */
static const char *const refusals[] = {
    LOG_CONNECTION_REFUSED,
    LOG_CONNECTION_CLOSED,
    LOG_UNIDENTIFIED_CLOSED,
    LOG_PROXY_HEADER_REFUSED,
    LOG_VM_REFUSED,
    LOG_VM_CLEAR_REFUSED,
    LOG_VM_UNKNOWN_REFUSED,
    LOG_VM_KEY_REFUSED,
    LOG_VM_TAKEOVER_REFUSED,
    LOG_VM_MOVE_NOT_BEGUN,
    LOG_VM_MOVE_NOT_JOINED,
    LOG_CONSOLE_REFUSED,
    LOG_CONSOLE_NO_PORT,
    LOG_CLIENT_REFUSED,
    LOG_CLIENT_LIMIT_REACHED,
    LOG_CLIENT_NAMELESS,
    LOG_ADMIN_REFUSED,
    LOG_ADMIN_CLOSED,
    LOG_LOGIN_FAILED,
    LOG_PASSWORDS_UNCHECKED,
    LOG_GROUPS_UNKNOWN,
    LOG_SERVICE_REFUSED,
    LOG_API_DENIED,
    LOG_API_FULL,
    NULL,
};

/* A VM that stays away for an hour begins anew. */
static const char *const arrivals[] = { LOG_VM_CONNECTED, NULL };
enum { ARRIVALS_PAUSE_MS = 60 * 60 * 1000 };

static char line_bytes[LOG_PENDING_MAX];
static char audit_bytes[LOG_AUDIT_PENDING_MAX];

static struct {
    int fd; /* for write_to_fd */
    enum log_level max_level;
    struct log_output output;
    struct log_auditor auditor;   /* take is NULL: there is none */
    struct log_follower follower; /* the same */
    struct queue lines;
    struct queue audit; /* used while the reader is slow */
    size_t first;   /* bytes of lines that are written before those of audit */
    bool is_behind; /* the last flush has left something */
    bool is_gated;  /* from here on: between log_open_gate and log_close_gate */
    struct log_gate gate;
    struct log_tally tallies[LOG_TALLIES];
} state = {
    .fd = STDERR_FILENO,
    .max_level = LOG_INFO,
    .output = { .write = write_to_fd },
    .lines = { "other", sizeof line_bytes, .bytes = line_bytes },
    .audit = { "audit", sizeof audit_bytes, .bytes = audit_bytes },
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

static size_t length(const struct queue *q)
{
    return q->end - q->taken;
}

static size_t room(const struct queue *q)
{
    return q->size - length(q);
}

size_t log_room(void)
{
    return room(&state.lines);
}

static void append(struct queue *q, const char *bytes, size_t len)
{
    if (len > q->size - q->end) {
        memmove(q->bytes, q->bytes + q->taken, length(q));
        q->end -= q->taken;
        q->taken = 0;
    }
    memcpy(q->bytes + q->end, bytes, len);
    q->end += len;
}

static size_t format_record(char to[LOG_RECORD_MAX],
                            const struct log_record *record)
{
    char local[CLOCK_TEXT_LEN];
    struct log_record r = *record;

    if (state.output.form.envelope == LOG_SYSLOG) {
        clock_format_local(local);
        r.local = local;
        r.pid = getpid();
    }
    return log_format(to, &r, state.output.form);
}

/* The line that stands in place of dropped lines. */
static size_t format_loss(char to[LOG_RECORD_MAX], const struct queue *q)
{
    char text[LOG_LINE_MAX];
    char utc[CLOCK_TEXT_LEN];
    struct log_record r = { .level = LOG_WARNING, .text = text, .utc = utc };

    snprintf(text, sizeof text, LOG_LINES_LOST " count=%lu kind=%s", q->dropped,
             q->name);
    clock_format_utc(utc);
    return format_record(to, &r);
}

/* False: there is no room for it. */
static bool keep(struct queue *q, const char *record, size_t len,
                 enum log_noise noise)
{
    char loss[LOG_RECORD_MAX];
    size_t loss_len = q->dropped > 0 ? format_loss(loss, q) : 0;

    if (loss_len + len + log_noise_leaves(noise, q->size) > room(q))
        return false;
    append(q, loss, loss_len);
    q->dropped = 0;
    append(q, record, len);
    return true;
}

/*
 * While the reader takes everything, all lines wait in one queue, in the order
 * in which they came. When it is behind, audit lines have a queue of their own,
 * which is written first: other lines cannot take their room. What is in the
 * other queue by then, up to its last audit line, still comes before them
 * (first), so that audit lines stay in order. A noisy source fills half of a
 * queue at most: the lines of one that is quiet still have room.
 */
static struct queue *queue_for(bool is_audit)
{
    return is_audit && state.is_behind ? &state.audit : &state.lines;
}

static void put(bool is_audit, enum log_noise noise, const char *record,
                size_t len)
{
    struct queue *q = queue_for(is_audit);

    if (!keep(q, record, len, noise)) {
        (void)log_flush();
        q = queue_for(is_audit);
        if (!keep(q, record, len, noise)) {
            q->dropped++;
            return;
        }
    }
    if (is_audit && q == &state.lines)
        state.first = length(q);
}

/* The auditor has it first: its number goes into the journal. */
static void put_text(bool is_audit, enum log_noise noise, enum log_level level,
                     const char *text)
{
    char utc[CLOCK_TEXT_LEN];
    struct log_record r = {
        .level = level,
        .text = text,
        .utc = utc,
        .is_audit = is_audit,
    };
    char record[LOG_RECORD_MAX];

    clock_format_utc(utc);
    if (is_audit && state.auditor.take != NULL)
        r.number = state.auditor.take(state.auditor.owner, &r, noise);
    if (is_audit && state.follower.take != NULL)
        state.follower.take(state.follower.owner, &r);
    if (log_has(level))
        put(is_audit, noise, record, format_record(record, &r));
}

__attribute__((format(printf, 4, 0))) static void put_format(
    bool is_audit, enum log_noise noise, enum log_level level,
    const char *format, va_list args)
{
    char text[LOG_LINE_MAX];

    vsnprintf(text, sizeof text, format, args);
    put_text(is_audit, noise, level, text);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    if (!log_has(level))
        return;
    va_start(args, format);
    put_format(false, LOG_QUIET, level, format, args);
    va_end(args);
}

/* ---- lines that a peer can cause ---------------------------------------- */

static bool is_wanted(enum log_kind kind, enum log_level level)
{
    return log_has(level) ||
           (kind == LOG_AUDIT &&
            (state.auditor.take != NULL || state.follower.take != NULL));
}

static bool passes(enum log_kind kind, enum log_level level, const char *peer,
                   const char *about, const char *message,
                   enum log_noise *ret_noise)
{
    const struct log_gate_line line = {
        .kind = kind,
        .level = level,
        .message = message,
        .peer = peer,
        .about = about,
    };

    return is_wanted(kind, level) &&
           (!state.is_gated ||
            log_gate_passes(&state.gate, &line, clock_now_us(), ret_noise));
}

/* The tally that counts lines with this format, and their message in it; NULL:
 * none does. */
static struct log_tally *find_tally(enum log_level level, const char *format,
                                    const char **ret_message)
{
    if (!state.is_gated || level == LOG_DEBUG)
        return NULL;
    for (size_t i = 0; i < LOG_TALLIES; i++) {
        *ret_message = log_tally_message(&state.tallies[i], format);
        if (*ret_message != NULL)
            return &state.tallies[i];
    }
    return NULL;
}

/* What is left out by the gate is counted all the same. */
__attribute__((format(printf, 5, 0))) static void put_of_peer(
    enum log_kind kind, enum log_level level, const char *peer,
    const char *about, const char *format, va_list args)
{
    const char *message;
    struct log_tally *tally = find_tally(level, format, &message);
    enum log_noise noise = LOG_QUIET;
    bool is_passing = passes(kind, level, peer, about, format, &noise);
    char text[LOG_LINE_MAX];

    if (!is_passing && tally == NULL)
        return;
    vsnprintf(text, sizeof text, format, args);
    if (tally != NULL)
        log_tally_add(tally, message, peer, about, text, clock_utc_ms());
    if (is_passing)
        put_text(kind == LOG_AUDIT, noise, level, text);
}

void log_limited(enum log_level level, const char *peer, const char *about,
                 const char *format, ...)
{
    enum log_kind kind = level == LOG_DEBUG ? LOG_DETAILS : LOG_EVENTS;
    va_list args;

    va_start(args, format);
    put_of_peer(kind, level, peer, about, format, args);
    va_end(args);
}

void log_audit(enum log_level level, const char *peer, const char *about,
               const char *format, ...)
{
    enum log_kind kind = level == LOG_DEBUG ? LOG_DETAILS : LOG_AUDIT;
    va_list args;

    va_start(args, format);
    if (peer != NULL || about != NULL)
        put_of_peer(kind, level, peer, about, format, args);
    else if (is_wanted(kind, level))
        put_format(kind == LOG_AUDIT, LOG_QUIET, level, format, args);
    va_end(args);
}

void log_counted(enum log_level level, const char *peer, const char *message)
{
    enum log_noise noise;

    if (state.is_gated)
        (void)passes(LOG_COUNTS, level, peer, NULL, message, &noise);
}

static const char *or_else(const char *text, const char *other)
{
    return text[0] != '\0' ? text : other;
}

static void log_tell_summary(void *owner, const struct log_gate_summary *s)
{
    char message[LOG_GATE_NAME_MAX + 1] = "several";
    const char *none = s->message.len > 0 ? "none" : "several";
    unsigned long long count = s->count;
    unsigned long long seconds = (s->lasted_us + 500000) / 1000000;
    char since[CLOCK_TEXT_LEN];
    char text[LOG_LINE_MAX];

    (void)owner;
    if (!is_wanted(s->kind, s->level))
        return;
    clock_format_ms(since, clock_utc_ms() - (int64_t)(s->lasted_us / 1000));
    if (s->message.len > 0)
        (void)text_clean(message, sizeof message, s->message);
    if (s->kind == LOG_COUNTS && s->message.len > 0)
        snprintf(text, sizeof text,
                 "%s peer=%s count=%llu seconds=%llu since=%s", message,
                 or_else(s->source, none), count, seconds, since);
    else
        snprintf(text, sizeof text,
                 LOG_LINES_LEFT_OUT
                 " log-message=%s peer=%s about=%s count=%llu "
                 "seconds=%llu since=%s",
                 LOG_TEXT(message), or_else(s->source, none),
                 s->about[0] != '\0' ? LOG_TEXT(s->about) : none, count,
                 seconds, since);
    put_text(s->kind == LOG_AUDIT, LOG_QUIET, s->level, text);
}

struct deadline_queue *log_open_gate(const uint64_t seed[2])
{
    log_gate_init(&state.gate, seed, log_tell_summary, NULL);
    log_tally_init(&state.tallies[LOG_REFUSALS], seed, refusals, 0);
    log_tally_init(&state.tallies[LOG_ARRIVALS], seed, arrivals,
                   ARRIVALS_PAUSE_MS);
    state.is_gated = true;
    return &state.gate.windows;
}

void log_close_gate(void)
{
    if (!state.is_gated)
        return;
    log_gate_end(&state.gate, clock_now_us());
    log_gate_done(&state.gate);
    for (size_t i = 0; i < LOG_TALLIES; i++)
        log_tally_done(&state.tallies[i]);
    state.is_gated = false;
}

const struct log_tally *log_tally_of(enum log_tally_kind kind)
{
    return state.is_gated ? &state.tallies[kind] : NULL;
}

/* ---- writing ---------------------------------------------------------- */

static char line_end(void)
{
    return has_records(&state.output) ? '\0' : '\n';
}

/* Of the queue's bytes, those of the line that was begun. */
static size_t rest_of_line(const struct queue *q)
{
    const char *from = q->bytes + q->taken;
    const char *end;

    if (length(q) == 0 || from[-1] == line_end())
        return 0;
    end = memchr(from, line_end(), length(q));
    return end != NULL ? (size_t)(end + 1 - from) : length(q);
}

/* Returns how many bytes were written. */
static size_t write_from(struct queue *q, size_t len)
{
    const char *from = q->bytes + q->taken;
    size_t written;

    if (len > 0 && has_records(&state.output))
        len = strnlen(from, len) + 1;
    written = len > 0 ? state.output.write(state.output.owner, from, len) : 0;
    q->taken += written;
    if (q->taken == q->end)
        q->taken = q->end = 0;
    return written;
}

/* A line that was begun is ended before the other queue has its turn. */
static bool write_some(void)
{
    size_t written;

    if (state.first > 0) {
        written = write_from(&state.lines, state.first);
        state.first -= written;
    } else if (length(&state.audit) > 0) {
        written = write_from(&state.audit, length(&state.audit));
    } else {
        written = write_from(&state.lines, length(&state.lines));
        if (written > 0)
            state.first = rest_of_line(&state.lines);
    }
    return written > 0;
}

/* A loss that no later line has told. */
static bool write_loss(struct queue *q)
{
    char loss[LOG_RECORD_MAX];

    if (q->dropped == 0)
        return false;
    append(q, loss, format_loss(loss, q));
    q->dropped = 0;
    return write_some();
}

static bool has_all(void)
{
    return length(&state.lines) == 0 && length(&state.audit) == 0;
}

enum log_flushed log_flush(void)
{
    bool any = false;

    while (write_some())
        any = true;
    if (has_all())
        any = write_loss(&state.audit) || any;
    if (has_all())
        any = write_loss(&state.lines) || any;
    state.is_behind = !has_all();
    if (!state.is_behind)
        return LOG_ALL;
    return any ? LOG_SOME : LOG_BLOCKED;
}

/* ---- settings --------------------------------------------------------- */

/* What is left is lost, and counted. */
static void drop_all(struct queue *q)
{
    for (size_t i = q->taken; i < q->end; i++)
        q->dropped += q->bytes[i] == line_end();
    q->taken = q->end = 0;
}

void log_set_output(const struct log_output *output)
{
    (void)log_flush();
    drop_all(&state.audit);
    drop_all(&state.lines);
    state.first = 0;
    state.is_behind = false;
    state.output = *output;
}

void log_set_auditor(const struct log_auditor *auditor)
{
    state.auditor = auditor != NULL ? *auditor : (struct log_auditor){ 0 };
}

void log_set_follower(const struct log_follower *follower)
{
    state.follower = follower != NULL ? *follower : (struct log_follower){ 0 };
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
