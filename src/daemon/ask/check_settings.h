/*
 * check_settings.h - what can be wrong with settings, beyond what conf/ knows:
 * whether addresses are addresses, rules are rules, the state file may be where
 * it is wanted, and what TLS needs is there and fits together. For the start,
 * --check-config and SIGHUP. Opens no port and makes nothing.
 */
#ifndef DAEMON_ASK_CHECK_SETTINGS_H
#define DAEMON_ASK_CHECK_SETTINGS_H

#include "conf/options.h"

/* What can be said without the disk. */
void check_settings(const struct settings *settings, struct problems *problems);

/* Looks at --file, --cert, --key, --client-ca and --hook. A start and a reload
 * find out by themselves; the loop does not wait for the state file's disk. */
void check_settings_files(const struct settings *settings,
                          struct problems *problems);

#endif
