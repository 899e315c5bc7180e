/* What a VM's service URI may ask for: by the administrator's rules, and by
 * what vspcd can do. Asked before WILL-PROXY; no rule is nothing allowed,
 * because an open relay is nobody's default. */
#include "session/service/service_private.h"

static bool is_ruled_in(const struct uri_rule *rules, size_t count,
                        const struct uri *uri)
{
    for (size_t i = 0; i < count; i++) {
        if (uri_rule_allows(&rules[i], uri))
            return true;
    }
    return false;
}

static bool is_named(const struct session_settings *s, struct ip ip,
                     uint16_t port)
{
    for (size_t i = 0; i < s->connect_rule_count; i++) {
        if (uri_rule_names(&s->connect_rules[i], ip, port))
            return true;
    }
    return false;
}

/* "*" and names never lead to the concentrator itself: there are consoles
 * behind --client-allow, and services that trust whoever comes from this host
 * or link, such as those for a cloud's metadata. is_own: an interface of this
 * host has the address. */
static bool may_reach(const struct session_context *ctx, struct ip ip,
                      uint16_t port, bool is_own, struct err *why)
{
    static const char *const texts[IP_RANGE_COUNT] = {
        [IP_ANY_HOST] = "an address of this host",
        [IP_UNSPECIFIED] = "an address of this host",
        [IP_LOOPBACK] = "a loopback address",
        [IP_LINK_LOCAL] = "a link-local address",
    };
    enum ip_range range = ip_range(ip);
    struct network host = {
        .address = ip,
        .mask = { UINT64_MAX, UINT64_MAX },
        .is_ipv4 = ip_is_ipv4(ip),
    };

    if ((range == IP_ANY_HOST && !is_own) || is_named(&ctx->settings, ip, port))
        return true;
    err_set(why,
            "%s is %s, which a rule must name; see --service-connect "
            "(docs/uris.md)",
            network_format(&host).text, texts[range]);
    return false;
}

bool service_reaches_allowed(const struct service *s, struct err *why)
{
    struct ip ip;

    return !address_ip(&s->reached, &ip) ||
           may_reach(s->ctx, ip, address_port(&s->reached), s->reaches_own,
                     why);
}

bool service_may_lead_to(const struct session_context *ctx,
                         const struct uri *uri, struct err *why)
{
    struct ip ip;

    return uri->kind != URI_ADDRESS || !ip_parse(uri->host, &ip) ||
           may_reach(ctx, ip, uri->port, false, why);
}

/* What --client-tls requires holds for each way to a console. A listener for
 * bare bytes has no TLS to be required; telnet:// begins it. */
static bool is_as_secure_as_clients(const struct session_settings *settings,
                                    const struct uri *uri, struct err *why)
{
    if (uri->tls != URI_TLS_NEVER || settings->client_policy != TLS_REQUIRED)
        return true;
    err_set(why, "clients must use TLS (--client-tls required), and this "
                 "listener has none; use ssl://, telnets:// or telnet://");
    return false;
}

static bool is_listener_possible(const struct session_settings *settings,
                                 const struct uri *uri, struct err *why)
{
    if (uri->host_kind == URI_HOST_NAME) {
        err_set(why, "a listener needs an address, not a name; leave the host "
                     "out to listen where the rules allow it");
        return false;
    }
    if (uri_is_verifying(&uri->parameters) ||
        uri->parameters.ciphers[0] != '\0') {
        err_set(why,
                "authentication parameters are for outgoing connections, not "
                "for a listener; see --client-certs and --tls-ciphers");
        return false;
    }
    return is_as_secure_as_clients(settings, uri, why);
}

/* By making the context: OpenSSL alone knows which ciphers and certificates it
 * takes. A URI whose context cannot be made is refused here, and not found out
 * when it is needed; where many were made just now, it is found out then. */
static bool is_connection_possible(struct session_context *ctx,
                                   const struct uri *uri, struct err *why)
{
    struct service_tls *tls;
    struct err trouble;

    if (uri->kind != URI_ADDRESS || uri->tls == URI_TLS_NEVER ||
        !service_tls_is_affordable(&ctx->services->tls, &uri->parameters,
                                   ctx->settings.tls_minimum))
        return true;
    tls = service_tls_take(&ctx->services->tls, &uri->parameters,
                           ctx->settings.tls_minimum, &trouble);
    if (tls == NULL)
        err_set(why, "authentication parameters: %s", trouble.text);
    service_tls_release(tls);
    return tls != NULL;
}

bool service_is_possible(struct session_context *ctx, const struct uri *uri,
                         char direction, struct err *why)
{
    return direction == 'C' ? is_connection_possible(ctx, uri, why)
                            : is_listener_possible(&ctx->settings, uri, why);
}

static bool is_listener_permitted(const struct session_context *ctx,
                                  const struct uri *uri, struct err *why)
{
    struct address at;

    if (!service_find_listener(&ctx->settings, uri, &at, why))
        return false;
    if (uri->tls >= URI_TLS_REQUIRED && ctx->client_tls == NULL) {
        err_set(why, "the service URI requires TLS, and vspcd has no "
                     "certificate; see --cert and --show-tls");
        return false;
    }
    return is_as_secure_as_clients(&ctx->settings, uri, why);
}

bool service_is_permitted(const struct session_context *ctx,
                          const struct uri *uri, char direction,
                          struct err *why)
{
    const struct session_settings *s = &ctx->settings;

    if (direction != 'C')
        return is_listener_permitted(ctx, uri, why);
    if (is_ruled_in(s->connect_rules, s->connect_rule_count, uri))
        return service_may_lead_to(ctx, uri, why);
    err_set(why,
            "direction 'C' (client): no rule allows this connection; see "
            "--service-connect, or set the serial port's direction to server");
    return false;
}

bool service_is_allowed(struct session_context *ctx, const struct uri *uri,
                        char direction, struct err *why)
{
    return service_is_permitted(ctx, uri, direction, why) &&
           service_is_possible(ctx, uri, direction, why);
}
