/*
 * What has to be entered into vSphere to reach this server: where it listens
 * for VMs, its names and addresses, its certificate, which keys it wants.
 *
 * The addresses of the machine are found on a thread, which the kernel may keep
 * waiting.
 */
#include "api/api_commands.h"
#include "api/api_jobs.h"
#include "api/api_means.h"
#include "api/show/show_value.h"
#include "base/mem.h"
#include "net/dial/own_addresses.h"
#include "net/tls/tls_certificate.h"
#include "session/session_context.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct listeners_command {
    struct api_job job; /* the thread's while is_asked */
    struct api_call *call;
    bool is_asked;
    bool is_dropped; /* the call has gone; freed when the thread is done */
    struct own_addresses own;
};

/* ---- values ---------------------------------------------------------------
 */

static void add_listener(void *to, const struct api_door *door)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    struct err err;

    if (strcmp(door->kind, "vms") == 0 &&
        address_split(door->address, 0, host, &port, &err) == 0)
        (void)json_array_append_new(to, json_pack("{s:s, s:i, s:s}", "address",
                                                  host, "port", (int)port,
                                                  "tls", door->tls));
}

static json_t *show_listeners(const struct api_means *means)
{
    json_t *listeners = json_array();

    if (means->each_door != NULL)
        means->each_door(means->owner, add_listener, listeners);
    return listeners;
}

static bool is_for_any(const json_t *listeners)
{
    for (size_t i = 0; i < json_array_size(listeners); i++) {
        const char *host = json_string_value(
            json_object_get(json_array_get(listeners, i), "address"));
        struct ip ip;

        if (ip_parse(host, &ip) && ip_range(ip) == IP_UNSPECIFIED)
            return true;
    }
    return false;
}

/* Without brackets and port. */
static json_t *show_addresses(const struct own_addresses *own)
{
    json_t *addresses = json_array();
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    struct err err;

    for (size_t i = 0; i < own->count; i++)
        if (address_split(address_format(&own->item[i]).text, 0, host, &port,
                          &err) == 0)
            (void)json_array_append_new(addresses, json_string(host));
    return addresses;
}

/* Of the certificate, and the machine's. */
static json_t *show_names(const struct tls_certificate *c)
{
    json_t *names = json_array();
    char machine[256];
    bool is_known = gethostname(machine, sizeof machine) == 0;

    machine[sizeof machine - 1] = '\0';
    for (size_t i = 0; c != NULL && i < c->name_count; i++) {
        (void)json_array_append_new(names, json_string(c->name[i]));
        is_known = is_known && strcmp(c->name[i], machine) != 0;
    }
    if (is_known)
        (void)json_array_append_new(names, show_text(machine));
    return names;
}

static json_t *show_certificate(const struct tls_certificate *c)
{
    json_t *names;

    if (c == NULL)
        return json_null();
    names = json_array();
    for (size_t i = 0; i < c->name_count; i++)
        (void)json_array_append_new(names, json_string(c->name[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:s, s:s}",
                     "subject", show_text(c->subject), "issuer",
                     show_text(c->issuer), "names", names, "not_before",
                     show_time(c->not_before_s * 1000), "not_after",
                     show_time(c->not_after_s * 1000), "sha1", c->prints.sha1,
                     "sha256", c->prints.sha256, "is_self_signed",
                     c->is_self_signed, "key", c->key, "pem", c->pem);
}

static json_t *show_rules(const struct settings_rules *rules)
{
    json_t *texts = json_array();

    for (uint64_t i = 0; i < rules->count; i++)
        (void)json_array_append_new(texts, show_text(rules->text[i]));
    return texts;
}

static json_t *show_services(const struct settings *s)
{
    return json_pack(
        "{s:o, s:o}", "listen",
        s != NULL ? show_rules(&s->service_listen) : json_array(), "connect",
        s != NULL ? show_rules(&s->service_connect) : json_array());
}

static const char *tls_minimum(const struct settings *s)
{
    const char *minimum = NULL;

    if (s != NULL)
        minimum = s->vm_tls_min != NULL ? s->vm_tls_min : s->tls_min;
    return minimum != NULL ? minimum : "1.2";
}

/* Of enum vm_keys, and of enum settings_certs. */
static const char *const demands[] = { "off", "optional", "required" };

static const struct tls_context *context_of(const struct session_context *ctx)
{
    return ctx->vm_tls != NULL ? ctx->vm_tls : ctx->client_tls;
}

static void answer(struct api_call *call, const struct own_addresses *own)
{
    const struct session_context *ctx = api_sessions(call->api);
    const struct api_means *means = api_means_of(call->api);
    const struct settings *s = means->settings;
    const struct tls_context *context = context_of(ctx);
    struct tls_certificate *certificate =
        context != NULL ? tls_certificate_read(context) : NULL;
    json_t *listeners = show_listeners(means);
    json_t *addresses =
        is_for_any(listeners) ? show_addresses(own) : json_array();

    api_answer_json(call, 200,
                    json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o}",
                              "listeners", listeners, "addresses", addresses,
                              "names", show_names(certificate), "certificate",
                              show_certificate(certificate), "tls_min",
                              tls_minimum(s), "vm_keys",
                              demands[ctx->settings.vm_keys], "vm_certs",
                              demands[s != NULL ? s->vm_certs : 0], "services",
                              show_services(s)));
    tls_certificate_free(certificate);
}

/* ---- a thread -------------------------------------------------------------
 */

static struct listeners_command *of_job(struct api_job *job)
{
    return CONTAINER_OF(job, struct listeners_command, job);
}

static void run_job(struct api_job *job)
{
    own_addresses_find(&of_job(job)->own);
}

static void leave_job(struct api_job *job)
{
    struct listeners_command *command = of_job(job);

    command->is_asked = false;
    if (command->is_dropped)
        free(command);
}

static void cmd_vm_listeners_on_done(struct api_job *job)
{
    struct listeners_command *command = of_job(job);
    bool is_dropped = command->is_dropped;

    leave_job(job);
    if (!is_dropped)
        answer(command->call, &command->own);
}

static const struct api_job_kind kind = {
    .lane = 0,
    .run = run_job,
    .on_done = cmd_vm_listeners_on_done,
    .free = leave_job,
};

static void cmd_vm_listeners_end(struct api_call *call)
{
    struct listeners_command *command = call->state;

    command->is_dropped = true;
    if (command->is_asked)
        api_job_cancel(&command->job);
    else
        free(command);
}

static const struct api_work work = { .end = cmd_vm_listeners_end };

static void cmd_vm_listeners_run(struct api_call *call)
{
    struct api_jobs *jobs = api_means_of(call->api)->recording_jobs;
    struct listeners_command *command;

    if (jobs == NULL) {
        answer(call, &(struct own_addresses){ 0 });
        return;
    }
    command = xcalloc(1, sizeof *command);
    command->call = call;
    api_job_init(&command->job, jobs, &kind);
    api_work_on(call, &work, command);
    command->is_asked = true;
    if (!api_job_ask(&command->job))
        answer(call, &command->own);
}

const struct api_command api_vm_listeners_commands[] = {
    {
        .name = "vm-listeners",
        .verb = HTTP_VERB_GET,
        .path = "/vm-listeners",
        .right = RIGHT_READ,
        .summary = "How VMs reach vspcd, for what is entered into vSphere.",
        .returns = "VmListeners",
        .run = cmd_vm_listeners_run,
    },
    { .name = NULL },
};
