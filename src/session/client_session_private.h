/*
 * client_session_private.h - what the files of a client session share:
 * client_session.c has its stream and its life, client_role.c what it says
 * first, client_past.c what it shows that is older than the ring, client_line.c
 * the serial line.
 */
#ifndef SESSION_CLIENT_SESSION_PRIVATE_H
#define SESSION_CLIENT_SESSION_PRIVATE_H

#include "session/client_past.h"
#include "session/client_session.h"
#include "session/comport_peer.h"
#include "session/secure.h"
#include "session/session_context.h"
#include "session/wire.h"

/* A raw connection that answers like a telnet client after all, because it
 * had typed ahead of our greeting, does so within its first bytes. */
enum { CLIENT_RAW_TRIAL = 64 * KIB };

enum client_mode {
    MODE_UNDECIDED, /* nothing was received yet */
    MODE_TELNET,
    MODE_RAW,
};

struct client_session {
    struct session session;
    struct session_context *ctx;
    const struct client_role *role;
    struct wire wire;
    struct client client;
    struct deadline deadline; /* of negotiating, later of draining */
    uint64_t raw_seen;        /* raw: bytes received */
    struct client_past past;
    struct comport_peer comport;
    struct secure secure;
    uint8_t mode;       /* enum client_mode */
    bool is_serving;    /* output goes out */
    bool may_look_back; /* it has had no output yet, and may be a person */
    bool is_draining;   /* input has ended; it ends at end_at */
    bool says_reason;   /* why it ends is still to be said to it */
    bool ends_gently;   /* session.is_ending: what is queued still goes out */
    bool is_logged;     /* as connected */
    bool is_open;       /* role->on_open was called */
    bool is_told;       /* FACT_CLIENT_ATTACHED was */
    bool was_asked;     /* AYT in this read */
    uint8_t waits;      /* for the answer to an offer */
    const char *end_reason;
};

/* Of a client in the clear, from when it is served on. */
extern const struct telpeer_policy client_policy;

const struct telpeer_policy *client_role_policy(const struct client_role *role);

/* Of a connection that we made, and whose owner has lost interest in it. */
const struct client_role *client_role_without_owner(enum client_way way);

/* It is shown what was there before: it has not said that it wants a line. */
bool client_session_is_person(const struct client_session *s);

/* Writes as much as it takes, if it may take anything. */
void client_session_flush(struct client_session *s);

/* What it begins with. 0 or the failures of buf_append. */
int client_role_greet(struct client_session *s);

/*
 * COM-PORT-OPTION went on or off; a message of it; IAC BRK. 0, or the failures
 * of buf_append.
 */
int client_line_handle_option(struct client_session *s, bool is_on);
int client_line_handle_message(struct client_session *s, struct slice body);
void client_line_handle_break(struct client_session *s);

/* The client goes: a break of its own ends. */
void client_line_end(struct client_session *s);

/* What it sees of the lines may have changed. Who takes no answers is not told
 * then; so, when it takes something again: what has come of it all. */
void client_line_tell(struct client_session *s);
void client_line_catch_up(struct client_session *s);

/* A break of the VM begins or ends, where the client is in the output. */
void client_line_say_break(struct client_session *s, bool is_on);

#endif
