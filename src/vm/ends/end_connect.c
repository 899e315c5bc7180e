/*
 * A byte stream to another program: a QEMU chardev socket, a container's
 * console, a program that listens. Plain, or telnet, which can carry a break.
 */
#include "vm/ends/end.h"

#include "base/mem.h"
#include "net/dial/dial.h"
#include "vm/common/say.h"
#include "vm/ends/telnet_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 10 * 1000 };

struct end_connect {
    struct end end;
    struct dial *dial;
    const char *unix_path; /* NULL: host and port */
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    bool is_telnet;
    struct telnet_stream telnet; /* on top of the dialled stream */
};

static struct end_connect *connect_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_connect, end);
}

static void end_connect_on_dialled(void *owner, struct stream *stream,
                                   const struct err *err)
{
    struct end_connect *c = owner;

    c->dial = NULL;
    if (stream == NULL) {
        c->end.events->gone(c->end.owner, END_RETRY, 0, err->text);
        return;
    }
    if (c->is_telnet)
        stream = telnet_stream_open(&c->telnet, stream, &c->end.read_break);
    c->end.in = stream;
    c->end.out = stream;
    c->end.events->opened(c->end.owner);
}

static void end_connect_open(struct end *e)
{
    struct end_connect *c = connect_of(e);
    const struct dial_target target = {
        .host = c->host,
        .port = c->port,
        .timeout_ms = CONNECT_TIMEOUT_MS,
    };

    c->dial = c->unix_path != NULL
                  ? dial_unix(e->loop, c->unix_path, end_connect_on_dialled, c)
                  : dial_tcp(e->loop, &target, end_connect_on_dialled, c);
}

static void end_connect_failed(struct end *e, bool is_output, int error)
{
    char why[256];

    (void)is_output;
    end_close_streams(e);
    snprintf(why, sizeof why, "%s: %s", e->name,
             error == 0 ? "closed by the other side" : strerror(-error));
    e->events->gone(e->owner, END_RETRY, 0, why);
}

static void end_connect_break(struct end *e, enum uart_break what)
{
    struct end_connect *c = connect_of(e);

    if (what == UART_BREAK_OFF)
        return;
    if (c->is_telnet)
        telnet_stream_send_break(&c->telnet);
    say(SAY_DETAIL,
        c->is_telnet ? "%s: break"
                     : "%s: bytes alone have no word for a break; ignored",
        e->name);
}

static void end_connect_free(struct end *e)
{
    struct end_connect *c = connect_of(e);

    if (c->dial != NULL)
        dial_cancel(c->dial);
    end_close_streams(e);
    free(c);
}

static const struct end_ops connect_ops = {
    .open = end_connect_open,
    .failed = end_connect_failed,
    .set_break = end_connect_break,
    .free = end_connect_free,
};

struct end *end_connect_new(struct loop *loop, const char *target,
                            struct err *err)
{
    static const char unix_prefix[] = "unix:";
    static const char telnet_prefix[] = "telnet:";
    const char *address = target;
    struct end_connect *c = xcalloc(1, sizeof *c);

    c->end.ops = &connect_ops;
    c->end.loop = loop;
    snprintf(c->end.name, sizeof c->end.name, "%s", target);
    if (strncmp(target, unix_prefix, strlen(unix_prefix)) == 0) {
        c->unix_path = target + strlen(unix_prefix);
        return &c->end;
    }
    c->is_telnet = strncmp(target, telnet_prefix, strlen(telnet_prefix)) == 0;
    if (c->is_telnet)
        address += strlen(telnet_prefix);
    if (address_split(address, 0, c->host, &c->port, err) == 0 && c->port != 0)
        return &c->end;
    err_set(err,
            "--connect %s: expected HOST:PORT, telnet:HOST:PORT or unix:PATH",
            target);
    free(c);
    return NULL;
}
