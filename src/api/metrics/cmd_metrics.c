/*
 * GET /metrics, for Prometheus. The totals cost the same with 10,000 consoles;
 * only ?consoles=GLOB and groups of the inventory walk over them, in pieces.
 */
#include "api/alerts_means.h"
#include "api/api_commands.h"
#include "api/api_private.h"
#include "api/metrics/alert_series.h"
#include "api/metrics/console_series.h"
#include "api/metrics/group_series.h"
#include "api/metrics/render_metrics.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/process_usage.h"
#include "conf/options.h"
#include "core/directory.h"
#include "session/session_context.h"

#include <stdlib.h>

enum {
    /* Consoles that are looked at in one call of produce. */
    CONSOLES_AT_ONCE = 32,
    /* Scrapes of single consoles at a time: each has a megabyte at most, and a
     * pointer for each console. There are one or two Prometheus. */
    SERIES_AT_ONCE = 8,
    US_PER_S = 1000 * 1000,
};

struct scrape {
    struct census census; /* as it was at the beginning */
    size_t at;            /* of its rows */
    bool has_alerts;      /* and they are not all rendered */
    size_t alert_at;      /* of the rules */
    bool counts_files;    /* the kernel has not said how many are open */
    struct process_files files;
    bool is_counted; /* and is one of api.series */
    enum group_key group_by;
    bool has_groups;            /* and they are not all rendered */
    struct census_walk members; /* consoles that are in no group yet */
    struct group_series groups;
    bool has_series;         /* of single consoles */
    struct census_walk walk; /* over the consoles that may have series */
    struct console_series series;
};

/* core's seconds are of a clock without a date. */
static int64_t date_of(const struct api_call *call, uint32_t at_s)
{
    int64_t at_us = (int64_t)at_s * US_PER_S;

    return at_s == 0 ? 0 : (at_us + api_offset_us(call->api)) / US_PER_S;
}

static bool is_wanted(const struct api_call *call, const struct console *c)
{
    const struct access_console known = console_view(c);
    const struct pattern_console console = pattern_console_of(&known);

    return pattern_matches_console(api_text(call, "consoles"), &console) &&
           api_right_on(call, c) >= RIGHT_READ;
}

/* False: all have been looked at. */
static bool collect(const struct api_call *call, struct scrape *scrape)
{
    const struct census_source *source = &api_means_of(call->api)->census;

    for (int i = 0; i < CONSOLES_AT_ONCE; i++) {
        const struct console *c = census_walk_next(&scrape->walk);
        struct census_console row;

        if (c == NULL)
            return false;
        if (!is_wanted(call, c))
            continue;
        source->read_console(source->owner, c, &row);
        console_series_add(&scrape->series, &row,
                           date_of(call, row.last_output_s));
    }
    return true;
}

static bool produce_groups(struct scrape *scrape, struct buf *to)
{
    for (int i = 0; i < CONSOLES_AT_ONCE; i++) {
        const struct console *c = census_walk_next(&scrape->members);

        if (c == NULL)
            return group_series_render(&scrape->groups, to);
        group_series_add(&scrape->groups, scrape->group_by, c);
    }
    return true;
}

static enum api_more metrics_produce(struct api_call *call, struct buf *to)
{
    struct scrape *scrape = call->state;

    if (scrape->counts_files) {
        scrape->counts_files =
            !process_count_files(&scrape->files, "/proc/self/fd");
        scrape->census.open_files = scrape->files.count;
        return API_MORE;
    }
    if (render_metrics(to, &scrape->census, &scrape->at))
        return API_MORE;
    if (scrape->has_alerts) {
        scrape->has_alerts = alert_series_render(
            api_means_of(call->api)->alerts->book, to, &scrape->alert_at);
        return API_MORE;
    }
    if (scrape->has_groups) {
        scrape->has_groups = produce_groups(scrape, to);
        return API_MORE;
    }
    if (!scrape->has_series)
        return API_END;
    if (census_walk_left(&scrape->walk) > 0 && collect(call, scrape))
        return API_MORE;
    return console_series_render(&scrape->series, to) ? API_MORE : API_END;
}

static void metrics_end(struct api_call *call)
{
    struct scrape *scrape = call->state;

    call->api->series -= scrape->is_counted;
    process_files_done(&scrape->files);
    census_walk_end(&scrape->members);
    group_series_done(&scrape->groups);
    census_walk_end(&scrape->walk);
    console_series_done(&scrape->series);
    free(scrape);
}

/* Where the caller comes from may be enough: nothing here is about one VM, and
 * Prometheus has no account on this machine. */
static bool metrics_lets_in(const struct api_call *call)
{
    const struct settings *settings = api_means_of(call->api)->settings;
    struct network_list from = { .count = 0 };

    if (settings != NULL)
        from = (struct network_list){ settings->metrics_from.item,
                                      settings->metrics_from.count };
    return call->who->is_local || network_list_has(&from, call->who->ip);
}

/* False: it was answered. */
static bool begin_walk(struct api_call *call, struct scrape *scrape,
                       struct census_walk *walk)
{
    const struct session_context *sessions = api_sessions(call->api);

    if (!scrape->is_counted && call->api->series == SERIES_AT_ONCE) {
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "%d scrapes that look at all consoles are under way",
                 SERIES_AT_ONCE);
        return false;
    }
    call->api->series += !scrape->is_counted;
    scrape->is_counted = true;
    if (!census_walk_begin(walk, sessions->walks, sessions->directory)) {
        api_fail(call, API_UNAVAILABLE, NULL, "there is no memory for that");
        return false;
    }
    return true;
}

static bool begin_groups(struct api_call *call, struct scrape *scrape)
{
    const struct settings *settings = api_means_of(call->api)->settings;

    if (settings != NULL)
        scrape->group_by = (enum group_key)settings->inventory_metrics;
    scrape->has_groups = scrape->group_by != GROUP_OFF &&
                         api_sessions(call->api)->directory->inventory != NULL;
    return !scrape->has_groups || begin_walk(call, scrape, &scrape->members);
}

static bool begin_series(struct api_call *call, struct scrape *scrape)
{
    struct err why;

    if (!api_has(call, "consoles"))
        return true;
    if (pattern_check(api_text(call, "consoles"), &why) < 0) {
        api_fail(call, API_BAD_REQUEST, NULL, "consoles: %s", why.text);
        return false;
    }
    scrape->has_series = true;
    return begin_walk(call, scrape, &scrape->walk);
}

static void run_metrics(struct api_call *call)
{
    static const struct api_work work = { metrics_produce, metrics_end };
    const struct census_source *source = &api_means_of(call->api)->census;
    struct scrape *scrape = xcalloc(1, sizeof *scrape);

    census_walk_init(&scrape->members);
    group_series_init(&scrape->groups,
                      api_sessions(call->api)->directory->settings.seed);
    census_walk_init(&scrape->walk);
    console_series_init(&scrape->series);
    api_work_on(call, &work, scrape);
    if (!begin_series(call, scrape) || !begin_groups(call, scrape))
        return;
    source->read(source->owner, &scrape->census);
    scrape->counts_files = scrape->census.open_files == 0;
    scrape->has_alerts = api_means_of(call->api)->alerts != NULL;
    api_answer_stream(call, RENDER_METRICS_TYPE, &work, scrape);
}

static const struct api_argument metrics_arguments[] = {
    { .name = "consoles",
      .type = API_TEXT,
      .max = PATTERN_MAX - 1,
      .help = "Also metrics of single consoles: of those whose name, UUID or "
              "UUID/LABEL matches this pattern, 1,000 at most, as far as they "
              "may be read." },
    { .name = NULL },
};

/* ---- probes ---------------------------------------------------------------
 */

/* The loop turns, or there is no answer. */
static void run_healthz(struct api_call *call)
{
    api_answer_text(call, "text/plain; charset=utf-8", xstrdup("ok\n"), 3);
}

static void run_readyz(struct api_call *call)
{
    const struct census_source *source = &api_means_of(call->api)->census;
    const char *why_not = source->why_not_ready(source->owner);

    if (why_not == NULL)
        run_healthz(call);
    else
        api_fail(call, API_UNAVAILABLE, "see the log of vspcd", "%s", why_not);
}

const struct api_command api_metrics_commands[] = {
    {
        .name = "metrics",
        .verb = HTTP_VERB_GET,
        .path = "//metrics",
        .right = RIGHT_READ,
        .lets_in = metrics_lets_in,
        .summary = "The totals of vspcd, in Prometheus' text format.",
        .argument = metrics_arguments,
        .run = run_metrics,
    },
    {
        .name = "healthz",
        .verb = HTTP_VERB_GET,
        .path = "//healthz",
        .right = RIGHT_NONE,
        .summary = "200 while vspcd works.",
        .run = run_healthz,
    },
    {
        .name = "readyz",
        .verb = HTTP_VERB_GET,
        .path = "//readyz",
        .right = RIGHT_NONE,
        .summary = "200 while vspcd can do all that it is there for; else 503, "
                   "and what is wrong.",
        .run = run_readyz,
    },
    { .name = NULL },
};
