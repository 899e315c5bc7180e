#include "daemon/parts/daemon_logs.h"

#include "base/clock.h"
#include "base/log.h"
#include "conlog/conlog.h"
#include "conlog/console_log.h"
#include "conlog/file/conlog_place.h"
#include "core/directory.h"
#include "net/waker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long the end waits for the disk. */
    CLOSE_US = 3 * US_PER_S,
    TOLD_AGAIN_US = 60 * US_PER_S,
    TOLD_LEFT_MAX = 10,
    /* Files kept open: this part of what may be open, VMs need the rest. */
    OPEN_PART = 16,
    OPEN_LEAST = 8,
    OPEN_MOST = 1024,
    /* Those that are about to be closed, are read, or are compressed, and the
     * folders on the way to them. */
    EXTRA_FILES = 64,
};

/* ---- settings --------------------------------------------------------- */

static const char *directory_of(const struct settings *s)
{
    if (s->log_directory != NULL)
        return s->log_directory;
    return s->backend == SETTINGS_BACKEND_LOGGING ? "/var/log/consoles" : NULL;
}

static uint32_t open_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return OPEN_LEAST;
    if (limit.rlim_cur / OPEN_PART > OPEN_MOST)
        return OPEN_MOST;
    if (limit.rlim_cur / OPEN_PART < OPEN_LEAST)
        return OPEN_LEAST;
    return (uint32_t)(limit.rlim_cur / OPEN_PART);
}

/* The prefix, in which nothing is a pattern, then the pattern. */
static int make_pattern(const struct settings *s, struct conlog_settings *to,
                        struct err *err)
{
    const char *prefix = s->log_prefix != NULL ? s->log_prefix : "";
    size_t at = 0;

    for (const char *p = prefix; *p != '\0' && at + 3 < sizeof to->pattern;
         p++) {
        if (*p == '%')
            to->pattern[at++] = '%';
        to->pattern[at++] = *p;
    }
    if (at > 0)
        to->pattern[at++] = '-';
    if (at + strlen(s->log_name) >= sizeof to->pattern) {
        err_set(err, "too long: with the prefix %d bytes are the limit",
                CONLOG_PATTERN_MAX);
        return -EINVAL;
    }
    snprintf(to->pattern + at, sizeof to->pattern - at, "%s", s->log_name);
    return conlog_name_check(to->pattern, err);
}

static int parse_mode(const char *text, mode_t *ret_mode, struct err *err)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (text[0] < '0' || text[0] > '7' || *end != '\0' || mode > 0777) {
        err_set(err,
                "'%.20s' is not valid: expected an octal number up to "
                "0777, such as 0640",
                text);
        return -EINVAL;
    }
    if ((mode & 0600) != 0600) {
        err_set(err,
                "'%.20s' is not valid: the owner must be allowed to read "
                "and write, as with 0600",
                text);
        return -EINVAL;
    }
    *ret_mode = (mode_t)mode;
    return 0;
}

/* A number is taken as such: it needs nobody who may be slow to answer. */
static bool parse_number(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number >= UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static int parse_owner(const char *text, struct conlog_settings *to,
                       struct err *err)
{
    size_t len = strcspn(text, ":");
    char user[64];
    const struct passwd *passwd;
    const struct group *group;

    to->uid = (uid_t)-1;
    to->gid = (gid_t)-1;
    if (len >= sizeof user) {
        err_set(err, "the user's name is too long");
        return -EINVAL;
    }
    snprintf(user, sizeof user, "%.*s", (int)len, text);
    if (len > 0 && !parse_number(user, &to->uid)) {
        passwd = getpwnam(user);
        if (passwd == NULL) {
            err_set(err, "there is no user '%s'", user);
            return -EINVAL;
        }
        to->uid = passwd->pw_uid;
    }
    if (text[len] == '\0' || parse_number(text + len + 1, &to->gid))
        return 0;
    group = getgrnam(text + len + 1);
    if (group == NULL) {
        err_set(err, "there is no group '%.64s'", text + len + 1);
        return -EINVAL;
    }
    to->gid = group->gr_gid;
    return 0;
}

/* 0, or -EINVAL with err filled and which setting it is about. */
static int make_settings(const struct settings *s, struct conlog_settings *to,
                         const char **ret_name, struct err *err)
{
    const char *directory = directory_of(s);

    *to = (struct conlog_settings){
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .open_max = open_max(),
        .is_stamped = s->log_format == 1,
        .rotation = {
            .size_max = s->log_rotate_size,
            .age_s = s->log_rotate_s,
            .keep = (unsigned)s->log_keep,
            .compresses = s->log_compress,
        },
    };
    *ret_name = "logdir";
    if (directory != NULL && directory[0] != '/') {
        err_set(err, "'%.200s' is not valid: expected a path from /",
                directory);
        return -EINVAL;
    }
    if (directory != NULL && strlen(directory) >= sizeof to->directory) {
        err_set(err, "the path is too long");
        return -EINVAL;
    }
    snprintf(to->directory, sizeof to->directory, "%s",
             directory != NULL ? directory : "");
    *ret_name = "mode";
    if (parse_mode(s->log_mode, &to->mode, err) < 0)
        return -EINVAL;
    *ret_name = "log-owner";
    if (s->log_owner != NULL && parse_owner(s->log_owner, to, err) < 0)
        return -EINVAL;
    *ret_name = s->log_prefix != NULL ? "prefix" : "log-name";
    return make_pattern(s, to, err);
}

void daemon_logs_check(const struct settings *s, struct problems *problems)
{
    struct conlog_settings made;
    const char *name;
    struct err err;

    if (make_settings(s, &made, &name, &err) < 0) {
        struct options_place place = options_where(s, name, 0);

        problems_add(problems, place.line, "%s: %s", place.text, err.text);
    }
}

/* ---- what is told ----------------------------------------------------- */

/* Once a minute of a kind; *ret_others were not told since. */
static bool may_tell(struct daemon_logs *l, int key, unsigned *ret_others)
{
    uint64_t now_us = clock_now_us();
    struct console_log_cause *cause = &l->causes[0];

    for (int i = 0; i < CONSOLE_LOG_CAUSES; i++) {
        struct console_log_cause *other = &l->causes[i];

        if (other->key == key) {
            cause = other;
            break;
        }
        if (other->told_us < cause->told_us)
            cause = other;
    }
    if (cause->key == key && cause->told_us != 0 &&
        now_us < cause->told_us + TOLD_AGAIN_US) {
        cause->others++;
        return false;
    }
    *ret_others = cause->key == key ? cause->others : 0;
    *cause = (struct console_log_cause){ .key = key, .told_us = now_us };
    return true;
}

enum {
    KEY_GAP = 1 << 16,
    KEY_ROTATION = 1 << 17,
    KEY_NAME = 1 << 18,
    KEY_COMPRESSION = 1 << 19,
};

static const char *name_of(const struct console *c, struct console_name *to)
{
    if (c == NULL)
        return "none";
    *to = console_name(c);
    return to->text;
}

static const char *reason_of(int error)
{
    return error == 0           ? "the disk is too slow"
           : error == ETIMEDOUT ? "the disk does not answer"
                                : strerror(error);
}

static void daemon_logs_on_state(void *owner, const struct console *c,
                                 const char *path, int error)
{
    struct daemon_logs *l = owner;
    struct console_name name;
    unsigned others;

    if (!may_tell(l, error, &others))
        return;
    if (error == 0)
        log_info("console log is written again console=%s file=%s others=%u",
                 LOG_TEXT(name_of(c, &name)), LOG_TEXT(path), others);
    else
        log_error("console log is not written, the console goes on; it is "
                  "tried again console=%s file=%s reason=%s others=%u",
                  LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                  LOG_TEXT(reason_of(error)), others);
}

static void daemon_logs_on_gap(void *owner, const struct console *c,
                               const char *path, uint64_t bytes, int error)
{
    struct daemon_logs *l = owner;
    struct console_name name;
    unsigned others;

    if (may_tell(l, KEY_GAP + error, &others))
        log_warning("console log has a gap console=%s file=%s bytes=%llu "
                    "reason=%s others=%u",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                    (unsigned long long)bytes, LOG_TEXT(reason_of(error)),
                    others);
}

static void daemon_logs_on_rotation(void *owner, const struct console *c,
                                    const char *path, const char *reason)
{
    struct daemon_logs *l = owner;
    struct console_name name;
    unsigned others;

    if (may_tell(l, KEY_ROTATION, &others))
        log_warning("console log is not rotated, it grows console=%s file=%s "
                    "reason=%s others=%u",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                    LOG_TEXT(reason), others);
}

static void daemon_logs_on_compression(void *owner, const struct console *c,
                                       const char *path, const char *reason)
{
    struct daemon_logs *l = owner;
    struct console_name name;
    unsigned others;

    if (may_tell(l, KEY_COMPRESSION, &others))
        log_warning("rotated console log is not compressed, it stays as it is; "
                    "tried again after the next rotation console=%s file=%s "
                    "reason=%s others=%u",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                    LOG_TEXT(reason), others);
}

static void daemon_logs_on_same_name(void *owner, const struct console *c,
                                     const char *path)
{
    struct daemon_logs *l = owner;
    unsigned others;

    if (may_tell(l, KEY_NAME, &others))
        log_warning("console log's name is another console's, this one has "
                    "another console=%s id=%s file=%s others=%u",
                    LOG_TEXT(console_name(c).text),
                    LOG_TEXT(console_id(c).text), LOG_TEXT(path), others);
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

static void daemon_logs_batch_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    conlog_batch_due(deadline, clock_now_us());
}

static void daemon_logs_tick_due(struct deadline *deadline, void *owner)
{
    struct daemon_logs *l = owner;

    (void)deadline;
    conlog_tick_due(l->conlog, clock_now_us());
}

static int open_conlog(struct daemon_logs *l,
                       const struct conlog_settings *settings)
{
    const struct conlog_callbacks callbacks = {
        .on_state = daemon_logs_on_state,
        .on_gap = daemon_logs_on_gap,
        .on_rotation = daemon_logs_on_rotation,
        .on_compression = daemon_logs_on_compression,
        .on_same_name = daemon_logs_on_same_name,
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
    loop_watch_deadlines(l->loop, &l->batches, conlog_batches(l->conlog),
                         daemon_logs_batch_due, l);
    loop_watch_deadlines(l->loop, &l->ticks, conlog_ticks(l->conlog),
                         daemon_logs_tick_due, l);
    return 0;
}

static void prepare_directory(const struct conlog_settings *settings)
{
    int r = conlog_place_make(settings->directory);

    if (r == 0 && access(settings->directory, W_OK | X_OK) < 0)
        r = -errno;
    if (r < 0)
        log_error("console logs cannot be written, consoles go on; it is tried "
                  "again with all output: make the directory writable for "
                  "vspcd, or set another --logdir directory=%s reason=%s",
                  LOG_TEXT(settings->directory), LOG_TEXT(strerror(-r)));
}

int daemon_logs_open(struct daemon_logs *l, const struct settings *settings,
                     struct loop *loop, const struct directory *directory,
                     struct err *err)
{
    struct conlog_settings made;
    const char *name;
    struct err why;
    int r;

    *l = (struct daemon_logs){
        .settings = settings,
        .loop = loop,
        .directory = directory,
    };
    r = make_settings(settings, &made, &name, &why);
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
    return l->is_on ? open_max() + EXTRA_FILES : 0;
}

void daemon_logs_log(const struct daemon_logs *l)
{
    if (l->is_on)
        log_info("console logs directory=%s name=%s",
                 LOG_TEXT(directory_of(l->settings)),
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
    console_log_renamed(c->log);
}

static void remove_all(struct daemon_logs *l, bool is_end)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(l->directory, &cursor)) != NULL)
        remove_log(c, is_end);
}

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
    int r = make_settings(l->settings, &settings, &name, &why);

    /* It was checked before; users may go, though. */
    if (r < 0) {
        log_error("SIGHUP: console logs go on as before reason=%s",
                  LOG_TEXT(why.text));
        return;
    }
    l->is_on = settings.directory[0] != '\0';
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
        log_error("SIGHUP: console logs cannot be written reason=%s",
                  LOG_TEXT(strerror(-r)));
        l->is_on = false;
        return;
    }
    add_all(l);
    log_info("SIGHUP: console logs are opened anew directory=%s",
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
        log_error("console log is not whole file=%s missing-bytes=%llu",
                  LOG_TEXT(path), (unsigned long long)bytes);
}

void daemon_logs_close(struct daemon_logs *l)
{
    struct left left = { 0 };

    /* A log is a reader of its console: before the consoles go. */
    remove_all(l, true);
    conlog_close(l->conlog, CLOSE_US, daemon_logs_tell_left, &left);
    if (left.consoles > 0)
        log_error("console logs were not written to their end: the disk did "
                  "not take it in time consoles=%u bytes=%llu",
                  left.consoles, (unsigned long long)left.bytes);
    /* Behind conlog_close: its threads wake by it until then. */
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
    row->log_state = state.error == 0 ? "ok" : reason_of(state.error);
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
    census->log_held_bytes = counts.held;
}
