/*
 * webhook_body.h - an alert as the body of a request, in the form that its
 * receiver wants. docs/alerts.md has a sample of each.
 *
 * What a VM has printed or is called means nothing to a receiver: it is escaped
 * as the form asks, or stands where markup is not looked at. Pure.
 */
#ifndef WEBHOOK_WEBHOOK_BODY_H
#define WEBHOOK_WEBHOOK_BODY_H

#include "webhook/webhook_spec.h"

/*
 * web_url: where the page is, "https://vspc.example.org"; NULL: not known, and
 * there are no links. now_ms: for receivers that want to know when an alert has
 * ended. JSON in one line, for mem_free_secret: it may have the routing key.
 * NULL: there is no memory.
 */
char *webhook_body(const struct webhook_spec *spec, enum webhook_event event,
                   const struct alert_item *item, const char *web_url,
                   int64_t now_ms);

#endif
