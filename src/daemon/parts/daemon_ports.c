#include "daemon/parts/daemon_ports.h"

#include "daemon/daemon_private.h"
#include "session/client/console_port.h"
#include "session/service/service.h"

#include <errno.h>

/* A port that is taken for it; where that fails it is not any more. */
static int listen_on(struct daemon *d, struct console *c, uint16_t number)
{
    struct address address = d->interface;
    struct console_port *port = NULL;
    int r;

    address_set_port(&address, number);
    r = console_port_open(&d->sessions, d->loop, c, &address, &port);
    if (r == -EADDRINUSE)
        ports_set_foreign(&d->ports, number);
    else if (r < 0)
        ports_release(&d->ports, number);
    if (r < 0)
        return r;
    c->service = port;
    c->is_port_new = c->port != number;
    c->port = number;
    return 0;
}

int daemon_ports_open_known(struct daemon *d, struct console *c)
{
    if (c->port < d->settings->port_range_start ||
        c->port > d->settings->port_range_end)
        return -ERANGE;
    if (!ports_take_number(&d->ports, c->port))
        return -EADDRINUSE;
    return listen_on(d, c, c->port);
}

int daemon_ports_open(struct daemon *d, struct console *c)
{
    uint16_t number, before = 0;
    int rounds = 0;
    int r;

    if (c->port != 0 && daemon_ports_open_known(d, c) == 0)
        return 0;
    do {
        if (!ports_take(&d->ports, &number))
            return -EADDRNOTAVAIL;
        rounds += number <= before;
        before = number;
        /* Others have all that are left, and still do. */
        if (rounds == 2) {
            ports_set_foreign(&d->ports, number);
            return -EADDRNOTAVAIL;
        }
        r = listen_on(d, c, number);
    } while (r == -EADDRINUSE);
    return r;
}

void daemon_ports_close(struct daemon *d, struct console *c)
{
    struct console_port *port = c->service;

    if (port == NULL)
        return;
    ports_release(&d->ports, console_port_number(port));
    console_port_close(port);
    c->service = NULL;
}

void daemon_ports_close_all(struct daemon *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(&d->directory, &cursor)) != NULL) {
        daemon_ports_close(d, c);
        service_stop_listening(c);
    }
}
