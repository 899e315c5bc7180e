/* One VM is served: it connects, prints, gets input, comes back. */
#include "vm/rehearse/steps/steps.h"

#include "base/clock.h"
#include "vm/rehearse/stage/tally.h"

#include <string.h>

enum {
    PRINT_BYTES = 256 * 1024,
    INPUT_BYTES = 64 * 1024,
    KEYS = 50, /* for the latency */
    SOME_BYTES = 1024,
};

void step_connect(struct stage *s, const struct step *step, struct outcome *o)
{
    struct played_vm *vm = s->first;
    bool is_clear;
    struct err err;

    (void)step;
    if (!stage_connect(s, vm, &err)) {
        s->is_unreachable = true;
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
        return;
    }
    is_clear = strcmp(vm->terms, "none") == 0 || vm->terms[0] == '\0';
    outcome_put_ms(o, "connect_ms", vm->opened_us - vm->started_us);
    outcome_set(o, OUTCOME_OK, "%s, %s", vm->hosts.vm->name,
                is_clear ? "in the clear" : vm->terms);
}

/* The console of the first VM, owned; NULL: err says why. */
static json_t *find_console(struct stage *s, struct err *err)
{
    char path[80];
    unsigned status;

    snprintf(path, sizeof path, "/api/v1/consoles/%s", s->first->uuid);
    return server_get(s->server, path, &status, err);
}

/* A console has its port as soon as the state file has it. */
static json_t *await_port(struct stage *s, struct err *err)
{
    uint64_t until_us = clock_now_us() + STAGE_PORTS_MS * (uint64_t)1000;

    for (;;) {
        json_t *console = find_console(s, err);

        if (console == NULL ||
            !json_is_null(json_object_get(console, "port")) ||
            s->is_interrupted || clock_now_us() >= until_us)
            return console;
        json_decref(console);
        stage_pause(s, STAGE_LOOK_MS);
    }
}

static const char *text_of(const json_t *console, const char *name)
{
    const char *text = json_string_value(json_object_get(console, name));

    return text != NULL ? text : "";
}

void step_console(struct stage *s, const struct step *step, struct outcome *o)
{
    struct err err;
    json_t *console = await_port(s, &err);
    json_int_t port;

    (void)step;
    if (console == NULL) {
        outcome_set(o, OUTCOME_FAILED, "%.400s", err.text);
        return;
    }
    port = json_integer_value(json_object_get(console, "port"));
    if (strcmp(text_of(console, "vm"), s->first->name) != 0 ||
        strcmp(text_of(console, "uuid"), s->first->uuid) != 0 ||
        strcmp(text_of(console, "state"), "connected") != 0)
        outcome_set(o, OUTCOME_FAILED,
                    "the console says vm=%.100s uuid=%.60s state=%.20s",
                    text_of(console, "vm"), text_of(console, "uuid"),
                    text_of(console, "state"));
    else if (port > 0)
        outcome_set(o, OUTCOME_OK, "%.100s, TCP port %d",
                    text_of(console, "name"), (int)port);
    else
        outcome_set(o, OUTCOME_OK, "%.100s, without a TCP port",
                    text_of(console, "name"));
    s->is_portless = port == 0;
    json_decref(console);
}

void step_print(struct stage *s, const struct step *step, struct outcome *o)
{
    uint64_t began_us = clock_now_us();
    struct err err;

    (void)step;
    if (!stage_prove(s, PRINT_BYTES, 0, &err))
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
    else if (s->reader == NULL)
        outcome_set(o, OUTCOME_OK, "%d KiB taken; not read back: no --server",
                    PRINT_BYTES / 1024);
    else
        outcome_set(o, OUTCOME_OK, "%d KiB", PRINT_BYTES / 1024);
    outcome_put_count(o, "bytes", PRINT_BYTES);
    outcome_put_ms(o, "transfer_ms", clock_now_us() - began_us);
}

static bool may_write(struct stage *s, struct outcome *o)
{
    if (s->reader->may_write)
        return true;
    outcome_set(o, OUTCOME_SKIPPED,
                "the server gives no right to write to the console");
    return false;
}

void step_input(struct stage *s, const struct step *step, struct outcome *o)
{
    uint64_t began_us = clock_now_us();
    struct err err;

    (void)step;
    if (!may_write(s, o))
        return;
    if (!stage_prove(s, 0, INPUT_BYTES, &err))
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
    else
        outcome_set(o, OUTCOME_OK, "%d KiB", INPUT_BYTES / 1024);
    outcome_put_count(o, "bytes", INPUT_BYTES);
    outcome_put_ms(o, "transfer_ms", clock_now_us() - began_us);
}

static bool type_keys(struct stage *s, struct tally *tally, struct err *err)
{
    bool is_there = true;

    s->first->is_echoing = true;
    for (int i = 0; i < KEYS && is_there; i++) {
        uint64_t began_us = clock_now_us();

        is_there = stage_prove(s, 0, 1, err);
        tally_add(tally, clock_now_us() - began_us);
    }
    s->first->is_echoing = false;
    return is_there;
}

static void put_percentiles(struct outcome *o, struct tally *tally)
{
    outcome_put_ms(o, "p50_ms", tally_percentile_us(tally, 50));
    outcome_put_ms(o, "p95_ms", tally_percentile_us(tally, 95));
    outcome_put_ms(o, "max_ms", tally_percentile_us(tally, 100));
}

void step_latency(struct stage *s, const struct step *step, struct outcome *o)
{
    struct tally tally = { 0 };
    struct err err;

    (void)step;
    if (!may_write(s, o))
        return;
    if (!type_keys(s, &tally, &err))
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
    else
        outcome_set(o, OUTCOME_OK, "p50 %.1f ms, p95 %.1f ms, max %.1f ms",
                    (double)tally_percentile_us(&tally, 50) / 1000,
                    (double)tally_percentile_us(&tally, 95) / 1000,
                    (double)tally_percentile_us(&tally, 100) / 1000);
    put_percentiles(o, &tally);
    tally_done(&tally);
}

/* The VM's host dies, as far as the network shows it; the VM comes back. What
 * was under way has arrived before. */
void step_come_back(struct stage *s, const struct step *step, struct outcome *o)
{
    struct err err = { "" };
    json_t *before = s->server != NULL ? find_console(s, &err) : NULL;
    json_t *after = NULL;
    bool is_there;

    (void)step;
    is_there = stage_prove(s, SOME_BYTES, SOME_BYTES, &err);
    if (is_there) {
        played_vm_cut(s->first);
        is_there = stage_have_vm(s, &err);
    }
    if (is_there)
        is_there = stage_prove_back(s, SOME_BYTES, SOME_BYTES, &err);
    if (is_there && s->server != NULL)
        after = find_console(s, &err);
    if (!is_there || (s->server != NULL && after == NULL))
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
    else if (s->server == NULL)
        outcome_set(o, OUTCOME_OK, "connected again after %.1f ms",
                    (double)(s->first->opened_us - s->first->started_us) /
                        1000);
    else if (!json_equal(json_object_get(before, "id"),
                         json_object_get(after, "id")) ||
             !json_equal(json_object_get(before, "port"),
                         json_object_get(after, "port")))
        outcome_set(o, OUTCOME_FAILED, "it has another console or port");
    else
        outcome_set(o, OUTCOME_OK, "the console, its port and its client");
    json_decref(before);
    json_decref(after);
}
