#include "core/client.h"

#include "core/console.h"

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
