#include "echo.h"

#include "measure.h"

/* on_data of the VM. */
static void echo_data(struct end *e, uint8_t *bytes, size_t len)
{
    len = telnet_decode(&e->telnet, bytes, len, bytes);
    end_send_reply(e);
    if (len > 0)
        end_send_now(e, bytes, len);
}

/* on_data of the client. */
static void typed_data(struct end *e, uint8_t *bytes, size_t len)
{
    len = telnet_decode(&e->telnet, bytes, len, bytes);
    end_send_reply(e);
    if (len == 0)
        return;
    if (len > 1 || !e->is_pending || bytes[0] != e->typed)
        die("client %u: typed %02x, %zu bytes came back, first %02x", e->number,
            e->typed, len, bytes[0]);
    e->is_pending = false;
}

static bool is_echoed(void *arg)
{
    const struct end *e = arg;

    return !e->is_pending;
}

void echo_begin(struct end *vm, struct end *client)
{
    vm->on_data = echo_data;
    client->on_data = typed_data;
}

uint32_t echo_round_trip_us(struct end *client, unsigned round,
                            unsigned timeout_s)
{
    uint64_t start = now_us();

    client->typed = (uint8_t)('a' + round % 26);
    client->is_pending = true;
    end_send_now(client, &client->typed, 1);
    loop_wait(client->loop, is_echoed, client, timeout_s,
              "the echo of a typed byte");
    return (uint32_t)(now_us() - start);
}
