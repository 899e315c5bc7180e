#include "daemon/parts/daemon_proxies.h"

#include "log/log.h"
#include "log/log_words.h"
#include "net/address.h"
#include "session/vm/vm_session.h"

#include <string.h>

static void daemon_proxies_accepted(void *owner, struct stream *stream)
{
    struct daemon_proxy *p = owner;

    vm_session_start(p->sessions, stream, p->policy);
}

/* A default that is not possible is left out. If a person has asked for TLS,
 * there is a context by now, or the start has failed. */
static enum tls_policy policy_of(const struct daemon_tls *tls, uint64_t policy)
{
    return tls->vms != NULL ? (enum tls_policy)policy : TLS_OFF;
}

/* The setting that asks for a port, and its place in a list. */
struct asked {
    const char *option;
    uint64_t index;
    const char *address;
    uint64_t policy;
};

static int parse_address(const struct settings *s, const struct asked *asked,
                         struct address *ret, struct err *err)
{
    uint16_t port = (uint16_t)s->proxy_port;
    char host[ADDRESS_HOST_MAX + 1];
    struct err why;
    int r = address_split(asked->address, port, host, &port, &why);

    if (r == 0)
        r = address_parse(host, port, ret, &why);
    if (r < 0)
        err_set(err, "%.120s: %.120s",
                options_where(s, asked->option, asked->index).text, why.text);
    return r;
}

static int open_one(struct daemon_proxies *all, const struct settings *s,
                    const struct daemon_tls *tls, struct loop *loop,
                    struct session_context *sessions, const struct asked *asked,
                    struct err *err)
{
    struct daemon_proxy *p = &all->item[all->count];
    int r;

    *p = (struct daemon_proxy){
        .sessions = sessions,
        .policy = policy_of(tls, asked->policy),
    };
    r = parse_address(s, asked, &p->address, err);
    if (r < 0)
        return r;
    r = listener_open(loop, &p->address, LISTENER_WAIT | LISTENER_LITTLE,
                      &sessions->gate.of_vms, daemon_proxies_accepted, p,
                      &p->listener);
    if (r < 0) {
        err_set(err,
                "cannot listen for VMs on %s: %s; choose another address or "
                "port with --%s%s",
                address_format(&p->address).text, strerror(-r), asked->option,
                all->count == 0 ? " and --proxy-port" : "");
        return r;
    }
    /* With port 0 the system has chosen the port, which the log must name. */
    p->address = listener_address(p->listener);
    all->count++;
    return 0;
}

int daemon_proxies_open(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls, struct loop *loop,
                        struct session_context *sessions, struct err *err)
{
    struct asked asked = { "proxy-iface", 0, settings->proxy_iface,
                           settings->tls };
    int r;

    p->count = 0;
    r = open_one(p, settings, tls, loop, sessions, &asked, err);
    for (uint64_t i = 0; i < settings->proxies.count && r == 0; i++) {
        asked = (struct asked){ "proxy-listen", i,
                                settings->proxies.item[i].address,
                                settings->proxies.item[i].tls };
        r = open_one(p, settings, tls, loop, sessions, &asked, err);
    }
    if (r < 0)
        daemon_proxies_close(p);
    return r;
}

void daemon_proxies_close(struct daemon_proxies *p)
{
    for (int i = 0; i < p->count; i++)
        listener_close(p->item[i].listener);
    p->count = 0;
}

void daemon_proxies_use(struct daemon_proxies *p,
                        const struct settings *settings,
                        const struct daemon_tls *tls)
{
    for (int i = 0; i < p->count; i++)
        p->item[i].policy = policy_of(
            tls, i == 0 ? settings->tls : settings->proxies.item[i - 1].tls);
}

void daemon_proxies_log_others(const struct daemon_proxies *p)
{
    for (int i = 1; i < p->count; i++)
        log_info(LOG_VM_PORT_OPENED " proxy=%s",
                 address_format(&p->item[i].address).text);
}

static bool is_for_others(const struct daemon_proxy *p)
{
    struct ip ip;

    return address_ip(&p->address, &ip) && ip_range(ip) != IP_LOOPBACK;
}

void daemon_proxies_check_allowed(const struct daemon_proxies *p,
                                  const struct settings *settings)
{
    for (int i = 0; i < p->count && settings->vm_allow.count == 0; i++) {
        if (!is_for_others(&p->item[i]))
            continue;
        log_warning(LOG_VMS_FROM_EVERYWHERE " proxy=%s reason=%s",
                    address_format(&p->item[i].address).text,
                    LOG_TEXT("whoever reaches the port can pose as any VM "
                             "that is not connected; name the ESXi hosts in "
                             "--vm-allow, or say --vm-allow any"));
        return;
    }
}
