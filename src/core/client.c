#include "core/client.h"

#include "core/console.h"
#include "core/directory.h"

#include <stdio.h>

static void pull(struct reader *reader)
{
    struct client *client = CONTAINER_OF(reader, struct client, reader);

    client->ops->pull(client);
}

static const struct reader_ops reader_ops = { .pull = pull };

void client_init(struct client *client, const struct client_ops *ops)
{
    *client = (struct client){ .ops = ops, .lines = LINE_BOTH };
    reader_init(&client->reader, &reader_ops, false);
    list_init(&client->node);
}

void client_skip(struct client *client, uint64_t now_us)
{
    client_took(client, client->console->output.head - client->reader.at,
                now_us);
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
