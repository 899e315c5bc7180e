/*
 * client.h - somebody who watches a console and may type: a cursor on its
 * ring and what has to be known to be fair to everybody else.
 *
 * A session embeds struct client and owns it; core calls back through the
 * operations and never frees one. The cursor is nothing but a position, so a
 * client costs the console no memory, however far behind it is.
 *
 * Pace. A client that FOLLOWS is waited for: when it is nearly a ring behind,
 * the VM is no longer read. A client that LAGS is not: what falls off the
 * ring's end is lost to it, and it is told how much. Who holds the VM back
 * without taking anything, or holds up others who have caught up, for longer
 * than the hold time lags. Who has caught up, or is the fastest that there is
 * and takes something, follows (again). So a console runs at the pace of its
 * fastest client, and nobody loses a byte in the ordinary jitter of a network.
 */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "base/list.h"
#include "base/ring.h"

struct client;
struct console;

enum client_pace { CLIENT_FOLLOWS, CLIENT_LAGS };

enum client_news { CLIENT_NEWS_VM_CONNECTED, CLIENT_NEWS_VM_DISCONNECTED };

struct client_ops {
    /* There is output to take; may be called when there is none. */
    void (*pull)(struct client *client);
    /* console_takes_input has changed. */
    void (*input_changed)(struct client *client);
    void (*tell)(struct client *client, enum client_news news);
    /* console_lines of the clients' side may have changed. */
    void (*lines_changed)(struct client *client);
    /* A break of the VM begins or ends, at the end of the output. */
    void (*line_break)(struct client *client, bool is_on);
    /* The client must go; it detaches itself. reason is for people. */
    void (*close)(struct client *client, const char *reason);
};

struct client {
    struct list node; /* in console->clients */
    struct console *console;
    const struct client_ops *ops;
    uint64_t at;      /* position of the next byte it gets */
    uint32_t held_us; /* how long others have waited for it since it had last
                       * caught up */
    uint8_t pace;     /* enum client_pace */
    uint8_t lines;    /* what it drives: LINE_DTR, LINE_RTS */
};

/* Not attached to anything yet. */
void client_init(struct client *client, const struct client_ops *ops);

/* What it can take now, good until the next call of anything in core/.
 * Returns how many bytes it has lost since the last time. */
uint64_t client_peek(struct client *client, struct ring_span *ret);

/* It took len bytes (may be 0) of what client_peek showed. */
void client_took(struct client *client, size_t len, uint64_t now_us);

/* What it has not had of the output, it is not to have any more. */
void client_skip(struct client *client, uint64_t now_us);

bool client_has_caught_up(const struct client *client);

/* Facts: it is served, from where and in TLS or not; and, while it is still
 * attached: such a one goes. */
void client_report_attached(const struct client *client, const char *peer,
                            bool is_encrypted);
void client_report_detached(const struct client *client, const char *peer,
                            bool is_encrypted);

#endif
