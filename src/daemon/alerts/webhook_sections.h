/*
 * webhook_sections.h - the sections alert-webhook of the settings as webhooks.
 *
 *     alert-webhook "NAME" {
 *         url = "https://..."        or url-file = PATH
 *         secret-file = PATH
 *         format = json|slack|teams|alertmanager|pagerduty
 *         severity = info|warning|critical
 *         consoles = {PATTERN, ...}
 *         rule = PATTERN
 *         acknowledged = no|yes
 *         timeout = SECONDS
 *         ca-file = PATH
 *         proxy = "http://..."
 *     }
 *
 * Files are small and on a local disk; reading them waits for that.
 */
#ifndef DAEMON_ALERTS_WEBHOOK_SECTIONS_H
#define DAEMON_ALERTS_WEBHOOK_SECTIONS_H

#include "conf/options.h"
#include "webhook/webhooks.h"

/* Adds what is wrong with the sections, without looking at files; and with
 * web-url. */
void webhook_sections_check(const struct settings *s,
                            struct problems *problems);

/* Adds what is wrong with the files that they name, if nothing else is. */
void webhook_sections_check_files(const struct settings *s,
                                  struct problems *problems);

/* 0; or -EINVAL with err filled: the first thing that is wrong, in files too.
 * Then ret is empty. */
int webhook_sections_read(const struct settings *s,
                          struct webhooks_settings *ret, struct err *err);

#endif
