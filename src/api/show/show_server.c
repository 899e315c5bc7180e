#include "api/show/show_server.h"

#include "api/api_means.h"
#include "api/show/show_items.h"
#include "base/clock.h"
#include "conf/options.h"
#include "session/session_context.h"

#include <string.h>

/* False: it was answered. */
static bool read_census(struct api_call *call, struct census *ret)
{
    const struct census_source *source = &api_means_of(call->api)->census;

    if (source->read == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "there are no numbers");
        return false;
    }
    source->read(source->owner, ret);
    return true;
}

/* ---- who asks ------------------------------------------------------------ */

void show_version(struct api_call *call)
{
    api_answer_json(call, 200,
                    json_pack("{s:s, s:s, s:s}", "name", "vspcd", "version",
                              VSPCD_VERSION, "api", "v1"));
}

/* When it ends; null: the caller has no session. */
static json_t *show_web_session(const struct api_call *call,
                                const struct principal *who)
{
    const struct web_sessions *all = api_sessions(call->api)->web_sessions;
    const struct web_session *session =
        all != NULL && who->web_session != 0
            ? web_sessions_find(all, who->web_session)
            : NULL;
    char id[WEB_SESSION_ID_MAX];

    if (session == NULL)
        return json_null();
    web_session_format_id(session->id, id);
    return json_pack("{s:s, s:o, s:o}", "id", id, "idle_end",
                     show_time(web_session_idle_end_s(all, session) * 1000),
                     "end", show_time(web_session_end_s(all, session) * 1000));
}

json_t *show_principal(const struct api_call *call, const struct principal *who)
{
    const char *owner = who->owner != NULL ? who->owner->name : NULL;
    enum right right =
        session_context_judge(api_sessions(call->api), who, NULL).right;

    return json_pack("{s:o, s:s, s:i, s:s, s:o, s:o, s:s, s:o, s:o}", "name",
                     show_text(who->name), "proof",
                     principal_proof_name((enum principal_proof)who->proof),
                     "groups", (int)who->group_count, "right",
                     right_name(right), "owner", show_text(owner), "consoles",
                     show_text(who->consoles), "door", call->door, "peer",
                     show_text(call->peer), "session",
                     show_web_session(call, who));
}

void show_whoami(struct api_call *call)
{
    api_answer_json(call, 200, show_principal(call, call->who));
}

/* ---- how it is ----------------------------------------------------------- */

static void add_door(void *to, const struct api_door *door)
{
    (void)json_array_append_new(
        to, json_pack("{s:s, s:o, s:s}", "for", door->kind, "address",
                      show_text(door->address), "tls", door->tls));
}

static json_t *doors_of(const struct api_means *means)
{
    json_t *doors = json_array();

    if (means->each_door != NULL)
        means->each_door(means->owner, add_door, doors);
    return doors;
}

static const char *health(uint64_t is_failing)
{
    return is_failing != 0 ? "failing" : "ok";
}

static const char *why_not_ready(const struct census_source *source)
{
    const char *why_not = source->why_not_ready != NULL
                              ? source->why_not_ready(source->owner)
                              : NULL;

    return why_not != NULL ? why_not : "ok";
}

void show_status(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    int64_t now_ms = clock_utc_ms();
    struct census census;
    int64_t started_ms;
    json_t *consoles, *moves, *health_json;

    if (!read_census(call, &census))
        return;
    started_ms = (int64_t)(census.started_us / 1000);
    consoles = json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "total", (json_int_t)census.consoles,
        "connected", (json_int_t)census.vms, "moving", (json_int_t)census.moves,
        "none", (json_int_t)census.consoles_vacant, "new",
        (json_int_t)census.consoles_new);
    moves = json_pack("{s:I, s:I, s:I, s:I}", "completed",
                      (json_int_t)census.moves_completed, "failed",
                      (json_int_t)census.moves_failed, "refused",
                      (json_int_t)census.moves_refused, "under_way",
                      (json_int_t)census.moves);
    health_json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "state",
                            health(census.state_failing), "audit",
                            health(census.audit_failing), "logs",
                            health(census.logs_failing), "inventory",
                            health(census.inventory_failing), "ready",
                            why_not_ready(&means->census));
    api_answer_json(
        call, 200,
        json_pack("{s:s, s:o, s:f, s:o, s:I, s:I, s:o, s:I, s:I, s:I, s:o, "
                  "s:o}",
                  "version", VSPCD_VERSION, "started", show_time(started_ms),
                  "uptime", (double)(now_ms - started_ms) / 1000.0, "consoles",
                  consoles, "clients", (json_int_t)census.clients,
                  "unidentified", (json_int_t)census.unidentified, "moves",
                  moves, "output_bytes", (json_int_t)census.output_bytes,
                  "input_bytes", (json_int_t)census.input_bytes,
                  "log_missing_bytes", (json_int_t)census.log_missing_bytes,
                  "health", health_json, "doors", doors_of(means)));
}

/* ---- limits -------------------------------------------------------------- */

#define OF_CENSUS(member) offsetof(struct census, member)
#define OF_SETTINGS(member) offsetof(struct settings, member)
enum { NOT_COUNTED = -1 };

/* Where the limit that is in force stands. */
enum place { CENSUS, SETTINGS, SITE_OF_CLIENTS, SITE_OF_VMS };

static const struct limit {
    const char *name, *unit, *setting, *help;
    ptrdiff_t used; /* in struct census; NOT_COUNTED */
    enum place place;
    size_t limit; /* of CENSUS and SETTINGS: a uint64_t in it */
} limits[] = {
    { "consoles", "consoles", "console-limit", "Consoles, so VMs too.",
      OF_CENSUS(consoles), CENSUS, OF_CENSUS(consoles_limit) },
    { "clients", "clients", "client-total",
      "Clients of all consoles, and those at the menu.", OF_CENSUS(clients),
      CENSUS, OF_CENSUS(clients_limit) },
    { "clients-of-console", "clients", "client-limit", "Clients of a console.",
      NOT_COUNTED, SETTINGS, OF_SETTINGS(client_limit) },
    { "clients-of-address", "clients", "clients-per-address",
      "Clients from one address without a certificate.", NOT_COUNTED,
      SITE_OF_CLIENTS, 0 },
    { "unserved", "connections", "client-total",
      "Connections to consoles that are not served yet.", OF_CENSUS(unserved),
      CENSUS, OF_CENSUS(unserved_limit) },
    { "unidentified", "connections", "unidentified-limit",
      "Connections that have not identified their VM.", OF_CENSUS(unidentified),
      CENSUS, OF_CENSUS(unidentified_limit) },
    { "unidentified-of-address", "connections", "unidentified-per-address",
      "The same, of one address.", NOT_COUNTED, SITE_OF_VMS, 0 },
    { "vm-rate", "connections per second", "vm-rate",
      "Connections of VMs from one address, beyond vm-burst.", NOT_COUNTED,
      SETTINGS, OF_SETTINGS(vm_rate) },
    { "client-rate", "connections per second", "client-rate",
      "Connections of clients from one address, beyond client-burst.",
      NOT_COUNTED, SETTINGS, OF_SETTINGS(client_rate) },
    { "new-console-rate", "consoles per second", "new-console-rate",
      "New consoles from one address, beyond new-console-burst.", NOT_COUNTED,
      SETTINGS, OF_SETTINGS(new_console_rate) },
    { "history", "bytes", "history-total",
      "Memory of the output that consoles keep.", OF_CENSUS(history_bytes),
      CENSUS, OF_CENSUS(history_limit_bytes) },
    { "history-of-console", "bytes", "history-size",
      "Output that one console keeps.", NOT_COUNTED, SETTINGS,
      OF_SETTINGS(history_size) },
    { "held-input", "bytes", "held-input-size",
      "Input that is kept for a VM that moves.", NOT_COUNTED, SETTINGS,
      OF_SETTINGS(held_input_size) },
    { "open-files", "files", NULL,
      "Files and connections; the limit is the system's.",
      OF_CENSUS(open_files), CENSUS, OF_CENSUS(open_files_limit) },
};

static uint64_t number_at(const void *of, size_t at)
{
    uint64_t number;

    memcpy(&number, (const char *)of + at, sizeof number);
    return number;
}

/* 0: none. False: it is not known. */
static bool find_limit(const struct api *api, const struct limit *l,
                       const struct census *census, uint64_t *ret)
{
    const struct settings *settings = api_means_of(api)->settings;
    const struct gate *gate = &api_sessions(api)->gate;

    switch (l->place) {
    case CENSUS:
        *ret = number_at(census, l->limit);
        return true;
    case SETTINGS:
        if (settings == NULL)
            return false;
        *ret = number_at(settings, l->limit);
        return true;
    case SITE_OF_CLIENTS:
        *ret = gate->places.limits.of_site;
        return true;
    case SITE_OF_VMS:
        *ret = gate->newcomers[ADMISSION_VM].site_limit;
        return true;
    }
    return false;
}

static json_t *show_limit(const struct limit *l, const struct census *census,
                          uint64_t limit)
{
    json_t *used = l->used == NOT_COUNTED
                       ? json_null()
                       : show_number(number_at(census, (size_t)l->used));

    return json_pack(
        "{s:s, s:o, s:o, s:s, s:o, s:s}", "name", l->name, "used", used,
        "limit", limit != 0 ? show_number(limit) : json_null(), "unit", l->unit,
        "setting", show_text(l->setting), "help", l->help);
}

void show_limits(struct api_call *call)
{
    json_t *items;
    struct census census;
    uint64_t limit;

    if (!read_census(call, &census))
        return;
    items = json_array();
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (find_limit(call->api, &limits[i], &census, &limit))
            (void)json_array_append_new(items,
                                        show_limit(&limits[i], &census, limit));
    }
    api_answer_json(call, 200, show_items_all(items));
}
