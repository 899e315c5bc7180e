/* What happens, as Server-Sent Events (the "event stream" of HTML). */
#include "api/events/cmd_events.h"

#include "api/api_commands.h"
#include "api/api_means.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
    PIECE = 16 * 1024,
    LOOKS = 16, /* at once: some microseconds each */
};

struct event_stream {
    struct event_listener listener;
    struct api_call *call;
    bool has_begun;
    bool follows;
};

static void event_stream_on_news(struct event_listener *l)
{
    struct event_stream *s = CONTAINER_OF(l, struct event_stream, listener);

    api_wake(s->call);
}

static const struct event_listener_ops of_listener = {
    .on_news = event_stream_on_news,
};

/* ---- pieces ------------------------------------------------------------- */

static bool put(struct buf *to, const char *text)
{
    return buf_append(to, slice_of_text(text)) == 0;
}

static bool put_id(struct buf *to, const char *id)
{
    return put(to, "id: ") && put(to, id) && put(to, "\n");
}

/* An id without data is no event, and who reads it continues behind it. */
static bool put_place(struct buf *to, const char *id)
{
    return put(to, ":\n") && put_id(to, id) && put(to, "\n");
}

static bool put_event(struct buf *to, const struct event_item *item)
{
    return put_id(to, item->id) && put(to, "data: ") &&
           buf_append(to, item->json[0]) == 0 &&
           buf_append(to, item->json[1]) == 0 && put(to, "\n\n");
}

static bool put_beginning(struct event_stream *s, struct buf *to)
{
    char id[EVENT_ID_MAX];

    s->has_begun = true;
    event_listener_id(&s->listener, id);
    return put(to, "retry: 1000\n") && put_place(to, id);
}

/* False: there is no memory, and the answer has to end. */
static bool put_next(struct event_stream *s, struct buf *to,
                     enum event_taken *ret)
{
    struct event_item item;

    *ret = event_listener_take(&s->listener, &item);
    switch (*ret) {
    case EVENT_SHOWN:
    case EVENT_GAP:
        return put_event(to, &item);
    case EVENT_BEAT:
        return put_place(to, item.id);
    case EVENT_HIDDEN:
    case EVENT_NONE:
        break;
    }
    return true;
}

static enum api_more event_stream_produce(struct api_call *call, struct buf *to)
{
    struct event_stream *s = call->state;
    enum event_taken taken = EVENT_HIDDEN;
    uint32_t mark = to->len + PIECE;

    if (!s->has_begun && !put_beginning(s, to))
        return API_CUT;
    for (int i = 0; i < LOOKS && taken != EVENT_NONE && to->len < mark; i++) {
        if (!put_next(s, to, &taken))
            return API_CUT;
    }
    if (taken != EVENT_NONE)
        return API_MORE;
    return s->follows ? API_WAIT : API_END;
}

static void event_stream_end(struct api_call *call)
{
    struct event_stream *s = call->state;

    event_listener_end(&s->listener);
    free(s);
}

static const struct api_work work = {
    .produce = event_stream_produce,
    .end = event_stream_end,
};

/* ---- the command -------------------------------------------------------- */

static const struct api_argument arguments[] = {
    { .name = "after",
      .type = API_TEXT,
      .max = EVENT_ID_MAX,
      .help = "Goes on behind the event with this id, or says how many are "
              "gone; 0: begins with the oldest one that is kept. Without it, "
              "with what happens from now on. The field Last-Event-ID counts "
              "more." },
    { .name = "kind",
      .type = API_TEXT,
      .help = "Only events of these kinds, separated by commas." },
    { .name = "match",
      .type = API_TEXT,
      .max = PATTERN_MAX - 1,
      .help = "Only events of consoles that match this pattern; audit events "
              "come in any case." },
    { .name = "audit",
      .type = API_FLAG,
      .standard = "false",
      .help = "Audit events, too; needs the right to administer the server." },
    { .name = "follow",
      .type = API_FLAG,
      .standard = "true",
      .help = "Goes on with what happens; false: ends behind what is kept." },
    { .name = NULL },
};

static void refuse(struct api_call *call, enum event_outcome outcome,
                   const char *why)
{
    enum api_error error = API_BAD_REQUEST;
    const char *hint = "GET /api/v1/openapi.json describes the arguments";

    if (outcome == EVENT_TOO_MANY) {
        error = API_TOO_MANY;
        hint = "try again in a while";
    } else if (outcome == EVENT_NO_RIGHT) {
        error = call->who->proof == PROOF_ADDRESS ? API_UNAUTHENTICATED
                                                  : API_FORBIDDEN;
        hint = "an access section for \"*\" in vspcd.conf can give it";
    }
    api_fail(call, error, hint, "%s", why);
}

struct event_wish cmd_events_wish(const struct api_call *call)
{
    return (struct event_wish){
        .kinds = api_text(call, "kind"),
        .match = api_text(call, "match"),
        .after = call->last_event != NULL ? call->last_event
                                          : api_text(call, "after"),
        .has_audit = api_flag(call, "audit"),
    };
}

static void run_events(struct api_call *call)
{
    struct event_hub *hub = api_means_of(call->api)->events;
    const struct event_wish wish = cmd_events_wish(call);
    struct event_stream *s;
    enum event_outcome outcome;
    struct err why;

    if (hub == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "there are no events here");
        return;
    }
    s = xcalloc(1, sizeof *s);
    s->call = call;
    s->follows = api_flag(call, "follow");
    outcome = event_listener_begin(&s->listener, hub, call->who, &of_listener,
                                   &wish, &why);
    if (outcome != EVENT_LISTENS) {
        free(s);
        refuse(call, outcome, why.text);
        return;
    }
    api_answer_stream(call, "text/event-stream", &work, s);
}

const struct api_command api_events_commands[] = {
    {
        .name = "events",
        .verb = HTTP_VERB_GET,
        .path = "/events",
        .right = RIGHT_NONE,
        .kind = API_EVENTS,
        .summary = "What happens: Server-Sent Events, or, by Upgrade, a "
                   "WebSocket with one text for each event.",
        .argument = arguments,
        .run = run_events,
    },
    { .name = NULL },
};
