/*
 * daemon_private.h - what the files of daemon/ share.
 */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include "core/directory.h"
#include "core/ports.h"
#include "daemon/daemon.h"
#include "daemon/tls.h"
#include "net/listener.h"
#include "session/session_context.h"

/* A port where VMs connect; the first one is --proxy-port's. */
struct proxy {
    struct daemon *daemon;
    struct listener *listener;
    struct address address;
    enum tls_policy policy;
};

/* --service-listen and --service-connect. */
struct service_rules {
    struct uri_rule listen[SETTINGS_RULES_MAX];
    struct uri_rule connect[SETTINGS_RULES_MAX];
};

struct daemon {
    const struct settings *settings; /* borrowed */
    struct loop *loop;
    struct directory directory;
    struct ports ports;
    struct session_context sessions;
    struct proxy proxies[1 + SETTINGS_PROXIES_MAX];
    int proxy_count;
    struct daemon_tls tls;
    struct service_rules rules;
    struct address interface; /* of the consoles' ports; port not set */
    struct loop_watch watches[6];
    struct deadline_queue shutdowns;
    struct deadline shutdown;
    bool is_ending;
};

#endif
