#include "api/api_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/session_context.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Of the machine's clock. */
    OFFSET_CHANGE_US = 100 * 1000,
    /* 16 bytes and 8 bytes for each console: with 100,000 consoles 64 MiB in
     * all. */
    SORTED_LISTS_MAX = 8,
    PLAIN_LISTS_MAX = 64,
    /* Up to 18 MB each: record/reading/record_scan.h. */
    RECORDING_LISTS_MAX = 8,
};

struct api *api_new(struct session_context *sessions,
                    const struct api_means *means)
{
    struct api *api = xcalloc(1, sizeof *api);

    api->sessions = sessions;
    api->means = means;
    api_turns_init(&api->sorted_lists, SORTED_LISTS_MAX, api_wake);
    api_turns_init(&api->plain_lists, PLAIN_LISTS_MAX, api_wake);
    list_init(&api->lasting);
    api_turns_init(&api->recording_lists, RECORDING_LISTS_MAX, api_wake);
    return api;
}

void api_free(struct api *api)
{
    LIST_EACH (node, after, &api->lasting) {
        struct api_lasting *work = CONTAINER_OF(node, struct api_lasting, node);

        work->end(work);
    }
    free(api->openapi);
    free(api);
}

struct session_context *api_sessions(const struct api *api)
{
    return api->sessions;
}

const struct api_means *api_means_of(const struct api *api)
{
    return api->means;
}

/* Both clocks are steered alike, so the difference changes only when one is
 * set; less is rounding. */
int64_t api_offset_us(struct api *api)
{
    int64_t offset_us = clock_utc_ms() * 1000 - (int64_t)clock_now_us();

    if (llabs(offset_us - api->offset_us) > OFFSET_CHANGE_US)
        api->offset_us = offset_us;
    return api->offset_us;
}

/* ---- answers --------------------------------------------------------------
 */

static const struct error_row {
    unsigned status;
    const char *code;
} errors[] = {
    [API_BAD_REQUEST] = { 400, "bad-request" },
    [API_UNAUTHENTICATED] = { 401, "unauthenticated" },
    [API_FORBIDDEN] = { 403, "forbidden" },
    [API_NOT_FOUND] = { 404, "not-found" },
    [API_NO_METHOD] = { 405, "no-method" },
    [API_AMBIGUOUS] = { 409, "ambiguous" },
    [API_CONFLICT] = { 409, "conflict" },
    [API_VM_DISCONNECTED] = { 409, "vm-disconnected" },
    [API_TOO_LARGE] = { 413, "too-large" },
    [API_TOO_MANY] = { 429, "too-many" },
    [API_FAILED] = { 500, "failed" },
    [API_UNAVAILABLE] = { 503, "unavailable" },
};

unsigned api_error_status(enum api_error error)
{
    return errors[error].status;
}

/* As its console is called, or was called by whoever asks; "": it is about
 * none. */
static const char *console_of(const struct api_call *call,
                              struct console_name *name)
{
    *name = console_name(call->console);
    if (call->console == NULL && call->console_text != NULL)
        return call->console_text;
    return name->text;
}

/* Whose noise it is, if there is too much: people at the Unix socket have no
 * address, and do not leave out each other's lines. */
static const char *source_of(const struct api_call *call,
                             struct principal_text *text)
{
    *text = principal_format(call->who);
    return call->peer[0] != '\0' ? call->peer : text->text;
}

/* A reader who has proven a name sees in the audit log what he did; a failed
 * attempt is one, too, but does not use up the room of what was done. */
static void audit(const struct api_call *call)
{
    const struct principal *who = call->who;
    struct console_name id = console_id(call->console);
    bool is_refused = call->answer.status >= 400;
    struct principal_text source;
    struct console_name name;

    log_audit(LOG_INFO, source_of(call, &source),
              is_refused ? call->command->name : id.text,
              LOG_API_COMMAND " command=%s console=%s id=%s principal=%s "
                              "proof=%s door=%s peer=%s status=%u%s%s",
              call->command->name, LOG_TEXT(console_of(call, &name)),
              LOG_TEXT(id.text), LOG_TEXT(principal_format(who).text),
              principal_proof_name((enum principal_proof)who->proof),
              call->door, call->peer, call->answer.status,
              call->recording != NULL ? " recording=" : "",
              call->recording != NULL ? call->recording : "");
}

static bool is_audited(const struct api_call *call)
{
    return call->command->is_change || call->command->shows_output;
}

static void tell(struct api_call *call)
{
    assert(!call->is_answered);
    call->is_answered = true;
    if (is_audited(call))
        audit(call);
    call->ops->answered(call);
}

char *api_json_text(json_t *json)
{
    /* Seconds as they were counted: 20.79 and not 20.789999999999999. */
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
    size_t len = json != NULL ? json_dumpb(json, NULL, 0, flags) : 0;
    char *text = len > 0 ? malloc(len + 2) : NULL;

    if (text != NULL) {
        (void)json_dumpb(json, text, len, flags);
        memcpy(text + len, "\n", 2);
    }
    json_decref(json);
    return text;
}

/* Without memory for the JSON the answer is a text of our own. */
static void set_json(struct api_call *call, unsigned status, json_t *json)
{
    char *text = api_json_text(json);

    if (text == NULL) {
        status = 503;
        text = xstrdup("{\"error\":{\"code\":\"unavailable\","
                       "\"message\":\"there is no memory for the answer\"}}\n");
    }
    call->answer.status = status;
    call->answer.type = "application/json";
    call->answer.body = text;
    call->answer.len = strlen(text);
}

void api_answer_json(struct api_call *call, unsigned status, json_t *json)
{
    set_json(call, status, json);
    tell(call);
}

void api_answer_text(struct api_call *call, const char *type, char *text,
                     size_t len)
{
    call->answer.status = 200;
    call->answer.type = type;
    call->answer.body = text;
    call->answer.len = len;
    tell(call);
}

void api_work_on(struct api_call *call, const struct api_work *work,
                 void *state)
{
    call->work = work;
    call->state = state;
}

void api_answer_stream(struct api_call *call, const char *type,
                       const struct api_work *work, void *state)
{
    api_work_on(call, work, state);
    call->answer.status = 200;
    call->answer.type = type;
    tell(call);
}

void api_wake(struct api_call *call)
{
    if (call->is_answered)
        call->ops->woken(call);
}

json_t *api_error_json(enum api_error error, const char *message,
                       const char *hint)
{
    json_t *inside =
        json_pack("{s:s, s:s}", "code", errors[error].code, "message", message);

    if (inside != NULL && hint != NULL)
        json_object_set_new(inside, "hint", json_string(hint));
    return json_pack("{s:o}", "error", inside);
}

void api_fail(struct api_call *call, enum api_error error, const char *hint,
              const char *format, ...)
{
    struct err text;
    struct err whole; /* cut between characters: JSON is UTF-8 */
    va_list list;

    va_start(list, format);
    vsnprintf(text.text, sizeof text.text, format, list);
    va_end(list);
    text_clean(whole.text, sizeof whole.text, slice_of_text(text.text));
    api_answer_json(call, errors[error].status,
                    api_error_json(error, whole.text, hint));
}

/* ---- the right ------------------------------------------------------------
 */

enum right api_right_on(const struct api_call *call, const struct console *c)
{
    return session_context_judge(call->api->sessions, call->who, c).right;
}

enum right api_right_on_server(const struct api_call *call)
{
    return api_right_on(call, NULL);
}

static const char *hint_of_right(const struct api_call *call)
{
    const struct session_context *ctx = call->api->sessions;

    if (call->who->web_session != 0 && !session_context_trusts(ctx, call->who))
        return "the session has ended; log in again";
    if (call->who->token != 0 && !session_context_trusts(ctx, call->who))
        return "the token was revoked or has expired; use another one";
    if (call->who->proof == PROOF_ADDRESS)
        return "say who you are: an access token as a bearer token, a name and "
               "password, a TLS client certificate, or vspcd's Unix socket";
    if (call->console != NULL)
        return "an access section of vspcd.conf can give it; vspcd "
               "--explain-access says which line decides";
    return "an access section for \"*\" in vspcd.conf can give it";
}

/* Whoever may not read a console does not learn its name by its UUID. */
static struct text_shown name_for(const struct api_call *call, enum right has)
{
    if (has < RIGHT_READ)
        return text_show(call->console_text);
    return text_show(console_name(call->console).text);
}

/* Whoever has proven nothing may try again with more; others are told what they
 * lack. */
static void deny(struct api_call *call, enum right has)
{
    enum api_error error =
        call->who->proof == PROOF_ADDRESS ? API_UNAUTHENTICATED : API_FORBIDDEN;
    struct principal_text who = principal_format(call->who);
    struct console_name name = console_name(call->console);
    struct principal_text source;

    log_limited(LOG_INFO, source_of(call, &source), call->command->name,
                LOG_API_DENIED " command=%s console=%s principal=%s proof=%s "
                               "door=%s peer=%s right=%s needs=%s",
                call->command->name, LOG_TEXT(name.text), LOG_TEXT(who.text),
                principal_proof_name((enum principal_proof)call->who->proof),
                call->door, call->peer, right_name(has),
                right_name(call->command->right));
    /* A console that is not there is answered like one that is. */
    if (call->console_text != NULL)
        api_fail(call, error, hint_of_right(call),
                 "%s needs the right \"%s\" on %s; %s has \"%s\"",
                 call->command->name, right_name(call->command->right),
                 name_for(call, has).text, who.text, right_name(has));
    else
        api_fail(call, error, hint_of_right(call),
                 "%s needs the right \"%s\" on the server; %s has \"%s\"",
                 call->command->name, right_name(call->command->right),
                 who.text, right_name(has));
}

static bool may(const struct api_call *call, enum right *ret_has)
{
    const struct api_command *command = call->command;

    *ret_has = api_right_on(call, call->console);
    return *ret_has >= command->right ||
           (command->lets_in != NULL && command->lets_in(call));
}

bool api_judge(struct api_call *call)
{
    enum right has;

    if (!session_context_trusts(call->api->sessions, call->who))
        return false;
    if (call->command->may_go_on != NULL)
        return call->command->may_go_on(call);
    return call->command->right == RIGHT_NONE ||
           (call->console_text != NULL && call->console == NULL) ||
           may(call, &has);
}

/* ---- a call ---------------------------------------------------------------
 */

static void api_call_console_gone(struct console_ref *ref)
{
    struct api_call *call = CONTAINER_OF(ref, struct api_call, ref);

    call->console = NULL;
}

void api_call_init(struct api_call *call, struct api *api,
                   const struct api_found_row *row,
                   const struct api_call_ops *ops)
{
    const char *name = row->command->path;
    size_t i = 0;

    *call = (struct api_call){
        .api = api,
        .command = row->command,
        .ops = ops,
        .peer = "",
        .door = "",
    };
    console_ref_init(&call->ref, api_call_console_gone);
    while ((name = strchr(name, '{')) != NULL) {
        const char *value = row->path_value[i++];
        char argument[32];

        name++;
        snprintf(argument, sizeof argument, "%.*s", (int)strcspn(name, "}"),
                 name);
        if (strcmp(argument, "console") == 0)
            call->console_text = value;
        else
            (void)api_set_value(call, argument, slice_of_text(value), NULL);
    }
}

static void fail_console(struct api_call *call, unsigned many)
{
    struct text_shown name = text_show(call->console_text);

    if (many > 0)
        api_fail(call, API_AMBIGUOUS,
                 "name one by its id, UUID/LABEL, as in the list of consoles",
                 "%u consoles are called \"%s\"", many, name.text);
    else
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/consoles lists the consoles that you may read",
                 "there is no console \"%s\"", name.text);
}

/* False: it was answered. */
static bool find_console(struct api_call *call)
{
    struct session_context *ctx = call->api->sessions;
    unsigned many = 0;

    if (call->console_text == NULL)
        return true;
    call->console = api_find_console(ctx->directory, call->console_text, &many);
    if (call->console != NULL) {
        console_ref_set(&call->ref, call->console);
        return true;
    }
    /* Nobody learns which consoles there are by asking. */
    if (call->who->proof == PROOF_ADDRESS && !call->who->is_local) {
        deny(call, RIGHT_NONE);
        return false;
    }
    fail_console(call, many);
    return false;
}

void api_begin(struct api_call *call)
{
    const struct api_argument *missing;
    enum right has;

    if (!find_console(call))
        return;
    if (call->command->right != RIGHT_NONE && !may(call, &has)) {
        deny(call, has);
        return;
    }
    missing = api_missing(call);
    if (missing != NULL) {
        api_fail(call, API_BAD_REQUEST, missing->help, "%s needs %s",
                 call->command->name, missing->name);
        return;
    }
    if (is_audited(call) && call->api->sessions->gate.is_closed_to_clients) {
        api_fail(call, API_UNAVAILABLE, "see the log of vspcd",
                 "the audit log cannot be written, and is required");
        return;
    }
    if (call->command->kind == API_ANSWERS)
        call->command->run(call);
    else
        call->ops->open(call);
}

enum api_more api_produce(struct api_call *call, struct buf *to)
{
    return call->work->produce(call, to);
}

void api_call_done(struct api_call *call)
{
    if (call->api == NULL)
        return;
    /* Nobody waits for the answer, and part of it may be done. */
    if (call->work != NULL && !call->is_answered && is_audited(call))
        audit(call);
    if (call->work != NULL && call->work->end != NULL)
        call->work->end(call);
    console_ref_set(&call->ref, NULL);
    api_free_values(call);
    /* A token's text may be in it. */
    if (call->answer.body != NULL)
        explicit_bzero(call->answer.body, call->answer.len);
    free(call->answer.body);
    free((char *)(uintptr_t)call->answer.file);
    mem_free_secret(&call->answer.cookie);
    *call = (struct api_call){ .api = NULL };
}
