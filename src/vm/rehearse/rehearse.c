#include "vm/rehearse/rehearse.h"

#include "net/descriptors.h"
#include "remote/exits.h"
#include "vm/rehearse/rehearse_options.h"
#include "vm/rehearse/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { API_TIMEOUT_MS = 10 * 1000 };

struct rehearsal {
    const struct rehearse_options *options;
    struct server server;
    bool has_server;
    json_t *listeners;         /* NULL: the server does not tell */
    struct concentrator proxy; /* of the options, or the server's */
    char proxy_text[ADDRESS_HOST_MAX + 32];
    struct place_text server_text;
};

/* ---- which server, which port ---------------------------------------------
 */

/* A server that tells nothing of its listeners is of use nevertheless; one that
 * is not reached is not. */
static int open_server(struct rehearsal *r, struct err *err)
{
    const struct rehearse_options *o = r->options;
    const struct choice_options choice = {
        .server = o->server,
        .token_file = o->token_file,
        .ca = o->ca,
        .thumbprint = o->thumbprint,
        .timeout_ms = API_TIMEOUT_MS,
    };
    unsigned status;
    int result;

    if (o->server == NULL && o->proxy.port != 0)
        return 0;
    result = server_open(&r->server, &choice, err);
    if (result < 0)
        return result;
    r->has_server = true;
    r->server_text = place_format(&r->server.place);
    r->listeners = server_get(&r->server, "/api/v1/vm-listeners", &status, err);
    return r->listeners == NULL && status == 0 ? -EIO : 0;
}

/* The host by which a listener is reached from here. */
static const char *reach(const struct place *place, const char *address)
{
    if (strcmp(address, "0.0.0.0") != 0 && strcmp(address, "::") != 0)
        return address;
    if (place->kind == PLACE_HTTPS)
        return place->host;
    return strcmp(address, "::") == 0 ? "::1" : "127.0.0.1";
}

static int choose_proxy(struct rehearsal *r, struct err *err)
{
    const json_t *first =
        json_array_get(json_object_get(r->listeners, "listeners"), 0);
    const char *address = json_string_value(json_object_get(first, "address"));
    const char *tls = json_string_value(json_object_get(first, "tls"));
    const char *host;
    char text[ADDRESS_HOST_MAX + 32];

    if (r->options->proxy.port != 0) {
        r->proxy = r->options->proxy;
        return 0;
    }
    if (address == NULL || tls == NULL) {
        err_set(err, "%s does not tell its ports for VMs: --proxy is needed",
                r->server_text.text);
        return -EINVAL;
    }
    host = reach(&r->server.place, address);
    snprintf(text, sizeof text, "%s%s%s%s:%d",
             strcmp(tls, "required") == 0 ? "telnets://" : "",
             strchr(host, ':') != NULL ? "[" : "", host,
             strchr(host, ':') != NULL ? "]" : "",
             (int)json_integer_value(json_object_get(first, "port")));
    return concentrator_read(&r->proxy, "proxy", text, err);
}

static int prepare(struct rehearsal *r, struct err *err)
{
    int result = open_server(r, err);

    if (result == 0)
        result = choose_proxy(r, err);
    if (result == 0)
        snprintf(r->proxy_text, sizeof r->proxy_text,
                 strchr(r->proxy.host, ':') != NULL ? "[%s]:%u" : "%s:%u",
                 r->proxy.host, r->proxy.port);
    return result;
}

/* ---- playing --------------------------------------------------------------
 */

static void rehearse_on_end_signal(void *owner, int number)
{
    struct stage *s = owner;

    (void)number;
    /* The second one does not wait for what ends in order. */
    if (s->was_interrupted)
        _exit(EXITS_INTERRUPTED);
    stage_interrupt(s);
}

static void watch_signals(struct stage *s)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;

        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)loop_on_signal(s->loop, numbers[i], rehearse_on_end_signal,
                                 s);
    }
}

static int play(struct rehearsal *r, struct stage *s)
{
    const struct rehearse_options *o = r->options;
    const char *server = r->has_server ? r->server_text.text : NULL;
    struct report report;
    int status;

    report_open(&report, o->is_json,
                o->max_level >= SAY_NEWS && isatty(STDERR_FILENO));
    report_begin(&report, r->proxy_text, server, o->vms);
    for (size_t i = 0; i < step_count; i++) {
        struct outcome outcome;

        if (!rehearse_options_has_step(o, &steps[i]))
            continue;
        outcome_init(&outcome);
        report_step_begins(&report, &steps[i]);
        steps_run(s, &steps[i], &outcome);
        report_step(&report, &steps[i], &outcome);
        outcome_done(&outcome);
    }
    report_end(&report, r->proxy_text, server, o->vms, s->was_interrupted);
    status = s->was_interrupted                 ? EXITS_INTERRUPTED
             : report.count[OUTCOME_FAILED] > 0 ? EXITS_FAILED
                                                : EXITS_DONE;
    report_close(&report);
    return status;
}

static int run(struct rehearsal *r, struct err *err)
{
    const struct rehearse_options *o = r->options;
    struct stage_settings settings = {
        .proxy = &r->proxy,
        .move_to = o->move_to.port != 0 ? &o->move_to : &r->proxy,
        .proof = { o->certificate, o->key },
        .uri = o->uri,
        .vms = o->vms,
        .clients = o->clients,
        .timeout_s = o->timeout_s,
    };
    struct stage stage;
    int result = prepare(r, err);
    int status;

    if (result < 0)
        return result;
    result =
        stage_open(&stage, &settings, r->has_server ? &r->server : NULL, err);
    if (result < 0)
        return result;
    stage.listeners = r->listeners;
    watch_signals(&stage);
    status = play(r, &stage);
    stage_close(&stage);
    return status;
}

int rehearse_main(int argc, char **argv)
{
    struct rehearse_options options;
    struct rehearsal rehearsal = { .options = &options };
    struct err err;
    int status;

    if (rehearse_options_read(&options, argc, argv, &err) < 0) {
        say(SAY_ERROR, "%s", err.text);
        return EXITS_USAGE;
    }
    if (options.request == REHEARSE_SHOW_HELP) {
        rehearse_options_print_help();
        return EXITS_DONE;
    }
    /* What a move or a connection has to say is in the report. */
    say_set_level(options.max_level == SAY_DETAIL ? SAY_DETAIL : SAY_ERROR);
    (void)descriptors_raise_limit();
    (void)signal(SIGPIPE, SIG_IGN);
    status = run(&rehearsal, &err);
    if (status < 0) {
        say(SAY_ERROR, "%s", err.text);
        if (options.server == NULL && options.proxy.port == 0)
            say(SAY_ERROR, "--proxy HOST names a concentrator elsewhere, "
                           "--server its API");
        status = status == -EINVAL ? EXITS_USAGE : EXITS_FAILED;
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        say(SAY_ERROR, "standard output: the report was not written");
        status = EXITS_FAILED;
    }
    json_decref(rehearsal.listeners);
    server_close(&rehearsal.server);
    return status;
}
