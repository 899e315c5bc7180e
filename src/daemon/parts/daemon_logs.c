#include "daemon/parts/daemon_logs.h"

#include "api/events/event_tell.h"
#include "base/clock.h"
#include "conlog/conlog.h"
#include "conlog/console_log.h"
#include "conlog/file/conlog_error.h"
#include "conlog/file/conlog_place.h"
#include "core/directory.h"
#include "daemon/parts/logs_settings.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/tls/tls_digest.h"
#include "net/waker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long the end waits for the disk. */
    CLOSE_US = 3 * US_PER_S,
    TOLD_LEFT_MAX = 10,
    /* Files that are being closed, read or compressed, and the folders on the
     * way to them; and 96 that the API reads. */
    EXTRA_FILES = 160,
};

/* ---- log lines -------------------------------------------------------- */

/*
 * By reason and not by console: a full disk affects 10,000 consoles at once,
 * and a line for each would push everything else out of the log.
 */
static const char *name_of(const struct console *c, struct console_name *to)
{
    if (c == NULL)
        return "none";
    *to = console_name(c);
    return to->text;
}

static void daemon_logs_on_state(void *owner, const struct console *c,
                                 const char *path, int error)
{
    struct console_name name;
    const char *reason = conlog_error_text(error);

    (void)owner;
    if (error == 0)
        log_limited(LOG_INFO, NULL, NULL,
                    LOG_CONSOLE_LOG_WRITTEN " console=%s file=%s",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path));
    else
        log_limited(LOG_ERROR, NULL, reason,
                    LOG_CONSOLE_LOG_NOT_WRITTEN " console=%s file=%s reason=%s",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                    LOG_TEXT(reason));
}

static void daemon_logs_on_gap(void *owner, const struct console *c,
                               const char *path, uint64_t bytes, int error)
{
    const struct daemon_logs *l = owner;
    struct console_name name;
    const char *reason = conlog_error_text(error);

    log_limited(LOG_WARNING, NULL, reason,
                LOG_CONSOLE_LOG_GAP " console=%s file=%s bytes=%llu reason=%s",
                LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                (unsigned long long)bytes, LOG_TEXT(reason));
    if (c != NULL)
        event_tell_log_gap(l->events, c, bytes, reason);
}

static void daemon_logs_on_rotation(void *owner, const struct console *c,
                                    const char *path, const char *reason)
{
    struct console_name name;

    (void)owner;
    log_limited(LOG_WARNING, NULL, reason,
                LOG_CONSOLE_LOG_NOT_ROTATED " console=%s file=%s reason=%s",
                LOG_TEXT(name_of(c, &name)), LOG_TEXT(path), LOG_TEXT(reason));
}

static void daemon_logs_on_compression(void *owner, const struct console *c,
                                       const char *path, const char *reason)
{
    struct console_name name;

    (void)owner;
    log_limited(LOG_WARNING, NULL, reason,
                LOG_CONSOLE_LOG_NOT_COMPRESSED " console=%s file=%s reason=%s",
                LOG_TEXT(name_of(c, &name)), LOG_TEXT(path), LOG_TEXT(reason));
}

static void daemon_logs_on_deletion(void *owner, const char *path,
                                    uint32_t files, uint64_t bytes)
{
    (void)owner;
    log_limited(LOG_WARNING, NULL, NULL,
                LOG_CONSOLE_LOGS_DELETED
                " file=%s files=%u bytes=%llu reason=%s",
                LOG_TEXT(path), files, (unsigned long long)bytes,
                LOG_TEXT("the console logs near --log-total"));
}

static void daemon_logs_on_same_name(void *owner, const struct console *c,
                                     const char *path)
{
    (void)owner;
    log_limited(LOG_WARNING, NULL, NULL,
                LOG_CONSOLE_LOG_SAME_NAME " console=%s id=%s file=%s",
                LOG_TEXT(console_name(c).text), LOG_TEXT(console_id(c).text),
                LOG_TEXT(path));
}

/* ---- opening ---------------------------------------------------------- */

static void daemon_logs_wake(void *owner)
{
    struct daemon_logs *l = owner;

    waker_wake(l->waker);
}

static void daemon_logs_on_wake(void *owner)
{
    struct daemon_logs *l = owner;

    conlog_wake(l->conlog, clock_now_us());
}

static int open_conlog(struct daemon_logs *l,
                       const struct conlog_settings *settings)
{
    const struct conlog_callbacks callbacks = {
        .on_state = daemon_logs_on_state,
        .on_gap = daemon_logs_on_gap,
        .on_rotation = daemon_logs_on_rotation,
        .on_compression = daemon_logs_on_compression,
        .on_deletion = daemon_logs_on_deletion,
        .on_same_name = daemon_logs_on_same_name,
        .digest = tls_digest,
        .wake = daemon_logs_wake,
        .owner = l,
    };
    int r = waker_open(l->loop, daemon_logs_on_wake, l, &l->waker);

    if (r < 0)
        return r;
    r = conlog_open(&l->conlog, settings, &callbacks,
                    l->directory->settings.seed);
    if (r < 0) {
        waker_close(l->waker);
        l->waker = NULL;
        return r;
    }
    loop_watch(l->loop, conlog_batches(l->conlog));
    loop_watch(l->loop, conlog_ticks(l->conlog));
    return 0;
}

static void prepare_directory(const struct conlog_settings *settings)
{
    int r = conlog_place_make(settings->directory);
    struct err why;

    if (r == 0 && access(settings->directory, W_OK | X_OK) < 0)
        r = -errno;
    if (r == 0)
        return;
    err_set(
        &why,
        "%s: make the directory writable for vspcd, or set another --logdir",
        strerror(-r));
    log_error(LOG_CONSOLE_LOGS_NO_PLACE " directory=%s reason=%s",
              LOG_TEXT(settings->directory), LOG_TEXT(why.text));
}

int daemon_logs_open(struct daemon_logs *l, const struct settings *settings,
                     struct loop *loop, const struct directory *directory,
                     struct event_hub *events, struct err *err)
{
    struct conlog_settings made;
    const char *name;
    struct err why;
    int r;

    *l = (struct daemon_logs){
        .settings = settings,
        .loop = loop,
        .directory = directory,
        .events = events,
    };
    r = logs_settings_make(settings, &made, &name, &why);
    if (r < 0) {
        err_set(err, "%.200s: %.250s", options_where(settings, name, 0).text,
                why.text);
        return r;
    }
    l->is_on = made.directory[0] != '\0';
    if (!l->is_on)
        return 0;
    prepare_directory(&made);
    r = open_conlog(l, &made);
    if (r < 0)
        err_set(err, "cannot write console logs: %s", strerror(-r));
    return r;
}

uint64_t daemon_logs_open_max(const struct daemon_logs *l)
{
    return l->is_on ? logs_settings_open_max() + EXTRA_FILES : 0;
}

void daemon_logs_log(const struct daemon_logs *l)
{
    if (l->is_on)
        log_info(LOG_CONSOLE_LOGS " directory=%s name=%s",
                 LOG_TEXT(logs_settings_directory(l->settings)),
                 LOG_TEXT(l->settings->log_name));
}

/* ---- consoles --------------------------------------------------------- */

void daemon_logs_add(struct daemon_logs *l, struct console *c, bool is_known)
{
    bool has_own_file =
        is_known || strstr(l->settings->log_name, "%{uuid") != NULL;

    if (l->is_on && c->log == NULL)
        c->log = console_log_open(l->conlog, c,
                                  has_own_file ? CONSOLE_LOG_IS_KNOWN
                                               : CONSOLE_LOG_IS_NEW);
}

bool daemon_logs_ask_past(void *owner, struct console *c,
                          const struct history_wish *wish, struct past_ask *ask)
{
    (void)owner;
    return c->log != NULL &&
           console_log_ask_past(c->log, wish, ask, clock_now_us());
}

static void remove_log(struct console *c, bool is_end)
{
    console_log_close(c->log, is_end, clock_now_us());
    c->log = NULL;
}

void daemon_logs_remove(struct console *c)
{
    remove_log(c, false);
}

void daemon_logs_renamed(struct console *c)
{
    console_log_renamed(c->log, clock_now_us());
}

static void remove_all(struct daemon_logs *l, bool is_end)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(l->directory, &cursor)) != NULL)
        remove_log(c, is_end);
}

/* These logs begin now: output of the time without logs was not wanted. */
static void add_all(struct daemon_logs *l)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(l->directory, &cursor)) != NULL) {
        if (c->log == NULL)
            c->log = console_log_open(l->conlog, c, CONSOLE_LOG_GOES_ON);
    }
}

void daemon_logs_reload(struct daemon_logs *l)
{
    struct conlog_settings settings;
    const char *name;
    struct err why;
    int r = logs_settings_make(l->settings, &settings, &name, &why);

    /* The settings were checked before, but users may have been removed
     * since. */
    if (r < 0) {
        log_error(LOG_CONSOLE_LOGS_KEPT " reason=%s", LOG_TEXT(why.text));
        return;
    }
    l->is_on = settings.directory[0] != '\0';
    /* conlog stays: its jobs must be written, and a later reload may turn logs
     * on again. */
    if (!l->is_on) {
        remove_all(l, false);
        return;
    }
    prepare_directory(&settings);
    if (l->conlog == NULL)
        r = open_conlog(l, &settings);
    else
        conlog_set(l->conlog, &settings, clock_now_us());
    if (r < 0) {
        log_error(LOG_CONSOLE_LOGS_DISABLED " reason=%s",
                  LOG_TEXT(strerror(-r)));
        l->is_on = false;
        return;
    }
    add_all(l);
    log_info(LOG_CONSOLE_LOGS_REOPENED " directory=%s",
             LOG_TEXT(settings.directory));
}

/* ---- the end ---------------------------------------------------------- */

struct left {
    unsigned consoles;
    uint64_t bytes;
};

static void daemon_logs_tell_left(void *owner, const char *path, uint64_t bytes)
{
    struct left *left = owner;

    left->bytes += bytes;
    if (left->consoles++ < TOLD_LEFT_MAX)
        log_error(LOG_CONSOLE_LOG_INCOMPLETE " file=%s missing-bytes=%llu",
                  LOG_TEXT(path), (unsigned long long)bytes);
}

void daemon_logs_close(struct daemon_logs *l)
{
    struct left left = { 0 };

    /* A log is a reader of its console, so it must be closed before the
     * console. */
    remove_all(l, true);
    /* The queues are conlog's memory, and the loop has them in its list. */
    if (l->conlog != NULL) {
        deadline_queue_close(conlog_batches(l->conlog));
        deadline_queue_close(conlog_ticks(l->conlog));
    }
    conlog_close(l->conlog, CLOSE_US, daemon_logs_tell_left, &left);
    if (left.consoles > 0)
        log_error(LOG_CONSOLE_LOGS_UNWRITTEN
                  " consoles=%u bytes=%llu reason=%s",
                  left.consoles, (unsigned long long)left.bytes,
                  LOG_TEXT("the disk did not take it in time"));
    /* Until conlog_close the writers' threads may call the waker. */
    waker_close(l->waker);
}

/* ---- the census ------------------------------------------------------- */

void daemon_logs_describe(const struct console *c, struct census_console *row)
{
    struct console_log_state state;

    if (c->log == NULL)
        return;
    state = console_log_state(c->log);
    row->log_path = state.path;
    row->log_state = state.error == 0 ? "ok" : conlog_error_text(state.error);
    row->log_written_bytes = state.written;
    row->log_missing_bytes = state.missing;
}

void daemon_logs_count(const struct daemon_logs *l, struct census *census)
{
    struct conlog_counts counts;

    if (l->conlog == NULL)
        return;
    counts = conlog_count(l->conlog);
    census->log_bytes = counts.taken;
    census->log_missing_bytes = counts.missing;
    census->log_gaps = counts.gaps;
    census->log_held_bytes = counts.held;
    census->logs_failing = counts.failing;
}
