/*
 * event_tell_alert.h - events of alerts and mutes (alert/book/alert_book.h).
 */
#ifndef API_EVENTS_EVENT_TELL_ALERT_H
#define API_EVENTS_EVENT_TELL_ALERT_H

#include "alert/book/alert_mutes.h"

struct event_hub;

void event_tell_alert(struct event_hub *hub, const struct alert_item *item);

/* By whom, and why, is in the item. */
void event_tell_acknowledged(struct event_hub *hub,
                             const struct alert_item *item);

/* by: who has made or ended it. */
void event_tell_mute(struct event_hub *hub, const struct alert_mute *mute,
                     const char *by, bool has_ended);

#endif
