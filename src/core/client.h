/*
 * client.h - somebody who watches a console and may type: a reader of its ring
 * (reader.h says who is waited for) that the VM sees, through the lines.
 *
 * Every input has an author: client_input, client_break, client_purge_input and
 * client_set_lines are the only ways to a VM. What a client may do, and what is
 * counted and recorded of it, is decided in client.c and nowhere else.
 *
 * A session embeds struct client and owns it; core calls back through the
 * operations and never frees one. A client can be there without a console, be
 * attached to one, detached, and attached to another.
 */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "base/err.h"
#include "base/limits.h"
#include "core/reader.h"
#include "core/view.h"

struct client;
struct console;

/* Called by directory_settle alone: see console.h. */
struct client_ops {
    /* There may be something to show: client_next. */
    void (*pull)(struct client *client);
    /* console_takes_input has changed. */
    void (*input_changed)(struct client *client);
    /* console_lines of the clients' side may have changed. */
    void (*lines_changed)(struct client *client);
};

/* The way by which it came. */
enum client_door {
    CLIENT_DOOR_PORT,       /* a console's TCP port */
    CLIENT_DOOR_LISTENER,   /* a listener that a service URI asked for */
    CLIENT_DOOR_REMOTE,     /* a system that we connected to for a VM */
    CLIENT_DOOR_NULL_MODEM, /* another VM's console */
    CLIENT_DOOR_COUNT,
};
const char *client_door_name(enum client_door door);

/* Where a client comes from. */
struct client_origin {
    enum client_door door;
    const char *peer; /* the address as text, copied; "" if it has none */
    uint64_t now_us;
};

struct client {
    struct reader reader;
    struct view view; /* of its console */
    struct list node; /* in console->clients */
    struct console *console;
    const struct client_ops *ops;
    uint64_t number;       /* from 1 on, no two of the process have the same; 0
                            * until it was attached once */
    uint64_t since_us;     /* when it came */
    uint64_t input_bytes;  /* from it, to VMs that were there */
    uint64_t output_bytes; /* of consoles, taken by it */
    const char *name;      /* who it is; borrowed from its owner, "" unknown */
    char peer[ADDRESS_TEXT_MAX];
    uint8_t door;      /* enum client_door */
    uint8_t lines;     /* what it drives: LINE_DTR, LINE_RTS */
    bool is_encrypted; /* its owner's: it came by TLS */
};

/* The client of a node of console->clients, for those who walk over them. */
struct client *client_at(struct list *node);

/* Not attached to anything yet. */
void client_init(struct client *client, const struct client_ops *ops,
                 const struct client_origin *origin);

/* What came of attaching. */
enum client_outcome {
    CLIENT_ATTACHED,
    CLIENT_REFUSED_LIMIT, /* as many clients as the console may have */
};

/* Attaches one that is attached nowhere. If it is refused, why says so in words
 * for the person there. */
enum client_outcome client_attach(struct client *client,
                                  struct console *console, uint64_t now_us,
                                  struct err *why);

/* Takes one that is attached nowhere. */
void client_detach(struct client *client, uint64_t now_us);

/* Bytes for the VM. Without a VM they are discarded, as on a cable with nothing
 * at its end. False: there is no memory to keep them, and they are lost; the
 * client must be told. */
bool client_input(struct client *client, struct slice bytes);

/* It has input that the console does not take now (console_takes_input), and
 * keeps it: it is told behind those that wait already when that has changed, so
 * that what came first goes first. */
void client_wait(struct client *client);

/* Its break begins or ends, behind its input so far. */
void client_break(struct client *client, bool is_on);

/* What waits to go to the VM, of all clients, is forgotten. */
void client_purge_input(struct client *client);

/* It drives these lines: LINE_DTR, LINE_RTS. */
void client_set_lines(struct client *client, uint8_t driven);

/* What it has not had of the output, it is not to have any more. */
void client_skip(struct client *client, uint64_t now_us);

/* As view.h has them. */
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

/* Facts: it is served; and, while it is still attached: such a one goes. */
void client_report_attached(const struct client *client);
void client_report_detached(const struct client *client);

#endif
