#include "daemon/records/daemon_records.h"

#include "api/events/event_tell.h"
#include "base/clock.h"
#include "conlog/file/conlog_error.h"
#include "conlog/file/conlog_space.h"
#include "core/directory.h"
#include "core/move.h"
#include "daemon/process/state_path.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/waker.h"
#include "record/record.h"
#include "record/record_cast.h"
#include "session/session_context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    CLOSE_US = 3 * US_PER_S,
    /* Recordings have fewer open files than console logs. */
    OPEN_PART = 4,
    ABOUT_MAX = 2 * ADDRESS_TEXT_MAX + 32,
};

/* ---- log lines -------------------------------------------------------- */

static const char *reason_of(int error)
{
    return error == CONLOG_ERROR_TOTAL
               ? "the recordings take as much as --record-keep-size allows"
               : conlog_error_text(error);
}

static const char *name_of(const struct console *c, struct console_name *to)
{
    if (c == NULL)
        return "none";
    *to = console_name(c);
    return to->text;
}

/* What somebody has asked for, an auditor has to know; what the rules say, the
 * rules say. */
static void daemon_records_on_started(void *owner,
                                      const struct record_info *info)
{
    const struct daemon_records *r = owner;
    const char *reason = record_reason_name(info->reason);
    struct console_name name = console_name(info->console);

    if (info->reason == RECORD_DEMAND)
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_RECORDING_STARTED
                  " console=%s recording=%s reason=%s by=%s input=%s",
                  LOG_TEXT(name.text), info->id.text, reason,
                  LOG_TEXT(info->by), info->has_input ? "yes" : "no");
    else
        log_limited(LOG_INFO, NULL, NULL,
                    LOG_RECORDING_STARTED
                    " console=%s recording=%s reason=%s input=%s",
                    LOG_TEXT(name.text), info->id.text, reason,
                    info->has_input ? "yes" : "no");
    event_tell_recording(
        r->events, EVENT_RECORDING_STARTED, info->console,
        &(struct event_recording){ .id = info->id.text,
                                   .reason = reason,
                                   .by = info->by,
                                   .has_input = info->has_input });
}

static void daemon_records_on_ended(void *owner, const struct record_info *info,
                                    const char *why)
{
    const struct daemon_records *r = owner;
    const char *reason = record_reason_name(info->reason);
    struct console_name name = console_name(info->console);

    if (r->is_ending)
        return;
    if (info->reason == RECORD_DEMAND)
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_RECORDING_ENDED
                  " console=%s recording=%s reason=%s missing-bytes=%llu",
                  LOG_TEXT(name.text), info->id.text, LOG_TEXT(why),
                  (unsigned long long)info->missing);
    else
        log_limited(LOG_INFO, NULL, NULL,
                    LOG_RECORDING_ENDED
                    " console=%s recording=%s reason=%s missing-bytes=%llu",
                    LOG_TEXT(name.text), info->id.text, LOG_TEXT(why),
                    (unsigned long long)info->missing);
    event_tell_recording(
        r->events, EVENT_RECORDING_ENDED, info->console,
        &(struct event_recording){ .id = info->id.text,
                                   .reason = reason,
                                   .by = info->by,
                                   .has_input = info->has_input,
                                   .why = why,
                                   .missing = info->missing });
}

static void daemon_records_on_state(void *owner, const struct console *c,
                                    const char *path, int error)
{
    struct console_name name;
    const char *reason = reason_of(error);

    (void)owner;
    if (error == 0)
        log_limited(LOG_INFO, NULL, NULL,
                    LOG_RECORDING_WRITTEN " console=%s file=%s",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path));
    else
        log_limited(LOG_ERROR, NULL, reason,
                    LOG_RECORDING_NOT_WRITTEN " console=%s file=%s reason=%s",
                    LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                    LOG_TEXT(reason));
}

static void daemon_records_on_gap(void *owner, const struct console *c,
                                  const char *path, uint64_t bytes, int error)
{
    struct console_name name;
    const char *reason = reason_of(error);

    (void)owner;
    log_limited(LOG_WARNING, NULL, reason,
                LOG_RECORDING_GAP " console=%s file=%s bytes=%llu reason=%s",
                LOG_TEXT(name_of(c, &name)), LOG_TEXT(path),
                (unsigned long long)bytes, LOG_TEXT(reason));
}

static void daemon_records_on_compression(void *owner, const struct console *c,
                                          const char *path, const char *reason)
{
    struct console_name name;

    (void)owner;
    log_limited(LOG_WARNING, NULL, reason,
                LOG_RECORDING_NOT_COMPRESSED " console=%s file=%s reason=%s",
                LOG_TEXT(name_of(c, &name)), LOG_TEXT(path), LOG_TEXT(reason));
}

static void daemon_records_on_deletion(void *owner, const char *path,
                                       uint32_t files, uint64_t bytes)
{
    (void)owner;
    log_limited(LOG_INFO, NULL, NULL,
                LOG_RECORDINGS_DELETED " file=%s files=%u bytes=%llu reason=%s",
                LOG_TEXT(path), files, (unsigned long long)bytes,
                LOG_TEXT("--record-keep-time or --record-keep-size"));
}

/* ---- settings --------------------------------------------------------- */

/* Beside the state file; without a state directory there are no recordings.
 * What is wrong with the path of the state file is told by who opens that. */
static void find_standard(const struct settings *s, char *to, size_t size)
{
    char path[STATE_PATH_MAX];
    struct err err;
    char *slash;

    if (state_path_find(s, path, &err) < 0)
        return;
    slash = strrchr(path, '/');
    if (slash == NULL)
        return;
    *slash = '\0';
    snprintf(to, size, "%.*s/recordings", (int)(size - sizeof "/recordings"),
             path);
}

/* With less, what is recorded at present could fill all of it. */
static int check_size(const struct settings *s, struct err *err)
{
    uint64_t least = 2 * s->record_rotate_size;

    if (least < CONLOG_SPACE_TOTAL_MIN)
        least = CONLOG_SPACE_TOTAL_MIN;
    if (s->record_keep_size == 0 || s->record_keep_size >= least)
        return 0;
    err_set(err,
            "%llu is not valid: expected 0, or at least 8M and twice "
            "record-rotate-size",
            (unsigned long long)s->record_keep_size);
    return -EINVAL;
}

static int find_directory(const struct settings *s, struct record_settings *to,
                          struct err *err)
{
    const char *directory = s->record_directory;

    if (directory == NULL)
        find_standard(s, to->directory, sizeof to->directory);
    if (directory == NULL || strcmp(directory, "none") == 0)
        return 0;
    if (directory[0] != '/') {
        err_set(err, "'%.200s' is not valid: expected a path from /, or none",
                directory);
        return -EINVAL;
    }
    if (strlen(directory) >= sizeof to->directory) {
        err_set(err, "the path is too long");
        return -EINVAL;
    }
    snprintf(to->directory, sizeof to->directory, "%s", directory);
    return 0;
}

/* *ret_name: the setting that is wrong. */
static int make_settings(const struct settings *s, struct record_settings *to,
                         const char **ret_name, struct err *err)
{
    *to = (struct record_settings){
        .rotate_size = s->record_rotate_size,
        .keep_s = s->record_keep_s,
        .keep_size = s->record_keep_size,
        .keep_free = s->log_keep_free,
        .is_v3 = s->record_format == 1,
        .history = { (uint32_t)s->attach_lines, (uint32_t)s->attach_bytes },
    };
    *ret_name = "record-keep-size";
    if (check_size(s, err) < 0)
        return -EINVAL;
    *ret_name = "record-dir";
    return find_directory(s, to, err);
}

void daemon_records_check(const struct settings *s, struct problems *problems)
{
    struct record_settings made;
    const char *name;
    struct err err;

    if (make_settings(s, &made, &name, &err) < 0) {
        struct options_place place = options_where(s, name, 0);

        problems_add(problems, place.line, "%s: %s", place.text, err.text);
    }
}

/* ---- opening and closing ---------------------------------------------- */

static struct access_recording daemon_records_rules(void *owner,
                                                    const struct console *c)
{
    const struct daemon_records *r = owner;
    const struct access_console view = console_view(c);

    if (r->sessions->access == NULL)
        return (struct access_recording){ .record = ACCESS_RECORD_OFF };
    return access_rules_recording(r->sessions->access, &view);
}

static void daemon_records_wake(void *owner)
{
    const struct daemon_records *r = owner;

    waker_wake(r->waker);
}

static void daemon_records_on_wake(void *owner)
{
    const struct daemon_records *r = owner;

    record_wake(r->recorder, clock_now_us());
}

static void daemon_records_watch(void *owner, struct deadline_queue *queue)
{
    const struct daemon_records *r = owner;

    loop_watch(r->loop, queue);
}

int daemon_records_open(struct daemon_records *r,
                        const struct records_links *links, struct err *err)
{
    const struct record_callbacks callbacks = {
        .rules = daemon_records_rules,
        .on_started = daemon_records_on_started,
        .on_ended = daemon_records_on_ended,
        .on_state = daemon_records_on_state,
        .on_gap = daemon_records_on_gap,
        .on_compression = daemon_records_on_compression,
        .on_deletion = daemon_records_on_deletion,
        .wake = daemon_records_wake,
        .owner = r,
    };
    struct record_settings settings;
    const char *name;
    struct err why;
    int result;

    *r = (struct daemon_records){
        .settings = links->settings,
        .loop = links->loop,
        .directory = links->directory,
        .sessions = links->sessions,
        .events = links->events,
        .open_max = links->log_files / OPEN_PART + 1,
    };
    result = make_settings(links->settings, &settings, &name, &why);
    if (result < 0) {
        err_set(err, "%.200s: %.250s",
                options_where(links->settings, name, 0).text, why.text);
        return result;
    }
    settings.open_max = r->open_max;
    result = waker_open(r->loop, daemon_records_on_wake, r, &r->waker);
    if (result < 0) {
        err_set(err, "cannot write recordings: %s", strerror(-result));
        return result;
    }
    r->recorder =
        record_open(&settings, &callbacks, links->directory->settings.seed);
    record_watch(r->recorder, daemon_records_watch, r);
    return 0;
}

void daemon_records_end(struct daemon_records *r)
{
    r->is_ending = true;
}

static void daemon_records_leave(void *owner, struct deadline_queue *queue)
{
    (void)owner;
    deadline_queue_close(queue);
}

void daemon_records_close(struct daemon_records *r)
{
    unsigned left;

    record_watch(r->recorder, daemon_records_leave, r);
    left = record_close(r->recorder, CLOSE_US);
    if (left > 0)
        log_error(LOG_RECORDINGS_UNWRITTEN " files=%u reason=%s", left,
                  LOG_TEXT("the disk did not take them in time"));
    /* Until record_close the writers' threads may call the waker. */
    waker_close(r->waker);
}

/* ---- what happens ------------------------------------------------------ */

static void tell_move(struct daemon_records *r, const struct fact *fact,
                      uint64_t now_us)
{
    const struct fact_move_ended *ended = &fact->move_ended;
    char about[ABOUT_MAX];

    if (ended->verdict != MOVE_COMPLETED)
        return;
    snprintf(about, sizeof about, "from %s to %s", ended->from, ended->to);
    record_mark(r->recorder, fact->console, RECORD_CAST_VM_MOVED, about,
                now_us);
}

static void tell_back(struct daemon_records *r, const struct console *c,
                      const char *from, const char *instead, uint64_t now_us)
{
    char about[ABOUT_MAX];

    snprintf(about, sizeof about, "from %s%s%s", from,
             instead != NULL ? " in place of " : "",
             instead != NULL ? instead : "");
    record_mark(r->recorder, c, RECORD_CAST_VM_BACK, about, now_us);
}

/* A recording begins before what it is to begin with, and ends behind what it
 * is to end with. */
void daemon_records_tell_fact(struct daemon_records *r, const struct fact *fact)
{
    struct console *c = fact->console;
    uint64_t now_us = clock_now_us();

    switch (fact->kind) {
    case FACT_VM_ATTACHED:
        record_judge(r->recorder, c, true, now_us);
        tell_back(r, c, fact->vm_attached.peer, NULL, now_us);
        break;
    case FACT_VM_DETACHED:
        record_mark(r->recorder, c, RECORD_CAST_VM_AWAY,
                    fact->vm_detached.reason, now_us);
        break;
    case FACT_VM_TAKEN_OVER:
        tell_back(r, c, fact->takeover.newer, fact->takeover.older, now_us);
        record_judge(r->recorder, c, false, now_us);
        break;
    case FACT_MOVE_ENDED:
        tell_move(r, fact, now_us);
        record_judge(r->recorder, c, false, now_us);
        break;
    case FACT_VM_RENAMED:
    case FACT_LABELLED:
        record_judge(r->recorder, c, false, now_us);
        break;
    case FACT_CLIENT_ATTACHED:
        record_judge(r->recorder, c, false, now_us);
        record_mark_client(r->recorder, c, &fact->client, true, now_us);
        break;
    case FACT_CLIENT_DETACHED:
        record_mark_client(r->recorder, c, &fact->client, false, now_us);
        record_judge(r->recorder, c, false, now_us);
        break;
    default:
        break;
    }
}

void daemon_records_judge(struct daemon_records *r, struct console *c)
{
    record_judge(r->recorder, c, false, clock_now_us());
}

void daemon_records_remove(struct daemon_records *r, const struct console *c)
{
    record_forget(r->recorder, c, clock_now_us());
}

void daemon_records_reload(struct daemon_records *r)
{
    struct directory_cursor cursor = { 0 };
    uint64_t now_us = clock_now_us();
    struct record_settings settings;
    const char *name;
    struct console *c;
    struct err err;

    /* They were checked before. */
    if (make_settings(r->settings, &settings, &name, &err) == 0) {
        settings.open_max = r->open_max;
        record_set(r->recorder, &settings, now_us);
    }
    while ((c = directory_next(r->directory, &cursor)) != NULL)
        record_judge(r->recorder, c, false, now_us);
}

/* ---- the census -------------------------------------------------------- */

void daemon_records_count(const struct daemon_records *r, struct census *census)
{
    struct record_counts counts = record_count(r->recorder);

    census->recordings = counts.live;
    census->recordings_started = counts.started;
    census->record_bytes = counts.taken;
    census->record_missing_bytes = counts.missing;
    census->record_gaps = counts.gaps;
    census->record_held_bytes = counts.held;
    census->records_failing = counts.failing;
}
