/* What stands where in a console's log. */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/output/log_search.h"
#include "api/output/output_log.h"
#include "api/output/output_reads.h"
#include "api/show/show_value.h"
#include "base/clock.h"
#include "conlog/console_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A thread looks; or it is the call's, which then has its answer. */
struct log_look {
    struct api_job job;
    struct output_reads *reads;
    struct api_call *call; /* NULL: nobody waits any more */
    bool is_asked;
    bool is_search;
    struct past_place kept;    /* the first byte that is in memory */
    struct past_place present; /* behind all that was printed */
    union {
        struct log_search search;
        struct log_places places;
    };
};

static struct log_look *of_job(struct api_job *job)
{
    return CONTAINER_OF(job, struct log_look, job);
}

static void free_look(struct api_job *job)
{
    struct log_look *look = of_job(job);

    output_reads_leave(look->reads, CONLOG_SERIES_MAX);
    free(look);
}

static void run_look(struct api_job *job)
{
    struct log_look *look = of_job(job);

    if (look->is_search)
        log_search_run(&look->search);
    else
        log_places_run(&look->places);
}

/* ---- answers ---------------------------------------------------------- */

static json_t *show_file(uint64_t identity)
{
    char text[24];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)identity);
    return json_string(text);
}

static void answer_search(struct log_look *look)
{
    const struct log_search *s = &look->search;
    json_t *items = json_array();

    for (unsigned i = 0; i < s->count; i++)
        (void)json_array_append_new(
            items, json_pack("{s:o, s:o, s:o}", "at", show_number(s->hit[i].at),
                             "time", show_text(s->hit[i].time), "line",
                             json_string(s->hit[i].line)));
    api_answer_json(
        look->call, 200,
        json_pack("{s:o, s:o, s:o, s:o}", "items", items, "file",
                  show_file(s->file.identity), "bytes",
                  s->file.is_compressed ? json_null()
                                        : show_number(s->file.size),
                  "next",
                  s->next == UINT64_MAX ? json_null() : show_number(s->next)));
}

static json_t *show_place(struct past_place place)
{
    char text[48];

    snprintf(text, sizeof text, "%016llx:%llu", (unsigned long long)place.epoch,
             (unsigned long long)place.position);
    return json_string(text);
}

static struct past_place kept_of(const struct console *console)
{
    return (struct past_place){ console_epoch(console),
                                ring_tail(&console->output) };
}

static struct past_place present_of(const struct console *console)
{
    return (struct past_place){ console_epoch(console), console->output.head };
}

/* All that there is of such a console is in memory. */
static void answer_without_log(struct api_call *call)
{
    api_answer_json(call, 200,
                    json_pack("{s:[], s:b, s:n, s:o, s:o}", "files", "timed", 0,
                              "found", "kept",
                              show_place(kept_of(call->console)), "place",
                              show_place(present_of(call->console))));
}

static void answer_places(struct log_look *look)
{
    const struct log_places *p = &look->places;
    json_t *files = json_array();
    json_t *found = json_null();

    for (unsigned i = 0; i < p->count; i++)
        (void)json_array_append_new(
            files, json_pack("{s:o, s:o, s:o, s:b}", "file",
                             show_file(p->file[i].identity), "bytes",
                             show_number(p->file[i].size), "begin",
                             show_number(i + 1 == p->count ? p->begin : 0),
                             "packed", (int)p->file[i].is_compressed));
    if (p->found.file != CONLOG_FILE_UNKNOWN)
        found = json_pack("{s:o, s:o}", "file", show_file(p->found.file), "at",
                          show_number(p->found.offset));
    api_answer_json(look->call, 200,
                    json_pack("{s:o, s:b, s:o, s:o, s:o}", "files", files,
                              "timed", (int)p->log.source.is_stamped, "found",
                              found, "kept", show_place(look->kept), "place",
                              show_place(look->present)));
}

static void answer(struct log_look *look)
{
    int error = look->is_search ? look->search.error : look->places.error;

    if (error < 0)
        output_log_fail(look->call, error);
    else if (look->is_search)
        answer_search(look);
    else
        answer_places(look);
}

static void look_done(struct api_job *job)
{
    struct log_look *look = of_job(job);

    look->is_asked = false;
    if (look->call == NULL)
        free_look(job);
    else
        answer(look);
}

static const struct api_job_kind look_kind = {
    .lane = OUTPUT_READINGS,
    .run = run_look,
    .on_done = look_done,
    .free = free_look,
};

static void look_end(struct api_call *call)
{
    struct log_look *look = call->state;

    look->call = NULL;
    if (look->is_asked)
        api_job_cancel(&look->job);
    else
        free_look(&look->job);
}

static const struct api_work look_work = { .end = look_end };

/* ---- questions -------------------------------------------------------- */

/* NULL: it was answered. */
static struct log_look *look_new(struct api_call *call)
{
    struct output_reads *reads = api_means_of(call->api)->output_reads;
    struct api_jobs *jobs = output_reads_enter(reads, CONLOG_SERIES_MAX);
    struct log_look *look = jobs != NULL ? malloc(sizeof *look) : NULL;

    if (look == NULL) {
        if (jobs != NULL)
            output_reads_leave(reads, CONLOG_SERIES_MAX);
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "too many console logs are being read");
        return NULL;
    }
    memset(look, 0, offsetof(struct log_look, search));
    api_job_init(&look->job, jobs, &look_kind);
    look->reads = reads;
    look->call = call;
    return look;
}

static void begin(struct log_look *look)
{
    struct api_call *call = look->call;

    look->is_asked = true;
    if (api_job_ask(&look->job))
        api_work_on(call, &look_work, look);
    else
        api_fail(call, API_UNAVAILABLE, "try again in a while",
                 "there is no thread that could read the log");
}

static void run_search(struct api_call *call)
{
    struct conlog_source source;
    struct conlog_wish wish = { .offset = api_number(call, "from") };
    struct log_look *look = NULL;
    struct log_search *s;

    if (output_log_find(call, &source) &&
        output_log_read_file(call, &wish.file))
        look = look_new(call);
    if (look == NULL)
        return;
    look->is_search = true;
    s = &look->search;
    memset(s, 0, offsetof(struct log_search, hit));
    conlog_reading_init(&s->log);
    s->log.source = source;
    s->log.wish = wish;
    snprintf(s->text, sizeof s->text, "%s", api_text(call, "search"));
    s->limit = (unsigned)api_number(call, "limit");
    if (s->limit == 0)
        s->limit = LOG_SEARCH_HITS_MAX;
    begin(look);
}

static void run_places(struct api_call *call)
{
    uint64_t epoch = console_epoch(call->console);
    const char *at = api_text(call, "at");
    struct past_place place = { 0 };
    struct conlog_source source;
    struct log_look *look;
    struct log_places *p;

    if (at != NULL && !past_place_read(at, epoch, &place)) {
        api_fail(call, API_BAD_REQUEST, NULL, "at is EPOCH:POSITION");
        return;
    }
    if (call->console->log == NULL) {
        answer_without_log(call);
        return;
    }
    if (!output_log_find(call, &source) ||
        (api_has(call, "since") && !output_log_check_times(call, &source)))
        return;
    look = look_new(call);
    if (look == NULL)
        return;
    look->kept = kept_of(call->console);
    look->present = present_of(call->console);
    p = &look->places;
    memset(p, 0, sizeof *p);
    conlog_reading_init(&p->log);
    p->log.source = source;
    p->since_ms = (int64_t)api_number(call, "since");
    p->has_at = at != NULL;
    p->at = place;
    begin(look);
}

static const struct api_argument search_arguments[] = {
    { "search", API_TEXT, API_IN_QUERY, .max = OUTPUT_FIND_TEXT_MAX,
      .is_required = true,
      .help = "what is looked for in each line, as the format text shows it; "
              "ASCII letters match in either case" },
    { "file", API_TEXT, API_IN_QUERY, .max = OUTPUT_LOG_FILE_LEN,
      .help = "one of the log's files, as in the answer of places; without it "
              "the present one" },
    { "from", API_NUMBER, API_IN_QUERY, .max = INT64_MAX,
      .help = "begins at this byte of the file: next in the answer before" },
    { "limit", API_NUMBER, API_IN_QUERY, .max = LOG_SEARCH_HITS_MAX,
      .standard = "0", .help = "how many lines at most; 0: 200" },
    { .name = NULL },
};

static const struct api_argument places_arguments[] = {
    { "at", API_TEXT, API_IN_QUERY, .max = 64,
      .help = "finds this place of the output, EPOCH:POSITION, as alerts and "
              "WebSockets have it" },
    { "since", API_TIME, API_IN_QUERY,
      .help = "finds the first line of this time or later; needs log-format = "
              "timestamps" },
    { .name = NULL },
};

const struct api_command api_log_commands[] = {
    {
        .name = "consoles.search",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/log/search",
        .right = RIGHT_READ,
        .shows_output = true,
        .summary = "The lines of a file of a console's log that have a text, "
                   "of 8 MiB at most; next says where to go on.",
        .returns = "LogLines",
        .argument = search_arguments,
        .run = run_search,
    },
    {
        .name = "consoles.places",
        .verb = HTTP_VERB_GET,
        .path = "/consoles/{console}/log/places",
        .right = RIGHT_READ,
        .summary = "The files of a console's log, and where in them a place "
                   "or a time is; none if it has no log.",
        .returns = "LogPlaces",
        .argument = places_arguments,
        .run = run_places,
    },
    { .name = NULL },
};
