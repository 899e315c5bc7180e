#include "cli/uri/uri_plan.h"

#include "base/network.h"
#include "base/text.h"
#include "proto/uri/uri.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void add_note(struct uri_plan *plan, const char *text)
{
    if (plan->note_count < URI_PLAN_NOTES_MAX)
        err_set(&plan->note[plan->note_count++], "%s", text);
}

const char *uri_plan_tls_name(enum uri_plan_tls tls)
{
    static const char *const names[] = { "off", "offered", "telnets" };

    return names[tls];
}

/* ---- which listener -------------------------------------------------------
 */

/* Whether a listener with this policy takes a host whose URI says so. */
static bool takes(const char *policy, enum uri_plan_tls tls)
{
    switch (tls) {
    case URI_PLAN_OFF:
        return strcmp(policy, "required") != 0;
    case URI_PLAN_OFFERED:
        return strcmp(policy, "offered") == 0 ||
               strcmp(policy, "required") == 0;
    case URI_PLAN_TELNETS:
        return strcmp(policy, "off") != 0;
    }
    return false;
}

static bool find_tls(const char *name, enum uri_plan_tls *ret)
{
    for (int i = URI_PLAN_OFF; i <= (int)URI_PLAN_TELNETS; i++) {
        *ret = (enum uri_plan_tls)i;
        if (strcmp(uri_plan_tls_name(*ret), name) == 0)
            return true;
    }
    return false;
}

/* NULL: there is none, or err says what is wrong. */
static const json_t *find_listener(struct uri_plan *plan, const json_t *answer,
                                   const char *wish, struct err *err)
{
    const json_t *listeners = json_object_get(answer, "listeners");
    const json_t *listener = json_array_get(listeners, 0);

    if (listener == NULL) {
        err_set(err, "the server has no port for VMs");
        return NULL;
    }
    if (wish == NULL) {
        plan->tls = takes(text_of(listener, "tls"), URI_PLAN_TELNETS)
                        ? URI_PLAN_TELNETS
                        : URI_PLAN_OFF;
        return listener;
    }
    if (!find_tls(wish, &plan->tls)) {
        err_set(err, "--tls %.40s: expected off, offered or telnets", wish);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(listeners); i++) {
        listener = json_array_get(listeners, i);
        if (takes(text_of(listener, "tls"), plan->tls))
            return listener;
    }
    err_set(err,
            "--tls %s: no port of the server for VMs takes that; its setting "
            "tls, or proxy-listen, says what it takes",
            wish);
    return NULL;
}

/* ---- which host -----------------------------------------------------------
 */

static bool is_address(const char *host)
{
    struct ip ip;

    return ip_parse(host, &ip);
}

/* One that a URI can have; what a server says of itself may be anything. */
static bool is_host(const char *host)
{
    char text[URI_HOST_MAX + 1];
    enum uri_host kind;
    const uint8_t *at;

    return host[0] != '\0' &&
           uri_host_read(slice_of_text(host), strchr(host, ':') != NULL, text,
                         &kind, &at) == URI_OK;
}

static bool is_for_others(const char *host)
{
    struct ip ip;

    return ip_parse(host, &ip)
               ? ip_range(ip) == IP_ANY_HOST
               : strcmp(host, "localhost") != 0 && is_host(host);
}

/* One that a name server of others knows, most likely. */
static bool is_full_name(const char *host)
{
    return is_for_others(host) && !is_address(host) &&
           strchr(host, '.') != NULL;
}

static bool is_any_name(const char *host)
{
    return is_for_others(host) && !is_address(host);
}

static bool is_any_address(const char *host)
{
    return is_for_others(host) && is_address(host);
}

static const char *first_of(const json_t *texts, bool (*fits)(const char *))
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const char *text = json_string_value(json_array_get(texts, i));

        if (text != NULL && fits(text))
            return text;
    }
    return NULL;
}

static bool has_name_of(const json_t *names, const char *host)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (name != NULL && text_is_name_of(name, host))
            return true;
    }
    return false;
}

static const char *set_why(struct uri_plan *plan, const char *host,
                           const char *why)
{
    if (host != NULL)
        plan->why = why;
    return host;
}

static const char *choose_host(struct uri_plan *plan, const json_t *answer,
                               const json_t *listener,
                               const struct uri_plan_wish *wish)
{
    const json_t *names = json_object_get(answer, "names");
    const json_t *certified =
        json_object_get(json_object_get(answer, "certificate"), "names");
    const char *own = text_of(listener, "address");
    struct ip ip;
    const char *host;

    if (wish->host != NULL)
        return set_why(plan, wish->host, "as --host says");
    if (ip_parse(own, &ip) && ip_range(ip) != IP_UNSPECIFIED)
        return set_why(plan, own, "the only address it listens at");
    host = set_why(plan, first_of(certified, is_full_name),
                   "a name in its certificate");
    if (host == NULL)
        host =
            set_why(plan, first_of(names, is_full_name), "the machine's name");
    if (host == NULL && wish->reached != NULL && is_for_others(wish->reached))
        host = set_why(plan, wish->reached, "as you have reached it");
    if (host == NULL)
        host = set_why(
            plan,
            first_of(json_object_get(answer, "addresses"), is_any_address),
            "the address that its own connections come from");
    if (host == NULL)
        host =
            set_why(plan, first_of(names, is_any_name), "the machine's name");
    return host != NULL ? host
                        : set_why(plan, "localhost", "it has no other name");
}

static void add_other(struct uri_plan *plan, const char *host)
{
    if (host == NULL || !is_for_others(host) || strcmp(host, plan->host) == 0 ||
        plan->other_count == URI_PLAN_OTHERS_MAX)
        return;
    for (size_t i = 0; i < plan->other_count; i++)
        if (strcmp(plan->other[i], host) == 0)
            return;
    snprintf(plan->other[plan->other_count++], URI_PLAN_HOST_MAX, "%.255s",
             host);
}

static void add_others(struct uri_plan *plan, const json_t *texts)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        add_other(plan, json_string_value(json_array_get(texts, i)));
}

/* ---- the URI --------------------------------------------------------------
 */

static const char *const verify_names[] = { "none", "sha1", "sha256", "ca" };

const char *uri_plan_verify_name(enum uri_plan_verify verify)
{
    return verify_names[verify];
}

static bool find_verify(const char *name, enum uri_plan_verify *ret)
{
    for (int i = URI_PLAN_ANYBODY; i <= (int)URI_PLAN_CA; i++) {
        *ret = (enum uri_plan_verify)i;
        if (strcmp(verify_names[i], name) == 0)
            return true;
    }
    return false;
}

static int choose_verify(struct uri_plan *plan, const json_t *certificate,
                         const char *wish, struct err *err)
{
    bool has_tls = plan->tls != URI_PLAN_OFF && json_is_object(certificate);

    plan->verify = has_tls ? URI_PLAN_SHA1 : URI_PLAN_ANYBODY;
    if (wish == NULL)
        return 0;
    if (!find_verify(wish, &plan->verify)) {
        err_set(err, "--verify %.40s: expected sha1, sha256, ca or none", wish);
        return -EINVAL;
    }
    if (plan->verify != URI_PLAN_ANYBODY && !has_tls) {
        err_set(err, "--verify %s: the URI is without TLS", wish);
        return -EINVAL;
    }
    if (plan->verify != URI_PLAN_CA)
        return 0;
    if (json_is_true(json_object_get(certificate, "is_self_signed"))) {
        err_set(err, "--verify ca: the server's certificate is signed by "
                     "itself; see its setting cert");
        return -EINVAL;
    }
    if (!has_name_of(json_object_get(certificate, "names"), plan->host)) {
        err_set(err,
                "--verify ca: %.255s is no name in the server's "
                "certificate; --host names one that is",
                plan->host);
        return -EINVAL;
    }
    return 0;
}

/* The URI must mean what it is meant to; a thumbprint, and --host, may be
 * anything. */
static int write_uri(struct uri_plan *plan, const json_t *certificate,
                     struct err *err)
{
    bool is_v6 = strchr(plan->host, ':') != NULL;
    const char *key = "";
    const char *value = "";
    enum uri_problem problem;
    struct uri uri;
    size_t at;

    if (plan->verify == URI_PLAN_CA) {
        key = "#verify&peerName=";
        value = plan->host;
    } else if (plan->verify != URI_PLAN_ANYBODY) {
        key = "#thumbprint=";
        value = text_of(certificate, verify_names[plan->verify]);
    }
    snprintf(plan->uri, sizeof plan->uri, "%s://%s%s%s:%u%s%s",
             plan->tls == URI_PLAN_TELNETS ? "telnets" : "telnet",
             is_v6 ? "[" : "", plan->host, is_v6 ? "]" : "", plan->port, key,
             value);
    problem = uri_parse(slice_of_text(plan->uri), URI_PROXY, 0, &uri, &at);
    if (problem == URI_OK)
        return 0;
    if (!is_host(plan->host)) {
        err_set(err,
                "--host %.80s: expected a name or an address, without scheme "
                "and port",
                plan->host);
        return -EINVAL;
    }
    err_set(err, "%.100s: %s", plan->uri, uri_problem_text(problem));
    return -EINVAL;
}

static bool is_loopback(const char *host)
{
    struct ip ip;

    return (ip_parse(host, &ip) && ip_range(ip) == IP_LOOPBACK) ||
           strcmp(host, "localhost") == 0;
}

static void add_notes(struct uri_plan *plan, const json_t *answer)
{
    if (is_loopback(plan->host))
        add_note(plan, "only this machine reaches the host in the URI: see the "
                       "server's setting proxy-iface");
    if (plan->tls == URI_PLAN_OFF)
        add_note(plan, "whoever reads the network reads the consoles, and can "
                       "pose as the server: see the server's setting tls");
    else if (plan->verify == URI_PLAN_ANYBODY)
        add_note(plan, "without a thumbprint a host takes any certificate, so "
                       "an attacker in between is not noticed");
    if (plan->tls == URI_PLAN_OFFERED)
        add_note(plan, "TLS begins within telnet (option AUTHENTICATION)");
    if (strcmp(text_of(answer, "vm_certs"), "required") == 0)
        add_note(plan, "the server demands certificates of VMs' ends "
                       "(vm-certs), which ESXi hosts do not have");
}

int uri_plan_make(struct uri_plan *ret, const json_t *answer,
                  const struct uri_plan_wish *wish, struct err *err)
{
    const json_t *certificate = json_object_get(answer, "certificate");
    const char *keys = text_of(answer, "vm_keys");
    const json_t *listener;
    const char *host;
    json_int_t port;
    size_t len;
    int r;

    *ret = (struct uri_plan){ .why = "" };
    listener = find_listener(ret, answer, wish->tls, err);
    if (listener == NULL)
        return -EINVAL;
    port = json_integer_value(json_object_get(listener, "port"));
    if (port < 1 || port > UINT16_MAX) {
        err_set(err, "the server's answer has no port");
        return -EINVAL;
    }
    ret->port = (uint16_t)port;
    host = choose_host(ret, answer, listener, wish);
    len = strlen(host);
    if (host[0] == '[' && len > 2 && host[len - 1] == ']')
        snprintf(ret->host, sizeof ret->host, "%.*s", (int)(len - 2), host + 1);
    else
        snprintf(ret->host, sizeof ret->host, "%.255s", host);
    r = choose_verify(ret, certificate, wish->verify, err);
    if (r == 0)
        r = write_uri(ret, certificate, err);
    if (r < 0)
        return r;
    add_others(ret, json_object_get(answer, "names"));
    add_others(ret, json_object_get(answer, "addresses"));
    add_other(ret, wish->reached);
    add_notes(ret, answer);
    ret->wants_keys = strcmp(keys, "off") != 0 && keys[0] != '\0';
    return 0;
}
