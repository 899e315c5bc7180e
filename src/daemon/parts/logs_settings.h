/*
 * logs_settings.h - translates the settings of console logs for conlog/:
 * directory, names, owner, mode, rotation.
 *
 * Users and groups are looked up by name, which may wait for a directory
 * server: at the start, for --check-config, and at SIGHUP. A numeric owner
 * needs no look-up.
 */
#ifndef DAEMON_PARTS_LOGS_SETTINGS_H
#define DAEMON_PARTS_LOGS_SETTINGS_H

#include "base/err.h"
#include "conf/options.h"
#include "conlog/file/conlog_settings.h"

/* 0, or -EINVAL with err filled and the setting's name in *ret_name. An empty
 * directory: logs are off. */
int logs_settings_make(const struct settings *s, struct conlog_settings *to,
                       const char **ret_name, struct err *err);

/* Adds the problems of these settings. */
void logs_settings_check(const struct settings *s, struct problems *problems);

/* NULL: logs are off. */
const char *logs_settings_directory(const struct settings *s);

/* How many log files may be open at once, given the limit of open files. */
uint32_t logs_settings_open_max(void);

#endif
