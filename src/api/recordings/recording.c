#include "api/recordings/recording.h"

#include "access/pattern.h"
#include "api/api_means.h"
#include "api/show/show_value.h"
#include "base/clock.h"
#include "core/directory.h"
#include "session/session_context.h"

#include <stdio.h>
#include <strings.h>

enum { US_PER_MS = 1000, US_PER_S = 1000 * 1000 };

const char *recording_directory(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    const char *directory =
        means->recorder != NULL ? record_directory(means->recorder) : NULL;

    if (directory == NULL || means->recording_jobs == NULL) {
        api_fail(call, API_UNAVAILABLE,
                 "the setting record-dir says where they are kept",
                 "there are no recordings");
        return NULL;
    }
    return directory;
}

struct console *recording_console(const struct api_call *call,
                                  const struct record_facts *facts)
{
    return directory_find(api_sessions(call->api)->directory, facts->uuid,
                          facts->label);
}

static struct access_console view_of(const struct api_call *call,
                                     const struct record_facts *facts)
{
    const struct console *c = recording_console(call, facts);

    if (c != NULL)
        return console_view(c);
    return directory_view(api_sessions(call->api)->directory, facts->name,
                          facts->uuid, facts->label);
}

enum right recording_right(const struct api_call *call,
                           const struct record_facts *facts)
{
    const struct access_console view = view_of(call, facts);

    return session_context_judge_view(api_sessions(call->api), call->who, &view)
        .right;
}

bool recording_may_read_any(const struct api_call *call)
{
    const struct session_context *ctx = api_sessions(call->api);

    return ctx->access != NULL && session_context_trusts(ctx, call->who) &&
           access_rules_may_read_any(ctx->access, call->who);
}

bool recording_matches(const struct api_call *call,
                       const struct record_facts *facts, const char *match)
{
    const struct access_console view = view_of(call, facts);
    struct pattern_console texts = pattern_console_of(&view);

    return pattern_matches_console(match, &texts);
}

struct console_name recording_name(const struct api_call *call,
                                   const struct record_facts *facts)
{
    const struct console *c = recording_console(call, facts);
    struct console_name name;

    if (c != NULL)
        return console_name(c);
    snprintf(name.text, sizeof name.text, "%s", facts->name);
    return name;
}

void recording_set_console(struct recording *r, const struct console *c,
                           const char *by)
{
    struct record_facts *facts = &r->facts;

    snprintf(facts->uuid, sizeof facts->uuid, "%s", c->uuid);
    snprintf(facts->label, sizeof facts->label, "%s", c->label);
    text_clean(facts->name, sizeof facts->name, slice_of_text(c->name));
    text_clean(facts->by, sizeof facts->by, slice_of_text(by));
}

void recording_set_summary(struct recording *r, const struct record_summary *s)
{
    r->length_us = s->length_us;
    r->bytes = s->bytes;
    r->gaps = s->gaps;
    r->missing = s->missing;
    r->is_complete = s->is_complete;
}

bool recording_is_of(const struct api_call *call,
                     const struct record_facts *facts, const char *console)
{
    char id[2 * TEXT_ID_MAX + 2];

    snprintf(id, sizeof id, "%s/%s", facts->uuid, facts->label);
    return strcasecmp(console, facts->uuid) == 0 ||
           strcasecmp(console, id) == 0 || strcmp(console, facts->name) == 0 ||
           strcmp(console, recording_name(call, facts).text) == 0;
}

void recording_look(const struct api_call *call, struct recording *r)
{
    struct recorder *recorder = api_means_of(call->api)->recorder;
    struct record_info info;
    int64_t length_ms;

    r->is_live = recorder != NULL && record_find(recorder, r->id.text, &info);
    if (!r->is_live)
        return;
    length_ms = clock_utc_ms() - info.started_ms;
    r->length_us = length_ms > 0 ? (uint64_t)length_ms * US_PER_MS : 0;
    r->bytes = info.bytes;
    r->gaps = info.gaps;
    r->missing = info.missing;
    r->is_complete = r->first_part == 1;
}

static json_t *show_its_console(const struct api_call *call,
                                const struct record_facts *facts)
{
    const struct console *c = recording_console(call, facts);
    struct console_name name = recording_name(call, facts);
    char id[2 * TEXT_ID_MAX + 2];

    if (c != NULL)
        snprintf(id, sizeof id, "%s", console_id(c).text);
    else
        snprintf(id, sizeof id, "%s/%s", facts->uuid, facts->label);
    return json_pack("{s:s, s:s, s:s, s:s, s:b}", "id", id, "uuid", facts->uuid,
                     "label", facts->label, "name", name.text, "is_known",
                     c != NULL);
}

json_t *recording_show(const struct api_call *call, const struct recording *r)
{
    int64_t started_ms = 0;
    int64_t ended_ms;

    (void)record_name_is_id(r->id.text, &started_ms);
    ended_ms = started_ms + (int64_t)(r->length_us / US_PER_MS);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:f, s:I, s:s, s:o, s:s, s:b, s:b, s:I, s:I, "
        "s:I}",
        "id", r->id.text, "console", show_its_console(call, &r->facts),
        "started", show_time(started_ms), "ended",
        r->is_live ? json_null() : show_time(ended_ms), "seconds",
        (double)r->length_us / US_PER_S, "bytes", (json_int_t)r->bytes,
        "reason", record_reason_name(r->facts.reason), "by",
        show_text(r->facts.by), "format", r->facts.version == 3 ? "v3" : "v2",
        "has_input", r->facts.has_input, "is_complete", r->is_complete, "gaps",
        (json_int_t)r->gaps, "missing_bytes", (json_int_t)r->missing, "parts",
        (json_int_t)r->parts);
}

struct recording_by recording_by(const struct principal *who)
{
    struct recording_by by = { "" };

    switch ((enum principal_proof)who->proof) {
    case PROOF_ADDRESS:
        break;
    case PROOF_UID: /* a person, by whichever door */
    case PROOF_PASSWORD:
    case PROOF_PROXY:
    case PROOF_SSH:
        snprintf(by.text, sizeof by.text, "%s", who->name);
        break;
    case PROOF_CERTIFICATE:
    case PROOF_TOKEN:
        snprintf(by.text, sizeof by.text, "%s", principal_format(who).text);
        break;
    }
    return by;
}
