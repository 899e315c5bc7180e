/*
 * alert_right.h - what the caller may do with the console of an alert, and as
 * whom.
 */
#ifndef API_ALERTS_ALERT_RIGHT_H
#define API_ALERTS_ALERT_RIGHT_H

#include "alert/book/alert_item.h"
#include "api/api.h"

/* A console that has gone is judged by the names that it had, as events of it
 * are (events/event_hub.h). */
enum right alert_right(const struct api_call *call,
                       const struct alert_item *item);

/* Who acknowledges and mutes: the name of the caller, or where it comes from.
 * Borrowed from the call. */
const char *alert_caller(const struct api_call *call);

#endif
