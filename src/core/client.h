/*
 * client.h - somebody who watches a console and may type: a reader of its ring
 * (reader.h says who is waited for) that the VM sees, through the lines.
 *
 * A session embeds struct client and owns it; core calls back through the
 * operations and never frees one.
 */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "base/limits.h"
#include "core/reader.h"

struct client;
struct console;

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
    /* Where it is, for messages; NULL: it is no connection of its own. */
    void (*name_peer)(const struct client *client, char to[ADDRESS_TEXT_MAX]);
};

struct client {
    struct reader reader;
    struct list node; /* in console->clients */
    struct console *console;
    const struct client_ops *ops;
    uint8_t lines; /* what it drives: LINE_DTR, LINE_RTS */
};

/* Not attached to anything yet. */
void client_init(struct client *client, const struct client_ops *ops);

/* What it has not had of the output, it is not to have any more. */
void client_skip(struct client *client, uint64_t now_us);

/* As reader.h has them. */
static inline uint64_t client_peek(struct client *client, struct ring_span *ret)
{
    return reader_peek(&client->reader, ret);
}

static inline void client_took(struct client *client, size_t len,
                               uint64_t now_us)
{
    reader_took(&client->reader, len, now_us);
}

static inline bool client_has_caught_up(const struct client *client)
{
    return reader_has_caught_up(&client->reader);
}

/* Facts: it is served, from where and in TLS or not; and, while it is still
 * attached: such a one goes. */
void client_report_attached(const struct client *client, const char *peer,
                            bool is_encrypted);
void client_report_detached(const struct client *client, const char *peer,
                            bool is_encrypted);

#endif
