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

static bool is_listener_possible(const struct uri *uri, struct err *why)
{
    if (uri->host_kind == URI_HOST_NAME) {
        err_set(why, "a listener needs an address, not a name; leave the host "
                     "out to listen on all addresses");
        return false;
    }
    if (uri_is_verifying(&uri->parameters) ||
        uri->parameters.ciphers[0] != '\0') {
        err_set(why,
                "authentication parameters are for outgoing connections, not "
                "for a listener; see --client-certs and --tls-ciphers");
        return false;
    }
    return true;
}

/* By making the context: OpenSSL alone knows which ciphers and certificates it
 * takes. A URI whose context cannot be made is refused here, and not found out
 * when it is needed. */
static bool is_connection_possible(struct session_context *ctx,
                                   const struct uri *uri, struct err *why)
{
    struct service_tls *tls;
    struct err trouble;

    if (uri->kind != URI_ADDRESS || uri->tls == URI_TLS_NEVER)
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
                            : is_listener_possible(uri, why);
}

bool service_is_permitted(const struct session_context *ctx,
                          const struct uri *uri, char direction,
                          struct err *why)
{
    const struct session_settings *s = &ctx->settings;
    bool is_call = direction == 'C';

    if (is_call && !is_ruled_in(s->connect_rules, s->connect_rule_count, uri)) {
        err_set(
            why,
            "direction 'C' (client): no rule allows this connection; see "
            "--service-connect, or set the serial port's direction to server");
        return false;
    }
    if (!is_call && !is_ruled_in(s->listen_rules, s->listen_rule_count, uri)) {
        err_set(why,
                "the service URI requests a listener of its own, and no rule "
                "allows it; see --service-listen, or use a name such as s0");
        return false;
    }
    if (!is_call && uri->tls >= URI_TLS_REQUIRED && ctx->client_tls == NULL) {
        err_set(why, "the service URI requires TLS, and vspcd has no "
                     "certificate; see --cert and --show-tls");
        return false;
    }
    return true;
}

bool service_is_allowed(struct session_context *ctx, const struct uri *uri,
                        char direction, struct err *why)
{
    return service_is_permitted(ctx, uri, direction, why) &&
           service_is_possible(ctx, uri, direction, why);
}
