#include "api/events/event_hub.h"

#include "access/pattern.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "log/log.h"
#include "session/session_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event_hub {
    struct session_context *ctx;
    struct event_ring ring;
    uint64_t epoch;
    struct list waiting; /* struct event_listener.node */
    struct deadline_queue beats;
    unsigned listeners;
    unsigned audit_listeners;
    uint64_t audit_from;    /* from this event on, none is missing; UINT64_MAX:
                             * audit lines become no events */
    uint64_t audit_left_us; /* when the last one who listened has left */
};

static const uint32_t of_audit = UINT32_C(1) << EVENT_AUDIT;

/* ---- audit lines -------------------------------------------------------- */

static void stop_audit(struct event_hub *hub)
{
    log_set_follower(NULL);
    hub->audit_from = UINT64_MAX;
}

static void event_hub_take_audit(void *owner, const struct log_record *record)
{
    static const struct log_form form = { LOG_LINES, .is_json = true };
    struct event_hub *hub = owner;
    char line[LOG_RECORD_MAX];
    struct event_draft d;
    size_t len;

    if (hub->audit_listeners == 0 &&
        clock_now_us() - hub->audit_left_us > EVENT_AUDIT_LINGER_US) {
        stop_audit(hub);
        return;
    }
    len = log_format(line, record, form) - 1; /* without the line's end */
    event_draft_begin(&d, EVENT_AUDIT, clock_utc_ms());
    if (record->number > 0)
        event_draft_number(&d, "n", record->number);
    event_draft_json(&d, "audit", slice_of(line, len));
    event_hub_add(hub, event_draft_end(&d));
}

static void begin_audit(struct event_hub *hub)
{
    const struct log_follower follower = { event_hub_take_audit, hub };

    hub->audit_listeners++;
    if (hub->audit_from != UINT64_MAX)
        return;
    hub->audit_from = hub->ring.next;
    log_set_follower(&follower);
}

static void end_audit(struct event_hub *hub)
{
    hub->audit_listeners--;
    hub->audit_left_us = clock_now_us();
}

/* ---- the hub ------------------------------------------------------------ */

static void event_hub_beat_due(struct deadline *d, void *owner)
{
    struct event_listener *l = CONTAINER_OF(d, struct event_listener, beat);

    (void)owner;
    l->is_beat_due = true;
    list_remove(&l->node);
    l->ops->on_news(l);
}

/* The hash is keyed by what is random in each run. */
static uint64_t epoch_of(const struct session_context *ctx)
{
    return map_hash(&ctx->directory->vms, slice_of_text("events"));
}

struct event_hub *event_hub_open(struct session_context *ctx)
{
    struct event_hub *hub = xcalloc(1, sizeof *hub);

    hub->ctx = ctx;
    hub->epoch = epoch_of(ctx);
    hub->audit_from = UINT64_MAX;
    event_ring_init(&hub->ring);
    list_init(&hub->waiting);
    session_context_open_queue(ctx, &hub->beats, EVENT_BEAT_US,
                               event_hub_beat_due);
    return hub;
}

void event_hub_close(struct event_hub *hub)
{
    if (hub == NULL)
        return;
    if (hub->audit_from != UINT64_MAX)
        stop_audit(hub);
    deadline_queue_close(&hub->beats);
    event_ring_done(&hub->ring);
    free(hub);
}

/* A listener that is told leaves the list, so however many events come before
 * it takes one, it costs nothing more. */
void event_hub_add(struct event_hub *hub, struct event *e)
{
    event_ring_add(&hub->ring, e);
    while (!list_is_empty(&hub->waiting)) {
        struct event_listener *l =
            CONTAINER_OF(hub->waiting.next, struct event_listener, node);

        list_remove(&l->node);
        l->ops->on_news(l);
    }
}

/* ---- what a listener wishes --------------------------------------------- */

static bool parse_id(const char *text, uint64_t *ret_epoch,
                     uint64_t *ret_number)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = strspn(text, digits);
    char *end;

    if (len != 16 || text[len] != '-' || text[len + 1] < '0' ||
        text[len + 1] > '9' || strlen(text) > 16 + 1 + 19)
        return false;
    *ret_epoch = strtoull(text, NULL, 16);
    *ret_number = strtoull(text + len + 1, &end, 10);
    return *end == '\0';
}

/* An id that was never given is one of another life of the machine. */
static bool set_place(struct event_listener *l, const char *after)
{
    const struct event_ring *ring = &l->hub->ring;
    uint64_t epoch = 0;
    uint64_t number = 0;

    l->next = after == NULL ? ring->next : ring->first;
    if (after == NULL || strcmp(after, "0") == 0)
        return true;
    if (!parse_id(after, &epoch, &number))
        return false;
    l->is_foreign = epoch != l->hub->epoch || number >= ring->next;
    if (!l->is_foreign)
        l->next = number + 1;
    return true;
}

static bool set_wish(struct event_listener *l, const struct event_wish *wish,
                     struct err *ret)
{
    struct slice bad;

    l->kinds = ~of_audit;
    if (wish->kinds != NULL &&
        !event_kinds_parse(wish->kinds, &l->kinds, &bad)) {
        err_set(ret, "kind: there are no events \"%.*s\"",
                bad.len < 40 ? (int)bad.len : 40, (const char *)bad.data);
        return false;
    }
    if (wish->has_audit)
        l->kinds |= of_audit;
    if (wish->match != NULL && pattern_check(wish->match, ret) < 0)
        return false;
    if (set_place(l, wish->after))
        return true;
    err_set(ret, "after: this is not the id of an event");
    return false;
}

static enum right right_on_server(const struct event_listener *l)
{
    return session_context_judge(l->hub->ctx, l->who, NULL).right;
}

static enum event_outcome judge_wish(struct event_listener *l,
                                     const struct event_wish *wish,
                                     struct err *ret)
{
    if (l->hub->listeners == EVENT_LISTENERS_MAX) {
        err_set(ret, "%d programs listen to events already",
                EVENT_LISTENERS_MAX);
        return EVENT_TOO_MANY;
    }
    if (!set_wish(l, wish, ret))
        return EVENT_BAD_WISH;
    if ((l->kinds & of_audit) == 0 || right_on_server(l) >= RIGHT_ADMIN)
        return EVENT_LISTENS;
    err_set(ret, "audit events need the right \"admin\" on the server");
    return EVENT_NO_RIGHT;
}

enum event_outcome event_listener_begin(struct event_listener *l,
                                        struct event_hub *hub,
                                        const struct principal *who,
                                        const struct event_listener_ops *ops,
                                        const struct event_wish *wish,
                                        struct err *ret)
{
    enum event_outcome outcome;

    *l = (struct event_listener){ .ops = ops, .hub = hub, .who = who };
    list_init(&l->node);
    deadline_init(&l->beat);
    outcome = judge_wish(l, wish, ret);
    if (outcome != EVENT_LISTENS) {
        l->hub = NULL;
        return outcome;
    }
    if (wish->match != NULL)
        l->match = xstrdup(wish->match);
    hub->listeners++;
    if ((l->kinds & of_audit) != 0) {
        begin_audit(hub);
        l->misses_audit = l->next < hub->audit_from;
    }
    return EVENT_LISTENS;
}

void event_listener_end(struct event_listener *l)
{
    if (l->hub == NULL)
        return;
    l->hub->listeners--;
    if ((l->kinds & of_audit) != 0)
        end_audit(l->hub);
    list_remove(&l->node);
    deadline_stop(&l->beat);
    free(l->match);
    *l = (struct event_listener){ .hub = NULL };
}

/* ---- what it gets ------------------------------------------------------- */

/* A console that has gone is judged by the texts of the event. */
static bool may_read(const struct event_listener *l, const struct event *e,
                     const struct access_console *texts)
{
    const struct session_context *ctx = l->hub->ctx;
    const struct console *c = directory_find(ctx->directory, e->uuid, e->label);

    if (c != NULL)
        return session_context_judge(ctx, l->who, c).right >= RIGHT_READ;
    return ctx->access != NULL && session_context_trusts(ctx, l->who) &&
           access_rules_judge(ctx->access, l->who, texts).right >= RIGHT_READ;
}

static bool is_seen(const struct event_listener *l, const struct event *e)
{
    struct access_console texts;

    if ((l->kinds & UINT32_C(1) << e->kind) == 0)
        return false;
    if (e->kind == EVENT_AUDIT)
        return right_on_server(l) >= RIGHT_ADMIN;
    texts = directory_view(l->hub->ctx->directory, e->name, e->uuid, e->label);
    texts.host = e->host;
    if (l->match != NULL) {
        struct pattern_console forms = pattern_console_of(&texts);

        if (!pattern_matches_console(l->match, &forms))
            return false;
    }
    return may_read(l, e, &texts);
}

void event_listener_id(const struct event_listener *l, char to[EVENT_ID_MAX])
{
    snprintf(to, EVENT_ID_MAX, "%016" PRIx64 "-%" PRIu64, l->hub->epoch,
             l->next - 1);
}

/* lost "null": nobody knows. */
static enum event_taken take_gap(const struct event_listener *l,
                                 const char *lost, const char *reason,
                                 struct event_item *ret)
{
    int len;

    event_listener_id(l, ret->id);
    len = snprintf(ret->head, sizeof ret->head,
                   "{\"id\":\"%s\",\"event\":\"gap\",\"lost\":%s,"
                   "\"reason\":\"%s\"}",
                   ret->id, lost, reason);
    ret->json[0] = slice_of(ret->head, (size_t)len);
    ret->json[1] = slice_of(NULL, 0);
    return EVENT_GAP;
}

static enum event_taken take_lost(const struct event_listener *l, uint64_t lost,
                                  struct event_item *ret)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, lost);
    return take_gap(l, text, "they are not kept any more", ret);
}

static enum event_taken take_event(struct event_listener *l,
                                   const struct event *e,
                                   struct event_item *ret)
{
    int len;

    l->next++;
    if (!is_seen(l, e))
        return EVENT_HIDDEN;
    event_listener_id(l, ret->id);
    len = snprintf(ret->head, sizeof ret->head, "{\"id\":\"%s\",", ret->id);
    ret->json[0] = slice_of(ret->head, (size_t)len);
    ret->json[1] = e->json;
    return EVENT_SHOWN;
}

static enum event_taken take_nothing(struct event_listener *l,
                                     struct event_item *ret)
{
    bool is_beat = l->is_beat_due;

    l->is_beat_due = false;
    if (is_beat) {
        event_listener_id(l, ret->id);
        return EVENT_BEAT;
    }
    list_remove(&l->node);
    list_add_tail(&l->hub->waiting, &l->node);
    deadline_start(&l->hub->beats, &l->beat, clock_now_us());
    return EVENT_NONE;
}

enum event_taken event_listener_take(struct event_listener *l,
                                     struct event_item *ret)
{
    const struct event *e;
    uint64_t lost;

    if (l->is_foreign) {
        l->is_foreign = false;
        l->misses_audit = false;
        return take_gap(l, "null", "they are of an earlier run of vspcd", ret);
    }
    if (l->misses_audit) {
        l->misses_audit = false;
        return take_gap(l, "null",
                        "audit events were not recorded: nobody listened", ret);
    }
    e = event_ring_get(&l->hub->ring, &l->next, &lost);
    if (lost > 0)
        return take_lost(l, lost, ret);
    return e != NULL ? take_event(l, e, ret) : take_nothing(l, ret);
}
