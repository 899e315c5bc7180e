/*
 * daemon_proxies.h - the TCP ports for VMs: --proxy-iface with --proxy-port,
 * and each --proxy-listen.
 *
 * Owns the listeners; accepted connections become VM sessions.
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
    struct address address; /* with the port that was really opened */
    enum tls_policy policy;
};

struct daemon_proxies {
    struct daemon_proxy item[1 + SETTINGS_PORTS_MAX]; /* --proxy-port first */
    int count; /* open ones; 0 after daemon_proxies_close */
};

/* All or nothing; p must not move. From here on VMs may connect. 0, or negative
 * with err filled. */
int daemon_proxies_open(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls, struct loop *loop,
                        struct session_context *sessions, struct err *err);

/* No new VMs; connected ones stay. May be called twice. */
void daemon_proxies_close(struct daemon_proxies *p);

/* Uses changed settings or certificates for later connections. */
void daemon_proxies_use(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls);

/* Logs all ports but the first, which the caller's line "ready" names. */
void daemon_proxies_log_others(const struct daemon_proxies *p);

/* Warns of a port that other machines reach, if every address may connect as a
 * VM, and no setting says so. */
void daemon_proxies_check_allowed(const struct daemon_proxies *p,
                                  const struct settings *settings);

#endif
