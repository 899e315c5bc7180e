#include "cli/alerts/alerts_watch.h"

#include "cli/common/say.h"
#include "cli/invocation/ask.h"
#include "cli/output/out.h"
#include "cli/output/value.h"
#include "cli/verbs/sse.h"

#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000, RETRIES_MAX = 60 };

struct following {
    const struct alerts_watch *watch;
    struct sse sse;
    bool is_shown;   /* events are shown, and not only looked at */
    bool has_news;   /* since the connection was made */
    uint64_t newest; /* alerts up to this id were shown */
};

/* ---- an event ------------------------------------------------------------ */

static void print_text(const json_t *event, const char *key, const char *end)
{
    out_text(value_format(json_object_get(event, key), VALUE_TEXT, 0).text);
    out_text(end);
}

/* "2026-01-31T23:59:59Z critical kernel-panic web-01 17: Kernel panic" */
static void print_line(const json_t *event, bool is_new)
{
    out_text(value_format(json_object_get(event, "time"), VALUE_TIME, 0).text);
    out_text(" ");
    out_begin(is_new ? OUT_NOTABLE : OUT_FAINT);
    print_text(event, "severity", "");
    out_end(is_new ? OUT_NOTABLE : OUT_FAINT);
    out_text(" ");
    print_text(event, "rule", " ");
    print_text(event, "console", " ");
    print_text(event, "alert", ": ");
    if (is_new) {
        print_text(event, "text", "\n");
    } else {
        out_text("acknowledged by ");
        print_text(event, "by", "\n");
    }
}

static bool is_wanted(const struct following *f, const json_t *event,
                      bool is_new)
{
    const char *rule = json_string_value(json_object_get(event, "rule"));
    json_int_t id = json_integer_value(json_object_get(event, "alert"));

    if (id <= 0 || (is_new && (uint64_t)id <= f->newest))
        return false;
    return f->watch->rule == NULL ||
           (rule != NULL && fnmatch(f->watch->rule, rule, 0) == 0);
}

static void alerts_watch_on_event(void *owner, const struct sse_event *event)
{
    struct following *f = owner;
    const char *kind;
    json_t *json;
    bool is_new;

    f->has_news = true;
    if (!f->is_shown)
        return;
    json = json_loadb((const char *)event->data.data, event->data.len, 0, NULL);
    kind = json_string_value(json_object_get(json, "event"));
    if (kind == NULL)
        kind = "";
    is_new = strcmp(kind, "alert") == 0;
    if (strcmp(kind, "gap") == 0) {
        say_news("some alerts may have been missed: vspc alerts lists them");
    } else if (is_wanted(f, json, is_new)) {
        if (f->watch->form == LISTING_JSON || f->watch->form == LISTING_JSONL) {
            out_bytes(event->data);
            out_text("\n");
        } else {
            print_line(json, is_new);
        }
    }
    json_decref(json);
}

static bool alerts_watch_on_bytes(void *owner, struct slice bytes)
{
    struct following *f = owner;

    sse_feed(&f->sse, bytes);
    out_flush();
    return true;
}

/* ---- following ----------------------------------------------------------- */

static struct target target_of(const struct following *f, const char *after,
                               bool is_followed)
{
    struct target target;

    target_init(&target, "/api/v1/events");
    target_add_query(&target, "kind", "alert,alert-acknowledged");
    target_add_query(&target, "match", f->watch->match);
    target_add_query(&target, "after", after);
    if (!is_followed)
        target_add_query(&target, "follow", "false");
    return target;
}

static enum exits ask_events(struct invocation *in, struct following *f,
                             struct ask_stream *ask)
{
    f->has_news = false;
    ask->accept = "text/event-stream";
    ask->on_bytes = alerts_watch_on_bytes;
    ask->owner = f;
    return ask_stream(in, ask);
}

/* Looks at the events that are kept, for the id of the last one. */
static enum exits find_last(struct invocation *in, struct following *f)
{
    const struct target target = target_of(f, "0", false);
    struct ask_stream ask = { .target = &target };

    return ask_events(in, f, &ask);
}

static enum exits follow(struct invocation *in, struct following *f)
{
    char after[SSE_ID_MAX + 1];
    unsigned retries = 0;
    enum exits exits;

    for (;;) {
        struct target target;
        struct ask_stream ask = { .target = &target,
                                  .is_followed = true,
                                  .is_resumed = retries > 0 };

        snprintf(after, sizeof after, "%s",
                 f->sse.last_id[0] != '\0' ? f->sse.last_id : "0");
        target = target_of(f, after, true);
        exits = ask_events(in, f, &ask);
        if (f->has_news)
            retries = 0;
        if ((exits != EXITS_NO_SERVER && exits != EXITS_DONE) ||
            retries++ == RETRIES_MAX)
            return exits;
        say_news("connection lost, will retry");
        sse_reset(&f->sse);
        (void)poll(NULL, 0, RETRY_MS);
    }
}

enum exits alerts_watch_run(struct invocation *in,
                            const struct alerts_watch *watch)
{
    struct following f = { .watch = watch };
    enum exits exits;

    sse_init(&f.sse, alerts_watch_on_event, &f);
    exits = find_last(in, &f);
    if (exits == EXITS_DONE)
        exits = watch->show(in, &f.newest);
    f.is_shown = true;
    sse_reset(&f.sse);
    if (exits == EXITS_DONE)
        exits = follow(in, &f);
    sse_done(&f.sse);
    return exits;
}
