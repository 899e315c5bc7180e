#include "typed.h"

#include "measure.h"

#include <inttypes.h>

static uint8_t byte_at(const struct typed *t, const struct typed_lane *lane,
                       uint64_t position)
{
    return t->pattern->bytes[(lane->start + position) % t->pattern->period];
}

static void put(struct typed *t, struct typed_lane *lane, struct end *from,
                unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        uint8_t byte = byte_at(t, lane, lane->sent++);

        telnet_put_data(&from->telnet, &byte, 1);
    }
}

static void check(const struct typed *t, struct typed_lane *lane,
                  const struct end *at, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t wanted = byte_at(t, lane, lane->arrived);

        if (bytes[i] != wanted || lane->arrived == lane->sent)
            die("%s %u: wrong byte after %" PRIu64 " right ones of %" PRIu64
                " that were sent: %02x, not %02x",
                at->kind, at->number, lane->arrived, lane->sent, bytes[i],
                wanted);
        lane->arrived++;
    }
}

/* on_data of the client. */
static void client_data(struct end *e, uint8_t *bytes, size_t len)
{
    struct typed *t = e->context;

    len = telnet_decode(&e->telnet, bytes, len, bytes);
    end_send_reply(e);
    check(t, &t->to_client, e, bytes, len);
}

void typed_init(struct typed *t, const struct pattern *p, struct end *client,
                unsigned number)
{
    *t = (struct typed){ .pattern = p, .client = client };
    t->to_vm.start = pattern_start(p, 2 * number);
    t->to_client.start = pattern_start(p, 2 * number + 1);
    client->on_data = client_data;
    client->context = t;
}

void typed_type(struct typed *t, unsigned len)
{
    put(t, &t->to_vm, t->client, len);
    end_send_reply(t->client);
}

void typed_print(struct typed *t, struct end *vm, unsigned len)
{
    put(t, &t->to_client, vm, len);
}

void typed_take(struct typed *t, const struct end *vm, const uint8_t *bytes,
                size_t len)
{
    check(t, &t->to_vm, vm, bytes, len);
}

bool typed_has_all(const struct typed *t)
{
    return t->to_vm.arrived == t->to_vm.sent &&
           t->to_client.arrived == t->to_client.sent;
}
