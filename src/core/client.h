/*
 * client.h - a reader of a console that may also type, and that the VM sees
 * through the modem lines.
 *
 * Every input has an author: client_input, client_break, client_purge_input and
 * client_set_lines are the only ways to a VM. What a client may do is its
 * right, which its owner sets, by the rules, before it attaches the client;
 * that it does no more than that, and what is counted and recorded of it, is
 * decided in client.c, with keyboard.c, and nowhere else.
 *
 * A session embeds struct client and owns it; core calls the operations and
 * never frees a client. A client can exist without a console, be attached to
 * one, be detached, and be attached to another.
 */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "access/access_rules.h"
#include "access/lock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/window.h"
#include "core/reader.h"
#include "core/view.h"

struct client;
struct console;

/* directory_settle alone calls them (console.h). */
struct client_ops {
    /* There may be something to show: client_next. */
    void (*pull)(struct client *client);
    /* console_takes_input has changed. */
    void (*input_changed)(struct client *client);
    /* console_lines of the clients' side, or console_wants_window, may have
     * changed. */
    void (*lines_changed)(struct client *client);
    /* The console has another name, label, or host, so the rules may say
     * otherwise of it: client_set_right, or the client ends. NULL: no rules are
     * for this client. */
    void (*judge)(struct client *client);

    /* Who is at the console, what they may, who has its keyboard, or whether
     * its VM moves, may have changed. NULL: the client does not show that. */
    void (*people_changed)(struct client *client);

    /* Whoever is at work on no console may call these two, through client_say
     * and client_disconnect. NULL: the client is nobody's to talk to, or to
     * end. */
    void (*say)(struct client *client, const char *text);
    void (*disconnect)(struct client *client, const char *reason);
};

/* The way by which a client came. */
enum client_door {
    CLIENT_DOOR_PORT,       /* a console's TCP port */
    CLIENT_DOOR_LISTENER,   /* a listener that a service URI asked for */
    CLIENT_DOOR_REMOTE,     /* a system that we connected to for a VM */
    CLIENT_DOOR_NULL_MODEM, /* another VM's console */
    CLIENT_DOOR_MENU,       /* the list of all consoles */
    CLIENT_DOOR_API,        /* a command: types, and does not stay */
    CLIENT_DOOR_WEBSOCKET,  /* of the API */
    CLIENT_DOOR_ADMIN,      /* vSPC.py's client, or that of VMware's kit */
    CLIENT_DOOR_COUNT,
};
const char *client_door_name(enum client_door door);

/* Where a client comes from. */
struct client_origin {
    enum client_door door;
    enum right right; /* on every console, for a client that no rules are for */
    enum lock_mode asked; /* for its keyboard */
    const char *peer;     /* the address as text, copied; "" if it has none */
    uint64_t now_us;
};

struct client {
    struct reader reader;
    struct view view; /* of its console */
    struct list node; /* in console->clients */
    struct console *console;
    const struct client_ops *ops;
    uint64_t number;       /* unique in the process, from 1 on; 0 until the
                            * first time that it is attached */
    uint64_t since_us;     /* when it came */
    uint64_t input_bytes;  /* from the client, while there was a VM */
    uint64_t output_bytes; /* of consoles, taken by the client */
    uint64_t typed_us;     /* when it typed last, where one writes at a time */
    const struct principal *who; /* the person or program, as far as that is
                                  * proven; the owner's, who may change it; by
                                  * itself nobody from nowhere */
    char peer[ADDRESS_TEXT_MAX]; /* its address; "": it has none */
    struct window window;        /* as far as the client has told it */
    uint8_t door;                /* enum client_door */
    uint8_t right;               /* enum right: on its console */
    uint8_t asked;               /* enum lock_mode */
    uint8_t mode;                /* enum lock_mode: what it was granted */
    uint8_t keyboard;   /* enum access_keyboard: of its console, by the rules */
    uint8_t lines;      /* the lines that it drives: LINE_DTR, LINE_RTS */
    bool is_encrypted;  /* the owner's: the client came by TLS */
    bool is_in_break;   /* a break of its own has begun */
    uint8_t denied;     /* enum right: the greatest that it lacked for what it
                         * wanted to do, since its owner looked; NONE: none */
    bool is_locked_out; /* another one had the keyboard when it wanted to do
                         * something, since its owner looked */
    bool is_barred;     /* by a lock of another's on its console (keyboard.h) */
};

/* The client of a node of console->clients, for those who walk over them. */
struct client *client_at(struct list *node);

/* Not attached to anything yet. */
void client_init(struct client *client, const struct client_ops *ops,
                 const struct client_origin *origin);

/* The result of attaching. */
enum client_outcome {
    CLIENT_ATTACHED,
    CLIENT_REFUSED_LIMIT, /* as many clients as the console may have */
    CLIENT_REFUSED_RIGHT, /* it may not read it; its owner's answer */
    CLIENT_REFUSED_LOCK,  /* another client has locked it */
    CLIENT_REFUSED_NOW,   /* no client is served at present; its owner's
                           * answer */
};

/* Attaches a client that has no console, and may read this one at least. If the
 * console refuses it, why gets the reason in words for the person at the other
 * end. */
enum client_outcome client_attach(struct client *client,
                                  struct console *console, uint64_t now_us,
                                  struct err *why);

/* What the client may do from now on. A break of its own that it may not make
 * any more ends. */
void client_set_right(struct client *client, enum right right);

/* The name that it has proven; "": none. */
static inline const char *client_name(const struct client *client)
{
    return client->who->name != NULL ? client->who->name : "";
}

/* "alice" or, without a name, the address: for sentences about a client. */
const char *client_shown_name(const struct client *client);

/* Whether it may; if not, that is noted (client.denied). */
bool client_may(struct client *client, enum right right);

/* A line for the person at the other end, if there is one and it takes words.
 * The client's connection ends, when it has had its output; the person is told
 * the reason, which is copied. False: it is nobody's to end. Not from within
 * core's work. */
void client_say(struct client *client, const char *text);
bool client_disconnect(struct client *client, const char *reason);

/* Accepts a client that has no console. */
void client_detach(struct client *client, uint64_t now_us);

/* Bytes for the VM. Without a VM they are discarded, as on a cable with nothing
 * at its end; and so they are if the client may not type. False: there is no
 * memory to keep them, and they are lost; the caller ends the client, so that
 * it learns of that. */
bool client_input(struct client *client, struct slice bytes, uint64_t now_us);

/* The client has input that the console does not take now
 * (console_takes_input), and keeps it. When the console takes input again, the
 * clients that wait are told in the order of these calls, so that what came
 * first goes first. */
void client_wait(struct client *client);

/* A break of the client begins or ends, behind its input so far. It ends only
 * what it has begun. */
void client_break(struct client *client, bool is_on);

/* Drops the input of all clients that waits for the VM. */
void client_purge_input(struct client *client);

/* The client drives these lines: LINE_DTR, LINE_RTS. */
void client_set_lines(struct client *client, uint8_t driven);

/* The size of the client's window, whenever it tells it. */
void client_set_window(struct client *client, struct window window);

/* The client does not get the output that it has not had yet. */
void client_skip(struct client *client, uint64_t now_us);

/* view_next and view_took (view.h) for a client. */
static inline void client_next(struct client *client, struct view_item *ret)
{
    view_next(&client->view, &client->reader, ret);
}

static inline void client_took(struct client *client, size_t len,
                               uint64_t now_us)
{
    client->output_bytes += len;
    view_took(&client->view, &client->reader, len, now_us);
}

static inline bool client_has_caught_up(const struct client *client)
{
    return reader_has_caught_up(&client->reader);
}

/* Facts for the owner of the directory: the client is served now; a client that
 * was reported so goes (called while it is still attached).
 * keyboard: it has its console's, which another person had, or nobody. */
void client_report_attached(const struct client *client);
void client_report_keyboard(const struct client *client);
void client_report_detached(const struct client *client);

#endif
