/*
 * The keys of people who come by ssh without an account of their own: whose
 * each is. They are in the file of the tokens, and its thread has them.
 *
 * Whoever administers the server lists and changes them. The account that the
 * people share (--ssh-login-user) asks about the one key that somebody shows to
 * sshd, and learns nothing of others.
 *
 * Deleting a key ends what has come by it: vspc tells the id that its line of
 * authorized_keys had (HTTP_FIELD_PERSON_KEY).
 */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/show/show_items.h"
#include "auth/ssh_key.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SSH_KEY_TEXT_MAX == (int)SSH_KEY_ROWS_KEY_MAX &&
                  (int)SSH_KEY_FINGERPRINT_LEN <
                      (int)SSH_KEY_ROWS_FINGERPRINT_MAX &&
                  (int)SSH_KEY_COMMENT_MAX <= (int)TOKEN_FILE_TEXT_MAX &&
                  (int)SSH_KEY_NAME_MAX < (int)TOKEN_FILE_TEXT_MAX,
              "a key fits into a job");

enum { LIST_STEP = 16 };

struct ssh_keys_command {
    struct api_call *call;
    struct token_job *job;
    struct show_items items;
    size_t at; /* in the list */
};

static void cmd_ssh_keys_end(struct api_call *call)
{
    struct ssh_keys_command *command = call->state;

    /* Under way: it ends by itself. */
    if (command->job->on_done != NULL)
        command->job->on_done = NULL;
    else
        token_job_free(command->job);
    free(command);
}

static json_t *show_key(const struct ssh_key_record *r)
{
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:o, s:o, s:s}", "id", (json_int_t)r->id, "name",
        r->name, "fingerprint", r->fingerprint, "key", r->key, "comment",
        show_text(r->comment[0] != '\0' ? r->comment : NULL), "created",
        show_time(r->created_s * 1000), "created_by", r->created_by);
}

static enum api_more produce_list(struct api_call *call, struct buf *to)
{
    struct ssh_keys_command *command = call->state;
    const struct ssh_key_list *keys = &command->job->keys;

    for (int i = 0; i < LIST_STEP; i++) {
        if (command->at == keys->count) {
            return show_items_end(&command->items, to) ? API_END : API_CUT;
        }
        if (show_items_count(&command->items) &&
            !show_items_put(&command->items, to,
                            show_key(keys->item[command->at])))
            return API_CUT;
        command->at++;
    }
    return API_MORE;
}

static const struct api_work list_work = { .produce = produce_list,
                                           .end = cmd_ssh_keys_end };
static const struct api_work keys_work = { .end = cmd_ssh_keys_end };

static void fail_job(struct api_call *call, const struct token_job *job)
{
    switch (job->result) {
    case SSH_KEY_ROWS_TAKEN:
        api_fail(call, API_CONFLICT, "delete it first", "%s", job->err.text);
        break;
    case SSH_KEY_ROWS_FULL:
        api_fail(call, API_TOO_MANY, "delete those that nobody uses", "%s",
                 job->err.text);
        break;
    case 0: /* to be deleted, and not there */
    case SSH_KEY_ROWS_NO_SUCH_KEY:
        api_fail(call, API_NOT_FOUND, "GET /api/v1/ssh-keys lists the keys",
                 "no key has this fingerprint or id");
        break;
    default:
        api_fail(call, API_FAILED, "the log of vspcd may say more",
                 "the file of the keys: %s", job->err.text);
        break;
    }
}

static void cmd_ssh_keys_done(void *owner, struct token_job *job)
{
    struct ssh_keys_command *command = owner;

    job->on_done = NULL;
    if (job->result == 0 && job->kind == TOKEN_JOB_LIST_KEYS)
        api_answer_stream(command->call, "application/json", &list_work,
                          command);
    else if (job->result == 0 && job->keys.count > 0)
        api_answer_json(command->call, 200, show_key(job->keys.item[0]));
    else
        fail_job(command->call, job);
}

static struct token_job *begin(struct api_call *call, enum token_job_kind kind)
{
    struct ssh_keys_command *command = xcalloc(1, sizeof *command);
    struct token_job *job = token_job_new(kind);

    command->call = call;
    command->job = job;
    job->waiter = command;
    job->now_s = clock_utc_s();
    snprintf(job->by, sizeof job->by, "%s",
             call->who->name != NULL ? call->who->name : call->peer);
    api_work_on(call, &keys_work, command);
    return job;
}

static void ask(struct api_call *call, struct token_job *job)
{
    const struct api_means *means = api_means_of(call->api);

    job->on_done = cmd_ssh_keys_done;
    if (means->ask_tokens != NULL && means->ask_tokens(means->owner, job))
        return;
    job->on_done = NULL;
    api_fail(call, API_UNAVAILABLE,
             "keys need --backend File, and a disk that answers",
             "there is no place for keys, or too many ask for them");
}

/* A key of the caller's; false: it was answered what is wrong with it. */
static bool take_key(struct api_call *call, struct ssh_key *ret)
{
    struct err why;

    if (ssh_key_parse(ret, api_text(call, "key"), &why) == 0)
        return true;
    api_fail(call, API_BAD_REQUEST, NULL, "key: %s", why.text);
    return false;
}

/* ---- listing --------------------------------------------------------------
 */

static bool is_ssh_login(const struct api_call *call)
{
    const struct settings *settings = api_means_of(call->api)->settings;

    return settings != NULL && settings->ssh_login_user != NULL &&
           call->who->proof == PROOF_UID &&
           strcmp(call->who->name, settings->ssh_login_user) == 0;
}

static bool cmd_ssh_keys_lets_in(const struct api_call *call)
{
    return is_ssh_login(call) && api_has(call, "key");
}

static void run_list(struct api_call *call)
{
    struct token_job *job;
    struct ssh_key key = { .fingerprint = "" };

    if (api_has(call, "key") && !take_key(call, &key))
        return;
    job = begin(call, TOKEN_JOB_LIST_KEYS);
    memcpy(job->fingerprint, key.fingerprint, sizeof key.fingerprint);
    ask(call, job);
}

/* ---- adding and deleting --------------------------------------------------
 */

static void run_add(struct api_call *call)
{
    const char *name = api_text(call, "name");
    struct token_job *job;
    struct ssh_key key;

    if (!ssh_key_is_name(name)) {
        api_fail(call, API_BAD_REQUEST, NULL,
                 "name: expected 1 to %d letters, digits, or ._@+-, of which "
                 "the first is a letter or digit",
                 SSH_KEY_NAME_MAX);
        return;
    }
    if (!take_key(call, &key))
        return;
    job = begin(call, TOKEN_JOB_ADD_KEY);
    snprintf(job->name, sizeof job->name, "%s", name);
    memcpy(job->key, key.text, sizeof key.text);
    memcpy(job->comment, key.comment, sizeof key.comment);
    memcpy(job->fingerprint, key.fingerprint, sizeof key.fingerprint);
    ask(call, job);
}

static void run_delete(struct api_call *call)
{
    const char *id = api_text(call, "id");
    struct token_job *job;

    /* "" would be all of them. */
    if (id[0] == '\0' || strlen(id) > SSH_KEY_FINGERPRINT_LEN) {
        api_fail(call, API_NOT_FOUND, NULL,
                 "no key has this fingerprint or id");
        return;
    }
    job = begin(call, TOKEN_JOB_DELETE_KEY);
    snprintf(job->fingerprint, sizeof job->fingerprint, "%s", id);
    ask(call, job);
}

/* ---- rows -----------------------------------------------------------------
 */

static const struct api_argument list_arguments[] = {
    { .name = "key",
      .type = API_TEXT,
      .max = SSH_KEY_TEXT_MAX,
      .help = "Only this one, \"TYPE BASE64\"." },
    { .name = NULL },
};

static const struct api_argument add_arguments[] = {
    { .name = "name",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = SSH_KEY_NAME_MAX,
      .is_required = true,
      .help = "Whose it is: the rules' user:NAME. Letters, digits, ._@+-" },
    { .name = "key",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .is_required = true,
      .help = "The line of a .pub file." },
    { .name = NULL },
};

static const struct api_argument delete_arguments[] = {
    { .name = "id",
      .type = API_TEXT,
      .is_required = true,
      .help = "The key's fingerprint, SHA256:..., or its id." },
    { .name = NULL },
};

const struct api_command api_ssh_keys_commands[] = {
    {
        .name = "ssh-keys.list",
        .verb = HTTP_VERB_GET,
        .path = "/ssh-keys",
        .right = RIGHT_ADMIN,
        .summary = "The keys of people who come by ssh; the account of the "
                   "setting ssh-login-user may ask about one key.",
        .returns = "SshKeys",
        .argument = list_arguments,
        .run = run_list,
        .lets_in = cmd_ssh_keys_lets_in,
    },
    {
        .name = "ssh-keys.add",
        .verb = HTTP_VERB_POST,
        .path = "/ssh-keys",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary = "Whoever has this key may come by ssh, in this name.",
        .returns = "SshKey",
        .argument = add_arguments,
        .run = run_add,
    },
    {
        .name = "ssh-keys.delete",
        .verb = HTTP_VERB_DELETE,
        .path = "/ssh-keys/{id}",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary =
            "Nobody comes by this key any more, and who has is disconnected.",
        .returns = "SshKey",
        .argument = delete_arguments,
        .run = run_delete,
    },
    { .name = NULL },
};
