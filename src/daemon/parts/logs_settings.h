/*
 * logs_settings.h - what the settings say about console logs, as conlog/ wants
 * it: directory, names, owner, mode, rotation.
 *
 * Users and groups are looked up by name, which may wait for a directory
 * server: at the start, for --check-config, and at SIGHUP; an owner given as
 * numbers asks nobody.
 */
#ifndef DAEMON_PARTS_LOGS_SETTINGS_H
#define DAEMON_PARTS_LOGS_SETTINGS_H

#include "base/err.h"
#include "conf/options.h"
#include "conlog/file/conlog_settings.h"

/* 0, or -EINVAL with err filled, and the name of the setting it is about. An
 * empty directory: there are no logs. */
int logs_settings_make(const struct settings *s, struct conlog_settings *to,
                       const char **ret_name, struct err *err);

/* Adds what is wrong with them. */
void logs_settings_check(const struct settings *s, struct problems *problems);

/* NULL: there are no logs. */
const char *logs_settings_directory(const struct settings *s);

/* How many log files may be open at once, given the limit of open files. */
uint32_t logs_settings_open_max(void);

#endif
