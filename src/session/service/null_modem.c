/*
 * Two clients, one at each console, and a loop between them. Nothing is
 * buffered: bytes go from one ring into the other console's input while that
 * takes some, and the reader's position says where to go on.
 *
 * Two VMs that echo each other make endless work. It does not become an endless
 * turn: directory_settle pours each byte of output once, and a VM's answer is
 * read in a later turn.
 *
 * The operations below run within directory_settle, and so does what they cause
 * at the other console: marks, nothing else.
 */
#include "session/service/null_modem.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>

/* One end: takes the output of its console to the other's input. */
struct plug {
    struct client client;
    struct null_modem *modem;
};

struct null_modem {
    struct session session;
    struct session_context *ctx;
    struct plug plugs[2];
    null_modem_end_fn *on_end; /* NULL: the owner knows */
    void *owner;
    const char *end_reason; /* NULL: it does not end */
};

static struct plug *plug_of(struct client *client)
{
    return CONTAINER_OF(client, struct plug, client);
}

static struct plug *other_of(struct plug *p)
{
    return p == &p->modem->plugs[0] ? &p->modem->plugs[1] : &p->modem->plugs[0];
}

/* The VM's bytes and breaks. That output was lost, or a VM has gone, a cable
 * does not say. */
static void carry_item(struct plug *p, const struct view_item *item)
{
    struct client *to = &other_of(p)->client;
    struct slice bytes = item->bytes.part[0];

    if (item->kind == VIEW_BREAK)
        client_break(to, item->is_on);
    if (item->kind != VIEW_BYTES)
        return;
    if (bytes.len > LIMIT_READ)
        bytes.len = LIMIT_READ;
    (void)client_input(to, bytes, clock_now_us());
    client_took(&p->client, bytes.len, clock_now_us());
}

/* While the other console takes input; input_changed of the other plug goes on
 * from there. */
static void carry(struct plug *p)
{
    const struct console *to = other_of(p)->client.console;
    struct view_item item = { .kind = VIEW_BYTES };

    if (to == NULL || p->client.console == NULL || p->modem->end_reason != NULL)
        return;
    while (item.kind != VIEW_NOTHING && console_takes_input(to)) {
        client_next(&p->client, &item);
        carry_item(p, &item);
    }
}

static void plug_pull(struct client *client)
{
    carry(plug_of(client));
}

/* This console takes input again, and the other plug's output is its input. */
static void plug_input_changed(struct client *client)
{
    carry(other_of(plug_of(client)));
}

/* What a VM drives as DTR and RTS its clients see as DSR and CTS; the plug
 * drives it on at the other end. */
static uint8_t driven_by_vm(const struct console *c)
{
    uint8_t seen = console_lines(c, LINE_CLIENTS);

    return (uint8_t)((seen & LINE_DSR ? LINE_DTR : 0) |
                     (seen & LINE_CTS ? LINE_RTS : 0));
}

static void plug_lines_changed(struct client *client)
{
    struct plug *other = other_of(plug_of(client));

    if (client->console != NULL && other->client.console != NULL)
        client_set_lines(&other->client, driven_by_vm(client->console));
}

static const struct client_ops plug_ops = {
    .pull = plug_pull,
    .input_changed = plug_input_changed,
    .lines_changed = plug_lines_changed,
};

static struct null_modem *modem_at(struct session *session)
{
    return CONTAINER_OF(session, struct null_modem, session);
}

/* The first reason counts. */
static void mark_ending(struct null_modem *m, const char *reason)
{
    if (m->end_reason != NULL)
        return;
    m->end_reason = reason;
    session_mark_ending(&m->ctx->all, &m->session);
}

static void close_modem(struct session *session, const char *reason)
{
    mark_ending(modem_at(session), reason);
}

/* Both ends are left before the owner is told: it may connect a new one at
 * once. */
static void end_modem(struct session *session)
{
    struct null_modem *m = modem_at(session);
    const char *reason = m->end_reason;

    for (int i = 0; i < 2; i++)
        client_detach(&m->plugs[i].client, clock_now_us());
    if (m->on_end != NULL)
        m->on_end(m->owner, reason);
}

static void free_modem(struct session *session)
{
    free(modem_at(session));
}

static const struct session_ops session_ops = {
    .shut_down = close_modem,
    .close = close_modem,
    .end = end_modem,
    .free = free_modem,
};

/* The lines are set before the plug is attached: what its console sees first is
 * what the other VM drives. */
static void init_plug(struct null_modem *m, int i, const struct console *other)
{
    const struct client_origin origin = {
        .door = CLIENT_DOOR_NULL_MODEM,
        .right = RIGHT_BREAK,
        .peer = "",
        .now_us = clock_now_us(),
    };

    client_init(&m->plugs[i].client, &plug_ops, &origin);
    m->plugs[i].modem = m;
    m->plugs[i].client.lines = driven_by_vm(other);
}

struct null_modem *null_modem_connect(struct session_context *ctx,
                                      struct console *a, struct console *b,
                                      null_modem_end_fn *on_end, void *owner)
{
    struct null_modem *m = xcalloc(1, sizeof *m);
    uint64_t now_us = clock_now_us();
    struct err why;

    m->ctx = ctx;
    init_plug(m, 0, b);
    init_plug(m, 1, a);
    session_start(&ctx->all, &m->session, &session_ops);
    if (client_attach(&m->plugs[0].client, a, now_us, &why) !=
            CLIENT_ATTACHED ||
        client_attach(&m->plugs[1].client, b, now_us, &why) !=
            CLIENT_ATTACHED) {
        null_modem_disconnect(m);
        return NULL;
    }
    m->on_end = on_end;
    m->owner = owner;
    return m;
}

void null_modem_disconnect(struct null_modem *m)
{
    if (m == NULL)
        return;
    m->on_end = NULL;
    mark_ending(m, "disconnected");
}

bool null_modem_is_at(const struct null_modem *m, const struct console *c)
{
    return m->plugs[0].client.console == c || m->plugs[1].client.console == c;
}
