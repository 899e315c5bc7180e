/*
 * client_session_private.h - what the files of a client session share:
 *
 *   client_session.c  its life: phases, from the first byte to the end
 *   client_input.c    from the client to the VM; telnet, or raw?
 *   client_output.c   from the console to the client
 *   client_role.c     what it is by how it came, and what it says first
 *   client_past.c     what it is shown that is older than the ring
 *   client_line.c     the serial line
 */
#ifndef SESSION_CLIENT_CLIENT_SESSION_PRIVATE_H
#define SESSION_CLIENT_CLIENT_SESSION_PRIVATE_H

#include "core/told/past.h"
#include "session/client/client_end.h"
#include "session/client/client_session.h"
#include "session/comport_peer.h"
#include "session/session_context.h"
#include "session/telnet_link.h"

/*
 * What a client sees first that its console's ring does not have: output from
 * before the program's start, out of the console's log. The cursor stays where
 * it was put when the log was asked, so that the client gets all that comes
 * meanwhile, behind it. It waits for CLIENT_PAST_US at most: a disk that hangs
 * keeps nobody from a console. And not for so long that the VM would have to
 * wait for it: what the VM prints is worth more then than what it has printed
 * once.
 */
struct client_past {
    struct past_ask ask;
    struct deadline due; /* runs while it waits for the answer */
    uint64_t end;        /* position in the output where it looked back */
};

enum {
    /* Whoever waits for the past waits for so long at most. */
    CLIENT_PAST_US = 1000 * 1000,
    /* A raw connection that answers like a telnet client after all, because it
     * had typed ahead of our greeting, does so within its first bytes. In so
     * many of them one answer is enough; in so many, two, one behind the other:
     * in other data such six bytes are as good as impossible. */
    CLIENT_ANSWER_TRIAL = 1 * KIB,
    CLIENT_RAW_TRIAL = 64 * KIB,
    /* What is read of a client while its console takes no input: enough for
     * questions and for its end, little to keep. */
    CLIENT_PEEK = 1 * KIB,
};

/*
 * Where it is in its life; each phase but SERVING and HANDSHAKING has a
 * deadline, in a queue of its own.
 *
 *     FIRST_BYTE --hello--> HANDSHAKING ---+
 *        |          ^                      |
 *        | clear    | hello                | hands are shaken
 *        v          |                      v
 *     NEGOTIATING --+-> AUTHENTICATING --> NEGOTIATING ---> SERVING
 *        ^   it agrees                        an answer,      |  |
 *        |                                    a raw byte,     |  | FIN
 *     CALLING (we made the connection,        or time         |  v
 *              and TLS is on offer)                  shut down| HALF_CLOSED
 *                                                             v  v
 *                                                           DRAINING
 *
 * A stream that is TLS from the start begins as HANDSHAKING, and a raw one as
 * SERVING. ENDING comes after each of them, and nothing comes after it.
 */
enum client_phase {
    CLIENT_FIRST_BYTE,
    CLIENT_CALLING,
    CLIENT_AUTHENTICATING,
    CLIENT_HANDSHAKING,
    CLIENT_NEGOTIATING,
    CLIENT_SERVING,     /* output goes out, from here on */
    CLIENT_HALF_CLOSED, /* it sends no more, and is shown what comes until it is
                         * quiet for a while */
    CLIENT_DRAINING,    /* it is shown what is its due, and ends */
    CLIENT_ENDING,      /* it does nothing any more */
    CLIENT_PHASE_COUNT,
};
const char *client_phase_name(enum client_phase phase);

enum client_mode {
    CLIENT_MODE_UNDECIDED, /* nothing was received yet */
    CLIENT_MODE_TELNET,
    CLIENT_MODE_RAW,
};
enum { CLIENT_MODE_COUNT = CLIENT_MODE_RAW + 1 };

/* "undecided", "telnet", "raw". */
const char *client_mode_name(enum client_mode mode);

struct client_session {
    struct session session;
    struct telnet_link telnet;
    struct client client;
    const struct client_role *role;
    struct deadline deadline; /* of the phase */
    struct deadline doubt;    /* kept may be half of an answer until then */
    struct buf kept;          /* input that comes before what is read next */
    struct client_past past;
    struct comport_peer comport;
    const char *end_detail; /* DRAINING, ENDING: why; lasts */
    uint32_t raw_seen;     /* raw: bytes received, up to the end of the trial */
    uint8_t phase;         /* enum client_phase: client_session_enter */
    uint8_t mode;          /* enum client_mode */
    uint8_t waits;         /* CALLING: for the answer to an offer */
    bool may_look_back;    /* it has had no output yet, and may be a person */
    bool may_type;         /* the console took input when this read began */
    bool is_raw_behind_cr; /* raw: the last byte that was given was CR */
    bool has_typed_over; /* what it typed is above the mark: no more for now */
    bool is_refused;     /* kept is what the console does not take */
    bool says_reason;    /* why it ends is still to be said to it */
    bool ends_gently;    /* ENDING: what is queued still goes out */
    bool is_logged;      /* as connected */
    bool is_open;        /* role->on_open was called */
    bool is_told;        /* FACT_CLIENT_ATTACHED was */
    bool was_asked;      /* AYT in this read */
};

/* ---- client_session.c */

void client_session_enter(struct client_session *s, enum client_phase phase);

/* Ends the session at the end of the turn; may be called twice, the first
 * reason counts. Gently: what is queued still goes out. */
void client_session_end_for(struct client_session *s, enum client_end end);
void client_session_end_gently(struct client_session *s, const char *reason);

/* It sends no more, or has to go: what it has to get still goes out. */
void client_session_drain(struct client_session *s, const char *reason);

/* Output goes out from now on, unless TLS may yet come before it. */
void client_session_serve(struct client_session *s);

/* It has said all that it had to say at once: what it is may be known now. */
void client_session_decide(struct client_session *s);

/* In the clear, where that is not allowed. */
void client_session_refuse_clear(struct client_session *s);

/* It is shown what was there before: it has not said that it wants a line. */
bool client_session_is_person(const struct client_session *s);

/* It has answered about BINARY, as people's programs do. */
bool client_session_has_answered(const struct client_session *s);

static inline bool client_session_is_ending(const struct client_session *s)
{
    return s->phase == CLIENT_ENDING;
}

static inline bool client_session_is_shown(const struct client_session *s)
{
    return s->phase >= CLIENT_SERVING && s->phase < CLIENT_ENDING;
}

/* ---- client_input.c */

/* Bytes of the client, TLS undone. */
void client_input_take(struct client_session *s, struct slice in);

/* What was kept because the console took no input goes on, if it takes some
 * now; and in any case, because the client is about to end. */
void client_input_go_on(struct client_session *s);
void client_input_let_go(struct client_session *s);

/* What was kept because it might be half of an answer is none. */
void client_input_doubt_due(struct deadline *d, void *owner);

/* Events of the telnet link. */
bool client_input_take_data(struct telnet_link *l, struct slice *in);
int client_input_on_event(struct telnet_link *l, enum telpeer_event event,
                          const struct telpeer_item *item);

/* ---- client_output.c */

/* A line of text for the person at the other end. Left out when much is queued
 * already: who does not read needs no more of them. */
__attribute__((format(printf, 2, 3))) void client_output_say(
    struct client_session *s, const char *format, ...);

/* Writes as much as the client takes, unless the stream is known to take
 * nothing now. */
void client_output_flush(struct client_session *s);

/* A person who comes is shown what was there. False: nothing has changed. */
bool client_output_look_back(struct client_session *s);

/* ---- client_past.c */

void client_past_init(struct client_past *past);

/* Asks, if there may be anything to add. end: where it has looked back from. */
void client_past_begin(struct client_session *s, uint64_t end);

/* Nothing else may go out yet. Stops waiting when it is time to. */
bool client_past_is_awaited(struct client_session *s);

/* It waits no more. */
void client_past_give_up(struct client_past *past);

/* Of the context's queue. */
void client_past_due(struct deadline *d, void *owner);

/* ---- client_role.c */

/* Which options of telnet it has. */
const struct telnet_link_policies *client_role_policies(
    const struct client_role *role);

/* Of a connection that we made, and whose owner has lost interest in it. */
const struct client_role *client_role_without_owner(enum client_way way);

/* What it begins with. 0 or the failures of buf_append. */
int client_role_greet(struct telnet_link *l);

/* ---- client_line.c */

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

static inline struct client_session *client_session_of(struct client *client)
{
    return CONTAINER_OF(client, struct client_session, client);
}

static inline struct client_session *client_session_of_telnet(
    struct telnet_link *l)
{
    return CONTAINER_OF(l, struct client_session, telnet);
}

#endif
