#include "api/recordings/one_recording.h"

#include "api/api_jobs.h"
#include "api/api_private.h"
#include "api/recordings/recording.h"
#include "base/mem.h"
#include "record/reading/record_delete.h"
#include "record/reading/record_render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 16,       /* of some 64 KiB: what a thread does at a time */
    OUT = 256 * 1024, /* of a download, made at a time */
    PIECE = 16 * 1024,
};

enum phase {
    SEARCHING, /* a thread looks for its files, and reads the header */
    SUMMING,   /* a thread looks how it has ended */
    DELETING,
    STREAMING, /* a thread makes the next piece of it */
};

struct one;

/* What is done when it was found, and is the caller's to have. */
typedef void one_then_fn(struct one *o);

/* The thread's while is_asked. */
struct one {
    struct api_job job;
    struct api_call *call; /* the loop's */
    bool is_asked;
    bool is_dropped; /* the call has gone; freed when the thread is done */
    enum phase phase;
    one_then_fn *then;
    enum right right; /* that is needed */
    char *directory;
    struct recording recording;
    struct console_name name; /* for the audit log */
    struct record_scan scan;
    struct record_found found;
    struct record_reading reading;
    struct record_summary summary;
    struct record_render render;
    struct buf out;
    int error;
    bool is_found;
    bool is_judged;
    bool has_more; /* of the phase */
};

static struct one *of_job(struct api_job *job)
{
    return CONTAINER_OF(job, struct one, job);
}

/* ---- on a thread -------------------------------------------------------
 */

static void begin_reading(struct one *o)
{
    if (!record_scan_next(&o->scan, &o->found) ||
        !record_reading_open(&o->reading, o->directory, &o->found, 0) ||
        !record_reading_begin(&o->reading))
        return;
    o->recording.facts = o->reading.first;
    o->recording.first_part = o->found.file[0].part;
    o->recording.parts = o->found.file_count;
    o->is_found = true;
}

static void search(struct one *o)
{
    for (int i = 0; i < STEPS; i++) {
        o->has_more = record_scan_step(&o->scan);
        if (o->has_more)
            continue;
        begin_reading(o);
        break;
    }
}

static void sum(struct one *o)
{
    for (int i = 0; i < STEPS && o->has_more; i++)
        o->has_more = record_summary_step(&o->summary);
    recording_set_summary(&o->recording, &o->summary);
}

static void stream(struct one *o)
{
    enum record_reading_item item = RECORD_READING_AGAIN;
    struct cast_event event;

    for (int i = 0; i < STEPS && o->out.len < OUT && o->error == 0;) {
        item = record_reading_next(&o->reading, &event);
        if (item == RECORD_READING_END)
            break;
        i += item == RECORD_READING_AGAIN;
        if (item == RECORD_READING_EVENT &&
            !record_render_event(&o->render, &event, &o->out))
            o->error = -1; /* there is no memory */
    }
    o->has_more = item != RECORD_READING_END;
    if (!o->has_more)
        record_render_end(&o->render, &o->out);
}

static void run(struct api_job *job)
{
    struct one *o = of_job(job);

    switch (o->phase) {
    case SEARCHING:
        search(o);
        break;
    case SUMMING:
        sum(o);
        break;
    case DELETING:
        o->error = record_delete(o->directory, &o->found);
        break;
    case STREAMING:
        stream(o);
        break;
    }
}

/* ---- on the loop -------------------------------------------------------
 */

static void free_one(struct one *o)
{
    record_reading_close(&o->reading);
    record_summary_close(&o->summary);
    record_scan_done(&o->scan);
    buf_done(&o->out);
    free(o->directory);
    free(o);
}

/* No thread works on it, nor will one. */
static void leave_job(struct api_job *job)
{
    struct one *o = of_job(job);

    o->is_asked = false;
    if (o->is_dropped)
        free_one(o);
}

static bool ask(struct one *o)
{
    o->is_asked = true;
    return api_job_ask(&o->job);
}

/* The next piece of work, or, while nothing was answered, an error. */
static void go_on(struct one *o, enum phase phase)
{
    o->phase = phase;
    o->has_more = true;
    if (!ask(o))
        api_fail(o->call, API_UNAVAILABLE, "try again in a while",
                 "there is no thread that could read it");
}

static void fail_to_find(struct one *o)
{
    struct api_call *call = o->call;

    if (o->scan.error < 0)
        api_fail(call, API_FAILED, "see the setting record-dir",
                 "the recordings cannot be read: %s", strerror(-o->scan.error));
    else if (call->who->proof == PROOF_ADDRESS && !call->who->is_local)
        api_fail(call, API_UNAUTHENTICATED, "say who you are",
                 "there is no recording of this id that everybody may read");
    else
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/recordings lists those that you may read",
                 "there is no recording of this id that you may read");
}

/* Whose it is goes into the audit log. */
static void judge(struct one *o)
{
    struct api_call *call = o->call;
    const struct record_facts *facts = &o->recording.facts;
    enum right right = o->is_found ? recording_right(call, facts) : RIGHT_NONE;

    if (right < RIGHT_READ) {
        fail_to_find(o);
        return;
    }
    o->is_judged = true;
    o->name = recording_name(call, facts);
    call->console = recording_console(call, facts);
    if (call->console != NULL)
        console_ref_set(&call->ref, call->console);
    call->console_text = o->name.text;
    if (right < o->right) {
        api_fail(call, API_FORBIDDEN,
                 "an access section of vspcd.conf can give it",
                 "%s needs the right \"%s\" on %s; you have \"%s\"",
                 call->command->name, right_name(o->right), o->name.text,
                 right_name(right));
        return;
    }
    recording_look(call, &o->recording);
    o->then(o);
}

static void answer_deleted(struct one *o)
{
    if (o->error < 0)
        api_fail(o->call, API_FAILED, "see the permissions of its folder",
                 "the recording cannot be deleted: %s", strerror(-o->error));
    else
        api_answer_json(o->call, 200,
                        json_pack("{s:o, s:s}", "done",
                                  json_sprintf("a recording of %s was deleted",
                                               o->name.text),
                                  "recording", o->recording.id.text));
}

static void one_recording_on_done(struct api_job *job)
{
    struct one *o = of_job(job);
    bool is_dropped = o->is_dropped;

    leave_job(job);
    if (is_dropped)
        return;
    if (o->phase == STREAMING)
        api_wake(o->call);
    else if (o->phase == DELETING)
        answer_deleted(o);
    else if (o->has_more)
        go_on(o, o->phase);
    else if (o->phase == SEARCHING)
        judge(o);
    else
        api_answer_json(o->call, 200, recording_show(o->call, &o->recording));
}

static const struct api_job_kind kind = {
    .lane = 0,
    .run = run,
    .on_done = one_recording_on_done,
    .free = leave_job,
};

static enum api_more one_recording_produce(struct api_call *call,
                                           struct buf *to)
{
    struct one *o = call->state;
    struct slice out = buf_bytes(&o->out);

    if (o->is_asked)
        return API_WAIT;
    if (out.len > PIECE)
        out.len = PIECE;
    if (buf_append(to, out) < 0)
        return API_CUT;
    buf_take(&o->out, out.len);
    if (o->out.len > 0)
        return API_MORE;
    if (o->error < 0)
        return API_CUT;
    if (!o->has_more)
        return API_END;
    return ask(o) ? API_WAIT : API_CUT;
}

static void one_recording_end(struct api_call *call)
{
    struct one *o = call->state;

    call->api->recording_reads--;
    call->console_text = NULL;
    o->is_dropped = true;
    if (o->is_asked)
        api_job_cancel(&o->job);
    else
        free_one(o);
}

static const struct api_work work = {
    .produce = one_recording_produce,
    .end = one_recording_end,
};

bool one_recording_may_go_on(const struct api_call *call)
{
    const struct one *o = call->state;

    return o == NULL || !o->is_judged ||
           recording_right(call, &o->recording.facts) >= o->right;
}

static void begin(struct api_call *call, enum right right, one_then_fn *then)
{
    const char *directory = recording_directory(call);
    const char *id = api_text(call, "recording");
    int64_t started_ms;
    struct one *o;

    if (directory == NULL)
        return;
    if (call->api->recording_reads >= ONE_RECORDING_MAX) {
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "too many recordings are being read");
        return;
    }
    o = xcalloc(1, sizeof *o);
    call->api->recording_reads++;
    o->call = call;
    o->then = then;
    o->right = right;
    o->directory = xstrdup(directory);
    buf_init(&o->out, OUT + RECORD_RENDER_ROOM);
    record_scan_init(&o->scan, o->directory, o->recording.id.text);
    api_job_init(&o->job, api_means_of(call->api)->recording_jobs, &kind);
    api_work_on(call, &work, o);
    if (!record_name_is_id(id, &started_ms) || !recording_may_read_any(call)) {
        fail_to_find(o);
        return;
    }
    snprintf(o->recording.id.text, sizeof o->recording.id.text, "%s", id);
    call->recording = o->recording.id.text;
    go_on(o, SEARCHING);
}

/* ---- what is done with it ----------------------------------------------
 */

static void then_show(struct one *o)
{
    if (o->recording.is_live)
        api_answer_json(o->call, 200, recording_show(o->call, &o->recording));
    else if (record_summary_open(&o->summary, o->directory, &o->found))
        go_on(o, SUMMING);
    else
        api_fail(o->call, API_UNAVAILABLE, "try again in a while",
                 "there is no memory to read it");
}

void one_recording_show(struct api_call *call)
{
    begin(call, RIGHT_READ, then_show);
}

static enum record_format format_of(const struct one *o)
{
    const char *format = api_text(o->call, "format");

    if (format == NULL)
        return o->recording.facts.version == 3 ? RECORD_V3 : RECORD_V2;
    return strcmp(format, "v3") == 0   ? RECORD_V3
           : strcmp(format, "v2") == 0 ? RECORD_V2
                                       : RECORD_TEXT;
}

/* "web-01-20261130T140509.123Z.cast" */
static char *file_name(const struct one *o, bool is_text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    char text[160];

    snprintf(text, sizeof text, "%.100s-%.20s.%s", o->name.text,
             o->recording.id.text, is_text ? "txt" : "cast");
    for (char *c = text; *c != '\0'; c++) {
        if (strchr(plain, *c) == NULL)
            *c = '_';
    }
    return xstrdup(text);
}

static void then_cast(struct one *o)
{
    enum record_format format = format_of(o);
    bool is_text = format == RECORD_TEXT;

    record_render_init(&o->render, format);
    if (!record_render_header(&o->render, buf_bytes(&o->reading.header),
                              &o->out)) {
        api_fail(o->call, API_FAILED, "its files may have been changed",
                 "the recording does not begin as vspcd's do");
        return;
    }
    o->phase = STREAMING;
    o->has_more = true;
    o->call->answer.file = file_name(o, is_text);
    api_answer_stream(o->call,
                      is_text ? "text/plain; charset=utf-8"
                              : "application/x-asciicast",
                      &work, o);
}

void one_recording_cast(struct api_call *call)
{
    begin(call, RIGHT_READ, then_cast);
}

static void then_delete(struct one *o)
{
    if (o->recording.is_live)
        api_fail(o->call, API_CONFLICT,
                 "one on demand can be stopped; one by a rule ends with it",
                 "the recording goes on");
    else
        go_on(o, DELETING);
}

void one_recording_delete(struct api_call *call)
{
    begin(call, RIGHT_ADMIN, then_delete);
}
