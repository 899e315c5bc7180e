/* Numbers over time. */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/series/series_sampler.h"
#include "api/show/show_value.h"
#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 200 }; /* values that are made at a time */

/* Values come and go while the answer is made: it is of those that there were
 * when it began, and one that has gone is null. */
struct series_answer {
    const struct census_series_ring *ring;
    uint64_t first, end; /* numbers of values */
    unsigned which;      /* series */
    uint64_t at;         /* the next value of it */
    bool has_head;
};

static bool show_head(const struct api_call *call,
                      const struct series_answer *a, struct buf *to)
{
    const struct census_series_ring *ring = a->ring;
    int64_t step_ms = (int64_t)ring->step_s * 1000;
    int64_t last_ms =
        ((int64_t)ring->last_us + api_offset_us(call->api)) / 1000;
    /* What was taken since then. */
    int64_t to_ms = last_ms - (int64_t)(ring->count - a->end) * step_ms;
    int64_t from_ms = to_ms - (int64_t)(a->end - a->first) * step_ms + step_ms;
    char from[CLOCK_TEXT_LEN], until[CLOCK_TEXT_LEN], text[256];
    bool is_empty = a->first == a->end;

    clock_format_ms(from, is_empty ? to_ms : from_ms);
    clock_format_ms(until, to_ms);
    snprintf(text, sizeof text,
             "{\"step\":%u,\"from\":\"%s\",\"to\":\"%s\",\"series\":{",
             ring->step_s, from, until);
    return show_append_text(to, text);
}

static bool show_values(struct series_answer *a, struct buf *to)
{
    char text[48];

    for (unsigned i = 0; i < PIECE && a->at < a->end; i++, a->at++) {
        double value = census_series_value(a->ring, a->which, a->at);
        const char *comma = a->at > a->first ? "," : "";

        if (isnan(value))
            snprintf(text, sizeof text, "%snull", comma);
        else
            snprintf(text, sizeof text, "%s%.0f", comma, value);
        if (!show_append_text(to, text))
            return false;
    }
    return true;
}

static enum api_more series_produce(struct api_call *call, struct buf *to)
{
    struct series_answer *a = call->state;
    char text[64] = "";

    if (!a->has_head && !show_head(call, a, to))
        return API_CUT;
    a->has_head = true;
    if (a->which == census_series_count())
        return show_append_text(to, "}}\n") ? API_END : API_CUT;
    if (a->at == a->first)
        snprintf(text, sizeof text, "%s\"%s\":[", a->which > 0 ? "," : "",
                 census_series_name(a->which));
    if (!show_append_text(to, text) || !show_values(a, to))
        return API_CUT;
    if (a->at == a->end) {
        if (!show_append_text(to, "]"))
            return API_CUT;
        a->which++;
        a->at = a->first;
    }
    return API_MORE;
}

static void series_end(struct api_call *call)
{
    free(call->state);
}

static const struct api_work series_work = {
    .produce = series_produce,
    .end = series_end,
};

/* The first value of this time or later. */
static uint64_t first_since(struct api *api,
                            const struct census_series_ring *ring,
                            int64_t from_ms)
{
    uint64_t first = census_series_first(ring);
    int64_t step_ms = (int64_t)ring->step_s * 1000;
    int64_t last_ms = ((int64_t)ring->last_us + api_offset_us(api)) / 1000;
    uint64_t wanted;

    if (ring->count == 0)
        return first;
    if (from_ms > last_ms)
        return ring->count;
    wanted = (uint64_t)((last_ms - from_ms) / step_ms) + 1;
    return ring->count - first > wanted ? ring->count - wanted : first;
}

static void run_series(struct api_call *call)
{
    const struct series_sampler *sampler = api_means_of(call->api)->series;
    struct series_answer *a;

    if (sampler == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "there are no series");
        return;
    }
    a = xcalloc(1, sizeof *a);
    a->ring = census_series_ring(series_sampler_series(sampler),
                                 api_number(call, "step"));
    a->end = a->ring->count;
    a->first =
        api_has(call, "from")
            ? first_since(call->api, a->ring, (int64_t)api_number(call, "from"))
            : census_series_first(a->ring);
    a->at = a->first;
    api_answer_stream(call, "application/json", &series_work, a);
}

static const struct api_argument series_arguments[] = {
    { "step", API_NUMBER, API_IN_QUERY, .max = 86400, .standard = "60",
      .help = "Seconds between values: 5, of the last quarter of an hour, or "
              "60, of the last day." },
    { "from", API_TIME, API_IN_QUERY,
      .help = "Leaves out values before this time." },
    { .name = NULL },
};

const struct api_command api_series_commands[] = {
    {
        .name = "series",
        .verb = HTTP_VERB_GET,
        .path = "/series",
        .right = RIGHT_READ,
        .summary = "Some numbers of vspcd over the last day, since its start "
                   "at most.",
        .returns = "Series",
        .argument = series_arguments,
        .run = run_series,
    },
    { .name = NULL },
};
