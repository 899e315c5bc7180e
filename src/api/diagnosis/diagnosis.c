#include "api/diagnosis/diagnosis.h"

#include "api/api_jobs.h"
#include "api/api_private.h"
#include "api/diagnosis/machine.h"
#include "api/show/show_value.h"
#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_tally.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A look at the machine for a call. machine is the thread's while is_asked. */
struct diagnosis {
    struct api_job job;
    struct api *api;
    struct api_call *call; /* the loop's; NULL: it has gone */
    bool is_asked;
    struct census census;
    struct machine machine;
};

/* ---- what was counted ------------------------------------------------------
 */

static json_t *show_entry(const struct log_tally_entry *e)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "message", e->message, "reason", show_text(e->reason),
                     "door", show_text(e->door), "address",
                     show_text(e->address), "vm", show_text(e->vm), "uuid",
                     show_text(e->uuid), "console", show_text(e->console),
                     "count", show_number(e->count), "first",
                     show_time(e->first_ms), "last", show_time(e->last_ms));
}

static json_t *show_tally(enum log_tally_kind kind, uint64_t least)
{
    const struct log_tally *tally = log_tally_of(kind);
    const struct log_tally_entry *e = NULL;
    json_t *items = json_array();

    if (tally == NULL)
        return items;
    while ((e = log_tally_next(tally, e)) != NULL) {
        if (e->count >= least)
            (void)json_array_append_new(items, show_entry(e));
    }
    return items;
}

void diagnosis_show_refusals(struct api_call *call)
{
    const struct log_tally *tally = log_tally_of(LOG_REFUSALS);

    api_answer_json(call, 200,
                    json_pack("{s:o, s:o}", "items",
                              show_tally(LOG_REFUSALS, 1), "dropped",
                              show_number(tally != NULL ? tally->dropped : 0)));
}

/* ---- facts as JSON ---------------------------------------------------------
 */

static json_t *show_disk(const struct machine_disk *d)
{
    json_t *json = json_pack(
        "{s:s, s:o, s:o}", "for", d->what, "path", show_text(d->path),
        "problem", d->error != 0 ? show_text(strerror(d->error)) : json_null());

    if (d->error != 0)
        return json;
    (void)json_object_update_new(
        json,
        json_pack("{s:b, s:b, s:o, s:o, s:o, s:o}", "is_read_only",
                  d->is_read_only, "is_writable", d->is_writable, "size_bytes",
                  show_number(d->size_bytes), "free_bytes",
                  show_number(d->free_bytes), "files", show_number(d->files),
                  "free_files", show_number(d->free_files)));
    return json;
}

static json_t *show_disks(const struct machine *m)
{
    json_t *disks = json_array();

    for (unsigned i = 0; i < m->disk_count; i++)
        (void)json_array_append_new(disks, show_disk(&m->disk[i]));
    return disks;
}

/* 0: not known, or none. */
static json_t *if_any(uint64_t number)
{
    return number != 0 ? show_number(number) : json_null();
}

static json_t *show_memory(const struct diagnosis *d)
{
    const struct machine *m = &d->machine;

    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "resident_bytes",
                     if_any(d->census.resident_bytes), "machine_bytes",
                     if_any(m->memory_bytes), "available_bytes",
                     if_any(m->available_bytes), "group_bytes",
                     if_any(m->group_bytes), "group_limit_bytes",
                     if_any(m->group_limit_bytes));
}

static json_t *show_ports(const struct machine *m, const struct settings *s)
{
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "is_used",
                     s != NULL && !s->no_vm_ports, "first",
                     if_any(s != NULL ? s->port_range_start : 0), "last",
                     if_any(s != NULL ? s->port_range_end : 0), "local_first",
                     if_any(m->local_first), "local_last",
                     if_any(m->local_last), "local_reserved",
                     show_text(m->local_reserved));
}

static bool has_rules(const struct settings *s)
{
    return s->sections.of[SECTION_ACCESS].count > 0;
}

static json_t *show_access(const struct settings *s, const struct census *c)
{
    return json_pack("{s:b, s:b, s:b, s:o, s:b}", "has_rules",
                     s != NULL && has_rules(s), "is_everybody_writing",
                     s != NULL && !has_rules(s) && s->is_vspc_server,
                     "is_open_to_vms", c->vms_unrestricted != 0,
                     "logins_failed", show_number(c->logins_failed),
                     "has_audit_log", s != NULL && s->audit_log != NULL);
}

static json_t *show_counts(const struct census *c)
{
    const struct {
        const char *name;
        uint64_t number;
    } counts[] = {
        { "vms_refused_address", c->vms_refused_address },
        { "vms_refused_rate", c->vms_refused_rate },
        { "vms_refused_new", c->vms_refused_new },
        { "consoles_refused", c->consoles_refused },
        { "clients_refused_address", c->clients_refused_address },
        { "clients_refused_rate", c->clients_refused_rate },
        { "clients_refused_total", c->clients_refused_total },
        { "clients_refused_right", c->clients_refused_right },
        { "accepts_starved", c->accepts_starved },
        { "log_gaps", c->log_gaps },
        { "record_gaps", c->record_gaps },
        { "records_failing", c->records_failing },
        { "hooks_failed", c->hooks_failed },
        { "hooks_dropped", c->hooks_dropped },
        { "webhooks_given_up", c->webhooks_given_up },
        { "webhooks_dropped", c->webhooks_dropped },
        { "alert_missed_bytes", c->alert_missed_bytes },
        { "audit_lost", c->audit_lost },
    };
    json_t *json = json_object();

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        (void)json_object_set_new(json, counts[i].name,
                                  show_number(counts[i].number));
    return json;
}

static json_t *show_clock(const struct machine *m)
{
    return json_pack(
        "{s:o, s:o}", "time", show_time(clock_utc_ms()), "is_synchronised",
        m->has_clock ? json_boolean(m->is_clock_synchronised) : json_null());
}

/* A VM that comes once or twice is no sign of a fault. */
enum { ARRIVALS_LEAST = 3 };

static json_t *show_all(const struct diagnosis *d)
{
    const struct settings *s = api_means_of(d->api)->settings;

    return json_pack(
        "{s:s, s:o, s:b, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "version", VSPCD_VERSION, "uid", show_number(geteuid()), "is_root",
        geteuid() == 0, "files", "used", if_any(d->census.open_files), "limit",
        if_any(d->census.open_files_limit), "memory", show_memory(d), "disks",
        show_disks(&d->machine), "clock", show_clock(&d->machine), "ports",
        show_ports(&d->machine, s), "access", show_access(s, &d->census),
        "counts", show_counts(&d->census), "arrivals",
        show_tally(LOG_ARRIVALS, ARRIVALS_LEAST));
}

/* ---- the look at the machine -----------------------------------------------
 */

static void diagnosis_run(struct api_job *job)
{
    machine_read(&CONTAINER_OF(job, struct diagnosis, job)->machine, "");
}

static void diagnosis_leave(struct api_job *job)
{
    struct diagnosis *d = CONTAINER_OF(job, struct diagnosis, job);

    d->is_asked = false;
    if (d->call == NULL)
        free(d);
}

static void diagnosis_on_done(struct api_job *job)
{
    struct diagnosis *d = CONTAINER_OF(job, struct diagnosis, job);
    struct api_call *call = d->call;

    diagnosis_leave(job);
    if (call != NULL)
        api_answer_json(call, 200, show_all(d));
}

static const struct api_job_kind kind = {
    .lane = 0,
    .run = diagnosis_run,
    .on_done = diagnosis_on_done,
    .free = diagnosis_leave,
};

static void diagnosis_end(struct api_call *call)
{
    struct diagnosis *d = call->state;

    d->call = NULL;
    call->api->diagnoses--;
    if (d->is_asked)
        api_job_cancel(&d->job);
    else
        free(d);
}

static const struct api_work work = { .end = diagnosis_end };

static void add_place(void *to, const char *what, const char *path)
{
    struct machine *m = to;
    struct machine_disk *disk = &m->disk[m->disk_count];

    if (m->disk_count == MACHINE_DISKS_MAX || path[0] != '/' ||
        strlen(path) >= sizeof disk->path)
        return;
    disk->what = what;
    snprintf(disk->path, sizeof disk->path, "%s", path);
    m->disk_count++;
}

void diagnosis_show(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    struct diagnosis *d;

    if (means->census.read == NULL || means->diagnosis_jobs == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "there are no facts");
        return;
    }
    if (call->api->diagnoses >= DIAGNOSES_MAX) {
        api_fail(call, API_TOO_MANY,
                 "try again in a while; if it stays so, a disk that vspcd "
                 "writes to hangs",
                 "%d diagnoses are under way", DIAGNOSES_MAX);
        return;
    }
    d = xcalloc(1, sizeof *d);
    d->api = call->api;
    d->call = call;
    means->census.read(means->census.owner, &d->census);
    if (means->each_place != NULL)
        means->each_place(means->owner, add_place, &d->machine);
    call->api->diagnoses++;
    api_work_on(call, &work, d);
    api_job_init(&d->job, means->diagnosis_jobs, &kind);
    d->is_asked = true;
    if (!api_job_ask(&d->job))
        api_fail(call, API_UNAVAILABLE, "try again in a while",
                 "there is no thread that could look");
}
