/*
 * console_link.h - a console, attached to over the API: its bytes both ways,
 * and what is said beside them. A connection that is lost is made again, and
 * goes on where it was (flow.h, come_again.h).
 *
 * The owner is told of a loss when it is one that a person notices
 * (CONSOLE_LINK_NOTICED_MS): until then, what is typed is kept for the next
 * connection. What a person types later would come as a surprise there, and is
 * not taken.
 */
#ifndef REMOTE_LINK_CONSOLE_LINK_H
#define REMOTE_LINK_CONSOLE_LINK_H

#include "remote/exits.h"
#include "remote/link/come_again.h"
#include "remote/link/flow.h"
#include "remote/link/websocket_client.h"

#include <jansson.h>

enum {
    CONSOLE_LINK_NOTICED_MS = 1000,
    CONSOLE_LINK_ACK_MS = 100,
    CONSOLE_LINK_GOODBYE_MS = 1000,
    CONSOLE_LINK_PATIENCE_MS = 60 * 1000,
    CONSOLE_LINK_TEXT_MAX = 64 * 1024,
};

/* Texts are borrowed while the link is open. */
struct console_link_settings {
    const char *id;
    const char *mode; /* "read-only"; NULL: the server's standard */
    long history;     /* lines of earlier output; -1: the server's standard */
    bool takes;       /* the keyboard, whoever has it */
    /* A person types, and waits: what is typed during a loss that is told is
     * not taken, and connecting again is tried for ever. Without one all input
     * is sent, and it is tried for PATIENCE. */
    bool is_person;
    /* Nothing of it stays behind a lost connection, for which the VM would
     * wait: ^C is one, too. Output goes on from the history or the log. */
    bool is_onlooker;
};

enum console_link_change {
    CONSOLE_LINK_LOST,      /* it was noticed; why is the text */
    CONSOLE_LINK_BACK,      /* after that */
    CONSOLE_LINK_UNCERTAIN, /* of what was typed last, nobody knows whether it
                             * has arrived */
};

struct console_link_ops {
    /* Attached, or again: "console", "you" and so on. */
    void (*on_hello)(void *owner, const json_t *hello);
    void (*on_output)(void *owner, struct slice bytes);
    /* gap, notice, break, who, lock, right, answer, error: type says which. */
    void (*on_text)(void *owner, const char *type, const json_t *text);
    void (*on_change)(void *owner, enum console_link_change change,
                      const char *why);
    /* Input is taken again, or all of it has been passed on. */
    void (*on_room)(void *owner);
    /* The last: it does not come again. why "": it was left. */
    void (*on_over)(void *owner, enum exits exits, const char *why);
};

enum console_link_state {
    CONSOLE_LINK_CONNECTING,
    CONSOLE_LINK_OPEN, /* without hello yet */
    CONSOLE_LINK_SERVED,
    CONSOLE_LINK_WAITING, /* to come again */
    CONSOLE_LINK_LEAVING,
    CONSOLE_LINK_OVER,
};
const char *console_link_state_name(enum console_link_state state);

/* Members are console_link.c's. */
struct console_link {
    const struct console_link_settings *settings;
    const struct console_link_ops *ops;
    void *owner;
    struct websocket_client client;
    struct flow flow;
    struct come_again again;
    enum console_link_state state;
    struct timer retry;
    struct timer notice;
    struct timer patience;
    struct timer ack; /* also the end of LEAVING */
    struct buf text;
    struct err why;    /* of the last loss */
    unsigned code;     /* the same */
    char session[33];  /* our label */
    uint64_t received; /* of our input, at the last hello */
    bool was_served;   /* a connection has had a hello */
    bool has_got_on;   /* this connection has moved bytes */
    bool is_loss_told;
    bool is_asked;    /* a ping was sent, and is not answered yet */
    bool asks_passed; /* again and again, until all input was passed on */
    bool has_window;  /* it is to be told */
    unsigned rows;
    unsigned columns;
};

/* owner: of ops. */
void console_link_init(struct console_link *l, struct turns *turns,
                       const struct console_link_settings *settings,
                       const struct console_link_ops *ops, void *owner);
void console_link_done(struct console_link *l);

/* Once. */
void console_link_open(struct console_link *l);

/* Input; returns how much was taken. 0 from a person while a loss
 * is told. */
size_t console_link_type(struct console_link *l, struct slice bytes);
size_t console_link_room(const struct console_link *l);
/* All input was passed on to the console. Asks the server, so that on_room
 * comes when it is. */
bool console_link_is_typed(struct console_link *l);

/* {"break": "pulse"}; the object is taken. False: there is no connection. */
bool console_link_say(struct console_link *l, json_t *command);

/* The window's size. What is not told yet is replaced by the next one. */
void console_link_set_window(struct console_link *l, unsigned rows,
                             unsigned columns);

/* The owner has shown so many bytes of output. Nothing is read while more than
 * a window of them is not shown. */
void console_link_took(struct console_link *l, size_t len);

static inline bool console_link_is_served(const struct console_link *l)
{
    return l->state == CONSOLE_LINK_SERVED;
}

/* on_over comes when the server has answered, or soon. */
void console_link_leave(struct console_link *l);

#endif
