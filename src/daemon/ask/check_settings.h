/*
 * check_settings.h - checks settings beyond what conf/ knows: addresses, rules,
 * the state file's path, and whether TLS has what it needs. For the start,
 * --check-config and SIGHUP. Opens no port and makes nothing.
 */
#ifndef DAEMON_ASK_CHECK_SETTINGS_H
#define DAEMON_ASK_CHECK_SETTINGS_H

#include "conf/options.h"

/* Checks what needs no disk. */
void check_settings(const struct settings *settings, struct problems *problems);

/* Checks --file, --cert, --key, --client-ca and --hook on disk. A start and a
 * reload do not need it, because opening these reports their errors, and the
 * loop must not wait for the state file's disk. */
void check_settings_files(const struct settings *settings,
                          struct problems *problems);

#endif
