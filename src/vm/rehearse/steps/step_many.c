/* All VMs at once. */
#include "vm/rehearse/steps/steps.h"

#include "base/clock.h"
#include "vm/rehearse/stage/tally.h"

#include <inttypes.h>
#include <string.h>

enum {
    /* VMs that connect at a time: a host has no more of them under way. */
    WINDOW = 32,
    PRINT_BYTES = 4096,
    /* What vspcd admits of unknown VMs of one address, by default: each VM
     * beyond that takes its time. */
    NEW_BURST = 2000,
    NEW_PER_S = 10,
};

struct crowd {
    struct stage *stage;
    unsigned under_way;
    unsigned open;
    unsigned retries;
    uint64_t all_open_us;            /* when the last one had its port */
    uint64_t retry_us;               /* when those that were closed try again */
    const struct played_vm *refused; /* the last one that was closed */
};

/* A played_vm that waits for its first or next try has started_us 0. */
static void look_at(struct crowd *c, struct played_vm *vm)
{
    if (vm->is_open) {
        c->open++;
    } else if (vm->is_lost) {
        c->refused = vm;
        c->retries++;
        vm->is_lost = false;
        vm->started_us = 0;
        c->retry_us = clock_now_us() + STAGE_RETRY_MS * (uint64_t)1000;
    } else if (vm->started_us != 0) {
        c->under_way++;
    }
}

/* Between two turns of the loop, so that VMs may be cut. */
static void go_on(struct crowd *c)
{
    bool may_start;

    c->under_way = 0;
    c->open = 0;
    LIST_EACH (node, after, &c->stage->vms)
        look_at(c, CONTAINER_OF(node, struct played_vm, node));
    may_start = clock_now_us() >= c->retry_us;
    LIST_EACH (node, after, &c->stage->vms) {
        struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);

        if (!may_start || c->under_way >= WINDOW)
            return;
        if (vm->is_open || vm->started_us != 0)
            continue;
        played_vm_connect(vm);
        c->under_way++;
    }
}

/* There is room for more that connect, or nothing is under way any more.
 * Walking over all VMs is worth it for some at a time. */
static bool may_go_on(void *owner)
{
    const struct crowd *c = owner;
    const struct played_count *count = &c->stage->count;
    unsigned waiting = c->stage->settings->vms - count->open - count->under_way;
    bool has_room = WINDOW - count->under_way >= WINDOW / 4;

    if (waiting == 0)
        return count->under_way == 0;
    return has_room && clock_now_us() >= c->retry_us;
}

/* How many consoles of this rehearsal are connected, as the server has it. */
static unsigned count_connected(struct stage *s)
{
    struct target target;
    struct err err;
    unsigned status;
    json_t *root;
    json_int_t total;

    target_init(&target, "/api/v1/consoles");
    target_add_query(&target, "match", stage_match(s).text);
    target_add_query(&target, "state", "connected");
    target_add_query(&target, "limit", "1");
    root = server_get(s->server, target.text, &status, &err);
    total = json_integer_value(json_object_get(root, "total"));
    json_decref(root);
    return total > 0 ? (unsigned)total : 0;
}

/* A VM that has its port may still be refused, once it is known which one it
 * is. */
static bool are_admitted(struct stage *s, struct crowd *c)
{
    stage_pause(s, s->server != NULL ? STAGE_LOOK_MS : STAGE_ADMIT_MS);
    go_on(c);
    return c->open == s->settings->vms &&
           (s->server == NULL || count_connected(s) == c->open);
}

/* Connects all VMs that are not. False: not all, in all this time. */
static bool gather(struct stage *s, struct crowd *c)
{
    unsigned vms = s->settings->vms;
    uint64_t wait_s = s->settings->timeout_s;
    uint64_t until_us;

    *c = (struct crowd){ .stage = s };
    if (vms > NEW_BURST)
        wait_s += (vms - NEW_BURST) / NEW_PER_S * 3 / 2;
    until_us = clock_now_us() + wait_s * 1000 * 1000;
    for (;;) {
        go_on(c);
        if (c->open == vms) {
            c->all_open_us = clock_now_us();
            if (are_admitted(s, c))
                return true;
        }
        if (s->is_interrupted || clock_now_us() >= until_us)
            return false;
        (void)stage_wait_ms(s, 1000, may_go_on, c);
    }
}

static struct err describe_refusal(struct stage *s, const struct crowd *c)
{
    struct err none = { "" };

    return c->refused != NULL ? stage_describe_loss(s, c->refused) : none;
}

static void describe_crowd(struct stage *s, const struct crowd *c,
                           struct outcome *o)
{
    struct err why = describe_refusal(s, c);

    outcome_set(o, OUTCOME_FAILED,
                "%u of %u VMs are connected, %s; %u tries were refused%s%.400s",
                c->open, s->settings->vms, stage_why(s), c->retries,
                c->retries > 0 ? ": " : "", why.text);
}

static void put_times(struct stage *s, struct outcome *o, uint64_t took_us,
                      const struct crowd *c)
{
    struct tally tally = { 0 };
    double rate =
        (double)s->settings->vms * 1e6 / (double)(took_us > 0 ? took_us : 1);

    LIST_EACH (node, after, &s->vms) {
        const struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);

        tally_add(&tally, vm->opened_us - vm->started_us);
    }
    outcome_put_count(o, "vms", s->settings->vms);
    outcome_put_count(o, "retries", c->retries);
    (void)json_object_set_new(o->numbers, "vms_per_s", json_real(rate));
    outcome_put_ms(o, "bring_up_ms", took_us);
    outcome_put_ms(o, "p50_ms", tally_percentile_us(&tally, 50));
    outcome_put_ms(o, "p95_ms", tally_percentile_us(&tally, 95));
    outcome_put_ms(o, "max_ms", tally_percentile_us(&tally, 100));
    outcome_set(o, OUTCOME_OK,
                "%u VMs in %.0f ms, %.0f/s; each p50 %.1f ms, p95 %.1f ms, max "
                "%.1f ms",
                s->settings->vms, (double)took_us / 1e3, rate,
                (double)tally_percentile_us(&tally, 50) / 1000,
                (double)tally_percentile_us(&tally, 95) / 1000,
                (double)tally_percentile_us(&tally, 100) / 1000);
    if (c->retries > 0) {
        struct err times = o->detail;

        outcome_set(o, OUTCOME_OK,
                    "%.120s; %u tries were refused first: %.340s", times.text,
                    c->retries, describe_refusal(s, c).text);
    }
    tally_done(&tally);
}

/* ---- what they print ------------------------------------------------------
 */

static bool has_all_printed(void *owner)
{
    const struct stage *s = owner;

    LIST_EACH (node, after, &s->readers) {
        const struct reader *r = CONTAINER_OF(node, struct reader, node);

        if (r->out.is_broken || r->is_over || r->gaps > 0)
            return true;
        if (r->out.at != r->vm->goal)
            return false;
    }
    LIST_EACH (node, after, &s->vms) {
        const struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);

        if (!vm->is_lost && vm->out.at != vm->goal)
            return false;
    }
    return true;
}

static bool is_all_whole(const struct stage *s, struct err *err)
{
    LIST_EACH (node, after, &s->readers) {
        const struct reader *r = CONTAINER_OF(node, struct reader, node);

        if (r->out.is_broken || r->is_over || r->gaps > 0) {
            err_set(err,
                    "%s: what it printed did not arrive as a whole%s%.200s",
                    r->vm->name, r->is_over ? ": " : "", r->why.text);
            return false;
        }
    }
    LIST_EACH (node, after, &s->vms) {
        const struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);

        if (vm->is_lost) {
            err_set(err, "%s lost its connection: %.300s", vm->name,
                    vm->why.text);
            return false;
        }
    }
    return true;
}

static void add_readers(struct stage *s)
{
    unsigned count = s->reader != NULL;

    LIST_EACH (node, after, &s->vms) {
        struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);

        if (count >= s->settings->clients)
            return;
        if (vm == s->first)
            continue;
        (void)stage_add_reader(s, vm);
        count++;
    }
}

static bool print_all(struct stage *s, struct err *err)
{
    if (s->server != NULL) {
        if (!stage_have_reader(s, err))
            return false;
        add_readers(s);
        if (!stage_await_readers(s, err))
            return false;
    }
    LIST_EACH (node, after, &s->vms)
        played_vm_print(CONTAINER_OF(node, struct played_vm, node),
                        PRINT_BYTES);
    if (!stage_wait(s, has_all_printed, s)) {
        err_set(err, "what the VMs printed has not all arrived, %s",
                stage_why(s));
        return false;
    }
    return is_all_whole(s, err);
}

/* ---- what the server has of them ------------------------------------------
 */

/* An object of values by UUID: of the member that is named; NULL: err says
 * why. */
static json_t *find_values(struct stage *s, const char *member, struct err *err)
{
    char fields[40];
    json_t *items;
    json_t *values;

    snprintf(fields, sizeof fields, "uuid,%s", member);
    items = server_list(s->server, stage_match(s).text, fields, err);
    if (items == NULL)
        return NULL;
    values = json_object();
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *uuid = json_string_value(json_object_get(item, "uuid"));

        if (uuid != NULL)
            (void)json_object_set(values, uuid, json_object_get(item, member));
    }
    json_decref(items);
    return values;
}

/* Consoles without a reader: the server has counted each byte. */
static bool is_counted(struct stage *s, struct err *err)
{
    json_t *values = find_values(s, "output_bytes", err);
    bool is_right = values != NULL;

    LIST_EACH (node, after, &s->vms) {
        const struct played_vm *vm = CONTAINER_OF(node, struct played_vm, node);
        const json_t *counted = json_object_get(values, vm->uuid);

        /* Of the first one, a step may have lost some. */
        if (is_right && vm != s->first &&
            (uint64_t)json_integer_value(counted) != vm->out.at) {
            err_set(
                err, "%s printed %" PRIu64 " bytes, its console has %" PRIu64,
                vm->name, vm->out.at, (uint64_t)json_integer_value(counted));
            is_right = false;
        }
    }
    json_decref(values);
    return is_right;
}

/* The last bytes may be on their way. */
static bool await_counted(struct stage *s, struct err *err)
{
    uint64_t until_us =
        clock_now_us() + s->settings->timeout_s * (uint64_t)1000 * 1000;

    while (!is_counted(s, err)) {
        if (s->is_interrupted || clock_now_us() >= until_us)
            return false;
        stage_pause(s, STAGE_LOOK_MS);
    }
    return true;
}

static bool is_crowd_of_use(struct stage *s, struct outcome *o)
{
    if (!s->is_unreachable)
        return true;
    outcome_set(o, OUTCOME_SKIPPED, "no VM is connected");
    return false;
}

void step_many(struct stage *s, const struct step *step, struct outcome *o)
{
    uint64_t began_us = clock_now_us();
    struct crowd crowd;
    struct err err;

    (void)step;
    if (!is_crowd_of_use(s, o))
        return;
    /* All of them connect, also the first one. */
    played_vm_cut(s->first);
    for (unsigned number = 2; number <= s->settings->vms; number++)
        (void)stage_add_vm(s, number);
    if (!gather(s, &crowd)) {
        describe_crowd(s, &crowd, o);
        return;
    }
    put_times(s, o, crowd.all_open_us - began_us, &crowd);
    if (!print_all(s, &err) || (s->server != NULL && !await_counted(s, &err)))
        outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
}

/* The ports of all consoles, once each has one, or it is clear that some have
 * none. */
static json_t *await_ports(struct stage *s, struct err *err)
{
    uint64_t until_us = clock_now_us() + STAGE_PORTS_MS * (uint64_t)1000;

    for (;;) {
        json_t *ports = find_values(s, "port", err);
        bool is_missing = false;
        const char *uuid;
        json_t *port;

        json_object_foreach (ports, uuid, port)
            is_missing |= json_is_null(port);
        if (!is_missing || s->is_portless || s->is_interrupted ||
            clock_now_us() >= until_us)
            return ports;
        json_decref(ports);
        stage_pause(s, STAGE_LOOK_MS);
    }
}

/* A console that had a port has another one. */
static bool is_port_lost(json_t *before, json_t *now)
{
    const char *uuid;
    json_t *port;

    json_object_foreach (before, uuid, port)
        if (!json_is_null(port) &&
            !json_equal(port, json_object_get(now, uuid)))
            return true;
    return false;
}

/* Hosts are cut from the network, and come back: all consoles and ports are
 * theirs again. */
void step_many_back(struct stage *s, const struct step *step, struct outcome *o)
{
    struct err err = { "" };
    struct crowd crowd;
    json_t *ports = NULL;
    json_t *ports_now = NULL;
    uint64_t began_us;

    (void)step;
    if (!is_crowd_of_use(s, o))
        return;
    if (s->server != NULL)
        ports = await_ports(s, &err);
    began_us = clock_now_us();
    LIST_EACH (node, after, &s->vms)
        played_vm_cut(CONTAINER_OF(node, struct played_vm, node));
    if (gather(s, &crowd)) {
        put_times(s, o, crowd.all_open_us - began_us, &crowd);
        if (s->server != NULL)
            ports_now = await_ports(s, &err);
        if (s->server != NULL && (ports == NULL || ports_now == NULL))
            outcome_set(o, OUTCOME_FAILED, "%.500s", err.text);
        else if (is_port_lost(ports, ports_now))
            outcome_set(o, OUTCOME_FAILED, "some have another port");
    } else {
        describe_crowd(s, &crowd, o);
    }
    json_decref(ports);
    json_decref(ports_now);
}
