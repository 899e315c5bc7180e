/*
 * service_private.h - what the files of a service share:
 *
 *   service.c          its life: from a VM's request to the end; its tries
 *   service_listen.c   a listener of the console's own
 *   service_connect.c  a connection to a remote system
 *   service_modem.c    a null modem to another VM's console
 *   service_rules.c    what is allowed and possible
 *   service_address.c  where a listener is
 *
 * service.c knows the three kinds as operations only, so that a kind can call
 * service.c, and not the other way round.
 */
#ifndef SESSION_SERVICE_SERVICE_PRIVATE_H
#define SESSION_SERVICE_SERVICE_PRIVATE_H

#include "base/backoff.h"
#include "log/log.h"
#include "session/client/client_session.h"
#include "session/service/null_modem.h"
#include "session/service/service.h"
#include "session/service/service_tls.h"

/* A kind of service. */
struct service_ops {
    /* Tries now; nothing of the service is open. If it fails it calls
     * service_try_later or service_look_again. */
    void (*open)(struct service *s);
    /* The VM is gone: a connection ends, after the VM's last output. */
    void (*pause)(struct service *s);
    /* Everything of the service ends, for this reason (which must last).
     * Accepts one of which nothing is open. */
    void (*close)(struct service *s, const char *reason);
    /* LISTENING, CONNECTED or CONNECTING; IDLE: nothing is open. */
    enum service_state (*state)(const struct service *s);
};

extern const struct service_ops service_listen_ops;
extern const struct service_ops service_connect_ops;
extern const struct service_ops service_modem_ops;

/* Whether the rules now want an open listener at another address. */
bool service_listen_has_moved(const struct service *s);

/* One of listener, dial, client and modem at a time; none: it waits. */
struct service {
    const struct service_ops *ops;
    struct session_context *ctx;
    struct console *console;
    char *text; /* of the URI; uri's slices are in it */
    struct uri uri;
    char direction;
    bool is_leaving; /* client gets the last output of its VM */
    bool is_brief;   /* the last connection did not last */
    bool is_slow;    /* its last lookup took long (net/dial/dial.h) */
    bool is_refused; /* the rules do not allow it: nothing is open */
    struct listener *listener;
    struct address at; /* of listener, without the zone */
    struct dial *dial;
    struct client *client;
    struct address reached; /* client: the remote system's */
    bool reaches_own;       /* it is of an interface of this host */
    struct null_modem *modem;
    struct service_tls *tls; /* of a remote system; NULL: none yet */
    struct client_role role; /* of client */
    struct backoff backoff;
    struct deadline tick;
    unsigned ticks_left;   /* before the next try */
    uint64_t tried_us;     /* when it was tried last; 0: never */
    uint64_t since_us;     /* when it was connected; 0: it is not */
    uint64_t told_us;      /* when trouble was logged; 0: none, or it is over */
    uint64_t told_open_us; /* when "connected" was logged */
    uint32_t told_hash;    /* of the reason that was logged last */
    unsigned untold;       /* failures since the last line in the log */
};

/* Whether the rules allow the service, and there is the certificate that its
 * listener needs: what a SIGHUP may change. False: why has the reason. */
bool service_is_permitted(const struct session_context *ctx,
                          const struct uri *uri, char direction,
                          struct err *why);

/* Whether the rules allow the address that the service has reached, or tries.
 */
bool service_reaches_allowed(const struct service *s, struct err *why);

/* The URI as shown to people. */
struct service_text service_text_of(const struct service *s);

/* The service is connected. Returns the level to log that at: LOG_DEBUG where
 * its connections do not last and that was logged a while ago. */
enum log_level service_is_open(struct service *s);

/* The trouble is over. */
void service_forget_trouble(struct service *s);

/* Logs why it has failed, and tries again after a growing pause. service.c says
 * how often it is logged. */
void service_try_later(struct service *s, const char *why);

/* For the log: the VM that has requested it; "" while none is connected. */
const char *service_peer(const struct service *s);

/* Tries again after a few seconds, without a line in the log. */
void service_look_again(struct service *s);

/* Tries now, or after a short pause if the last try was just now. */
void service_try_soon(struct service *s);

#endif
