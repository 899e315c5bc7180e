/*
 * daemon_private.h - what the files of daemon/ share.
 */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include "core/directory.h"
#include "core/ports.h"
#include "daemon/daemon.h"
#include "daemon/parts/daemon_hooks.h"
#include "daemon/parts/daemon_logs.h"
#include "daemon/parts/daemon_state.h"
#include "daemon/parts/daemon_tls.h"
#include "daemon/parts/listing.h"
#include "daemon/process/systemd.h"
#include "net/listener.h"
#include "session/sessions.h"

/* A port where VMs connect; the first one is --proxy-port's. */
struct proxy {
    struct daemon *daemon;
    struct listener *listener;
    struct address address;
    enum tls_policy policy;
};

/* service-listen and service-connect. */
struct service_rules {
    struct uri_rule listen[SETTINGS_RULES_MAX];
    struct uri_rule connect[SETTINGS_RULES_MAX];
};

/* 0, or -EINVAL with err filled. */
int service_rules_parse(struct service_rules *rules, const struct settings *s,
                        struct err *err);

struct daemon {
    struct settings *settings; /* borrowed */
    struct messages *messages; /* borrowed */
    struct systemd systemd;
    struct listing listing;
    struct loop *loop;
    struct directory directory;
    struct ports ports;
    struct session_context sessions;
    struct proxy proxies[1 + SETTINGS_PROXIES_MAX];
    int proxy_count;
    struct daemon_tls tls;
    struct daemon_state state;
    struct daemon_hooks hooks;
    struct daemon_logs logs;
    struct service_rules rules;
    struct address interface; /* of the consoles' ports; port not set */
    struct loop_watch watches[6];
    struct deadline_queue shutdowns;
    struct deadline shutdown;
    uint64_t open_files; /* how many there may be; 0: not known */
    bool is_ending;
    bool wants_reload;  /* SIGHUP has come in this turn */
    bool wants_listing; /* SIGUSR1 */
};

/* What the parts have of the settings; the seed is not set. */
struct directory_settings daemon_directory_settings(const struct settings *s);
struct session_settings daemon_session_settings(const struct daemon *d);

/* Of the port for VMs: what was asked for, where it can be. */
enum tls_policy daemon_vm_policy(const struct daemon *d, uint64_t policy);

/* SIGHUP: reads configuration and certificate again, and logs what has come of
 * it. Where something is wrong nothing changes. */
void daemon_reload(struct daemon *d);

#endif
