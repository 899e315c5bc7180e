/*
 * daemon_proxies.h - the TCP ports that VMs connect to: --proxy-iface with
 * --proxy-port, and each --proxy-listen.
 *
 * Owns the listeners; the connections they accept become VM sessions.
 */
#ifndef DAEMON_PARTS_DAEMON_PROXIES_H
#define DAEMON_PARTS_DAEMON_PROXIES_H

#include "base/err.h"
#include "conf/options.h"
#include "daemon/parts/daemon_tls.h"
#include "net/listener.h"
#include "session/session_context.h"

struct daemon_proxy {
    struct session_context *sessions; /* borrowed: gets the connections */
    struct listener *listener;
    struct address address; /* with the port that it really has */
    enum tls_policy policy;
};

struct daemon_proxies {
    struct daemon_proxy item[1 + SETTINGS_PROXIES_MAX]; /* --proxy-port first */
    int count; /* that are open; 0 after daemon_proxies_close */
};

/* All or nothing; p stays where it is. From here on VMs may connect. 0, or
 * negative with err filled. */
int daemon_proxies_open(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls, struct loop *loop,
                        struct session_context *sessions, struct err *err);

/* No new VMs; those that are connected stay. May be called twice. */
void daemon_proxies_close(struct daemon_proxies *p);

/* Other settings, or other certificates: for connections to come. */
void daemon_proxies_use(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls);

/* "ready", which names the first port, is the caller's to log. */
void daemon_proxies_log_others(const struct daemon_proxies *p);

#endif
