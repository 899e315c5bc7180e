/*
 * check_settings.h - what can be wrong with settings, beyond what conf/ knows:
 * whether addresses are addresses, rules are rules, the state file may be where
 * it is wanted, and what TLS needs is there and fits together. For the start,
 * --check-config and SIGHUP. Opens no port and makes nothing.
 */
#ifndef DAEMON_CHECK_SETTINGS_H
#define DAEMON_CHECK_SETTINGS_H

#include "conf/options.h"

/* All but TLS. */
void check_settings(const struct settings *settings, struct problems *problems);

/* Reads the files of --cert, --key and --client-ca. */
void check_settings_tls(const struct settings *settings,
                        struct problems *problems);

#endif
