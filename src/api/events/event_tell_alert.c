#include "api/events/event_tell_alert.h"

#include "api/events/event_hub.h"
#include "base/clock.h"

/* A console that has gone may have come again: it is found by its id, and has
 * no port here. */
static void begin(struct event_draft *d, enum event_kind kind,
                  const struct alert_item *item)
{
    event_draft_begin(d, kind, clock_utc_ms());
    event_draft_identity(d, item->uuid, item->label, item->name, 0);
    d->host = item->host;
    event_draft_number(d, "alert", item->id);
    event_draft_text(d, "rule", item->rule);
    event_draft_text(d, "severity", alert_severity_name(item->severity));
}

void event_tell_alert(struct event_hub *hub, const struct alert_item *item)
{
    char place[ALERT_PLACE_MAX], link[ALERT_LINK_MAX];
    struct event_draft d;

    begin(&d, EVENT_ALERT, item);
    alert_item_place(item, place);
    alert_item_link(item, link);
    event_draft_text(&d, "cause", alert_cause_name(item->cause));
    event_draft_text(&d, "text", item->text);
    event_draft_text(&d, "place", place);
    event_draft_text(&d, "link", link);
    event_hub_add(hub, event_draft_end(&d));
}

void event_tell_acknowledged(struct event_hub *hub,
                             const struct alert_item *item)
{
    struct event_draft d;

    begin(&d, EVENT_ALERT_ACKNOWLEDGED, item);
    event_draft_text(&d, "by", item->by);
    event_draft_text(&d, "comment", item->comment);
    event_hub_add(hub, event_draft_end(&d));
}

void event_tell_mute(struct event_hub *hub, const struct alert_mute *mute,
                     const char *by, bool has_ended)
{
    char until[CLOCK_TEXT_LEN] = "";
    struct event_draft d;

    event_draft_begin(&d, EVENT_ALERT_MUTED, clock_utc_ms());
    event_draft_number(&d, "mute", mute->id);
    event_draft_flag(&d, "has_ended", has_ended);
    event_draft_text(&d, "match", mute->match);
    event_draft_text(&d, "rule", mute->rule);
    if (mute->until_ms != 0)
        clock_format_ms(until, mute->until_ms);
    event_draft_text(&d, "until", until);
    event_draft_text(&d, "reason", mute->reason);
    event_draft_text(&d, "by", by);
    event_hub_add(hub, event_draft_end(&d));
}
