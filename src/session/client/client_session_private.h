/*
 * client_session_private.h - what the files of a client session share:
 *
 *   client_session.c  its life: phases, from the first byte to the end
 *   client_events.c   what its connection and its console tell it
 *   client_serving.c  the way to being served
 *   client_access.c   who it is, and what it may do
 *   client_login.c    a login, for a person who could do more
 *   client_first.c    what it is by its first bytes
 *   client_idle.c     what is done about its being quiet
 *   client_input.c    from the client to the VM; telnet, or raw?
 *   client_output.c   from the console to the client
 *   client_role.c     what it is by how it came, and what it says first
 *   client_past.c     what it is shown that is older than the ring
 *   client_line.c     the serial line
 *   client_window.c   the size of its window
 *   client_menu.c     one that came to the menu: the list, and its consoles
 */
#ifndef SESSION_CLIENT_CLIENT_SESSION_PRIVATE_H
#define SESSION_CLIENT_CLIENT_SESSION_PRIVATE_H

#include "core/told/past.h"
#include "log/log_format.h"
#include "session/client/client_end.h"
#include "session/client/client_session.h"
#include "session/comport_peer.h"
#include "session/session_context.h"
#include "session/telnet_link.h"

/*
 * Output from before the program's start, out of the console's log: what a new
 * client is shown in front of the ring's output (client_past.c).
 */
struct client_past {
    struct past_ask ask;
    struct deadline due; /* runs while it waits for the answer */
    uint64_t end;        /* position in the output from which it looked back */
};

enum {
    /* How long a client waits for the past at most. */
    CLIENT_PAST_US = 1000 * 1000,
    /* A raw connection that answers the greeting after all, because it had
     * typed ahead of it, does so within its first bytes. Within the first 1 KiB
     * one answer makes it telnet; within 64 KiB two answers, one behind the
     * other: in other data such six bytes are as good as impossible. */
    CLIENT_ANSWER_TRIAL = 1 * KIB,
    CLIENT_RAW_TRIAL = 64 * KIB,
    /* How much is read of a client while its console takes no input: enough to
     * see questions and the end, little to keep. */
    CLIENT_PEEK = LIMIT_OF(1 * KIB),
    /* How often a client that has no right without a login is waited for until
     * it answers about BINARY, each time for CLIENT_NEGOTIATION_US. */
    CLIENT_LOGIN_WAITS = 10,
};

/*
 * Where a session is in its life. Each phase but HANDSHAKING (net/tls has its
 * deadline), SERVING and ENDING has a deadline, in a queue of its own. The
 * order counts: see client_session.c.
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
 * SERVING. Where a login may give a person more, LOGIN stands between
 * NEGOTIATING and SERVING. Every phase can be followed by ENDING, and ENDING by
 * none.
 *
 * A connection that has come to us is attached to its console from SERVING on,
 * and not before (client_serving_take_place): a stranger who only connects is
 * nothing to the VM and takes nothing from others. One that vspcd has made is
 * attached from its start.
 */
enum client_phase {
    CLIENT_FIRST_BYTE,
    CLIENT_CALLING,
    CLIENT_AUTHENTICATING,
    CLIENT_HANDSHAKING,
    CLIENT_NEGOTIATING,
    CLIENT_LOGIN,       /* a person is asked for a name and a password */
    CLIENT_SERVING,     /* output goes out from this phase on */
    CLIENT_HALF_CLOSED, /* the peer sends no more; it gets output until that is
                         * quiet for a while */
    CLIENT_DRAINING,    /* the peer gets its remaining output, then the end */
    CLIENT_ENDING,      /* the session does nothing any more */
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

/* Whether a login could give the client more: client_login.c. */
enum client_hope {
    CLIENT_HOPE_UNKNOWN, /* the rules are asked when somebody wants to know */
    CLIENT_HOPE_NONE,    /* the rules' answer, in this read */
    CLIENT_HOPE_SOME,
    CLIENT_HOPE_OVER, /* it is not asked any more */
};

struct client_menu; /* menu/client_menu_private.h */

/* A client's stay at its console: what its counters were when it began. */
struct client_stay {
    uint64_t since_us; /* not attached yet: when it came */
    uint64_t input_bytes;
    uint64_t output_bytes;
};

struct client_session {
    struct session session;
    struct telnet_link telnet;
    struct client client;
    struct client_stay stay;
    struct principal who; /* as far as it is proven; client.who points here */
    struct groups_watched watched; /* the groups of who, while it is served */
    const struct client_role *role;
    struct console_ref target; /* the console that it is for, attached or not */
    struct site_member place;  /* gate_take_place */
    struct gate_newcomer newcomer; /* until it is attached */
    uint64_t came_at; /* position in the target's output when it came there */
    struct deadline deadline; /* of the phase */
    struct deadline doubt;    /* kept may be half of an answer, or of another
                               * protocol's beginning, until then */
    struct deadline nop;      /* since something was sent to it */
    struct deadline idle;     /* since it has typed */
    struct buf kept; /* input that waits in front of what is read next */
    struct client_past past;
    struct comport_peer comport;
    struct client_menu *menu; /* NULL: it came to one console */
    struct login *login;      /* LOGIN; NULL in every other phase but ENDING */
    const char *end_detail;   /* DRAINING, ENDING: the reason, which lasts */
    char *end_text;           /* a reason that somebody gave; mostly NULL */
    uint32_t raw_seen;  /* raw: bytes received, up to the end of the trial */
    uint8_t phase;      /* enum client_phase: client_session_enter */
    uint8_t mode;       /* enum client_mode */
    uint8_t waits;      /* CALLING, NEGOTIATING: how often an answer was waited
                         * for */
    bool may_look_back; /* no output was shown yet, and a person may be there */
    bool may_type;      /* the console took input when this read began */
    bool is_raw_behind_cr; /* raw: the last byte that was given was CR */
    bool has_typed_over;   /* it has put input above the console's mark, and is
                            * not read until the console takes input again */
    bool is_refused;       /* kept is input that the console does not take */
    bool says_reason;      /* the client is to be told the reason at END */
    bool ends_gently;      /* ENDING: what is queued still goes out */
    bool is_silent_end;    /* ENDING: it was no client yet, and just left */
    bool has_finished;     /* the peer sends no more, and was not served yet */
    bool is_logged;        /* "client connected" was logged */
    bool is_open;          /* role->on_open was called */
    bool is_told;          /* FACT_CLIENT_ATTACHED was added */
    bool was_asked;        /* an AYT was answered in this read */
    bool was_break_told;   /* a break of this read was logged */
    bool is_active;        /* this read shows that somebody is there */
    bool was_asked_window; /* DO NAWS was sent */
    bool was_warned;       /* idle runs for the last time */
    uint8_t hope;          /* enum client_hope */
    bool is_behind_login;  /* what comes next may be the rest of the Enter that
                            * has ended the login */
    bool is_nameless;      /* its certificate has no name for the rules */
    bool was_told_denied;  /* that it may not do what it has tried to do */
    uint64_t holder_told;  /* number of the client of which it was told that it
                            * has the keyboard */
    uint64_t lock_told_us; /* since_us of the console's lock that it was told
                            * of */
};

/* ---- client_session.c */

/* Sets the phase, and starts its deadline. The session must not have ended. */
void client_session_enter(struct client_session *s, enum client_phase phase);

/* The session ends at the end of the turn. May be called twice; the first
 * reason counts. Gently: what is queued still goes out. */
void client_session_end_for(struct client_session *s, enum client_end end);
void client_session_end_gently(struct client_session *s, const char *reason);

/* The client gets its remaining output, and then the session ends. */
void client_session_drain(struct client_session *s, const char *reason);

/* Ends a connection in the clear that needs TLS, and tells the client. */
void client_session_refuse_clear(struct client_session *s);

/* Whether the client is taken for a person: it has not agreed to RFC 2217. */
bool client_session_is_person(const struct client_session *s);

/* Whether it has answered about BINARY, as people's programs do. */
bool client_session_has_answered(const struct client_session *s);

/* Whether it may have no console: it chooses one, and another one later. */
static inline bool client_session_is_choosing(const struct client_session *s)
{
    return s->menu != NULL || s->role->is_choosing;
}

static inline bool client_session_is_ending(const struct client_session *s)
{
    return s->phase == CLIENT_ENDING;
}

/* Whether it is attached to its console. */
static inline bool client_session_is_attached(const struct client_session *s)
{
    return s->client.console != NULL;
}

/* Whether output goes out. */
static inline bool client_session_is_shown(const struct client_session *s)
{
    return s->phase >= CLIENT_SERVING && s->phase < CLIENT_ENDING;
}

/* The connection has broken: the words for it are the stream's, where it has
 * some. */
void client_session_on_broken(struct telnet_link *l, int error);

/* ---- client_events.c */

extern const struct telnet_link_ops client_events_of_link;
extern const struct client_ops client_events_of_console;

/* ---- client_first.c */

/* in: all bytes so far. False: it is not known yet what the client is, and the
 * bytes are kept; or it speaks another protocol, and the session ends. */
bool client_first_is_known(struct client_session *s, struct slice in);

/* The first bytes are data of a client that does not speak telnet: the client
 * is served. */
void client_first_is_raw(struct client_session *s);

/* ---- client_idle.c */

/* begin: it is served. end: it drains, or ends. sent: something went out to it.
 * active: a read has shown that somebody, or a program, is there: by input, a
 * break, a question, a request about the line; and not by a NOP. */
void client_idle_begin(struct client_session *s);
void client_idle_end(struct client_session *s);
void client_idle_sent(struct client_session *s);
void client_idle_active(struct client_session *s);

/* The deadlines of nops; of idles and last_times. */
void client_idle_nop_due(struct deadline *d, void *owner);
void client_idle_due(struct deadline *d, void *owner);

/* A second has passed: locks of keyboards whose time is over end
 * (client_control.c). */
void client_control_locks_due(struct deadline *d, void *owner);

/* Of a connection that vspcd made, its owner (service.c) has more to say in the
 * log. */
static inline enum log_level client_session_log_level(
    const struct client_session *s)
{
    return s->role->is_outgoing ? LOG_DEBUG : LOG_INFO;
}

/* ---- client_serving.c */

/* Output goes out from now on, unless TLS may yet come before it. */
void client_serving_begin(struct client_session *s);

/* The client is attached to its console from now on: it is served, or has said
 * something for the console. False: it is not, and perhaps the session ends.
 * attach: without a place, which it has. */
bool client_serving_take_place(struct client_session *s);
enum client_outcome client_serving_attach(struct client_session *s,
                                          struct err *why);

/* The target's refusal, for the log. */
void client_serving_log_refused(const struct client_session *s,
                                enum client_outcome outcome,
                                const struct err *why);

/* All that came in a read was handled: serves the client, if it is known by now
 * what it is. */
void client_serving_decide(struct client_session *s);

/* Whether it has a protocol of its own, and has said nothing in telnet yet,
 * which it has to. */
bool client_serving_awaits_telnet(const struct client_session *s);

/* TLS was decided, or has gone a step; the peer has said nothing for its time:
 * in NEGOTIATING, in CALLING. */
void client_serving_on_secured(struct telnet_link *l);
void client_serving_go_on(struct client_session *s);
void client_serving_stop_negotiating(struct client_session *s);
void client_serving_stop_calling(struct client_session *s);

/* Each is told once, and only when it is so: the log, that the client is
 * attached; the role's owner, that the peer is served; the owner of the
 * directory, that there is a client. */
void client_serving_log(struct client_session *s);
void client_serving_tell_open(struct client_session *s);
void client_serving_report(struct client_session *s);

/* ---- client_access.c */

/* init: somebody at the stream's address. done: frees what it owns. */
void client_access_init(struct client_session *s);
void client_access_done(struct client_session *s);

/* The right on the session's target, by what is proven now (TLS is decided, and
 * hands are shaken), is the client's from now on. Without a target (the menu):
 * whether it may have any. False: it is none, which is
 * logged; why gets the reason for the person, which names no console. */
bool client_access_decide(struct client_session *s, struct err *why);

/* "client refused", for this reason; rule_line: the line of the configuration
 * file that decided, 0: none has. */
void client_access_log_refused(const struct client_session *s,
                               enum log_level level, unsigned rule_line,
                               const char *reason);

/* What its person may do on a console that it is not attached to. */
enum right client_access_right_on(const struct client_session *s,
                                  const struct console *c);

/* The rules, or the console's name, label or host, have changed. False: the
 * client may not read it any more, and ends. */
bool client_access_judge(struct client_session *s);

/* Its certificate may have another name now. */
void client_access_identify_again(struct client_session *s);

/* It may not even read any more, for this reason, which lasts as long as the
 * stream: it ends, and is told so. */
void client_access_lose(struct client_session *s, const char *reason);

/* What a read tried to do, and may not, is told once, and logged. */
void client_access_tell_denied(struct client_session *s);

/* By what is proven now, which a certificate is from here on; sets nothing
 * else. Whether a login could give more than that, and that is less than
 * typing. */
enum right client_access_right(struct client_session *s);
bool client_access_may_gain(struct client_session *s);

/* The client has proven that; takes what *who owns. */
void client_access_prove(struct client_session *s, struct principal *who);

/* ---- client_login.c */

/* Whether the client has to log in before anything is its due; it may be a
 * program yet. */
bool client_login_is_possible(struct client_session *s);

/* A read begins: what the rules said before it need not be so any more. */
void client_login_look_again(struct client_session *s);

/* Whether to wait once more for what tells people's programs from others. */
bool client_login_is_awaited(struct client_session *s);

/* The client is to be served. True: not now, because a login begins, or is
 * under way, or the session ends. */
bool client_login_begin(struct client_session *s);

/* Whether what is typed is a login's. client_login_take_data is as take_data of
 * struct telnet_link_ops; client_login_interrupt is Ctrl-C. */
static inline bool client_login_is_under_way(const struct client_session *s)
{
    return s->login != NULL;
}
bool client_login_take_data(struct client_session *s, struct slice *in);
void client_login_interrupt(struct client_session *s);

/* The client is a program after all: it is judged as one. LOGIN_US has passed.
 * done: frees the login, under way or not. */
void client_login_stop(struct client_session *s);
void client_login_late(struct client_session *s);
void client_login_done(struct client_session *s);

/* ---- client_input.c */

/* Bytes of the client, TLS undone. */
void client_input_take(struct client_session *s, struct slice in);

/* go_on: kept input goes on, if the console takes some now. let_go: kept input
 * goes to the console in any case, because the session ends. drop: it goes
 * nowhere. */
void client_input_go_on(struct client_session *s);
void client_input_let_go(struct client_session *s);
void client_input_drop(struct client_session *s);

/* For the VM, behind what the menu takes out of it. */
void client_input_type(struct client_session *s, struct slice in);

/* The client speaks telnet from here on. */
void client_input_become_telnet(struct client_session *s);

/* Kept bytes are in doubt, for a bounded time; its deadline: they are data. */
void client_input_doubt(struct client_session *s);
void client_input_doubt_due(struct deadline *d, void *owner);

/* Events of the telnet link. */
bool client_input_take_data(struct telnet_link *l, struct slice *in);
int client_input_on_event(struct telnet_link *l, enum telpeer_event event,
                          const struct telpeer_item *item);

/* ---- client_output.c */

/* A line of text for the person at the other end. Left out when much is queued
 * already. */
__attribute__((format(printf, 2, 3))) void client_output_say(
    struct client_session *s, const char *format, ...);

/* A line about its console, with the console's name where it may know that. */
void client_output_notice(struct client_session *s, const char *text);

/* Whether words about the VM and the connection may stand in its output. */
bool client_output_takes_notices(const struct client_session *s);

/* A client that has just been attached, or has turned out to take notices, is
 * to be told if the VM is away. */
void client_output_note_absence(struct client_session *s);

/* Writes as much as the client takes, unless it is known that the stream takes
 * nothing now. */
void client_output_flush(struct client_session *s);

/* A person who comes is shown earlier output. False: nothing has changed. */
bool client_output_look_back(struct client_session *s);

/* ---- client_past.c */

void client_past_init(struct client_past *past);

/* Asks for the past, if it may add anything. end: position from which the
 * client has looked back. */
void client_past_begin(struct client_session *s, uint64_t end);

/* Whether the client still waits for the past, and nothing else may go out. */
bool client_past_is_awaited(struct client_session *s);

/* The client waits for no past any more. */
void client_past_give_up(struct client_past *past);

/* The deadline of pasts. */
void client_past_due(struct deadline *d, void *owner);

/* ---- client_role.c */

/* The telnet options of this role. */
const struct telnet_link_policies *client_role_policies(
    const struct client_role *role);

/* What is left of this role when its owner has gone. */
const struct client_role *client_role_without_owner(
    const struct client_role *role);

/* Appends what this role says first. 0, or a failure of buf_append. */
int client_role_greet(struct telnet_link *l);

/* ---- client_line.c */

/* COM-PORT-OPTION went on or off; a message of it came; IAC BRK came. An int is
 * 0, or a failure of buf_append. */
int client_line_handle_option(struct client_session *s, bool is_on);
int client_line_handle_message(struct client_session *s, struct slice body);
void client_line_handle_break(struct client_session *s);

/* The client has been attached: what it has negotiated begins. 0, or a failure
 * of buf_append. It leaves its console: a break of its own ends. */
int client_line_begin(struct client_session *s);
void client_line_end(struct client_session *s);

/* tell: the lines that the client sees may have changed; a client that takes no
 * answers is not told. catch_up: the client takes answers again, and is told
 * what holds now. */
void client_line_tell(struct client_session *s);
void client_line_catch_up(struct client_session *s);

/* A break of the VM begins or ends, where the client is in the output. */
void client_line_say_break(struct client_session *s, bool is_on);

/* ---- client_window.c */

/* Asks for the window's size, if the VM wants it and the client may have one;
 * once. Called when one of this may have changed. */
void client_window_ask(struct client_session *s);

/* The client tells its window's size. */
void client_window_handle(struct client_session *s, struct slice body);

/* ---- client_menu.c: functions for a session without a menu do nothing, but
 * for init, greet, begin and take, which are for one that has it. */

/* Once for a context, after its queues are there, and before they go. */
void client_menu_open_all(struct session_context *ctx);
void client_menu_close_all(struct session_context *ctx);

/* stop: nothing is done for it any more; end: the session has ended, which is
 * logged; done: frees it. */
void client_menu_init(struct client_session *s);
void client_menu_stop(struct client_session *s);
void client_menu_end(struct client_session *s);
void client_menu_done(struct client_session *s);

/* Appends what it asks beside the greeting. 0, or a failure of buf_append. */
int client_menu_greet(struct client_session *s);

/* The session is served: it comes to the list. */
void client_menu_begin(struct client_session *s);

/* What the client types. is_at_list: none of it is for a VM. is_waiting: it is
 * not to be read now. */
void client_menu_take(struct client_session *s, struct slice in);
bool client_menu_is_at_list(const struct client_session *s);
bool client_menu_is_waiting(const struct client_session *s);

/* The console takes input again, or does not. */
void client_menu_input_changed(struct client_session *s);

/* About telnet options; the size of the window is the client's by now. */
void client_menu_handle_option(struct client_session *s,
                               const struct telpeer_item *item);
void client_menu_handle_terminal(struct client_session *s, struct slice body);
void client_menu_handle_window(struct client_session *s);

/* What was queued has gone out. */
void client_menu_written(struct client_session *s);

/* It may not read its console any more. True: it goes back to the list, soon;
 * until then (is_losing) it is shown nothing. refresh: what it may read may
 * have changed. */
bool client_menu_lose(struct client_session *s);
bool client_menu_is_losing(const struct client_session *s);
void client_menu_refresh(struct client_session *s);

/* A client at the list ends, and is told why. False: it is not at the list. */
bool client_menu_shut_down(struct client_session *s, const char *reason);

/* A line for a client at the list. */
void client_menu_warn(struct client_session *s, const char *text);

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
