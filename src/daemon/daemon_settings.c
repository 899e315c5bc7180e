#include "daemon/daemon_settings.h"

#include "daemon/daemon_limits.h"

#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int parse_rules(const struct settings *s, const char *option,
                       const struct settings_rules *texts, enum uri_place place,
                       struct uri_rule *rules, struct err *err)
{
    for (uint64_t i = 0; i < texts->count; i++) {
        struct err why;
        int r = uri_rule_parse(texts->text[i], place, &rules[i], &why);

        if (r < 0) {
            err_set(err, "%.120s: %.120s", options_where(s, option, i).text,
                    why.text);
            return r;
        }
    }
    return 0;
}

int daemon_settings_parse_rules(const struct settings *s,
                                struct daemon_rules *ret, struct err *err)
{
    int r = parse_rules(s, "service-listen", &s->service_listen, URI_SERVER,
                        ret->listen, err);

    if (r == 0)
        r = parse_rules(s, "service-connect", &s->service_connect, URI_CLIENT,
                        ret->connect, err);
    return r;
}

struct directory_settings daemon_settings_of_directory(const struct settings *s)
{
    return (struct directory_settings){
        .expire_us = s->vm_expire_s * US_PER_S,
        .new_expire_us =
            least(s->new_console_expire_s, s->vm_expire_s) * US_PER_S,
        .hold_us = s->hold_ms * US_PER_MS,
        .writer_idle_us = s->writer_idle_s * US_PER_S,
        .move_timeout_us = s->move_timeout_s * US_PER_S,
        .held_input_max = (uint32_t)s->held_input_size,
        .ring_max = (uint32_t)s->history_size,
        .history_total = s->history_total,
        .client_limit = (uint32_t)s->client_limit,
        .console_limit = (uint32_t)s->console_limit,
        .keeps_tls = s->vm_tls_keep != 0,
        .is_multi_console = s->is_multi_console,
        .is_dcd_always_on = s->is_dcd_always_on,
    };
}

/* 0: there is none. */
static char menu_escape_of(const struct settings *s)
{
    return strcmp(s->menu_escape, "none") != 0 ? s->menu_escape[0] : '\0';
}

struct session_settings daemon_settings_of_sessions(
    const struct settings *s, const struct daemon_found *found)
{
    enum tls_policy client_policy =
        found->has_client_tls ? (enum tls_policy)s->client_tls : TLS_OFF;
    struct session_settings sessions;
    struct gate_settings gate = daemon_limits_gate(s, found->open_files);
    struct address interface = { 0 };
    struct err err;

    gate.clients_need_tls = client_policy == TLS_REQUIRED;
    (void)address_parse(s->interface, 0, &interface, &err); /* it is checked */
    sessions = (struct session_settings){
        .identity_timeout_us = s->identity_timeout_s * US_PER_S,
        .vm_keys = (enum vm_keys)s->vm_keys,
        .refuses_unknown = s->unknown_vms != 0,
        .vm_takeover = (enum vm_takeover)s->vm_takeover,
        .proxy_port = found->proxy_port,
        .listen_rules = found->rules->listen,
        .listen_rule_count = s->service_listen.count,
        .connect_rules = found->rules->connect,
        .connect_rule_count = s->service_connect.count,
        .interface = interface,
        .tls_minimum = s->tls_min,
        .gate = gate,
        .balancers = { s->balancers.item, s->balancers.count },
        .history = { .lines = (uint32_t)s->attach_lines,
                     .bytes = (uint32_t)s->attach_bytes },
        .client_policy = client_policy,
        .sends_interrupt = s->interrupt != 0,
        .asks_logins = s->login == 0,
        .enter_is_cr = s->enter != 0,
        .menu_escape = menu_escape_of(s),
        .client_nop_us = s->client_nop_s * US_PER_S,
        .client_idle_us = s->client_idle_s * US_PER_S,
        .half_close_us = s->half_close_ms * US_PER_MS,
    };
    memcpy(sessions.vm_site_key, found->rules->vm_site_key,
           sizeof sessions.vm_site_key);
    return sessions;
}
