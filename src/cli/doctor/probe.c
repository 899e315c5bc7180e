#include "cli/doctor/probe.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/dial/dial.h"
#include "net/tls/stream_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TELNET_IAC = 0xff };

struct probe;

/* A connection after the other: for the greeting, then for TLS. */
struct
try {
    struct probe *all;
    json_t *json;           /* borrowed */
    struct dial *dial;      /* NULL: it is done */
    struct stream *stream;  /* NULL: there is none now */
    struct deadline silent; /* runs while something is waited for */
    bool is_for_tls;
};

struct probe {
    struct loop *loop;
    struct tls_hub hub;
    struct tls_context *context; /* NULL: TLS cannot be tried */
    struct deadline_queue silences;
    struct try *tries;
    unsigned open; /* tries that are not over */
};

static const char *text_of(const struct try *t, const char *name)
{
    const char *text = json_string_value(json_object_get(t->json, name));

    return text != NULL ? text : "";
}

static void note(struct try *t, const char *name, const char *text)
{
    (void)json_object_set_new(t->json, name, json_string(text));
}

static void end_stream(struct try *t)
{
    deadline_stop(&t->silent);
    if (t->stream != NULL)
        stream_close(t->stream);
    t->stream = NULL;
}

static void end_try(struct try *t)
{
    end_stream(t);
    if (--t->all->open == 0)
        loop_stop(t->all->loop);
}

static bool is_of_vms(const struct try *t)
{
    return strcmp(text_of(t, "for"), "vms") == 0;
}

static bool has_tls(const struct try *t)
{
    return strcmp(text_of(t, "tls"), "off") != 0;
}

static void dial(struct try *t);

/* The greeting is known, or there is none to wait for. */
static void go_on(struct try *t)
{
    end_stream(t);
    if (!t->is_for_tls && is_of_vms(t) && has_tls(t) &&
        t->all->context != NULL) {
        t->is_for_tls = true;
        dial(t);
        return;
    }
    end_try(t);
}

/* ---- what comes -----------------------------------------------------------
 */

static void read_greeting(struct try *t)
{
    uint8_t bytes[64];
    ssize_t len = stream_read(t->stream, bytes, sizeof bytes);

    if (len == -EAGAIN)
        return;
    if (len > 0 && bytes[0] == TELNET_IAC)
        note(t, "greeting", "telnet");
    else if (len > 0)
        note(t, "greeting", "something else came");
    else
        note(t, "greeting", "the connection was closed at once");
    go_on(t);
}

/* Bytes come behind the handshake alone. */
static void read_secret(struct try *t)
{
    struct stream_security security;
    uint8_t bytes[64];
    ssize_t len = stream_read(t->stream, bytes, sizeof bytes);

    if (len == -EAGAIN)
        return;
    security = stream_security(t->stream);
    if (security.problem[0] == '\0' && security.terms[0] != '\0') {
        note(t, "handshake", "done");
        note(t, "terms", security.terms);
    } else {
        note(t, "handshake", "failed");
        note(t, "handshake_why",
             security.problem[0] != '\0' ? security.problem
             : len < 0                   ? strerror((int)-len)
                                         : "the connection was closed at once");
    }
    go_on(t);
}

static void probe_on_ready(void *owner, unsigned ready)
{
    struct try *t = owner;

    (void)ready;
    if (t->is_for_tls)
        read_secret(t);
    else
        read_greeting(t);
}

static void probe_silence_due(struct deadline *d, void *owner)
{
    struct try *t = CONTAINER_OF(d, struct try, silent);

    (void)owner;
    if (t->is_for_tls) {
        note(t, "handshake", "failed");
        note(t, "handshake_why", "TLS: nothing came for some seconds");
    } else {
        note(t, "greeting", "nothing came for some seconds");
    }
    go_on(t);
}

/* ---- connecting -----------------------------------------------------------
 */

static const char *end_name(const char *why)
{
    if (strstr(why, "refused") != NULL)
        return "refused";
    return strstr(why, "time") != NULL || strstr(why, "no answer") != NULL
               ? "timeout"
               : "failed";
}

static void probe_on_dialled(void *owner, struct stream *stream,
                             const struct err *err)
{
    struct try *t = owner;

    t->dial = NULL;
    if (stream == NULL) {
        note(t, t->is_for_tls ? "handshake_why" : "why", err->text);
        note(t, t->is_for_tls ? "handshake" : "end",
             t->is_for_tls ? "failed" : end_name(err->text));
        end_try(t);
        return;
    }
    if (!t->is_for_tls)
        note(t, "end", "connected");
    t->stream = stream;
    if (t->is_for_tls)
        t->stream = stream_tls_new(&t->all->hub, t->all->context, stream,
                                   slice_of(NULL, 0), NULL);
    /* With "required" nothing is said before the hello. */
    if (!is_of_vms(t) ||
        (!t->is_for_tls && strcmp(text_of(t, "tls"), "required") == 0)) {
        go_on(t);
        return;
    }
    stream_set_owner(t->stream, probe_on_ready, t);
    deadline_start(&t->all->silences, &t->silent, clock_now_us());
    stream_want(t->stream, STREAM_READ);
}

static void dial(struct try *t)
{
    const struct dial_target target = {
        .host = text_of(t, "address"),
        .port = (uint16_t)json_integer_value(json_object_get(t->json, "port")),
        .timeout_ms = PROBE_STEP_MS,
    };

    t->dial = dial_tcp(t->all->loop, &target, probe_on_dialled, t);
}

static void run(struct probe *all, json_t *tries, size_t count)
{
    all->tries = xcalloc(count, sizeof *all->tries);
    all->open = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        all->tries[i].all = all;
        all->tries[i].json = json_array_get(tries, i);
        deadline_init(&all->tries[i].silent);
        dial(&all->tries[i]);
    }
    while (all->open > 0)
        loop_run(all->loop);
    free(all->tries);
}

void probe_all(json_t *tries, const char *sha256)
{
    const struct tls_client_settings settings = { .thumbprint = sha256 };
    struct probe all = { .context = NULL };
    size_t count = json_array_size(tries);
    struct err err;

    if (count == 0 || loop_open(&all.loop) < 0)
        return;
    if (tls_context_open_client(&all.context, &settings, &err) < 0)
        all.context = NULL;
    tls_hub_init(&all.hub, all.loop);
    deadline_queue_open(&all.silences, PROBE_STEP_MS * 1000ull,
                        probe_silence_due, &all);
    loop_watch(all.loop, &all.silences);
    run(&all, tries, count < PROBE_TRIES_MAX ? count : PROBE_TRIES_MAX);
    deadline_queue_close(&all.silences);
    tls_hub_done(&all.hub);
    tls_context_close(all.context);
    loop_close(all.loop);
}
