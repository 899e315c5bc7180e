/*
 * daemon_settings.h - translates the settings for the layers below: at the
 * start, and at each SIGHUP.
 */
#ifndef DAEMON_DAEMON_SETTINGS_H
#define DAEMON_DAEMON_SETTINGS_H

#include "base/err.h"
#include "conf/options.h"
#include "core/directory.h"
#include "session/session_context.h"

/* The rules of service-listen and service-connect, and the key that VMs' keys
 * are made from. */
struct daemon_rules {
    struct uri_rule listen[SETTINGS_RULES_MAX];
    struct uri_rule connect[SETTINGS_RULES_MAX];
    uint8_t vm_site_key[TLS_DIGEST_LEN]; /* unless vm-keys is off */
};

/* 0, or -EINVAL with err filled. */
int daemon_settings_parse_rules(const struct settings *s,
                                struct daemon_rules *ret, struct err *err);

/* The seed is not set. */
struct directory_settings daemon_settings_of_directory(
    const struct settings *s);

/* Facts that are not in the settings. */
struct daemon_found {
    uint64_t open_files;              /* limit of open files; 0: not known */
    bool has_client_tls;              /* there is a context for clients */
    uint16_t proxy_port;              /* where VMs connect */
    const struct daemon_rules *rules; /* borrowed by the result */
};

/* Borrows from s and from found->rules. The gate's seed is not set. */
struct session_settings daemon_settings_of_sessions(
    const struct settings *s, const struct daemon_found *found);

#endif
