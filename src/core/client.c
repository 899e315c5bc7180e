#include "core/client.h"

#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

#include <stdio.h>

void client_init(struct client *client, const struct client_ops *ops)
{
    *client = (struct client){ .ops = ops, .lines = LINE_BOTH };
    list_init(&client->node);
}

bool client_has_caught_up(const struct client *client)
{
    return client->at == client->console->output.head;
}

uint64_t client_peek(struct client *client, struct ring_span *ret)
{
    return ring_peek(&client->console->output, &client->at, ret);
}

void client_skip(struct client *client, uint64_t now_us)
{
    client_took(client, client->console->output.head - client->at, now_us);
}

static bool anyone_follows(const struct console *c)
{
    LIST_EACH (node, after, &c->clients) {
        if (CONTAINER_OF(node, struct client, node)->pace == CLIENT_FOLLOWS)
            return true;
    }
    return false;
}

void client_took(struct client *client, size_t len, uint64_t now_us)
{
    struct console *c = client->console;

    client->at += len;
    if (client_has_caught_up(client)) {
        client->pace = CLIENT_FOLLOWS;
        client->held_us = 0;
    } else if (len > 0 && client->pace == CLIENT_LAGS && !anyone_follows(c)) {
        client->pace = CLIENT_FOLLOWS;
    }
    console_client_moved(c, client, now_us);
}

static void report(const struct client *client, enum fact_kind kind,
                   const char *peer, bool is_encrypted)
{
    struct fact fact = {
        .kind = kind,
        .console = client->console,
        .is_encrypted = is_encrypted,
    };

    snprintf(fact.peer, sizeof fact.peer, "%s", peer);
    fact_add(&client->console->directory->facts, fact);
}

void client_report_attached(const struct client *client, const char *peer,
                            bool is_encrypted)
{
    report(client, FACT_CLIENT_ATTACHED, peer, is_encrypted);
}

void client_report_detached(const struct client *client, const char *peer,
                            bool is_encrypted)
{
    report(client, FACT_CLIENT_DETACHED, peer, is_encrypted);
}
