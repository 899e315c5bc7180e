#include "vm/rehearse/stage/stage.h"

#include "base/clock.h"
#include "base/mem.h"
#include "remote/link/unpredictable.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 100 };

/* "rehearsal" in ASCII, then STAGE_RUN_LEN digits of the rehearsal, then the
 * VM's number: a UUID that nobody else makes, and that a person recognizes. */
#define UUID_OWN "72656865-6172-7361-6c"

/* ---- waiting --------------------------------------------------------------
 */

static void stage_on_turn_end(void *owner)
{
    struct stage *s = owner;

    LIST_EACH (node, after, &s->vms)
        played_vm_settle(CONTAINER_OF(node, struct played_vm, node));
    LIST_EACH (node, after, &s->readers)
        reader_settle(CONTAINER_OF(node, struct reader, node));
    if (s->until != NULL &&
        (s->until(s->until_owner) || s->is_late || s->is_interrupted))
        loop_stop(s->loop);
}

static void stage_on_limit(void *owner)
{
    struct stage *s = owner;

    s->is_late = true;
}

static void stage_on_tick(void *owner)
{
    struct stage *s = owner;

    timer_start(&s->tick, TICK_MS);
}

bool stage_wait_ms(struct stage *s, unsigned ms, stage_until_fn *until,
                   void *owner)
{
    bool is_there = false;

    s->until = until;
    s->until_owner = owner;
    s->is_late = false;
    timer_start(&s->limit, ms);
    timer_start(&s->tick, TICK_MS);
    do {
        loop_run(s->loop);
        is_there = until(owner);
    } while (!is_there && !s->is_late && !s->is_interrupted);
    s->until = NULL;
    timer_stop(&s->limit);
    timer_stop(&s->tick);
    return is_there;
}

bool stage_wait(struct stage *s, stage_until_fn *until, void *owner)
{
    return stage_wait_ms(s, s->settings->timeout_s * 1000, until, owner);
}

static bool is_never(void *owner)
{
    (void)owner;
    return false;
}

void stage_pause(struct stage *s, unsigned ms)
{
    (void)stage_wait_ms(s, ms, is_never, NULL);
}

const char *stage_why(const struct stage *s)
{
    return s->is_interrupted ? "interrupted" : "not in time (--timeout)";
}

void stage_interrupt(struct stage *s)
{
    s->is_interrupted = true;
    s->was_interrupted = true;
}

void stage_forgive(struct stage *s)
{
    s->is_interrupted = false;
}

/* ---- its life -------------------------------------------------------------
 */

static int open_loop(struct stage *s, struct err *err)
{
    int r;

    if (s->server != NULL) {
        s->loop = remote_loop(s->server->consoles);
        turns_init(&s->turns, s->server->consoles);
        return 0;
    }
    r = loop_open(&s->own_loop);
    if (r < 0)
        err_set(err, "cannot start: %s", strerror(-r));
    s->loop = s->own_loop;
    return r;
}

static void make_run(struct stage *s)
{
    uint8_t random[STAGE_RUN_LEN / 2];

    unpredictable_fill(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(s->run + 2 * i, 3, "%02x", random[i]);
}

int stage_open(struct stage *s, const struct stage_settings *settings,
               struct server *server, struct err *err)
{
    int r;

    *s = (struct stage){ .settings = settings, .server = server };
    r = concentrator_open(&s->proxy, settings->proxy, &settings->proof, "proxy",
                          err);
    if (r == 0)
        r = concentrator_open(&s->move_to, settings->move_to, &settings->proof,
                              "move-to", err);
    if (r == 0)
        r = open_loop(s, err);
    if (r < 0) {
        tls_context_close(s->proxy.tls);
        tls_context_close(s->move_to.tls);
        return r;
    }
    tls_hub_init(&s->hub, s->loop);
    list_init(&s->vms);
    list_init(&s->readers);
    timer_init(&s->limit, s->loop, stage_on_limit, s);
    timer_init(&s->tick, s->loop, stage_on_tick, s);
    loop_on_turn_end(s->loop, stage_on_turn_end, s);
    make_run(s);
    s->first = stage_add_vm(s, 1);
    return 0;
}

static void free_reader(struct reader *r)
{
    list_remove(&r->node);
    reader_done(r);
    free(r);
}

void stage_close(struct stage *s)
{
    LIST_EACH (node, after, &s->readers)
        free_reader(CONTAINER_OF(node, struct reader, node));
    LIST_EACH (node, after, &s->vms)
        stage_remove_vm(s, CONTAINER_OF(node, struct played_vm, node));
    loop_on_turn_end(s->loop, NULL, NULL);
    timer_done(&s->limit);
    timer_done(&s->tick);
    tls_hub_done(&s->hub);
    loop_close(s->own_loop);
    tls_context_close(s->proxy.tls);
    tls_context_close(s->move_to.tls);
}

/* ---- VMs ------------------------------------------------------------------
 */

struct played_vm *stage_add_vm(struct stage *s, unsigned number)
{
    const struct played_vm_settings settings = {
        .count = &s->count,
        .hub = &s->hub,
        .proxy = s->proxy,
        .move_to = s->move_to,
        .uri = s->settings->uri,
        .timeout_s = s->settings->timeout_s,
    };
    /* Most of it is scratch that is never touched: no memory. */
    struct played_vm *vm = xcalloc(1, sizeof *vm);

    vm->number = number;
    snprintf(vm->name, sizeof vm->name, "rehearsal-%s-%04u", s->run, number);
    snprintf(vm->uuid, sizeof vm->uuid, UUID_OWN "%.2s-%s%04x", s->run,
             s->run + 2, number);
    played_vm_init(vm, s->loop, &settings);
    list_add_tail(&s->vms, &vm->node);
    return vm;
}

void stage_remove_vm(struct stage *s, struct played_vm *vm)
{
    if (vm == s->first)
        s->first = NULL;
    list_remove(&vm->node);
    played_vm_done(vm);
    free(vm);
}

static bool is_decided(void *owner)
{
    const struct played_vm *vm = owner;

    return vm->is_open || vm->is_lost;
}

static bool is_lost(void *owner)
{
    const struct played_vm *vm = owner;

    return vm->is_lost;
}

/* The server shows its console as connected. */
static bool is_shown(struct stage *s, const struct played_vm *vm,
                     struct err *err)
{
    char path[80];
    unsigned status;
    json_t *console;
    const char *state;
    bool is_connected;

    snprintf(path, sizeof path, "/api/v1/consoles/%s", vm->uuid);
    console = server_get(s->server, path, &status, err);
    state = json_string_value(json_object_get(console, "state"));
    is_connected = state != NULL && strcmp(state, "connected") == 0;
    json_decref(console);
    return is_connected;
}

static bool await_admission(struct stage *s, struct played_vm *vm,
                            struct err *err)
{
    uint64_t until_us =
        clock_now_us() + s->settings->timeout_s * (uint64_t)1000 * 1000;
    struct err why = { "" };

    if (s->server == NULL) {
        (void)stage_wait_ms(s, STAGE_ADMIT_MS, is_lost, vm);
        return !vm->is_lost;
    }
    while (!vm->is_lost && !is_shown(s, vm, &why)) {
        if (s->is_interrupted || clock_now_us() >= until_us) {
            err_set(err,
                    "the VM is connected, and the server of --server does not "
                    "show its console: are they the same vspcd? (%.200s)",
                    why.text);
            return false;
        }
        (void)stage_wait_ms(s, STAGE_LOOK_MS, is_lost, vm);
    }
    return !vm->is_lost;
}

/* The host's part of "192.0.2.9:40112" or "[2001:db8::9]:40112", as the server
 * writes an address. */
static struct address_text host_of(const struct address_text *local)
{
    const char *from = local->text[0] == '[' ? local->text + 1 : local->text;
    const char *end = strrchr(from, from == local->text ? ':' : ']');
    struct address_text host = { "" };

    if (end != NULL)
        memcpy(host.text, from, (size_t)(end - from));
    return host;
}

struct err stage_describe_loss(struct stage *s, const struct played_vm *vm)
{
    struct server_reason reason = { "" };
    char name_start[PLAYED_VM_NAME_MAX + 1];
    struct address_text address = host_of(&vm->hosts.vm->local);
    struct err err;

    snprintf(name_start, sizeof name_start, "rehearsal-%s-", s->run);
    if (s->server != NULL)
        reason = server_find_refusal(
            s->server, &(struct server_refused){ .uuid = vm->uuid,
                                                 .name_start = name_start,
                                                 .address = address.text });
    err_set(&err, "%.220s%s%s", vm->why.text,
            reason.text[0] != '\0' ? "; the server says: " : "", reason.text);
    return err;
}

bool stage_connect(struct stage *s, struct played_vm *vm, struct err *err)
{
    bool is_admitted = false;

    played_vm_connect(vm);
    if (!stage_wait(s, is_decided, vm))
        err_set(err, "%s: %s", vm->hosts.vm->name, stage_why(s));
    else if (vm->is_open)
        is_admitted = await_admission(s, vm, err);
    if (vm->is_lost)
        *err = stage_describe_loss(s, vm);
    return is_admitted;
}

bool stage_have_vm(struct stage *s, struct err *err)
{
    uint64_t until_us = clock_now_us() + STAGE_BACK_MS * (uint64_t)1000;

    if (s->first->is_open)
        return true;
    while (!stage_connect(s, s->first, err)) {
        if (clock_now_us() >= until_us || s->is_interrupted)
            return false;
        stage_pause(s, STAGE_RETRY_MS);
    }
    return true;
}

/* ---- readers --------------------------------------------------------------
 */

struct reader *stage_add_reader(struct stage *s, struct played_vm *vm)
{
    struct reader *r = xcalloc(1, sizeof *r);

    reader_init(r, &s->turns, vm);
    list_add_tail(&s->readers, &r->node);
    return r;
}

static bool are_readers_there(void *owner)
{
    struct stage *s = owner;

    LIST_EACH (node, after, &s->readers) {
        struct reader *r = CONTAINER_OF(node, struct reader, node);

        if (!reader_is_served(r) && !r->is_over)
            return false;
    }
    return true;
}

bool stage_await_readers(struct stage *s, struct err *err)
{
    if (!stage_wait(s, are_readers_there, s)) {
        err_set(err, "a console was not attached to: %s", stage_why(s));
        return false;
    }
    LIST_EACH (node, after, &s->readers) {
        struct reader *r = CONTAINER_OF(node, struct reader, node);

        if (r->is_over) {
            err_set(err, "console of %s: %s", r->vm->name, r->why.text);
            return false;
        }
    }
    return true;
}

static bool is_reader_over(void *owner)
{
    const struct reader *r = owner;

    return r->is_over;
}

/* With a goodbye: vspcd keeps the place of one that is lost. */
static void drop_reader(struct stage *s)
{
    struct reader *r = s->reader;

    if (!r->is_over)
        reader_leave(r);
    (void)stage_wait(s, is_reader_over, r);
    free_reader(r);
    s->reader = NULL;
}

/* What a step has lost is that step's fault, and not the next one's; its last
 * bytes may still come. */
static void forget_losses(struct stage *s)
{
    stage_pause(s, STAGE_ADMIT_MS);
    s->reader->out = s->first->out;
    s->first->in = s->reader->typed;
    s->reader->gaps = 0;
}

bool stage_have_reader(struct stage *s, struct err *err)
{
    struct reader *r = s->reader;
    bool is_behind =
        r != NULL &&
        (r->out.is_broken || s->first->in.is_broken || r->gaps > 0 ||
         r->out.at != s->first->out.at || r->typed.at != s->first->in.at);

    if (r != NULL && !r->is_over && !is_behind)
        return stage_await_readers(s, err);
    if (r != NULL)
        drop_reader(s);
    s->first->goal = s->first->out.at;
    s->reader = stage_add_reader(s, s->first);
    if (!stage_await_readers(s, err))
        return false;
    if (r != NULL)
        forget_losses(s);
    return true;
}

/* ---- proving --------------------------------------------------------------
 */

static bool is_proven(const struct stage *s)
{
    const struct reader *r = s->reader;
    const struct played_vm *vm = s->first;

    return vm->out.at == vm->goal &&
           (r == NULL ||
            (r->out.at == vm->goal && vm->in.at == r->goal && r->gaps == 0));
}

static bool is_proof_over(void *owner)
{
    const struct stage *s = owner;
    const struct reader *r = s->reader;

    if (r != NULL &&
        (r->out.is_broken || s->first->in.is_broken || r->is_over || r->gaps))
        return true;
    return is_proven(s) || s->first->is_lost;
}

static void describe_missing(const struct stage *s, struct err *err)
{
    const struct reader *r = s->reader;
    const struct played_vm *vm = s->first;

    if (vm->is_lost)
        err_set(err, "the VM lost its connection: %.300s", vm->why.text);
    else if (r != NULL && r->is_over)
        err_set(err, "the client lost the console: %.300s", r->why.text);
    else if (r != NULL && r->gaps > 0)
        err_set(err, "output is missing: the console has a gap");
    else if (r != NULL && r->out.is_broken)
        err_set(err, "output: byte %" PRIu64 " is not the one that was printed",
                r->out.at);
    else if (vm->in.is_broken)
        err_set(err, "input: byte %" PRIu64 " is not the one that was typed",
                vm->in.at);
    else if (vm->out.at != vm->goal)
        err_set(err, "output: %" PRIu64 " bytes were not taken, %s",
                vm->goal - vm->out.at, stage_why(s));
    else if (r->out.at != vm->goal)
        err_set(err, "output: %" PRIu64 " bytes did not arrive, %s",
                vm->goal - r->out.at, stage_why(s));
    else
        err_set(err, "input: %" PRIu64 " bytes did not arrive, %s",
                r->goal - vm->in.at, stage_why(s));
}

bool stage_prove(struct stage *s, unsigned printed, unsigned typed,
                 struct err *err)
{
    played_vm_print(s->first, printed);
    if (s->reader != NULL && s->reader->may_write)
        s->reader->goal += typed;
    (void)stage_wait(s, is_proof_over, s);
    if (is_proven(s))
        return true;
    describe_missing(s, err);
    return false;
}

bool stage_prove_back(struct stage *s, unsigned printed, unsigned typed,
                      struct err *err)
{
    return stage_prove(s, printed, 0, err) && stage_prove(s, 0, typed, err);
}

/* ---- names ----------------------------------------------------------------
 */

struct stage_match stage_match(const struct stage *s)
{
    struct stage_match match;

    snprintf(match.text, sizeof match.text, "rehearsal-%s-*", s->run);
    return match;
}

bool stage_is_own(const struct stage *s, const char *uuid)
{
    char own[sizeof UUID_OWN + STAGE_RUN_LEN + 2];

    snprintf(own, sizeof own, UUID_OWN "%.2s-%s", s->run, s->run + 2);
    return strncmp(uuid, own, strlen(own)) == 0;
}
