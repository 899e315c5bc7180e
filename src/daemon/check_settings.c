#include "daemon/check_settings.h"

#include "daemon/console_logs.h"
#include "daemon/tls.h"
#include "net/address.h"
#include "proto/uri_rule.h"

static void complain(const struct settings *s, const char *name, uint64_t index,
                     const struct err *err, struct problems *problems)
{
    struct options_place place = options_where(s, name, index);

    problems_add(problems, place.line, "%s: %s", place.text, err->text);
}

/* has_port: one may stand behind it. */
static void check_address(const struct settings *s, const char *name,
                          uint64_t index, const char *text, bool has_port,
                          struct problems *problems)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port = 1;
    struct address address;
    struct err err;
    int r = 0;

    if (has_port)
        r = address_split(text, port, host, &port, &err);
    if (r == 0)
        r = address_parse(has_port ? host : text, port, &address, &err);
    if (r < 0)
        complain(s, name, index, &err, problems);
}

static void check_rules(const struct settings *s, const char *name,
                        const struct settings_rules *rules,
                        struct problems *problems)
{
    for (uint64_t i = 0; i < rules->count; i++) {
        struct uri_rule rule;
        struct err err;

        if (uri_rule_parse(rules->text[i], &rule, &err) < 0)
            complain(s, name, i, &err, problems);
    }
}

/* Without cert there is nothing to look at before the first start. */
static void check_tls(const struct settings *s, struct problems *problems)
{
    struct daemon_tls tls;
    struct err err;

    if (s->cert == NULL)
        return;
    if (daemon_tls_open(&tls, s, &err) < 0)
        complain(s, "cert", 0, &err, problems);
    else
        daemon_tls_close(&tls);
}

void check_settings(const struct settings *s, struct problems *problems)
{
    check_address(s, "proxy-iface", 0, s->proxy_iface, true, problems);
    check_address(s, "interface", 0, s->interface, false, problems);
    for (uint64_t i = 0; i < s->proxy_count; i++)
        check_address(s, "proxy-listen", i, s->proxies[i].address, true,
                      problems);
    check_rules(s, "service-listen", &s->service_listen, problems);
    check_rules(s, "service-connect", &s->service_connect, problems);
    daemon_logs_check(s, problems);
    check_tls(s, problems);
}
