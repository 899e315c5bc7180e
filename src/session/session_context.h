/*
 * session_context.h - what all sessions of a loop share.
 *
 * Made once by sessions_open (session/kinds/sessions.h), outlives every
 * session. Owns the list of sessions, scratch memory and the gate. What only
 * one kind of session needs is behind a pointer that this kind opens.
 */
#ifndef SESSION_SESSION_CONTEXT_H
#define SESSION_SESSION_CONTEXT_H

#include "access/access_rules.h"
#include "auth/groups_watch.h"
#include "auth/ssh_key.h"
#include "auth/tokens.h"
#include "auth/web/web_sessions.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "core/directory.h"
#include "core/told/past.h"
#include "net/loop.h"
#include "net/tls/stream_tls.h"
#include "net/tls/tls_digest.h"
#include "proto/telnet_encode.h"
#include "proto/uri/uri_rule.h"
#include "session/gate.h"
#include "session/session.h"

/* What a port for VMs or clients does about TLS. */
enum tls_policy {
    TLS_OFF,
    TLS_TELNETS,  /* a TLS hello is understood, AUTHENTICATION refused */
    TLS_OFFERED,  /* a TLS hello, AUTHENTICATION, or clear telnet */
    TLS_REQUIRED, /* a TLS hello or AUTHENTICATION */
};
enum { TLS_POLICY_COUNT = TLS_REQUIRED + 1 };

/* "off", "telnets", "offered", "required". */
const char *tls_policy_name(enum tls_policy policy);

/* What happens when a VM connects from another address while its console has an
 * open connection: session/vm/vm_takeover.c. */
enum vm_takeover {
    VM_TAKEOVER_PROBE,  /* the open connection keeps the console if it lives */
    VM_TAKEOVER_ALLOW,  /* the newest connection gets the console */
    VM_TAKEOVER_REFUSE, /* the open connection keeps the console */
};

/* Which VMs need a key in their service URI: session/vm/vm_key.h. */
enum vm_keys {
    VM_KEYS_OFF,
    VM_KEYS_OPTIONAL, /* those that have come with one */
    VM_KEYS_REQUIRED, /* all */
};

struct session_settings {
    uint64_t identity_timeout_us; /* from accept to a VM's identity */
    enum vm_takeover vm_takeover;
    enum vm_keys vm_keys;
    uint8_t vm_site_key[TLS_DIGEST_LEN]; /* unless vm_keys is off */
    bool refuses_unknown;                /* VMs whose console is not known */
    uint16_t proxy_port; /* a service URI that names it is only a label */
    enum tls_policy client_policy; /* of the consoles' ports */
    bool sends_interrupt;          /* IAC IP of a client is 0x03 for the VM */
    char menu_escape;       /* key of a client that came by the menu; 0: none */
    bool asks_logins;       /* people who could do more by a login */
    bool enter_is_cr;       /* LF of a client's lines is CR for the VM */
    uint64_t half_close_us; /* a half-closed client is closed after this
                             * long without output */
    uint64_t client_nop_us; /* a telnet client to which nothing was sent
                             * for so long gets a NOP; 0: none */
    uint64_t client_idle_us;     /* a client that types nothing for so long is
                                  * closed; 0: none is */
    struct history_wish history; /* earlier output shown to a new client */
    /* Rules for what service URIs may ask for; borrowed. */
    const struct uri_rule *listen_rules, *connect_rules;
    size_t listen_rule_count, connect_rule_count;
    struct address interface; /* of the consoles' ports; its port is 0 */
    const char *tls_minimum;  /* for remote systems; see tls_context.h */
    struct gate_settings gate;
    /* Whose PROXY headers are believed; borrowed. Empty: nobody's. */
    struct network_list balancers;
};

/*
 * The source of a console's output from before the program's start; ask NULL:
 * there is no source. ask requests as much of it as is wished for, or a little
 * more. False: there is none. True: the answer comes later, unless the request
 * is cancelled.
 */
struct past_source {
    bool (*ask)(void *owner, struct console *console,
                const struct history_wish *wish, struct past_ask *ask);
    void *owner;
    /*
     * Asks for the output behind a place, of an earlier run of the program or
     * of this one, as the console's log has it; NULL: there is no source. An
     * answer has PAST_STEP bytes at most. Whoever wants the rest asks again
     * with past->next, until the ring has that: its epoch is the console's, and
     * its position not before the ring's tail. It has then seen each byte once,
     * and in order.
     *
     * The answer NULL: the place is not known, or the log cannot be read; how
     * much is missing is not known either. An answer whose next is the place
     * that was asked for, and without bytes: the log has no more, and what the
     * ring has lost is missing. False: there is no log, or too many are being
     * read (PAST_READERS_MAX): as NULL.
     */
    bool (*ask_from)(void *owner, struct console *console,
                     const struct past_place *place, struct past_ask *ask);
};

struct session_context {
    struct session_settings settings;
    struct past_source past;    /* set by the owner */
    struct census_walks *walks; /* over the directory; borrowed, set by the
                                 * owner */
    struct directory *directory;
    struct gate gate;
    const struct access_rules *access; /* set by the owner; borrowed. NULL:
                                        * nobody may do anything */
    struct authenticate *authenticate; /* set by the owner, as access. NULL:
                                        * nobody is asked for a login */
    struct tokens *tokens; /* that hold; set by the owner; borrowed. NULL:
                            * none */
    struct web_sessions *web_sessions; /* that hold; the same. NULL: none */
    const struct ssh_keys_deleted *ssh_keys_deleted; /* NULL: none */
    /* Whether the proxy whose word this principal is is trusted; set by web/.
     * NULL: each is. */
    bool (*trusts_proxy)(void *owner, const struct principal *who);
    void *trusts_owner;
    struct groups_watch *groups; /* set by the owner; borrowed. NULL: groups
                                  * that are known stay */
    struct loop *loop;           /* NULL in a test */
    struct session_list all;
    struct tls_hub tls;
    /* Borrowed; a reload replaces them. NULL where the policy is TLS_OFF. Code
     * that decides a policy by one shares it for as long as the decision holds.
     */
    struct tls_context *vm_tls;
    struct tls_context *client_tls;
    struct vm_sessions *vms;            /* vm/vm_session.h */
    struct client_sessions *clients;    /* client/client_session.h */
    struct services *services;          /* service/service.h */
    struct arrivals *arrivals;          /* arrival.h */
    struct typings *typings;            /* typing.h */
    struct websocket_links *websockets; /* web/socket/websocket_link.h */
    struct console_sockets *sockets;    /* web/socket/console_socket.h */
    struct admins *admins;              /* admin/admin_session.h */
    /* Scratch for the length of one handler. */
    uint8_t *read_buffer; /* LIMIT_READ bytes */
    uint8_t *copy_buffer; /* LIMIT_READ bytes */
    struct telnet_batch batch;
};

void session_context_init(struct session_context *ctx, struct loop *loop,
                          struct directory *directory,
                          const struct session_settings *settings);
/* No session may be left. */
void session_context_done(struct session_context *ctx);

/*
 * What the rules say now of this principal and this console; NULL: the server
 * itself, which only a section for "*" is for. A token that was revoked or has
 * expired gives nothing, nor does the word of a proxy that is not trusted any
 * more, nor a session of a page that has ended (session_context_trusts). Every
 * door asks here.
 */
struct access_verdict session_context_judge(const struct session_context *ctx,
                                            const struct principal *who,
                                            const struct console *console);
/* The same of a console that is not there any more, as it was. */
struct access_verdict session_context_judge_view(
    const struct session_context *ctx, const struct principal *who,
    const struct access_console *view);
bool session_context_trusts(const struct session_context *ctx,
                            const struct principal *who);

/* Opens a queue of deadlines for the sessions of a kind, and has the loop watch
 * it. on_due gets the context as its owner. */
void session_context_open_queue(struct session_context *ctx,
                                struct deadline_queue *queue,
                                uint64_t length_us, deadline_due_fn *on_due);

#endif
