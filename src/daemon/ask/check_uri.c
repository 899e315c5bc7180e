/*
 * Asks the code that the daemon uses: the parser, the rules, and for TLS a
 * session context. A description of its own would sooner or later differ from
 * what vspcd does.
 */
#include "daemon/ask/check_uri.h"

#include "base/mem.h"
#include "net/address.h"
#include "proto/uri/uri_format.h"
#include "proto/uri/uri_key.h"
#include "proto/uri/uri_rule.h"
#include "session/kinds/sessions.h"
#include "session/service/service.h"

#include <stdarg.h>
#include <stdlib.h>

/* In the order of enum settings_uri_place. */
static const struct {
    enum uri_place place;
    const char *text;
} places[] = {
    [SETTINGS_URI_SERVER] = { URI_SERVER, "service URI, direction server" },
    [SETTINGS_URI_CLIENT] = { URI_CLIENT, "service URI, direction client" },
    [SETTINGS_URI_PROXY] = { URI_PROXY, "URI of a concentrator" },
};

static const char *const families[] = {
    [URI_ANY_FAMILY] = "IPv4 and IPv6",
    [URI_IPV4] = "IPv4 only",
    [URI_IPV6] = "IPv6 only",
};

static const char *const tls_texts[] = {
    [URI_TLS_NEVER] = "none",
    [URI_TLS_OFFERED] = "inside the session, if both sides can (telnet option "
                        "AUTHENTICATION)",
    [URI_TLS_REQUIRED] = "inside the session, or no connection (telnet option "
                         "AUTHENTICATION)",
    [URI_TLS_FIRST] = "from the first byte",
};

__attribute__((format(printf, 2, 3))) static void say(const char *field,
                                                      const char *format, ...)
{
    va_list args;

    printf("%-12s ", field);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void say_what_it_is_for(const struct uri *uri, enum uri_place place)
{
    if (uri->kind == URI_CONSOLE)
        say("means", "a null modem to another VM's console");
    else if (uri->kind == URI_LABEL)
        say("means", "a name: the console has it as label");
    else if (place == URI_SERVER)
        say("means", "listen at an address for this console");
    else if (place == URI_CLIENT)
        say("means", "connect this console to a remote system");
    else
        say("means", "where VMs' hosts connect");
}

static void say_host(const struct uri *uri)
{
    switch (uri->host_kind) {
    case URI_HOST_ALL:
        say("host", "none given: the address of --interface, or with a rule "
                    "any: all addresses");
        break;
    case URI_HOST_NAME:
        say("host", "%s, a name that is looked up", uri->host);
        break;
    case URI_HOST_IPV4:
        say("host", "%s, an IPv4 address", uri->host);
        break;
    case URI_HOST_IPV6:
        say("host", "%s, an IPv6 address", uri->host);
        break;
    }
}

static void say_thumbprint(const struct uri_parameters *p)
{
    char text[URI_THUMBPRINT_MAX + 1];

    uri_get_thumbprint(p, text);
    say("thumbprint", "%s of the peer's certificate: %s",
        p->thumbprint_len == URI_SHA1_LEN ? "SHA-1" : "SHA-256", text);
}

static void say_parameters(const struct uri_parameters *p)
{
    char pem[URI_PEM_MAX + 1];
    size_t len = uri_get_certificate(p, pem);

    if (len > 0) {
        pem[len - 1] = '\0'; /* say ends the line */
        say("certificate", "the peer's must be this one:\n%s", pem);
    }
    if (p->thumbprint_len > 0)
        say_thumbprint(p);
    if (p->peer_name[0] != '\0')
        say("peerName", "%s", p->peer_name);
    if (p->ciphers[0] != '\0')
        say("cipherList", "%s", p->ciphers);
    say("verify", "%s",
        p->has_verify         ? "yes"
        : uri_is_verifying(p) ? "yes, by what there is to check"
                              : "no: the peer's certificate is not checked");
}

static void say_address(const struct uri *uri)
{
    say("protocol", "%s",
        uri->is_telnet ? "telnet" : "none, bytes as they are");
    say_host(uri);
    say("port", "%u", uri->port);
    if (uri->host_kind == URI_HOST_ALL || uri->host_kind == URI_HOST_NAME)
        say("IP", "%s", families[uri->family]);
    say("TLS", "%s", tls_texts[uri->tls]);
    if (uri->tls != URI_TLS_NEVER)
        say_parameters(&uri->parameters);
}

static void say_label(const struct uri *uri)
{
    char label[TEXT_ID_MAX + 1];

    text_clean(label, sizeof label, uri->label);
    say("label", "%s", label);
}

static void say_console(const struct uri *uri)
{
    say("VM", "%s, by name or UUID", uri->console);
    if (uri->console_label[0] != '\0')
        say("label", "%s", uri->console_label);
    else
        say("label", "none given: the VM must have one console");
}

static void say_canonical(const struct uri *uri)
{
    size_t size = uri_format(uri, NULL, 0) + 1;
    size_t clean_size = 3 * size; /* an invalid byte becomes three */
    char *text = xmalloc(size);
    char *clean = xmalloc(clean_size);

    uri_format(uri, text, size);
    text_clean(clean, clean_size, slice_of_text(text));
    say("canonical", "%s", clean);
    free(text);
    free(clean);
}

/* The text of the rule that allows the URI, of several the one that allows
 * more; NULL: none does. */
static const char *find_rule(const struct settings_rules *texts,
                             const struct uri_rule *rules,
                             const struct uri *uri)
{
    const char *found = NULL;

    for (uint64_t i = 0; i < texts->count; i++) {
        if (!uri_rule_allows(&rules[i], uri))
            continue;
        if (!uri_rule_is_star(&rules[i]))
            return texts->text[i];
        found = texts->text[i];
    }
    return found;
}

/* Whether sessions could serve the URI, without regard to rules. */
static bool is_possible(const struct session_settings *settings,
                        const struct uri *uri, bool is_server, struct err *why)
{
    struct session_context ctx = { 0 };
    bool is;

    sessions_open(&ctx, NULL, NULL, settings);
    is = service_is_possible(&ctx, uri, is_server ? 'S' : 'C', why);
    sessions_close(&ctx);
    return is;
}

/* What decides about a service, as daemon_settings.c translates it. The rules
 * are those for the URI's direction. */
static struct session_settings session_settings_of(
    const struct settings *settings, const struct uri_rule *rules,
    bool is_server)
{
    struct session_settings session = {
        .tls_minimum = settings->tls_min,
        .client_policy = (enum tls_policy)settings->client_tls,
        .listen_rules = rules,
        .listen_rule_count = is_server ? settings->service_listen.count : 0,
        .connect_rules = rules,
        .connect_rule_count = is_server ? 0 : settings->service_connect.count,
    };
    struct err err;

    /* A wrong one stops the daemon at its start. */
    (void)address_parse(settings->interface, 0, &session.interface, &err);
    return session;
}

static void say_listener(const struct session_settings *session,
                         const struct uri *uri, const char *rule)
{
    struct address at;
    struct err why;

    if (!service_find_listener(session, uri, &at, &why))
        say("served", "no: %s", why.text);
    else
        say("served", "yes, by the rule %s, at %s", rule,
            address_format(&at).text);
}

static void say_connection(const struct session_settings *session,
                           const struct uri *uri, const char *rule)
{
    const struct session_context ctx = { .settings = *session };
    struct err why;

    if (!service_may_lead_to(&ctx, uri, &why))
        say("served", "no: %s", why.text);
    else
        say("served", "yes, by the rule %s%s", rule,
            uri->host_kind == URI_HOST_NAME
                ? ", unless the name leads to this host"
                : "");
}

/* Whether vspcd would serve the URI by these rules, where, and why not. */
static void say_service_by_rules(const struct settings *settings,
                                 const struct settings_rules *texts,
                                 const struct uri_rule *rules,
                                 const struct uri *uri, bool is_server)
{
    const struct session_settings session =
        session_settings_of(settings, rules, is_server);
    const char *rule = find_rule(texts, rules, uri);
    struct err why;

    if (!is_possible(&session, uri, is_server, &why))
        say("served", "no: %s", why.text);
    else if (rule == NULL)
        say("served", "no: no rule allows it (%s)",
            is_server ? "--service-listen" : "--service-connect");
    else if (is_server)
        say_listener(&session, uri, rule);
    else
        say_connection(&session, uri, rule);
}

/* Whether vspcd would serve the URI, which its meaning does not tell. */
static void say_service(const struct settings *settings, const struct uri *uri,
                        enum uri_place place)
{
    bool is_server = place == URI_SERVER;
    const struct settings_rules *texts =
        is_server ? &settings->service_listen : &settings->service_connect;
    struct uri_rule rules[SETTINGS_RULES_MAX];
    struct err why;

    if (place == URI_PROXY)
        return;
    if (uri->kind == URI_LABEL) {
        say("served", "yes");
        return;
    }
    for (uint64_t i = 0; i < texts->count; i++) {
        if (uri_rule_parse(texts->text[i], place, &rules[i], &why) < 0) {
            say("served", "no: a rule %s", why.text);
            return;
        }
    }
    say_service_by_rules(settings, texts, rules, uri, is_server);
}

/* Marks the place below the text, if a terminal shows both in equal columns. */
static void point_at(const char *text, size_t at)
{
    enum { TERMINAL = 76 };

    if (text[0] == '\0' || strlen(text) > TERMINAL)
        return;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            return;
    }
    fprintf(stderr, "  %s\n  %*s^\n", text, (int)at, "");
}

/* The port as the daemon finds it; 0 if the daemon would not start. */
static uint16_t port_for_vms(const struct settings *settings)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;

    if (address_split(settings->proxy_iface, (uint16_t)settings->proxy_port,
                      host, &port, NULL) < 0)
        return 0;
    return port;
}

static bool check(const struct settings *settings, const char *text,
                  bool has_key)
{
    enum uri_place place = places[settings->check_uri_as].place;
    struct err err;
    struct uri uri;
    size_t at;
    enum uri_problem problem = uri_parse(slice_of_text(text), place,
                                         port_for_vms(settings), &uri, &at);

    if (problem != URI_OK) {
        uri_describe_problem(problem, at, &err);
        fprintf(stderr, "vspcd: --check-uri: %s\n", err.text);
        point_at(text, at);
        return false;
    }
    say("checked as", "%s", places[settings->check_uri_as].text);
    say_what_it_is_for(&uri, place);
    if (uri.kind == URI_LABEL)
        say_label(&uri);
    else if (uri.kind == URI_ADDRESS)
        say_address(&uri);
    else
        say_console(&uri);
    say_canonical(&uri);
    if (has_key)
        say("key", "given, and part of nothing else (--vm-keys)");
    say_service(settings, &uri, place);
    return true;
}

/* A key is not shown, and is no part of what is explained. The URI of a
 * concentrator has none. */
bool check_uri(const struct settings *settings)
{
    struct slice given = slice_of_text(settings->check_uri);
    bool has_key = places[settings->check_uri_as].place != URI_PROXY &&
                   uri_find_key(given).data != NULL;
    char *text = xstrdup(settings->check_uri);
    bool is_right;

    if (has_key)
        text[uri_remove_keys(given, (uint8_t *)text)] = '\0';
    is_right = check(settings, text, has_key);
    free(text);
    return is_right;
}
