/*
 * console_socket_private.h - what the files of a WebSocket session share:
 *
 *   console_socket.c   its life: phases, connections, the end
 *   socket_start.c     how it begins: who it is, its place, its console
 *   socket_place.c     where in the output it begins
 *   socket_output.c    from the console to the peer
 *   socket_input.c     from the peer to the VM
 *   socket_command.c   what else the peer wants
 *   socket_text.c      what is said to it
 *   socket_access.c    what it may do
 *
 *     SERVING --its connection is lost--> LOST --a turn--> AWAY
 *        ^                                  |                |
 *        +---------the next connection------+----------------+
 *        |                                                   |
 *        +--shut down, no right, disconnected--> DRAINING    | time is over
 *                                                   |        |
 *                                                   +---> ENDING
 *
 * Two places in the output: the cursor is what was written; the client's reader
 * is what the VM waits for. Of a session with a label that is what the peer has
 * acknowledged, so the ring keeps what is under way, for a connection that
 * breaks; what the reader loses was sent, and losses are the cursor's. A
 * session without a label has nobody to keep it for, and both go together.
 */
#ifndef WEB_SOCKET_CONSOLE_SOCKET_PRIVATE_H
#define WEB_SOCKET_CONSOLE_SOCKET_PRIVATE_H

#include "access/places.h"
#include "auth/groups_watch.h"
#include "core/client.h"
#include "core/told/past.h"
#include "session/session.h"
#include "web/socket/console_socket.h"
#include "web/socket/websocket_link.h"

#include <jansson.h>

enum {
    SOCKET_TEXT_MAX = 4 * KIB, /* bytes of a text of the peer */
    SOCKET_COMMANDS_MAX = 32,  /* in one read; acknowledgements are none */
    SOCKET_PEOPLE_MAX = 32,    /* that are listed */
    SOCKET_DRAIN_US = 2 * 1000 * 1000, /* for the remaining output */
    SOCKET_PAST_US = 1000 * 1000,      /* older output is waited for */
    SOCKET_PEOPLE_US = 200 * 1000,     /* between two lists of people */
    /* Input that was passed on is told when it is so much. */
    SOCKET_INPUT_STEP = SOCKET_INPUT_WINDOW / 4,
};

enum socket_phase {
    SOCKET_SERVING,
    SOCKET_LOST, /* its connection is over, and is closed in the next turn */
    SOCKET_AWAY, /* it has none */
    SOCKET_DRAINING,
    SOCKET_ENDING,
    SOCKET_PHASE_COUNT,
};

/* How the output is found that the peer sees next. */
enum socket_place {
    SOCKET_LIVE,    /* the cursor is in the ring */
    SOCKET_HISTORY, /* older lines are asked for, or shown, before the ring's */
    SOCKET_LOG,     /* what follows a place is asked for, or shown */
};

struct console_socket {
    struct session session;
    struct session_context *ctx;
    struct list node; /* in console_sockets.labelled, with a label */
    struct websocket_link link;
    struct client client;
    struct reader cursor; /* attached to nothing */
    uint64_t acked; /* the cursor but for what was sent and not acknowledged */
    struct principal who; /* client.who */
    struct groups_watched watched;
    struct site_member place;
    struct deadline deadline;    /* of the phase */
    struct deadline past_due;    /* until older output is given up */
    struct deadline people_due;  /* until people may be listed again */
    struct past_ask ask;         /* HISTORY, LOG */
    struct past_place log_place; /* LOG: where it goes on */
    struct past_place log_next;  /* behind what is shown */
    uint64_t came_at;            /* HISTORY: where the ring's output begins that
                                  * was there before the peer */
    struct history_wish wish;    /* HISTORY */
    uint64_t input_at;           /* bytes of input that have come */
    uint64_t input_told;         /* of them, those that were said to be passed
                                  * on */
    uint64_t keyboard_told;      /* number of the client that has it; 0: none */
    uint64_t lock_told_us;       /* keyboard_lock.since_us; 0: none */
    struct buf kept;             /* input that the console does not take yet */
    struct buf text;             /* of the peer, which is arriving */
    char *label;                 /* NULL: it cannot come again */
    char *end_text;              /* owned; or NULL */
    const char *end_reason;      /* for log and peer */
    uint16_t end_code;           /* enum websocket_code */
    uint8_t phase;               /* enum socket_phase */
    uint8_t output;              /* enum socket_place */
    uint8_t commands;            /* in this read */
    bool is_move_told;           /* that the VM moves */
    bool is_attached;            /* was told as attached */
    bool is_greeted;             /* hello was said on this connection */
    bool is_resumed;             /* this connection is not its first */
    bool was_told_denied;        /* that it may not do what it tries */
    bool people_changed;         /* or whether the VM moves */
    bool ends_gently;
};

/* The queues of all of them, and those that can come again. */
struct console_sockets {
    struct deadline_queue losts;
    struct deadline_queue aways;
    struct deadline_queue drains;
    struct deadline_queue pasts;
    struct deadline_queue people;
    struct list labelled;
};

static inline struct console_socket *console_socket_of(struct client *client)
{
    return CONTAINER_OF(client, struct console_socket, client);
}

static inline struct console_socket *console_socket_of_link(
    struct websocket_link *l)
{
    return CONTAINER_OF(l, struct console_socket, link);
}

const char *socket_phase_name(enum socket_phase phase);

static inline bool console_socket_is_ending(const struct console_socket *s)
{
    return s->phase == SOCKET_ENDING;
}

/* ---- console_socket.c */

extern const struct session_ops console_socket_ops;
extern const struct client_ops console_socket_of_console;
extern const struct websocket_link_ops console_socket_of_connection;

void console_socket_enter(struct console_socket *s, enum socket_phase phase);

/* Ends at the end of the turn. The reason must last. */
void console_socket_end(struct console_socket *s, const char *reason);

/* The peer gets the output that is due, the reason and the code, and the
 * session ends. */
void console_socket_drain(struct console_socket *s, enum websocket_code code,
                          const char *reason);

/* Behind anything that may have changed what can be written or read. */
void console_socket_go_on(struct console_socket *s);

/* ---- socket_place.c */

void socket_place_init(struct console_socket *s);

/* Where the output begins: behind `from`, or with so many lines of history. The
 * client has just been attached, or was before (is_resumed). */
bool socket_place_is_valid(const struct console *c, const char *from);
void socket_place_begin(struct console_socket *s,
                        const struct console_socket_start *start);

/* Whether nothing can be shown, because older output is asked for. */
bool socket_place_is_awaited(struct console_socket *s);

/* What was asked for has been shown: on to what follows. */
void socket_place_shown(struct console_socket *s);

/* give_up: what was asked for is not waited for. stop: the output goes on where
 * the reader is, without it. */
void socket_place_give_up(struct console_socket *s);
void socket_place_stop(struct console_socket *s);
void socket_place_past_due(struct deadline *d, void *owner);

/* ---- socket_output.c */

void socket_output_flush(struct console_socket *s);

/* The peer has had everything before this position. False: it was never sent
 * that. */
bool socket_output_acknowledge(struct console_socket *s, uint64_t at);

/* ---- socket_input.c */

size_t socket_input_room(const struct console_socket *s);
void socket_input_take(struct console_socket *s, struct slice bytes);
/* Says how much was passed on, when it is enough. */
void socket_input_tell(struct console_socket *s);
/* The console takes input again. */
void socket_input_go_on(struct console_socket *s);

/* Bytes for the VM at once; whether they may. */
bool socket_input_give(struct console_socket *s, struct slice bytes);

/* ---- socket_command.c */

/* Some of a text of the peer. */
void socket_command_take(struct console_socket *s, struct slice bytes,
                         bool is_end);

/* ---- socket_text.c: false: there was no room */

bool socket_text_hello(struct console_socket *s);
/* Bytes are missing: from here to there in the ring's epoch; or so many, 0: it
 * is not known how many, and where. unwritten: so many just before the place
 * the client has seen, and the log has not. */
void socket_text_gap(struct console_socket *s, const char *reason,
                     uint64_t from, uint64_t to);
void socket_text_unknown_gap(struct console_socket *s, const char *reason,
                             uint64_t bytes, uint64_t unwritten);
/* The bytes that follow are those behind a place, now or when it is live. */
void socket_text_place(struct console_socket *s, const struct past_place *place,
                       bool is_live);
void socket_text_notice(struct console_socket *s, enum view_notice notice);
void socket_text_break(struct console_socket *s, bool is_on);
void socket_text_message(struct console_socket *s, const char *text);
void socket_text_right(struct console_socket *s);
void socket_text_input(struct console_socket *s);
void socket_text_ping(struct console_socket *s);
void socket_text_people(struct console_socket *s);
void socket_text_state(struct console_socket *s);
void socket_text_lock(struct console_socket *s);
/* The answer to a command; the object is taken. */
void socket_text_answer(struct console_socket *s, json_t *object);
void socket_text_end(struct console_socket *s);

/* ---- socket_access.c */

/* Whether it may read its console; its right and keyboard are set. */
bool socket_access_decide(struct console_socket *s, const struct console *c);
/* The rules, tokens, groups or the console have changed. False: it ends. */
bool socket_access_judge(struct console_socket *s);
void socket_access_watch(struct console_socket *s);
/* The peer has no right any more: it is shown nothing more, and ends. The
 * reason must last. */
void socket_access_lose(struct console_socket *s, const char *reason);
/* Says what it could not do, once. */
void socket_access_tell_denied(struct console_socket *s);

#endif
