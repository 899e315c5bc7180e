/*
 * check_settings.h - vspcd --check-config, beyond what conf/ knows: whether
 * addresses are addresses, rules are rules, programs can be run, and files of
 * certificates are there and fit together. Opens no port and makes nothing.
 */
#ifndef DAEMON_CHECK_SETTINGS_H
#define DAEMON_CHECK_SETTINGS_H

#include "conf/options.h"

void check_settings(const struct settings *settings, struct problems *problems);

#endif
