/*
 * client_session.h - a person or program on a console's telnet port, or on that
 * of the menu, where it has several consoles in turn, or none.
 *
 * Joins a telnet link and a client of a console. What it may do is asked of the
 * rules, perhaps behind a login, before it is served; and again when they, or
 * what it has proven, change. Greets as a telnet server that offers an 8-bit
 * clean line. A client that never negotiates (nc, gdb) is served with the bare
 * bytes.
 *
 * The first byte tells which of the two a connection is: IAC is telnet, any
 * other byte is raw, unless the first bytes are HTTP, SSH or TLS, which is
 * refused. Output waits for that, or for the answer about BINARY, at
 * most CLIENT_NEGOTIATION_US. A raw connection that answers a question of the
 * greeting after all had typed ahead of it, and is telnet from there on: option
 * bytes are never typed.
 *
 * Connections that a service URI asks for (service/service.h) are client
 * sessions with other roles.
 *
 * The session owns itself (session.h): it ends with the connection.
 */
#ifndef SESSION_CLIENT_CLIENT_SESSION_H
#define SESSION_CLIENT_CLIENT_SESSION_H

#include "core/console.h"
#include "net/stream.h"
#include "session/session_context.h"
#include "session/wire.h"

enum {
    CLIENT_NEGOTIATION_US = 500 * 1000,
    /* A remote system may look up our name before it answers an offer of TLS.
     * Where TLS is required, the session waits up to CLIENT_ANSWER_WAITS times.
     */
    CLIENT_ANSWER_US = 3000 * 1000,
    CLIENT_ANSWER_WAITS = 3,
    /* How often a client with a protocol of its own (struct client_talk) is
     * waited for until it speaks telnet, each time for CLIENT_NEGOTIATION_US.
     */
    CLIENT_TELNET_WAITS = 20,
    /* How long AUTHENTICATION may take once it has begun. */
    CLIENT_EXCHANGE_US = 2000 * 1000,
    /* How long a draining client may take for its remaining output. */
    CLIENT_DRAIN_US = 2000 * 1000,
    /* How long raw bytes that may be half of a telnet client's answer, or of
     * another protocol's beginning, are kept from the VM. */
    CLIENT_DOUBT_US = 500 * 1000,
};

/* The deadlines of all client sessions of a context. */
struct client_sessions {
    struct deadline_queue first_bytes; /* until the greeting: a TLS hello? */
    struct deadline_queue calls;       /* until a remote system answers an offer
                                        * of TLS */
    struct deadline_queue exchanges;   /* until AUTHENTICATION is done */
    struct deadline_queue negotiations; /* until the client has answered */
    struct deadline_queue logins;       /* until a person has logged in */
    struct deadline_queue half_closes;  /* since the last output */
    struct deadline_queue drains;       /* until a draining client is closed */
    struct deadline_queue doubts;       /* until doubtful raw bytes are data */
    struct deadline_queue pasts;        /* until older output is given up */
    struct deadline_queue nops;         /* since something was sent */
    struct deadline_queue idles;        /* since something was typed, until the
                                         * client is warned */
    struct deadline_queue last_times;   /* since the client was warned */
    struct deadline_queue locks;        /* a second, while locks can end */
    struct deadline lock_tick;
    struct client_menus *menus; /* menu/client_menu_private.h */
};

/* The lengths of the last three queues follow the context's settings. */
void client_idle_set(struct session_context *ctx);

/* Once for a context, before the first session, and after the last one. */
void client_session_open_all(struct session_context *ctx);
void client_session_close_all(struct session_context *ctx);

enum client_way {
    CLIENT_TELNET, /* the client came to a port or a listener: telnet, or bare
                    * bytes */
    CLIENT_RAW,    /* bare bytes both ways, and no words of ours */
    CLIENT_REMOTE, /* telnet to a server that vspcd has called, and that shows
                    * its certificate */
};

/*
 * A protocol that a client speaks around its telnet (session/admin/): what it
 * is told first, what it is told when it is refused, and the messages of one
 * telnet option. All get the role's owner. NULL: as for any client. Ints are 0,
 * or a failure of buf_append.
 */
struct client_talk {
    /* Queues what is said first, in place of the greeting. */
    int (*begin)(void *owner, const struct client *client, struct wire *w);
    /* The client, which would have been attached at once, is refused: queues
     * what it is told. why: in words for a person. */
    int (*refused)(void *owner, enum client_outcome outcome, const char *why,
                   struct wire *w);
    /* It has been attached: queues what comes before the output. */
    int (*attached)(void *owner, struct wire *w);
    /* The option went on or off; a message of it came; what was queued has gone
     * out, or some of it. */
    int (*on_option)(void *owner, bool is_on);
    int (*on_message)(void *owner, struct slice body);
    void (*on_written)(void *owner);
    uint8_t option;
};

/* What a session is by how it came. Must last as long as the session. */
struct client_role {
    enum client_way way;
    enum client_door door;
    enum lock_mode asked; /* for the keyboard */
    /* talk: the client has said all that has to be known of it. It is attached
     * at once, and greeted when it has said its first byte of telnet. */
    bool is_known;
    /* talk: it comes without a console, and chooses one by its messages. */
    bool is_choosing;
    /* vspcd made the connection: its owner logs it, it adds no fact of a
     * client, and it ends when its peer sends no more. */
    bool is_outgoing;
    /* RAW: must be TLS_OFF. REMOTE, and over a stream that is TLS already:
     * whether AUTHENTICATION is possible. */
    enum tls_policy policy;
    uint32_t answers_max;           /* bytes that may wait; 0: LIMIT_ANSWERS */
    const struct client_talk *talk; /* mostly NULL */
    struct tls_context *tls;        /* REMOTE: the context for AUTHENTICATION */
    const char *host; /* REMOTE: the name that its certificate must have */
    /* For an owner that wants to know, else NULL. on_open: the peer is served,
     * with these terms of TLS ("none"). on_end: the session has ended, whether
     * on_open was called or not. */
    void (*on_open)(void *owner, const char *tls);
    void (*on_end)(void *owner, const char *reason);
    void *owner;
    /* is_outgoing: the position in the console's output at
     * which the session begins, if that is still kept. */
    uint64_t output_at;
};

/* The role of a client of a console's port with this policy. */
const struct client_role *client_port_role(enum tls_policy policy);

/* The role of a client of the menu, with this policy. */
const struct client_role *client_menu_role(enum tls_policy policy);

/* The role of a client of a listener that a service URI has asked for: by
 * telnet with this policy; with bare bytes. */
const struct client_role *client_listener_role(enum tls_policy policy);
const struct client_role *client_raw_role(void);

/* Takes the stream over, for a client of this console; NULL: for one of the
 * menu, or one that chooses, which comes to consoles later. It is attached when
 * it is served; if the console is gone by then, the session has ended. A
 * session that cannot go on, or whose console refuses it (the client is told),
 * ends at the end of the turn and not before; so the result is never NULL. */
struct client *client_session_start(struct session_context *ctx,
                                    struct stream *stream,
                                    struct console *console,
                                    const struct client_role *role);

/* The client gets its remaining output, for a bounded time, and the session
 * ends. The reason must last. */
void client_session_shut_down(struct client *client, const char *reason);

/* The session ends without delivering anything more. Its role is not used any
 * more, so the role's owner may go. The reason must last. */
void client_session_end(struct client *client, const char *reason);

/*
 * client_session_detach: the connection stays and leaves its console. Without a
 * console it is shown nothing, and is not read unless it is at the menu.
 * client_session_attach: the connection leaves the console that it has, and
 * goes to this one, whose output it sees from now on. If the console refuses
 * it, it has none, and why gets the reason. A client that is not served yet is
 * attached when it is. Not for a client whose session is ending.
 * client_session_leave: it is detached for this reason, which is logged.
 */
void client_session_detach(struct client *client);
void client_session_leave(struct client *client, const char *reason);
enum client_outcome client_session_attach(struct client *client,
                                          struct console *console,
                                          struct err *why);

/* Queues a message of this telnet option, and writes what the client takes. -1:
 * there is no room, or no memory, and the session ends. owed: how much was
 * queued, and not taken yet. */
int client_session_send_message(struct client *client, uint8_t option,
                                struct slice body);
size_t client_session_owed(const struct client *client);

#endif
