#include "cli/doctor/gather.h"

#include "base/clock.h"
#include "base/network.h"
#include "base/text.h"
#include "cli/doctor/firewall.h"
#include "cli/doctor/lookup.h"
#include "cli/doctor/probe.h"
#include "cli/output/value.h"
#include "net/address.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* vspcd has no longer lists but that of its consoles. A server that has is not
 * to make us busy: some lists are compared with themselves. */
enum { TIMEOUT_MS = 5000, LIST_MAX = 512 };

#define ON_SERVER "looked at on the server: run vspc doctor there"

/* What is asked. Without the first of them the server is not reached. */
static const struct question {
    const char *fact;
    enum http_verb verb;
    const char *target;
} questions[] = {
    { "version", HTTP_VERB_GET, "/api/v1/version" },
    { "status", HTTP_VERB_GET, "/api/v1/status" },
    { "vm_listeners", HTTP_VERB_GET, "/api/v1/vm-listeners" },
    { "diagnosis", HTTP_VERB_GET, "/api/v1/diagnosis" },
    { "refusals", HTTP_VERB_GET, "/api/v1/refusals" },
    { "consoles", HTTP_VERB_GET,
      "/api/v1/consoles?fields=name,id,state,tls,last_output,service" },
    { "rules", HTTP_VERB_GET, "/api/v1/alerts/rules" },
    { "webhooks", HTTP_VERB_GET, "/api/v1/alerts/webhooks" },
    { "config", HTTP_VERB_POST, "/api/v1/config/check" },
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static void set_text(json_t *object, const char *key, const char *text)
{
    char clean[512];

    (void)text_clean(clean, sizeof clean, slice_of_text(text));
    (void)json_object_set_new(object, key, json_string(clean));
}

static void miss(json_t *facts, const char *fact, const char *why)
{
    set_text(json_object_get(facts, "missing"), fact, why);
}

/* ---- the server -----------------------------------------------------------
 */

static void miss_refused(json_t *facts, const char *fact,
                         const struct remote_answer *answer)
{
    struct slice body = buf_bytes(&answer->body);
    json_t *root = json_loadb((const char *)body.data, body.len, 0, NULL);
    const char *message = json_string_value(
        json_object_get(json_object_get(root, "error"), "message"));
    char why[400];

    if (message != NULL)
        snprintf(why, sizeof why, "vspcd does not say: %.300s", message);
    else if (answer->status == 404)
        snprintf(why, sizeof why, "this vspcd is too old to say");
    else
        snprintf(why, sizeof why, "vspcd answers with status %u",
                 answer->status);
    miss(facts, fact, why);
    json_decref(root);
}

static void cut_list(json_t *list)
{
    while (json_array_size(list) > LIST_MAX)
        (void)json_array_remove(list, json_array_size(list) - 1);
}

/* Members of an answer, and members of these, lose the ends of long lists. */
static void cut_lists(json_t *answer)
{
    const char *key, *inner_key;
    json_t *member, *inner;

    json_object_foreach (answer, key, member) {
        cut_list(member);
        json_object_foreach (member, inner_key, inner) {
            cut_list(inner);
        }
    }
}

/* False: the server is not reached, or not any more. */
static bool ask(struct invocation *in, const struct question *q, json_t *facts)
{
    const struct remote_request request = { .verb = q->verb,
                                            .target = q->target,
                                            .is_prompt = true };
    struct remote_answer answer;
    struct slice body;
    json_t *json;
    bool is_there;

    remote_call(in->remote, &request, &answer);
    is_there = answer.end == REMOTE_ANSWERED;
    body = buf_bytes(&answer.body);
    if (answer.end == REMOTE_LATE && strcmp(q->fact, "diagnosis") == 0) {
        /* All else of it is quick. */
        miss(facts, q->fact,
             "no answer in time: a disk that vspcd writes to may hang (df -h)");
    } else if (!is_there) {
        miss(facts, q->fact, answer.why.text);
    } else if (answer.status < 200 || answer.status > 299) {
        miss_refused(facts, q->fact, &answer);
    } else {
        json =
            json_loadb((const char *)body.data, body.len, JSON_ALLOW_NUL, NULL);
        if (strcmp(q->fact, "consoles") != 0)
            cut_lists(json);
        if (json_is_object(json))
            (void)json_object_set(facts, q->fact, json);
        else
            miss(facts, q->fact, "the server does not answer as vspcd does");
        json_decref(json);
    }
    remote_answer_done(&answer);
    return is_there;
}

/* A server that does not answer once is not waited for again. */
static void ask_all(struct invocation *in, json_t *facts)
{
    json_t *reach = json_object_get(facts, "reach");
    bool is_there = true;
    const char *why = NULL;

    for (size_t i = 0; i < QUESTIONS && is_there; i++) {
        is_there = ask(in, &questions[i], facts);
        if (i == 0 || !is_there)
            why = json_string_value(json_object_get(
                json_object_get(facts, "missing"), questions[i].fact));
        if (strcmp(questions[i].fact, "diagnosis") == 0)
            (void)json_object_set_new(facts, "answered_ms",
                                      json_integer(clock_utc_ms()));
    }
    (void)json_object_set_new(
        reach, "is_reached",
        json_boolean(is_there && json_object_get(facts, "version") != NULL));
    set_text(reach, "why", why != NULL ? why : "");
    (void)json_object_del(json_object_get(facts, "missing"), "version");
}

/* ---- this side ------------------------------------------------------------
 */

static bool is_loopback(const char *host)
{
    struct ip ip;

    return strcmp(host, "localhost") == 0 ||
           (ip_parse(host, &ip) && ip_range(ip) == IP_LOOPBACK);
}

static json_t *facts_of_place(const struct place *place)
{
    static const char *const kinds[] = {
        [PLACE_SOCKET] = "socket",
        [PLACE_HTTP] = "http",
        [PLACE_HTTPS] = "https",
    };
    bool is_socket = place->kind == PLACE_SOCKET;
    bool is_server = is_socket || is_loopback(place->host);

    return json_pack(
        "{s:{s:b, s:b, s:s, s:I, s:s}, s:{s:s, s:s, s:i, s:b}, s:{}}", "here",
        "is_server", is_server, "is_root", geteuid() == 0, "version",
        VSPCD_VERSION, "time_ms", (json_int_t)clock_utc_ms(), "place",
        place_format(place).text, "reach", "kind", kinds[place->kind], "host",
        is_socket ? place->path : place->host, "port",
        is_socket ? 0 : (int)place->port, "is_reached", 0, "missing");
}

/* ---- addresses to try -----------------------------------------------------
 */

static bool is_listed(const json_t *tries, const char *address, json_int_t port)
{
    for (size_t i = 0; i < json_array_size(tries); i++) {
        const json_t *t = json_array_get(tries, i);

        if (json_integer_value(json_object_get(t, "port")) == port &&
            strcmp(json_string_value(json_object_get(t, "address")), address) ==
                0)
            return true;
    }
    return false;
}

struct door {
    const char *kind;
    const char *address; /* without brackets */
    json_int_t port;
    const char *tls;
};

static void add_try(json_t *tries, const struct door *door, const char *address)
{
    json_t *t;

    if (address == NULL || address[0] == '\0' ||
        json_array_size(tries) == PROBE_TRIES_MAX ||
        is_listed(tries, address, door->port))
        return;
    t = json_pack("{s:s, s:s, s:I, s:s}", "for", door->kind, "address", address,
                  "port", door->port, "tls", door->tls);
    if (t != NULL)
        (void)json_array_append_new(tries, t);
}

/* What listens at all addresses is tried at each; from a client, also at the
 * one that it has come by. */
static void add_door(const json_t *facts, json_t *tries,
                     const struct door *door)
{
    const json_t *own = value_at(facts, "vm_listeners.addresses");
    bool is_server = json_is_true(value_at(facts, "here.is_server"));
    bool is_any = strcmp(door->address, "0.0.0.0") == 0 ||
                  strcmp(door->address, "::") == 0;
    bool is_ipv4 = strcmp(door->address, "0.0.0.0") == 0;

    if (!is_server && is_loopback(door->address))
        return; /* for others it is not there */
    if (!is_any) {
        add_try(tries, door, door->address);
        return;
    }
    if (!is_server)
        add_try(tries, door, json_string_value(value_at(facts, "reach.host")));
    for (size_t i = 0; i < json_array_size(own); i++) {
        const char *address = json_string_value(json_array_get(own, i));

        if (address != NULL && (!is_ipv4 || strchr(address, ':') == NULL))
            add_try(tries, door, address);
    }
    if (is_server && json_array_size(own) == 0)
        add_try(tries, door, is_ipv4 ? "127.0.0.1" : "::1");
}

static const char *member_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static json_t *list_tries(const json_t *facts)
{
    const json_t *listeners = value_at(facts, "vm_listeners.listeners");
    const json_t *doors = value_at(facts, "status.doors");
    json_t *tries = json_array();

    for (size_t i = 0; i < json_array_size(listeners); i++) {
        const json_t *l = json_array_get(listeners, i);
        const struct door door = {
            .kind = "vms",
            .address = member_text(l, "address"),
            .port = json_integer_value(json_object_get(l, "port")),
            .tls = member_text(l, "tls"),
        };

        add_door(facts, tries, &door);
    }
    for (size_t i = 0; i < json_array_size(doors); i++) {
        const json_t *d = json_array_get(doors, i);
        const char *kind = member_text(d, "for");
        char host[ADDRESS_HOST_MAX + 1];
        struct err err;
        uint16_t port;
        struct door door = { .kind = kind,
                             .address = host,
                             .tls = member_text(d, "tls") };

        /* A console's port would be a client; its range is no address. */
        if (strcmp(kind, "vms") == 0 || strcmp(kind, "consoles") == 0 ||
            member_text(d, "address")[0] == '/' ||
            address_split(member_text(d, "address"), 0, host, &port, &err) <
                0 ||
            port == 0)
            continue;
        door.port = port;
        add_door(facts, tries, &door);
    }
    return tries;
}

/* ---- names to look up -----------------------------------------------------
 */

/* Names that mean something elsewhere, too. */
static json_t *list_names(const json_t *facts)
{
    const json_t *names = value_at(facts, "vm_listeners.names");
    json_t *list = json_array();
    struct ip ip;

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (name != NULL && strchr(name, '*') == NULL && !ip_parse(name, &ip) &&
            strcmp(name, "localhost") != 0)
            (void)json_array_append_new(list, json_string(name));
    }
    return list;
}

static bool is_needed(const struct check *const *only, const char *fact)
{
    bool is_all = only[0] == NULL;

    for (; *only != NULL; only++) {
        if ((*only)->needs != NULL && strcmp((*only)->needs, fact) == 0)
            return true;
    }
    return is_all;
}

static void look_at_firewall(json_t *facts, void (*tell)(const char *what))
{
    if (!json_is_true(value_at(facts, "here.is_server"))) {
        miss(facts, "firewall", ON_SERVER);
        return;
    }
    tell("looking at the firewall");
    (void)json_object_set_new(facts, "firewall", firewall_look());
}

static void try_ports(json_t *facts, void (*tell)(const char *what))
{
    const char *sha256 =
        json_string_value(value_at(facts, "vm_listeners.certificate.sha256"));
    json_t *tries;

    if (json_object_get(facts, "vm_listeners") == NULL) {
        miss(facts, "tries", "vspcd has not said which ports it has");
        return;
    }
    tell("connecting to its ports");
    tries = list_tries(facts);
    probe_all(tries, sha256 != NULL ? sha256 : "");
    (void)json_object_set_new(facts, "tries", tries);
}

static void look_up_names(json_t *facts, void (*tell)(const char *what))
{
    json_t *names, *found_names, *found_addresses;

    if (json_object_get(facts, "vm_listeners") == NULL) {
        miss(facts, "names", "vspcd has not said which names it has");
        miss(facts, "addresses", "vspcd has not said which addresses it has");
        return;
    }
    tell("looking up its names");
    names = list_names(facts);
    lookup_all(names, value_at(facts, "vm_listeners.addresses"), &found_names,
               &found_addresses);
    (void)json_object_set_new(facts, "names", found_names);
    (void)json_object_set_new(facts, "addresses", found_addresses);
    json_decref(names);
}

enum exits gather_facts(struct invocation *in, const struct check *const *only,
                        void (*tell)(const char *what), json_t **ret_facts)
{
    enum exits exits;
    json_t *facts;
    bool is_reached;

    if (!arguments_has(&in->arguments, "request-timeout"))
        in->timeout_ms = TIMEOUT_MS;
    exits = invocation_connect(in);
    if (exits != EXITS_DONE)
        return exits;
    facts = facts_of_place(&in->choice.settings.place);
    tell("asking vspcd");
    ask_all(in, facts);
    is_reached = json_is_true(value_at(facts, "reach.is_reached"));
    if (is_needed(only, "firewall"))
        look_at_firewall(facts, tell);
    if (is_reached && is_needed(only, "tries"))
        try_ports(facts, tell);
    if (is_reached &&
        (is_needed(only, "names") || is_needed(only, "addresses")))
        look_up_names(facts, tell);
    *ret_facts = facts;
    return EXITS_DONE;
}
