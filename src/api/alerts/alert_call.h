/*
 * alert_call.h - what commands on alerts have in common: the daemon's means,
 * patterns, and what the caller may do, and as whom.
 */
#ifndef API_ALERTS_ALERT_CALL_H
#define API_ALERTS_ALERT_CALL_H

#include "api/alerts_means.h"
#include "api/api.h"

/* NULL: there are no alerts, and the call was answered. */
const struct alerts_means *alert_means(struct api_call *call);

/* An argument that is a pattern; NULL: it was not given. False: it is none, and
 * the call was answered. */
bool alert_take_pattern(struct api_call *call, const char *name,
                        const char **ret_pattern);

/* What the caller may do with the console of an alert. One that has gone is
 * judged by the names that it had, as events of it are
 * (events/event_hub.h). */
enum right alert_right(const struct api_call *call,
                       const struct alert_item *item);

/* Who acknowledges and mutes: the name of the caller, or where it comes from.
 * Borrowed from the call. */
const char *alert_caller(const struct api_call *call);

#endif
