/*
 * alert_sections.h - the setting "alerts" and the sections "alert" as the rules
 * of alert/match/alert_settings.h.
 *
 * A section has the name of a ready-made rule of a set that "alerts" names, and
 * changes it or switches it off; or it is a rule of its own.
 */
#ifndef DAEMON_ALERTS_ALERT_SECTIONS_H
#define DAEMON_ALERTS_ALERT_SECTIONS_H

#include "alert/match/alert_settings.h"
#include "conf/options.h"

/* Makes the rules of what is good, and adds what is wrong; problems may be
 * NULL. The caller clears *ret. */
void alert_sections_read(const struct settings *s, struct alert_settings *ret,
                         struct problems *problems);

/* Adds what is wrong, in well below a second. */
void alert_sections_check(const struct settings *s, struct problems *problems);

/* Compiles the rules, too, which may take seconds: for --check-config. */
void alert_sections_compile(const struct settings *s,
                            struct problems *problems);

#endif
