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

/* One address: a connection for the greeting, then one for TLS. */
struct attempt {
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
    struct attempt *attempts;
    unsigned open; /* attempts that are not over */
};

static const char *text_of(const struct attempt *a, const char *name)
{
    const char *text = json_string_value(json_object_get(a->json, name));

    return text != NULL ? text : "";
}

static void note(struct attempt *a, const char *name, const char *text)
{
    (void)json_object_set_new(a->json, name, json_string(text));
}

static void end_stream(struct attempt *a)
{
    deadline_stop(&a->silent);
    if (a->stream != NULL)
        stream_close(a->stream);
    a->stream = NULL;
}

static void end_attempt(struct attempt *a)
{
    end_stream(a);
    if (--a->all->open == 0)
        loop_stop(a->all->loop);
}

static bool is_of_vms(const struct attempt *a)
{
    return strcmp(text_of(a, "for"), "vms") == 0;
}

static bool has_tls(const struct attempt *a)
{
    return strcmp(text_of(a, "tls"), "off") != 0;
}

static void dial(struct attempt *a);

/* The greeting is known, or there is none to wait for. */
static void go_on(struct attempt *a)
{
    end_stream(a);
    if (!a->is_for_tls && is_of_vms(a) && has_tls(a) &&
        a->all->context != NULL) {
        a->is_for_tls = true;
        dial(a);
        return;
    }
    end_attempt(a);
}

/* ---- what comes -----------------------------------------------------------
 */

static void read_greeting(struct attempt *a)
{
    uint8_t bytes[64];
    ssize_t len = stream_read(a->stream, bytes, sizeof bytes);

    if (len == -EAGAIN)
        return;
    if (len > 0 && bytes[0] == TELNET_IAC)
        note(a, "greeting", "telnet");
    else if (len > 0)
        note(a, "greeting", "something else came");
    else
        note(a, "greeting", "the connection was closed at once");
    go_on(a);
}

/* Bytes come behind the handshake alone. */
static void read_secret(struct attempt *a)
{
    struct stream_security security;
    uint8_t bytes[64];
    ssize_t len = stream_read(a->stream, bytes, sizeof bytes);

    if (len == -EAGAIN)
        return;
    security = stream_security(a->stream);
    if (security.problem[0] == '\0' && security.terms[0] != '\0') {
        note(a, "handshake", "done");
        note(a, "terms", security.terms);
    } else {
        note(a, "handshake", "failed");
        note(a, "handshake_why",
             security.problem[0] != '\0' ? security.problem
             : len < 0                   ? strerror((int)-len)
                                         : "the connection was closed at once");
    }
    go_on(a);
}

static void probe_on_ready(void *owner, unsigned ready)
{
    struct attempt *a = owner;

    (void)ready;
    if (a->is_for_tls)
        read_secret(a);
    else
        read_greeting(a);
}

static void probe_silence_due(struct deadline *d, void *owner)
{
    struct attempt *a = CONTAINER_OF(d, struct attempt, silent);

    (void)owner;
    if (a->is_for_tls) {
        note(a, "handshake", "failed");
        note(a, "handshake_why", "TLS: nothing came for some seconds");
    } else {
        note(a, "greeting", "nothing came for some seconds");
    }
    go_on(a);
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
    struct attempt *a = owner;

    a->dial = NULL;
    if (stream == NULL) {
        note(a, a->is_for_tls ? "handshake_why" : "why", err->text);
        note(a, a->is_for_tls ? "handshake" : "end",
             a->is_for_tls ? "failed" : end_name(err->text));
        end_attempt(a);
        return;
    }
    if (!a->is_for_tls)
        note(a, "end", "connected");
    a->stream = stream;
    if (a->is_for_tls)
        a->stream = stream_tls_new(&a->all->hub, a->all->context, stream,
                                   slice_of(NULL, 0), NULL);
    /* With "required" nothing is said before the hello. */
    if (!is_of_vms(a) ||
        (!a->is_for_tls && strcmp(text_of(a, "tls"), "required") == 0)) {
        go_on(a);
        return;
    }
    stream_set_owner(a->stream, probe_on_ready, a);
    deadline_start(&a->all->silences, &a->silent, clock_now_us());
    stream_want(a->stream, STREAM_READ);
}

static void dial(struct attempt *a)
{
    const struct dial_target target = {
        .host = text_of(a, "address"),
        .port = (uint16_t)json_integer_value(json_object_get(a->json, "port")),
        .timeout_ms = PROBE_STEP_MS,
    };

    a->dial = dial_tcp(a->all->loop, &target, probe_on_dialled, a);
}

static void run(struct probe *all, json_t *tries, size_t count)
{
    all->attempts = xcalloc(count, sizeof *all->attempts);
    all->open = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        all->attempts[i].all = all;
        all->attempts[i].json = json_array_get(tries, i);
        deadline_init(&all->attempts[i].silent);
        dial(&all->attempts[i]);
    }
    while (all->open > 0)
        loop_run(all->loop);
    free(all->attempts);
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
