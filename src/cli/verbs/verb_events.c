/* events: what happens, as lines of JSON, from Server-Sent Events. */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/common/say.h"
#include "cli/invocation/ask.h"
#include "cli/output/out.h"
#include "cli/verbs/sse.h"
#include "cli/verbs/verbs.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000, RETRIES_MAX = 60 };

/* clang-format off */
static const struct option_row options[] = {
    { "follow", 'f', NULL, "go on with what happens, until ^C" },
    { "kind", 0, "KIND,...", "only of these kinds, such as vm-up,vm-down" },
    { "match", 0, "PATTERN", "only of consoles that match it" },
    { "after", 0, "ID", "only those behind the event with this id [0: all that are kept]" },
    { "audit", 0, NULL, "audit events too" },
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

struct events {
    struct sse sse;
    bool has_news; /* since the connection was made */
};

static void events_on_event(void *owner, const struct sse_event *event)
{
    struct events *e = owner;

    e->has_news = true;
    out_bytes(event->data);
    out_text("\n");
}

static bool events_on_bytes(void *owner, struct slice bytes)
{
    struct events *e = owner;

    sse_feed(&e->sse, bytes);
    out_flush();
    return true;
}

static void make_target(const struct invocation *in, struct target *target)
{
    const struct arguments *a = &in->arguments;

    target_init(target, "/api/v1/events");
    target_add_query(target, "kind", arguments_text(a, "kind"));
    target_add_query(target, "match", arguments_text(a, "match"));
    target_add_query(target, "after",
                     arguments_has(a, "after") ? arguments_text(a, "after")
                                               : "0");
    if (!arguments_has(a, "follow"))
        target_add_query(target, "follow", "false");
    if (arguments_has(a, "audit"))
        target_add_query(target, "audit", "true");
}

static enum exits run_events(struct invocation *in)
{
    struct events e = { .has_news = false };
    struct target target;
    struct ask_stream ask = {
        .target = &target,
        .is_followed = true,
        .accept = "text/event-stream",
        .on_bytes = events_on_bytes,
        .owner = &e,
    };
    unsigned retries = 0;
    enum exits exits;

    make_target(in, &target);
    sse_init(&e.sse, events_on_event, &e);
    for (;;) {
        e.has_news = false;
        exits = ask_stream(in, &ask);
        if (e.has_news)
            retries = 0;
        if (exits == EXITS_DONE && !arguments_has(&in->arguments, "follow"))
            break;
        /* Resumed only once it has worked. */
        if ((exits != EXITS_NO_SERVER && exits != EXITS_DONE) ||
            e.sse.last_id[0] == '\0' || retries++ == RETRIES_MAX)
            break;
        ask.is_resumed = true;
        ask.field = (struct remote_field){ "Last-Event-ID", e.sse.last_id };
        say_news("connection lost, will retry");
        sse_reset(&e.sse);
        (void)poll(NULL, 0, RETRY_MS);
    }
    if (ask.is_resumed && exits == EXITS_NO_SERVER)
        say_error("the server does not come back");
    sse_done(&e.sse);
    return exits;
}

const struct verb verb_events = {
    .name = "events",
    .group = VERB_GROUP_CONSOLES,
    .words = "",
    .summary = "print what happens, as lines of JSON",
    .text = "Prints the events that the server keeps, the last 4096, and ends; "
            "with -f it goes on with those that come. "
            "Continues by itself after a lost connection: what was missed "
            "comes then, or the number of events that are gone.",
    .example = "vspc events | tail\n"
               "vspc events -f\n"
               "vspc events -f --kind vm-up,vm-down --match 'web-*'\n",
    .option = options,
    .by_ssh = "follow kind match after audit",
    .run = run_events,
};
