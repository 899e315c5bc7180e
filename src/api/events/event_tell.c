#include "api/events/event_tell.h"

#include "api/events/event_hub.h"
#include "base/clock.h"
#include "core/console.h"
#include "core/move.h"
#include "core/told/fact.h"

static void put_client(struct event_draft *d, const struct fact_client *client)
{
    event_draft_text(d, "peer", client->peer);
    event_draft_flag(d, "tls", client->is_encrypted);
    event_draft_text(d, "client", client->name);
    event_draft_text(d, "proof",
                     principal_proof_name((enum principal_proof)client->proof));
    event_draft_text(d, "door", client_door_name(client->door));
    if (client->number != 0)
        event_draft_number(d, "number", client->number);
}

static void put_lock(struct event_draft *d, const struct fact_lock *lock)
{
    event_draft_text(d, "by", lock->name);
    event_draft_text(d, "reason", lock->reason);
    if (lock->length_us != 0)
        event_draft_number(d, "seconds", lock->length_us / (1000 * 1000));
}

static void put_move(struct event_draft *d, const struct fact_move_ended *ended)
{
    event_draft_text(d, "from", ended->from);
    event_draft_text(d, "to", ended->to);
    event_draft_number(d, "ms", ended->took_us / 1000);
    event_draft_number(d, "held_bytes", ended->held);
    event_draft_text(d, "outcome",
                     move_verdict_name((enum move_verdict)ended->verdict));
}

static void put_takeover(struct event_draft *d, const struct fact_takeover *t)
{
    event_draft_text(d, "from", t->older);
    event_draft_text(d, "to", t->newer);
    event_draft_text(d, "reason", t->reason);
}

/* False: the fact is no event. */
static bool find_kind(const struct fact *fact, enum event_kind *ret)
{
    static const struct {
        bool is_event;
        enum event_kind kind;
    } kinds[FACT_KIND_COUNT] = {
        [FACT_VM_ATTACHED] = { true, EVENT_VM_UP },
        [FACT_VM_DETACHED] = { true, EVENT_VM_DOWN },
        [FACT_VM_RENAMED] = { true, EVENT_VM_RENAMED },
        [FACT_CLIENT_ATTACHED] = { true, EVENT_CLIENT_ATTACHED },
        [FACT_CLIENT_DETACHED] = { true, EVENT_CLIENT_DETACHED },
        [FACT_CLIENT_LAGS] = { true, EVENT_CLIENT_LAGS },
        [FACT_MOVE_ENDED] = { true, EVENT_VM_MOVE_FAILED },
        [FACT_DESTINATION_REPLACED] = { true, EVENT_MOVE_DESTINATION },
        [FACT_OUTPUT_LOST] = { true, EVENT_OUTPUT_LOST },
        [FACT_VM_TAKEN_OVER] = { true, EVENT_VM_TAKEN_OVER },
        [FACT_CLIENT_REFUSED] = { true, EVENT_LIMIT_REACHED },
        [FACT_KEYBOARD_TAKEN] = { true, EVENT_KEYBOARD_TAKEN },
        [FACT_KEYBOARD_LOCKED] = { true, EVENT_KEYBOARD_LOCKED },
        [FACT_KEYBOARD_UNLOCKED] = { true, EVENT_KEYBOARD_UNLOCKED },
        [FACT_VM_TAKEOVER_REFUSED] = { true, EVENT_VM_TAKEOVER_REFUSED },
    };

    *ret = kinds[fact->kind].kind;
    if (fact->kind == FACT_MOVE_ENDED &&
        fact->move_ended.verdict == MOVE_COMPLETED)
        *ret = EVENT_VM_MOVED;
    return kinds[fact->kind].is_event;
}

static void put_fact(struct event_draft *d, const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_VM_ATTACHED:
        event_draft_text(d, "peer", fact->vm_attached.peer);
        event_draft_flag(d, "tls", fact->vm_attached.is_encrypted);
        break;
    case FACT_VM_DETACHED:
        event_draft_text(d, "peer", fact->vm_detached.peer);
        event_draft_text(d, "reason", fact->vm_detached.reason);
        break;
    case FACT_VM_RENAMED:
        event_draft_text(d, "old_name", fact->vm_renamed.former_name);
        break;
    case FACT_CLIENT_ATTACHED:
    case FACT_CLIENT_DETACHED:
    case FACT_CLIENT_LAGS:
    case FACT_KEYBOARD_TAKEN:
        put_client(d, &fact->client);
        break;
    case FACT_CLIENT_REFUSED:
        put_client(d, &fact->client);
        event_draft_text(d, "limit", "client-limit");
        event_draft_number(d, "others", fact->client.others);
        break;
    case FACT_KEYBOARD_LOCKED:
    case FACT_KEYBOARD_UNLOCKED:
        put_lock(d, &fact->lock);
        break;
    case FACT_MOVE_ENDED:
        put_move(d, &fact->move_ended);
        break;
    case FACT_DESTINATION_REPLACED:
        event_draft_text(d, "from", fact->destination_replaced.older);
        event_draft_text(d, "to", fact->destination_replaced.newer);
        break;
    case FACT_OUTPUT_LOST:
        event_draft_text(d, "peer", fact->output_lost.peer);
        event_draft_number(d, "bytes", fact->output_lost.bytes);
        break;
    case FACT_VM_TAKEN_OVER:
    case FACT_VM_TAKEOVER_REFUSED:
        put_takeover(d, &fact->takeover);
        break;
    case FACT_LABELLED:
    case FACT_DESERTED:
    case FACT_VISITED:
    case FACT_PROVEN:
        break;
    }
}

static void tell(struct event_hub *hub, enum event_kind kind,
                 const struct fact *fact)
{
    struct event_draft d;

    event_draft_begin(&d, kind, clock_utc_ms());
    event_draft_console(&d, fact->console);
    put_fact(&d, fact);
    event_hub_add(hub, event_draft_end(&d));
}

/* As hooks are told: a new VM has its event before vm-up. */
void event_tell_fact(struct event_hub *hub, const struct fact *fact)
{
    enum event_kind kind;

    if (fact->kind == FACT_VM_ATTACHED && fact->vm_attached.is_new)
        tell(hub, EVENT_VM_NEW, fact);
    if (find_kind(fact, &kind))
        tell(hub, kind, fact);
}

void event_tell_expired(struct event_hub *hub, const struct console *c)
{
    struct event_draft d;

    event_draft_begin(&d, EVENT_VM_EXPIRED, clock_utc_ms());
    event_draft_console(&d, c);
    event_hub_add(hub, event_draft_end(&d));
}

void event_tell_gone(struct event_hub *hub, const char *uuid, const char *label,
                     const char *name, uint16_t port)
{
    struct event_draft d;

    event_draft_begin(&d, EVENT_VM_EXPIRED, clock_utc_ms());
    event_draft_identity(&d, uuid, label, name, port);
    event_hub_add(hub, event_draft_end(&d));
}

void event_tell_log_gap(struct event_hub *hub, const struct console *c,
                        uint64_t bytes, const char *reason)
{
    struct event_draft d;

    event_draft_begin(&d, EVENT_LOG_GAP, clock_utc_ms());
    event_draft_console(&d, c);
    event_draft_number(&d, "bytes", bytes);
    event_draft_text(&d, "reason", reason);
    event_hub_add(hub, event_draft_end(&d));
}

void event_tell_recording(struct event_hub *hub, enum event_kind kind,
                          const struct console *c,
                          const struct event_recording *recording)
{
    struct event_draft d;

    event_draft_begin(&d, kind, clock_utc_ms());
    event_draft_console(&d, c);
    event_draft_text(&d, "recording", recording->id);
    event_draft_text(&d, "recorded_for", recording->reason);
    event_draft_text(&d, "by", recording->by);
    event_draft_flag(&d, "input", recording->has_input);
    if (kind == EVENT_RECORDING_ENDED) {
        event_draft_text(&d, "reason", recording->why);
        event_draft_number(&d, "missing_bytes", recording->missing);
    }
    event_hub_add(hub, event_draft_end(&d));
}
