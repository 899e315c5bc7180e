/*
 * Access tokens: listed, made, revoked, by the thread that has their file.
 *
 * Whoever administers the server does it for everybody. A person with an
 * account on this system does it for himself: a token can never do more than
 * its owner. Others have no account whose rights a token could have: the name
 * of a certificate, or a proxy's word, may be the name of somebody else's
 * account. And what a token may do shall end with it, so a token makes no
 * other.
 *
 * The text of a token is in the answer and nowhere else. Of one whose caller
 * has not waited for the answer nobody knows the text, and it is revoked.
 */
#include "access/pattern.h"
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/show/show_items.h"
#include "auth/groups_watch.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"
#include "session/session_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { OWN_TOKENS_MAX = 32, LIST_STEP = 32 };

struct tokens_command {
    struct api_call *call;
    struct token_job *job;
    bool is_admin;
    char text[TOKEN_LEN + 1]; /* of a new token */
    struct groups_lookup *lookup;
    struct show_items items;
    size_t at; /* in the list */
};

static void cmd_tokens_end(struct api_call *call)
{
    struct tokens_command *command = call->state;

    if (command->lookup != NULL)
        groups_cancel(command->lookup);
    /* Under way: it ends by itself. */
    if (command->job != NULL && command->job->on_done != NULL)
        command->job->on_done = NULL;
    else
        token_job_free(command->job);
    explicit_bzero(command, sizeof *command);
    free(command);
}

/* ---- tokens as JSON -------------------------------------------------------
 */

static json_t *show_seconds(int64_t utc_s)
{
    return utc_s != 0 ? show_time(utc_s * 1000) : json_null();
}

static const char *state_of(const struct token_record *r, int64_t now_s)
{
    if (token_record_holds(r, now_s))
        return "holds";
    return r->revoked_s != 0 ? "revoked" : "expired";
}

static json_t *show_token(const struct token_record *r, const char *text)
{
    json_t *json = json_object();

    if (text != NULL)
        json_object_set_new(json, "token", json_string(text));
    json_object_update_new(
        json,
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, "
                  "s:s}",
                  "id", (json_int_t)r->id, "name", r->name, "owner", r->owner,
                  "may", r->rights, "consoles",
                  r->consoles[0] != '\0' ? r->consoles : "*", "created",
                  show_seconds(r->created_s), "created_by", r->created_by,
                  "expires", show_seconds(r->expires_s), "last_used",
                  show_seconds(r->used_s), "last_used_from",
                  show_text(r->used_s != 0 ? r->used_from : NULL), "revoked_by",
                  show_text(r->revoked_s != 0 ? r->revoked_by : NULL), "state",
                  state_of(r, clock_utc_s())));
    return json;
}

/* ---- asking ---------------------------------------------------------------
 */

/* Whether the caller's name is that of an account of this system. */
static bool has_account(const struct principal *who)
{
    return who->name != NULL &&
           (who->proof == PROOF_UID || who->proof == PROOF_PASSWORD);
}

static void fail_job(struct api_call *call, const struct token_job *job)
{
    switch (job->result) {
    case TOKEN_FILE_NAME_TAKEN:
        api_fail(call, API_CONFLICT, NULL, "%s", job->err.text);
        break;
    case TOKEN_FILE_FULL:
        api_fail(call, API_TOO_MANY, "revoke those that nobody uses", "%s",
                 job->err.text);
        break;
    case TOKEN_FILE_NO_SUCH_NAME:
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/tokens lists the tokens that you may see", "%s",
                 job->err.text);
        break;
    default:
        api_fail(call, API_FAILED, "the log of vspcd may say more",
                 "the file of the tokens: %s", job->err.text);
        break;
    }
}

static enum api_more produce_list(struct api_call *call, struct buf *to);

static const struct api_work list_work = { .produce = produce_list,
                                           .end = cmd_tokens_end };
static const struct api_work tokens_work = { .end = cmd_tokens_end };

static const struct token_record *next_shown(struct tokens_command *command)
{
    const struct token_list *list = &command->job->list;

    while (command->at < list->count) {
        const struct token_record *r = list->item[command->at++];

        if (command->is_admin || strcmp(r->owner, command->job->owner) == 0)
            return r;
        command->items.hidden++;
    }
    return NULL;
}

static enum api_more produce_list(struct api_call *call, struct buf *to)
{
    struct tokens_command *command = call->state;
    const struct token_record *r;

    for (int i = 0; i < LIST_STEP; i++) {
        r = next_shown(command);
        if (r == NULL) {
            return show_items_end(&command->items, to) ? API_END : API_CUT;
        }
        if (show_items_count(&command->items) &&
            !show_items_put(&command->items, to, show_token(r, NULL)))
            return API_CUT;
    }
    return API_MORE;
}

/* The answer with the token's text, which jansson does not have: it would leave
 * it in memory. */
static void answer_created(struct tokens_command *command,
                           const struct token_record *r)
{
    static const char before[] = "{\"token\":\"";
    char blank[TOKEN_LEN + 1];
    json_t *json;
    char *text;

    memset(blank, '*', TOKEN_LEN);
    blank[TOKEN_LEN] = '\0';
    json = show_token(r, blank);
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL || strncmp(text, before, sizeof before - 1) != 0) {
        free(text);
        api_fail(command->call, API_UNAVAILABLE, "revoke it, and try again",
                 "there is no memory to show the token");
        return;
    }
    memcpy(text + sizeof before - 1, command->text, TOKEN_LEN);
    api_answer_text(command->call, "application/json", text, strlen(text));
}

static void cmd_tokens_done(void *owner, struct token_job *job)
{
    struct tokens_command *command = owner;
    const struct token_record *r = token_job_record(job);

    job->on_done = NULL;
    if (job->result != 0 || (job->kind != TOKEN_JOB_LIST && r == NULL))
        fail_job(command->call, job);
    else if (job->kind == TOKEN_JOB_LIST)
        api_answer_stream(command->call, "application/json", &list_work,
                          command);
    else if (job->kind == TOKEN_JOB_CREATE)
        answer_created(command, r);
    else
        api_answer_json(command->call, 200, show_token(r, NULL));
}

static void ask(struct tokens_command *command)
{
    const struct api_means *means = api_means_of(command->call->api);
    struct token_job *job = command->job;

    job->on_done = cmd_tokens_done;
    job->waiter = command;
    if (means->ask_tokens != NULL && means->ask_tokens(means->owner, job))
        return;
    job->on_done = NULL;
    api_fail(command->call, API_UNAVAILABLE,
             "tokens need --backend File, and a disk that answers",
             "there is no place for tokens, or too many ask for them");
}

/* NULL: it was answered. */
static struct tokens_command *begin(struct api_call *call,
                                    enum token_job_kind kind)
{
    struct tokens_command *command;
    bool is_admin = api_right_on_server(call) >= RIGHT_ADMIN;

    if (kind == TOKEN_JOB_CREATE && call->who->proof == PROOF_TOKEN) {
        api_fail(call, API_FORBIDDEN,
                 "make it by vspcd's Unix socket, or with a password",
                 "a token makes no other token");
        return NULL;
    }
    if (!is_admin && !has_account(call->who)) {
        api_fail(call,
                 call->who->proof == PROOF_ADDRESS ? API_UNAUTHENTICATED
                                                   : API_FORBIDDEN,
                 "by vspcd's Unix socket or with a password, a person may have "
                 "tokens of his own",
                 "tokens need an account of your own, or the right \"admin\" "
                 "on the server");
        return NULL;
    }
    command = xcalloc(1, sizeof *command);
    command->call = call;
    command->is_admin = is_admin;
    command->job = token_job_new(kind);
    command->job->now_s = clock_utc_s();
    command->job->is_owners_only = !is_admin;
    snprintf(command->job->owner, sizeof command->job->owner, "%s",
             call->who->name != NULL ? call->who->name : "");
    snprintf(command->job->by, sizeof command->job->by, "%s",
             call->who->name != NULL ? call->who->name : call->peer);
    api_work_on(call, &tokens_work, command);
    return command;
}

static void run_list(struct api_call *call)
{
    struct tokens_command *command = begin(call, TOKEN_JOB_LIST);

    if (command != NULL)
        ask(command);
}

static void run_revoke(struct api_call *call)
{
    struct tokens_command *command = begin(call, TOKEN_JOB_REVOKE);

    if (command == NULL)
        return;
    snprintf(command->job->name, sizeof command->job->name, "%s",
             api_text(call, "id"));
    ask(command);
}

/* ---- creating -------------------------------------------------------------
 */

static bool take_arguments(struct api_call *call, struct token_job *job)
{
    const char *name = api_text(call, "name");
    const char *consoles = api_text(call, "consoles");
    uint64_t expires_s = api_number(call, "expires");
    struct err why;

    if (!token_is_name(name)) {
        api_fail(call, API_BAD_REQUEST, NULL,
                 "name: expected 1 to %d letters, digits, or ._-",
                 TOKEN_NAME_MAX);
        return false;
    }
    if (consoles != NULL && pattern_check(consoles, &why) < 0) {
        api_fail(call, API_BAD_REQUEST, NULL, "consoles: %s", why.text);
        return false;
    }
    snprintf(job->name, sizeof job->name, "%s", name);
    snprintf(job->rights, sizeof job->rights, "%s", api_text(call, "may"));
    snprintf(job->consoles, sizeof job->consoles, "%s",
             consoles != NULL && strcmp(consoles, "*") != 0 ? consoles : "");
    job->expires_s = expires_s != 0 ? job->now_s + (int64_t)expires_s : 0;
    return true;
}

/* False: it was answered. */
static bool make_text(struct tokens_command *command)
{
    uint8_t random[TOKEN_RANDOM_LEN];

    if (getrandom(random, sizeof random, GRND_NONBLOCK) !=
        (ssize_t)sizeof random) {
        api_fail(command->call, API_UNAVAILABLE, "try again later",
                 "the system has no random numbers yet");
        return false;
    }
    token_make(random, command->text);
    explicit_bzero(random, sizeof random);
    token_digest(slice_of(command->text, TOKEN_LEN), command->job->digest);
    return true;
}

static void create(struct tokens_command *command)
{
    if (make_text(command))
        ask(command);
}

/* Root, and vspcd's own user, are bounded by nothing; so nobody else makes
 * tokens for them. */
static void cmd_tokens_found(void *owner, const struct groups_answer *found)
{
    struct tokens_command *command = owner;
    const struct session_context *ctx = api_sessions(command->call->api);

    command->lookup = NULL;
    if (found->outcome == GROUPS_FAILED)
        api_fail(command->call, API_UNAVAILABLE, "try again later",
                 "the account of the owner cannot be looked up: %s",
                 found->err.text);
    else if (found->outcome == GROUPS_FOUND &&
             groups_is_keeper(ctx->groups->groups, found->uid))
        api_fail(command->call, API_FORBIDDEN, NULL,
                 "only root makes tokens for %s", command->job->owner);
    else
        create(command);
}

static void look_up_owner(struct tokens_command *command)
{
    const struct session_context *ctx = api_sessions(command->call->api);
    struct err err = { "nobody looks accounts up" };

    if (ctx->groups != NULL)
        command->lookup =
            groups_ask_name(ctx->groups->groups, command->job->owner,
                            cmd_tokens_found, command, &err);
    if (command->lookup == NULL)
        api_fail(command->call, API_UNAVAILABLE, "try again later",
                 "the account of the owner cannot be looked up: %s", err.text);
}

static void run_create(struct api_call *call)
{
    struct tokens_command *command = begin(call, TOKEN_JOB_CREATE);
    const char *owner = api_text(call, "owner");
    bool is_own;

    if (command == NULL || !take_arguments(call, command->job))
        return;
    is_own = has_account(call->who) &&
             (owner == NULL || strcmp(owner, call->who->name) == 0);
    if (!is_own && !command->is_admin) {
        api_fail(call, API_FORBIDDEN, NULL,
                 "to make tokens for others needs the right \"admin\" on the "
                 "server");
        return;
    }
    if (!is_own && owner == NULL) {
        api_fail(call, API_BAD_REQUEST, "owner is the name of an account",
                 "a token needs an owner, and you have no account");
        return;
    }
    if (!command->is_admin)
        command->job->owner_max = OWN_TOKENS_MAX;
    if (owner != NULL)
        snprintf(command->job->owner, sizeof command->job->owner, "%s", owner);
    if (is_own || call->who->is_keeper)
        create(command);
    else
        look_up_owner(command);
}

/* ---- rows -----------------------------------------------------------------
 */

static const struct api_argument create_arguments[] = {
    { .name = "name",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = TOKEN_NAME_MAX,
      .is_required = true,
      .help = "Letters, digits, and ._-; no other token that holds has it." },
    { .name = "may",
      .type = API_WORD,
      .place = API_IN_BODY,
      .words = "read|write|break|control|admin",
      .standard = "read",
      .help = "At most this, and never more than the owner." },
    { .name = "consoles",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = TOKEN_FILE_TEXT_MAX - 1,
      .help = "A glob: only on these consoles; nothing: all of the owner's." },
    { .name = "expires",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .max = INT32_MAX,
      .standard = "7776000",
      .help = "Seconds; 0: never." },
    { .name = "owner",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = TOKEN_FILE_TEXT_MAX - 1,
      .help =
          "For whom it acts: the name of an account; nothing: the caller." },
    { .name = NULL },
};

static const struct api_argument revoke_arguments[] = {
    { .name = "id",
      .type = API_TEXT,
      .max = TOKEN_FILE_TEXT_MAX - 1,
      .is_required = true,
      .help = "The token's name or id." },
    { .name = NULL },
};

const struct api_command api_tokens_commands[] = {
    {
        .name = "tokens.list",
        .verb = HTTP_VERB_GET,
        .path = "/tokens",
        .right = RIGHT_NONE,
        .summary = "The caller's tokens; with the right to administer, all. "
                   "Those that have ended are listed for 30 days.",
        .returns = "Tokens",
        .run = run_list,
    },
    {
        .name = "tokens.create",
        .verb = HTTP_VERB_POST,
        .path = "/tokens",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Makes a token, whose text is shown this once; for others "
                   "with the right to administer.",
        .returns = "NewToken",
        .argument = create_arguments,
        .run = run_create,
    },
    {
        .name = "tokens.revoke",
        .verb = HTTP_VERB_DELETE,
        .path = "/tokens/{id}",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Ends a token of the caller; with the right to administer, "
                   "anybody's.",
        .returns = "Token",
        .run = run_revoke,
        .argument = revoke_arguments,
    },
    { .name = NULL },
};
