#include "session/null_modem.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>

/* One end: takes the output of its console to the other's input. */
struct plug {
    struct client client;
    struct null_modem *modem;
    struct pending_break vm_break; /* in the output */
    bool is_carrying;
};

struct null_modem {
    struct plug plugs[2];
    null_modem_end_fn *on_end;
    void *owner;
};

static struct plug *plug_of(struct client *client)
{
    return CONTAINER_OF(client, struct plug, client);
}

static struct plug *other_of(struct plug *p)
{
    return p == &p->modem->plugs[0] ? &p->modem->plugs[1] : &p->modem->plugs[0];
}

static void pass_on_break(struct plug *p, struct console *to)
{
    bool has_ended = pending_break_take(&p->vm_break);

    console_break_input(to, true);
    if (has_ended)
        console_break_input(to, false);
}

/* What goes out next: a read's worth at most, up to a break that waits. */
static struct slice next_output(struct plug *p)
{
    struct ring_span span;
    struct slice bytes;
    uint64_t before;

    /* What it has lost, a cable does not say. */
    (void)client_peek(&p->client, &span);
    bytes = span.part[0];
    before = pending_break_before(&p->vm_break, p->client.reader.at);
    if (before < bytes.len)
        bytes.len = (size_t)before;
    if (bytes.len > LIMIT_READ)
        bytes.len = LIMIT_READ;
    return bytes;
}

/* As long as the other console takes input. Whatever it does there, it must
 * not begin anew in here. */
static void carry(struct plug *p)
{
    struct console *to = other_of(p)->client.console;

    if (p->is_carrying || to == NULL || p->client.console == NULL)
        return;
    p->is_carrying = true;
    while (p->client.console != NULL && other_of(p)->client.console == to &&
           console_takes_input(to)) {
        struct slice bytes = next_output(p);

        if (pending_break_is_due(&p->vm_break, p->client.reader.at)) {
            pass_on_break(p, to);
            continue;
        }
        if (bytes.len == 0)
            break;
        console_input(to, bytes);
        if (p->client.console != NULL)
            client_took(&p->client, bytes.len, clock_now_us());
    }
    console_input_end(to);
    p->is_carrying = false;
}

static void plug_pull(struct client *client)
{
    carry(plug_of(client));
}

/* Of this console's input the other end's output is made. */
static void plug_input_changed(struct client *client)
{
    carry(other_of(plug_of(client)));
}

static void plug_tell(struct client *client, enum client_news news)
{
    (void)client;
    (void)news;
}

/* DTR and RTS of one VM are what its peers see as DSR and CTS. */
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
        console_set_client_lines(&other->client, driven_by_vm(client->console));
}

static void plug_break(struct client *client, bool is_on)
{
    struct plug *p = plug_of(client);
    struct console *to = other_of(p)->client.console;

    if (!pending_break_put(&p->vm_break, is_on, client->console->output.head) &&
        to != NULL) {
        console_break_input(to, false);
        console_input_end(to);
    }
    carry(p);
}

static void plug_close(struct client *client, const char *reason)
{
    struct null_modem *m = plug_of(client)->modem;

    console_detach_client(client, clock_now_us());
    m->on_end(m->owner, reason);
}

static const struct client_ops plug_ops = {
    .pull = plug_pull,
    .input_changed = plug_input_changed,
    .tell = plug_tell,
    .lines_changed = plug_lines_changed,
    .line_break = plug_break,
    .close = plug_close,
};

struct null_modem *null_modem_connect(struct console *a, struct console *b,
                                      null_modem_end_fn *on_end, void *owner)
{
    struct null_modem *m = xcalloc(1, sizeof *m);
    struct console *consoles[] = { a, b };
    uint64_t now_us = clock_now_us();

    m->on_end = on_end;
    m->owner = owner;
    for (int i = 0; i < 2; i++) {
        client_init(&m->plugs[i].client, &plug_ops);
        m->plugs[i].modem = m;
        m->plugs[i].client.lines = driven_by_vm(consoles[1 - i]);
    }
    for (int i = 0; i < 2; i++) {
        if (!console_attach_client(consoles[i], &m->plugs[i].client, now_us)) {
            null_modem_disconnect(m);
            return NULL;
        }
    }
    return m;
}

void null_modem_disconnect(struct null_modem *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < 2; i++)
        console_detach_client(&m->plugs[i].client, clock_now_us());
    free(m);
}

bool null_modem_is_at(const struct null_modem *m, const struct console *c)
{
    return m->plugs[0].client.console == c || m->plugs[1].client.console == c;
}
