#include "cli/invocation/ask.h"

#include "base/mem.h"
#include "cli/common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words about what went wrong -----------------------------------------
 */

enum exits ask_code_of(unsigned status, const char *code)
{
    if (code != NULL && strcmp(code, "vm-disconnected") == 0)
        return EXITS_VM_DISCONNECTED;
    if (code != NULL && strcmp(code, "ambiguous") == 0)
        return EXITS_NO_CONSOLE;
    switch (status) {
    case 401:
    case 403:
        return EXITS_NOT_ALLOWED;
    case 409:
    case 429:
        return EXITS_BUSY;
    case 502: /* of a proxy that does not reach vspcd */
    case 504:
        return EXITS_NO_SERVER;
    default:
        return EXITS_FAILED;
    }
}

/* The versions that are told to work together: a minor one apart. */
static void tell_skew(struct invocation *in)
{
    const char *theirs = remote_server_version(in->remote);
    unsigned major, minor, our_major, our_minor;

    if (in->is_skew_told || sscanf(theirs, "%u.%u", &major, &minor) != 2 ||
        sscanf(VSPCD_VERSION, "%u.%u", &our_major, &our_minor) != 2)
        return;
    in->is_skew_told = true;
    if (major == our_major &&
        (minor > our_minor ? minor - our_minor : our_minor - minor) <= 1)
        return;
    say_news("the server is vspcd %s, this is vspc %s: more than a minor "
             "version apart, something may not work",
             theirs, VSPCD_VERSION);
}

/* An answer that is no success. */
static enum exits tell_refusal(unsigned status, struct slice body)
{
    json_t *root = json_loadb((const char *)body.data, body.len, 0, NULL);
    json_t *error = json_object_get(root, "error");
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *words = json_string_value(json_object_get(error, "message"));
    const char *hint = json_string_value(json_object_get(error, "hint"));
    enum exits exits = ask_code_of(status, code);

    if (words != NULL)
        say_error("%s", words);
    else
        say_error("the server answers with status %u", status);
    /* An address is for those who speak HTTP. */
    if (hint != NULL && strncmp(hint, "GET ", 4) != 0)
        say_news("%s", hint);
    json_decref(root);
    return exits;
}

static enum exits tell_end(enum remote_end end, const struct err *why)
{
    say_error("%s", why->text);
    switch (end) {
    case REMOTE_LATE:
        return EXITS_TIMEOUT;
    case REMOTE_NOT_REACHED:
        say_news("--server, VSPC_SERVER or a context names another server");
        break;
    case REMOTE_LOST:
    case REMOTE_GARBLED:
    case REMOTE_ANSWERED:
    case REMOTE_UPGRADED:
        break;
    }
    return EXITS_NO_SERVER;
}

/* ---- an answer as a whole -------------------------------------------------
 */

/* A change may wait for a VM that takes nothing (10 s), a disk, a directory
 * server. One that was given up might be done nevertheless. */
enum { PATIENCE_MS = 30 * 1000 };

static enum exits read_answer(const struct ask *ask,
                              const struct remote_answer *answer,
                              json_t **ret_json)
{
    struct slice body = buf_bytes(&answer->body);
    enum exits exits;
    json_t *json;

    if (answer->end != REMOTE_ANSWERED) {
        exits = tell_end(answer->end, &answer->why);
        if (ask->verb != HTTP_VERB_GET && answer->end != REMOTE_NOT_REACHED)
            say_news("what was asked for may have been done nevertheless");
        return exits;
    }
    if (ask->is_search && answer->status == 404)
        return EXITS_NO_CONSOLE;
    if (answer->status < 200 || answer->status > 299)
        return tell_refusal(answer->status, body);
    json = json_loadb((const char *)body.data, body.len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(json)) {
        /* A proxy's page: nothing says that anything was done. */
        json_decref(json);
        say_error("the server does not answer as vspcd does: no JSON");
        return EXITS_FAILED;
    }
    if (ret_json != NULL)
        *ret_json = json;
    else
        json_decref(json);
    return EXITS_DONE;
}

enum exits ask_json(struct invocation *in, const struct ask *ask,
                    json_t **ret_json)
{
    char *text = ask->json != NULL ? json_dumps(ask->json, JSON_COMPACT) : NULL;
    struct remote_request request = {
        .verb = ask->verb,
        .target = ask->target->text,
        .type = text != NULL               ? "application/json"
                : ask->octets.data != NULL ? "application/octet-stream"
                                           : NULL,
        .body = text != NULL ? slice_of_text(text) : ask->octets,
        .field = { { "Accept", "application/json" } },
        .patience_ms = ask->verb == HTTP_VERB_GET ? 0 : PATIENCE_MS,
    };
    struct remote_answer answer;
    enum exits exits;

    json_decref(ask->json);
    if (ret_json != NULL)
        *ret_json = NULL;
    exits = invocation_connect(in);
    if (exits == EXITS_DONE && ask->target->is_oversized)
        exits = invocation_refuse(in, "what was given is too long");
    if (exits == EXITS_DONE) {
        remote_call(in->remote, &request, &answer);
        tell_skew(in);
        exits = read_answer(ask, &answer, ret_json);
        remote_answer_done(&answer);
    }
    free(text);
    return exits;
}

enum exits ask_get(struct invocation *in, const struct target *target,
                   json_t **ret_json)
{
    const struct ask ask = { .verb = HTTP_VERB_GET, .target = target };

    return ask_json(in, &ask, ret_json);
}

enum exits ask_post(struct invocation *in, const struct target *target,
                    json_t *json, json_t **ret_json)
{
    const struct ask ask = { .verb = HTTP_VERB_POST,
                             .target = target,
                             .json = json };

    return ask_json(in, &ask, ret_json);
}

enum exits ask_change(struct invocation *in, enum http_verb verb,
                      const struct target *target, json_t *json)
{
    const struct ask ask = { .verb = verb, .target = target, .json = json };
    const char *done;
    json_t *answer;
    enum exits exits = ask_json(in, &ask, &answer);

    if (exits != EXITS_DONE)
        return exits;
    done = json_string_value(json_object_get(answer, "done"));
    if (done != NULL)
        say_news("%s", done);
    json_decref(answer);
    return EXITS_DONE;
}

/* ---- an answer in pieces --------------------------------------------------
 */

struct streaming {
    struct invocation *in;
    const struct ask_stream *ask;
    unsigned status;
    struct buf refusal; /* the body of an answer that is no success */
    enum exits exits;
    bool is_over;
};

static void end_stream(struct streaming *s, enum exits exits)
{
    s->exits = exits;
    s->is_over = true;
    loop_stop(remote_loop(s->in->remote));
}

static void ask_on_head(void *owner, const struct http_head *head)
{
    struct streaming *s = owner;

    s->status = head->status;
}

static void ask_on_body(void *owner, struct slice bytes)
{
    struct streaming *s = owner;

    if (s->status != 200) {
        (void)buf_append(&s->refusal, bytes); /* what fits */
        return;
    }
    if (s->ask->on_bytes(s->ask->owner, bytes))
        return;
    remote_drop(s->in->remote);
    end_stream(s, EXITS_DONE);
}

static void ask_on_done(void *owner, enum remote_end end, const struct err *why)
{
    struct streaming *s = owner;

    if (end == REMOTE_ANSWERED && s->status == 200)
        end_stream(s, EXITS_DONE);
    else if (end == REMOTE_ANSWERED && s->status == 404 && s->ask->is_search)
        end_stream(s, EXITS_NO_CONSOLE);
    else if (end == REMOTE_ANSWERED)
        end_stream(s, tell_refusal(s->status, buf_bytes(&s->refusal)));
    else if (s->ask->is_resumed)
        end_stream(s, EXITS_NO_SERVER);
    else
        end_stream(s, tell_end(end, why));
}

enum exits ask_stream(struct invocation *in, const struct ask_stream *ask)
{
    enum { REFUSAL_MAX = 64 * 1024 };
    static const struct remote_handlers handlers = {
        .head = ask_on_head,
        .body = ask_on_body,
        .done = ask_on_done,
    };
    const struct remote_request request = {
        .verb = HTTP_VERB_GET,
        .target = ask->target->text,
        .field = { { "Accept", ask->accept != NULL ? ask->accept : "*/*" },
                   ask->field },
        .is_followed = ask->is_followed,
    };
    struct streaming s = { .in = in, .ask = ask };
    enum exits exits = invocation_connect(in);

    if (exits == EXITS_DONE && ask->target->is_oversized)
        exits = invocation_refuse(in, "what was given is too long");
    if (exits != EXITS_DONE)
        return exits;
    buf_init(&s.refusal, REFUSAL_MAX);
    remote_ask(in->remote, &request, &handlers, &s);
    while (!s.is_over)
        loop_run(remote_loop(in->remote));
    tell_skew(in);
    buf_done(&s.refusal);
    return s.exits;
}
