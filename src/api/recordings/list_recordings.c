#include "api/recordings/list_recordings.h"

#include "access/pattern.h"
#include "api/api_jobs.h"
#include "api/api_private.h"
#include "api/recordings/recording.h"
#include "api/show/show_items.h"
#include "base/mem.h"
#include "record/reading/record_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 32,
    JUDGED_AT_ONCE = 8, /* some 20 microseconds */
    SHOWN_AT_ONCE = 4,
    STEPS = 16, /* of some 64 KiB: what a thread does at a time */
};

enum phase {
    WAITING,  /* for a turn */
    SCANNING, /* a thread looks which files there are */
    FINDING,  /* a thread reads headers */
    JUDGING,  /* the loop */
    LOOKING,  /* a thread searches, and looks how each has ended */
    SHOWING,  /* the loop */
};

struct candidate {
    struct record_found found;
    struct recording recording;
    bool is_wanted;
    bool is_listed; /* on this page */
};

/* The thread's while is_asked. */
struct listed {
    struct api_job job;
    struct api_call *call; /* the loop's */
    struct api_turn turn;  /* the same */
    bool is_asked;
    bool is_dropped; /* the call has gone; freed when the thread is done */
    enum phase phase;
    char *directory;
    char *search;               /* NULL: none */
    int64_t since_ms, until_ms; /* 0: none */
    struct show_items items;
    uint64_t unread;
    struct record_scan scan;
    struct candidate batch[BATCH];
    unsigned count;
    unsigned at;
    bool is_at_end; /* the batch is the last one */
    /* Of batch[at]: */
    struct record_search searching;
    struct record_summary summary;
    bool is_searching, is_summing;
    uint64_t searched; /* bytes of all searches */
};

static struct listed *of_job(struct api_job *job)
{
    return CONTAINER_OF(job, struct listed, job);
}

/* ---- on a thread -------------------------------------------------------
 */

static void find_header(struct listed *l, struct candidate *c)
{
    struct record_reading reading;

    if (record_reading_open(&reading, l->directory, &c->found, 0) &&
        record_reading_begin(&reading)) {
        c->recording = (struct recording){
            .id = c->found.id,
            .facts = reading.first,
            .first_part = c->found.file[0].part,
            .parts = c->found.file_count,
        };
        l->count++;
    } else {
        l->unread++;
    }
    record_reading_close(&reading);
}

static void find_batch(struct listed *l)
{
    l->count = 0;
    l->at = 0;
    while (l->count < BATCH && !l->is_at_end) {
        struct candidate *c = &l->batch[l->count];

        *c = (struct candidate){ .is_wanted = false };
        l->is_at_end = !record_scan_next(&l->scan, &c->found);
        if (!l->is_at_end)
            find_header(l, c);
    }
}

/* It matches: it is counted, and if it is on this page, how it has ended is
 * looked at. False: there is nothing more to do about it. */
static bool begin_summary(struct listed *l, struct candidate *c)
{
    uint64_t at = l->items.total++;

    c->is_listed =
        at >= l->items.offset && at - l->items.offset < l->items.limit;
    if (!c->is_listed || c->recording.is_live)
        return false;
    l->is_summing = true;
    return record_summary_open(&l->summary, l->directory, &c->found);
}

static bool begin_search(struct listed *l, struct candidate *c)
{
    if (l->searched >= LIST_RECORDINGS_SEARCH) {
        l->unread++;
        return false;
    }
    l->is_searching = true;
    return record_search_open(&l->searching, l->directory, &c->found,
                              l->search);
}

static bool step_search(struct listed *l, struct candidate *c)
{
    uint64_t before = l->searching.reading.bytes;
    bool goes_on = record_search_step(&l->searching);
    bool is_found = l->searching.is_found;

    l->searched += l->searching.reading.bytes - before;
    if (goes_on && l->searched < LIST_RECORDINGS_SEARCH)
        return true;
    l->unread += goes_on;
    record_search_close(&l->searching);
    l->is_searching = false;
    return is_found && begin_summary(l, c);
}

static bool step_summary(struct listed *l, struct candidate *c)
{
    if (record_summary_step(&l->summary))
        return true;
    recording_set_summary(&c->recording, &l->summary);
    return false;
}

static void end_work(struct listed *l)
{
    if (l->is_searching)
        record_search_close(&l->searching);
    if (l->is_summing)
        record_summary_close(&l->summary);
    l->is_searching = false;
    l->is_summing = false;
}

/* A piece of the work on batch[at]. False: it is done. */
static bool look_at_one(struct listed *l)
{
    struct candidate *c = &l->batch[l->at];

    if (!c->is_wanted)
        return false;
    if (l->is_summing)
        return step_summary(l, c);
    if (l->is_searching)
        return step_search(l, c);
    return l->search != NULL ? begin_search(l, c) : begin_summary(l, c);
}

static void look(struct listed *l)
{
    for (int i = 0; i < STEPS && l->at < l->count; i++) {
        if (look_at_one(l))
            continue;
        end_work(l);
        l->at++;
    }
}

static void run(struct api_job *job)
{
    struct listed *l = of_job(job);

    if (l->phase == SCANNING) {
        if (!record_scan_step(&l->scan)) {
            l->unread += l->scan.left_out;
            l->phase = FINDING;
        }
    } else if (l->phase == FINDING) {
        find_batch(l);
        l->phase = JUDGING;
    } else {
        look(l);
        if (l->at < l->count)
            return;
        l->at = 0;
        l->phase = SHOWING;
    }
}

/* ---- on the loop -------------------------------------------------------
 */

static void free_list(struct listed *l)
{
    end_work(l);
    record_scan_done(&l->scan);
    free(l->directory);
    free(l->search);
    free(l);
}

/* No thread works on it, nor will one. */
static void leave_job(struct api_job *job)
{
    struct listed *l = of_job(job);

    l->is_asked = false;
    if (l->is_dropped)
        free_list(l);
}

static void list_recordings_on_done(struct api_job *job)
{
    struct listed *l = of_job(job);
    bool is_dropped = l->is_dropped;

    leave_job(job);
    if (!is_dropped)
        api_wake(l->call);
}

static const struct api_job_kind kind = {
    .lane = 1,
    .run = run,
    .on_done = list_recordings_on_done,
    .free = leave_job,
};

static bool is_in_time(const struct listed *l, const struct candidate *c)
{
    int64_t started_ms = 0;

    (void)record_name_is_id(c->found.id.text, &started_ms);
    return (l->since_ms == 0 || started_ms >= l->since_ms) &&
           (l->until_ms == 0 || started_ms <= l->until_ms);
}

static bool is_wanted(const struct listed *l, const struct candidate *c)
{
    const struct record_facts *facts = &c->recording.facts;
    const char *match = api_text(l->call, "match");
    const char *console = api_text(l->call, "console");
    const char *reason = api_text(l->call, "reason");

    if (!is_in_time(l, c))
        return false;
    if (reason != NULL &&
        strcmp(reason, record_reason_name(facts->reason)) != 0)
        return false;
    if (console != NULL && !recording_is_of(l->call, facts, console))
        return false;
    return match == NULL || recording_matches(l->call, facts, match);
}

/* The rules first. */
static enum api_more judge(struct listed *l)
{
    for (int i = 0; i < JUDGED_AT_ONCE && l->at < l->count; i++, l->at++) {
        struct candidate *c = &l->batch[l->at];

        if (recording_right(l->call, &c->recording.facts) < RIGHT_READ) {
            l->items.hidden++;
        } else if (is_wanted(l, c)) {
            c->is_wanted = true;
            recording_look(l->call, &c->recording);
        }
    }
    if (l->at < l->count)
        return API_MORE;
    l->at = 0;
    l->phase = LOOKING;
    return API_MORE;
}

static bool put_end(const struct listed *l, struct buf *to)
{
    char text[128];

    snprintf(text, sizeof text,
             "%s],\"total\":%llu,\"hidden\":%llu,\"unread\":%llu}\n",
             l->items.has_begun ? "" : "{\"items\":[",
             (unsigned long long)l->items.total,
             (unsigned long long)l->items.hidden,
             (unsigned long long)l->unread);
    return show_append_text(to, text);
}

/* Asked once more: the rules may have changed meanwhile. */
static enum api_more show(struct listed *l, struct buf *to)
{
    for (int i = 0; i < SHOWN_AT_ONCE && l->at < l->count; i++, l->at++) {
        struct candidate *c = &l->batch[l->at];

        if (c->is_listed &&
            recording_right(l->call, &c->recording.facts) >= RIGHT_READ &&
            !show_items_put(&l->items, to,
                            recording_show(l->call, &c->recording)))
            return API_CUT;
    }
    if (l->at < l->count)
        return API_MORE;
    if (l->is_at_end)
        return put_end(l, to) ? API_END : API_CUT;
    l->phase = FINDING;
    return API_MORE;
}

/* A thread goes on. Without one, the answer breaks off. */
static enum api_more ask(struct listed *l)
{
    l->is_asked = true;
    return api_job_ask(&l->job) ? API_WAIT : API_CUT;
}

static enum api_more list_recordings_produce(struct api_call *call,
                                             struct buf *to)
{
    struct listed *l = call->state;

    if (l->is_asked || (l->phase == WAITING && !l->turn.has_it))
        return API_WAIT;
    switch (l->phase) {
    case WAITING:
        l->phase = SCANNING;
        return ask(l);
    case SCANNING:
    case FINDING:
    case LOOKING:
        return ask(l);
    case JUDGING:
        return judge(l);
    case SHOWING:
        return show(l, to);
    }
    return API_END;
}

static void list_recordings_end(struct api_call *call)
{
    struct listed *l = call->state;

    api_turn_end(&l->turn);
    l->is_dropped = true;
    if (l->is_asked)
        api_job_cancel(&l->job);
    else
        free_list(l);
}

static const struct api_work work = {
    .produce = list_recordings_produce,
    .end = list_recordings_end,
};

/* False: it was answered. */
static bool is_sound(struct api_call *call)
{
    const char *match = api_text(call, "match");
    const char *search = api_text(call, "search");
    struct err why;

    if (match != NULL && pattern_check(match, &why) < 0) {
        api_fail(call, API_BAD_REQUEST, NULL, "%s", why.text);
        return false;
    }
    if (search != NULL && search[0] == '\0') {
        api_fail(call, API_BAD_REQUEST, NULL, "search needs a text");
        return false;
    }
    return true;
}

void list_recordings(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    const char *directory = recording_directory(call);
    const char *search = api_text(call, "search");
    struct listed *l;

    if (directory == NULL || !is_sound(call))
        return;
    if (!recording_may_read_any(call)) {
        api_answer_json(call, 200,
                        json_pack("{s:[], s:i, s:i, s:i}", "items", "total", 0,
                                  "hidden", 0, "unread", 0));
        return;
    }
    l = xcalloc(1, sizeof *l);
    l->call = call;
    l->directory = xstrdup(directory);
    l->search = search != NULL ? xstrdup(search) : NULL;
    l->since_ms = (int64_t)api_number(call, "since");
    l->until_ms = (int64_t)api_number(call, "until");
    l->items.limit = api_number(call, "limit"); /* here 0 means none */
    l->items.offset = api_number(call, "offset");
    record_scan_init(&l->scan, l->directory, NULL);
    api_job_init(&l->job, means->recording_jobs, &kind);
    api_turn_init(&l->turn);
    api_turn_want(&l->turn, &call->api->recording_lists, call);
    api_answer_stream(call, "application/json", &work, l);
}
