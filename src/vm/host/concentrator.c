#include "vm/host/concentrator.h"

#include "proto/uri/uri_format.h"

#include <errno.h>
#include <string.h>

enum { DEFAULT_PROXY_PORT = 13370 };

_Static_assert((int)URI_HOST_MAX <= (int)ADDRESS_HOST_MAX, "a URI's host fits");

static int read_uri(struct concentrator *to, const char *option,
                    const char *value, struct err *err)
{
    static const enum auth_policy policies[] = {
        [URI_TLS_OFFERED] = AUTH_OFFERED,
        [URI_TLS_REQUIRED] = AUTH_REQUIRED,
        [URI_TLS_FIRST] = AUTH_NOT_NEEDED,
    };
    struct uri uri;
    struct err why;
    size_t at;
    enum uri_problem problem =
        uri_parse(slice_of_text(value), URI_PROXY, 0, &uri, &at);

    if (problem != URI_OK) {
        uri_describe_problem(problem, at, &why);
        err_set(err, "--%s: %s", option, why.text);
        return -EINVAL;
    }
    memcpy(to->host, uri.host, strlen(uri.host) + 1);
    to->port = uri.port;
    to->policy = policies[uri.tls];
    to->parameters = uri.parameters;
    return 0;
}

int concentrator_read(struct concentrator *ret, const char *option,
                      const char *value, struct err *err)
{
    struct err why;

    *ret = (struct concentrator){ .policy = AUTH_OFFERED };
    if (strstr(value, "://") != NULL)
        return read_uri(ret, option, value, err);
    if (address_split(value, DEFAULT_PROXY_PORT, ret->host, &ret->port, &why) ==
            0 &&
        ret->host[0] != '\0' && ret->port != 0)
        return 0;
    err_set(err,
            "--%s %s: expected HOST, HOST:PORT, telnet://HOST:PORT or "
            "telnets://HOST:PORT",
            option, uri_show(slice_of_text(value)).text);
    return -EINVAL;
}

int concentrator_open(struct proxy_target *ret, const struct concentrator *c,
                      const struct concentrator_proof *proof,
                      const char *option, struct err *err)
{
    const struct uri_parameters *p = &c->parameters;
    char pem[URI_PEM_MAX + 1];
    char thumbprint[URI_THUMBPRINT_MAX + 1];
    struct tls_client_settings settings = {
        .thumbprint = thumbprint,
        .peer_name = p->peer_name,
        .verify = p->has_verify,
        .ciphers = p->ciphers,
        .own_certificate_path = proof->certificate,
        .own_key_path = proof->key,
    };
    struct err why;

    *ret = (struct proxy_target){ c->host, c->port, c->policy, NULL };
    uri_get_thumbprint(p, thumbprint);
    if (uri_get_certificate(p, pem) > 0)
        settings.certificate = pem;
    if (tls_context_open_client(&ret->tls, &settings, &why) == 0)
        return 0;
    err_set(err, "--%s: %s", option, why.text);
    return -EINVAL;
}
