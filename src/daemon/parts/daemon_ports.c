#include "daemon/parts/daemon_ports.h"

#include "core/directory.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/client/console_port.h"
#include "session/service/service.h"

#include <errno.h>
#include <string.h>

/* Before any console has a port: if the menu's is in their range, it is not for
 * them. */
static int open_menu(struct daemon_ports *p, struct err *err)
{
    struct address address = p->interface;
    int r;

    if (p->settings->menu_port == 0)
        return 0;
    address_set_port(&address, (uint16_t)p->settings->menu_port);
    r = menu_port_open(p->sessions, p->loop, &address, &p->menu);
    if (r < 0)
        err_set(err,
                "cannot listen for the menu on %s: %s; choose another port "
                "with --menu-port",
                address_format(&address).text, strerror(-r));
    return r;
}

static int open_admin(struct daemon_ports *p, struct err *err)
{
    const struct settings *s = p->settings;
    struct address address;
    struct err why;
    int r;

    if (s->admin_port == 0)
        return 0;
    r = address_parse(s->admin_iface, (uint16_t)s->admin_port, &address, &why);
    if (r < 0) {
        err_set(err, "%.120s: %.120s", options_where(s, "admin-iface", 0).text,
                why.text);
        return r;
    }
    r = admin_port_open(p->sessions, p->loop, &address, &p->admin);
    if (r < 0)
        err_set(err,
                "cannot listen for vSPCClient on %s: %s; choose another port "
                "with --admin-port, or 0 for none",
                address_format(&address).text, strerror(-r));
    return r;
}

int daemon_ports_open(struct daemon_ports *p, const struct settings *settings,
                      struct loop *loop, struct session_context *sessions,
                      const struct directory *directory, struct err *err)
{
    struct err why;
    int r;

    *p = (struct daemon_ports){
        .settings = settings,
        .loop = loop,
        .sessions = sessions,
        .directory = directory,
    };
    r = address_parse(settings->interface, 0, &p->interface, &why);
    if (r < 0) {
        err_set(err, "%.120s: %.120s",
                options_where(settings, "interface", 0).text, why.text);
        return r;
    }
    r = open_menu(p, err);
    if (r == 0)
        r = open_admin(p, err);
    if (r < 0) {
        menu_port_close(p->menu);
        return r;
    }
    ports_init(&p->ports, (uint16_t)settings->port_range_start,
               (uint16_t)settings->port_range_end);
    return 0;
}

/* Listens on a port that is taken for c; gives the port back on failure. */
static int listen_on(struct daemon_ports *p, struct console *c, uint16_t number)
{
    struct address address = p->interface;
    struct console_port *port = NULL;
    int r;

    address_set_port(&address, number);
    r = console_port_open(p->sessions, p->loop, c, &address, &port);
    if (r == -EADDRINUSE)
        ports_set_foreign(&p->ports, number);
    else if (r < 0)
        ports_release(&p->ports, number);
    if (r < 0)
        return r;
    c->port = port;
    c->is_port_new = c->port_number != number;
    c->port_number = number;
    return 0;
}

int daemon_ports_give_known(struct daemon_ports *p, struct console *c)
{
    if (c->port_number < p->settings->port_range_start ||
        c->port_number > p->settings->port_range_end)
        return -ERANGE;
    if (!ports_take_number(&p->ports, c->port_number))
        return -EADDRINUSE;
    return listen_on(p, c, c->port_number);
}

int daemon_ports_give(struct daemon_ports *p, struct console *c)
{
    uint16_t number, before = 0;
    int rounds = 0;
    int r;

    /* The former port first: users have its number in their scripts. */
    if (c->port_number != 0 && daemon_ports_give_known(p, c) == 0)
        return 0;
    do {
        if (!ports_take(&p->ports, &number))
            return -EADDRNOTAVAIL;
        rounds += number <= before;
        before = number;
        /* Every port that is left is another program's, still after a second
         * round. */
        if (rounds == 2) {
            ports_set_foreign(&p->ports, number);
            return -EADDRNOTAVAIL;
        }
        r = listen_on(p, c, number);
    } while (r == -EADDRINUSE);
    return r;
}

void daemon_ports_take_back(struct daemon_ports *p, struct console *c)
{
    struct console_port *port = c->port;

    if (port == NULL)
        return;
    ports_release(&p->ports, console_port_number(port));
    console_port_close(port);
    c->port = NULL;
}

void daemon_ports_log(const struct daemon_ports *p)
{
    struct address address;

    if (p->menu != NULL) {
        address = menu_port_address(p->menu);
        log_info(LOG_MENU_PORT_OPENED " address=%s",
                 address_format(&address).text);
    }
    if (p->admin != NULL) {
        address = admin_port_address(p->admin);
        log_info(LOG_ADMIN_PORT_OPENED " address=%s",
                 address_format(&address).text);
    }
}

void daemon_ports_stop(struct daemon_ports *p)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    menu_port_close(p->menu);
    p->menu = NULL;
    admin_port_close(p->admin);
    p->admin = NULL;
    while ((c = directory_next(p->directory, &cursor)) != NULL) {
        daemon_ports_take_back(p, c);
        service_stop_listening(c);
    }
}

void daemon_ports_close(struct daemon_ports *p)
{
    daemon_ports_stop(p);
    ports_done(&p->ports);
}
