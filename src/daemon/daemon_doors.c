#include "daemon/daemon_doors.h"

#include "daemon/assembly.h"

#include <stdio.h>

/* Who is told. */
struct listener_of_doors {
    void (*tell)(void *to, const struct api_door *door);
    void *to;
};

static void tell_address(const struct listener_of_doors *l, const char *kind,
                         const struct address *address, enum tls_policy policy)
{
    struct address_text text = address_format(address);
    const struct api_door door = {
        .kind = kind,
        .address = text.text,
        .tls = tls_policy_name(policy),
    };

    l->tell(l->to, &door);
}

static void tell_of_vms(const struct daemon *d,
                        const struct listener_of_doors *l)
{
    for (int i = 0; i < d->proxies.count; i++)
        tell_address(l, "vms", &d->proxies.item[i].address,
                     d->proxies.item[i].policy);
}

static void tell_of_clients(const struct daemon *d,
                            const struct listener_of_doors *l)
{
    enum tls_policy policy = d->sessions.settings.client_policy;
    char range[SETTINGS_HOST_MAX + 64];
    const struct api_door consoles = {
        .kind = "consoles",
        .address = range,
        .tls = tls_policy_name(policy),
    };
    struct address menu;

    snprintf(range, sizeof range, "%s:%llu-%llu", d->settings->interface,
             (unsigned long long)d->settings->port_range_start,
             (unsigned long long)d->settings->port_range_end);
    if (!d->settings->no_vm_ports)
        l->tell(l->to, &consoles);
    if (d->ports.menu == NULL)
        return;
    menu = menu_port_address(d->ports.menu);
    tell_address(l, "menu", &menu, policy);
}

static void tell_of_web(const struct daemon *d,
                        const struct listener_of_doors *l)
{
    const struct api_door socket = {
        .kind = "socket",
        .address = d->web.socket,
        .tls = tls_policy_name(TLS_OFF),
    };
    struct address address;
    bool is_tls;

    if (d->web.socket[0] != '\0')
        l->tell(l->to, &socket);
    for (size_t i = 0; web_port(d->web.web, i, &address, &is_tls); i++)
        tell_address(l, "web", &address, is_tls ? TLS_REQUIRED : TLS_OFF);
}

void daemon_doors_tell(void *owner,
                       void (*tell)(void *to, const struct api_door *door),
                       void *to)
{
    const struct listener_of_doors l = { .tell = tell, .to = to };
    const struct daemon *d = owner;

    tell_of_vms(d, &l);
    tell_of_clients(d, &l);
    tell_of_web(d, &l);
}
