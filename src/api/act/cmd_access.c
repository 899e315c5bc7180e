/*
 * What the rules say of somebody: the same as vspcd --explain-access, of the
 * rules and tokens in force.
 *
 * The groups of a person's account are looked up, which may take its time; so
 * the answer comes later.
 */
#include "access/asked.h"
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/api_private.h"
#include "api/show/show_value.h"
#include "auth/groups_watch.h"
#include "base/mem.h"
#include "session/session_context.h"

#include <stdlib.h>
#include <string.h>

enum { EXPLANATION_MAX = 256 * 1024, PRINCIPAL_TEXT_MAX = 400 };

struct explain_command {
    struct api_call *call;
    bool is_admin;
    const struct principal *shown; /* the caller, or who */
    struct principal who;
    struct console_ref console; /* one that there is, and that may be read */
    struct asked_console asked; /* else */
    struct groups_lookup *lookup;
    const char *account; /* a word; NULL: nothing was looked up */
};

static void explain_ignore_gone(struct console_ref *ref)
{
    (void)ref;
}

static void cmd_access_end(struct api_call *call)
{
    struct explain_command *command = call->state;

    if (command->lookup != NULL)
        groups_cancel(command->lookup);
    console_ref_set(&command->console, NULL);
    asked_console_done(&command->asked);
    principal_done(&command->who);
    free(command);
}

static const struct api_work explain_work = { .end = cmd_access_end };

/* ---- the answer -----------------------------------------------------------
 */

static json_t *lines_of(const char *text)
{
    json_t *lines = json_array();

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        json_array_append_new(lines, json_stringn(text, len));
        text += len + (text[len] == '\n');
    }
    return lines;
}

/* Which lines there are for whom is an administrator's to know. */
static json_t *explanation(const struct explain_command *command,
                           const struct access_console *view, const char *file)
{
    const struct session_context *ctx = api_sessions(command->call->api);
    char *text;
    json_t *lines;

    if (!command->is_admin || ctx->access == NULL)
        return json_null();
    text = malloc(EXPLANATION_MAX);
    if (text == NULL)
        return json_null();
    text[0] = '\0';
    access_rules_explain(ctx->access, file, command->shown, view, text,
                         EXPLANATION_MAX);
    lines = lines_of(text);
    free(text);
    return lines;
}

static const char *file_of(const struct api_call *call)
{
    const struct settings *s = api_means_of(call->api)->settings;

    return s != NULL && s->file != NULL ? s->file : "vspcd.conf";
}

static struct access_verdict judge(const struct explain_command *command,
                                   const struct access_console *view)
{
    const struct session_context *ctx = api_sessions(command->call->api);

    if (ctx->access == NULL || !session_context_trusts(ctx, command->shown))
        return (struct access_verdict){ .right = RIGHT_NONE };
    return access_rules_judge(ctx->access, command->shown, view);
}

static void answer(struct explain_command *command)
{
    struct api_call *call = command->call;
    const struct console *c = command->console.console;
    struct access_console view =
        c != NULL ? console_view(c) : command->asked.view;
    struct access_verdict verdict = judge(command, &view);
    const char *file = file_of(call);
    struct console_name name = console_name(c);

    api_answer_json(
        call, 200,
        json_pack("{s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:s, s:o}", "principal",
                  principal_format(command->shown).text, "account",
                  show_text(command->account), "console",
                  c != NULL ? name.text : api_text(call, "console"), "id",
                  show_text(console_id(c).text), "right",
                  right_name(verdict.right), "line",
                  verdict.line != 0 ? json_integer(verdict.line) : json_null(),
                  "file", verdict.line != 0 ? json_string(file) : json_null(),
                  "keyboard",
                  verdict.keyboard == KEYBOARD_ONE_WRITER ? "one-writer"
                                                          : "free-for-all",
                  "explanation", explanation(command, &view, file)));
}

/* ---- the account ----------------------------------------------------------
 */

static const char *account_of(const struct groups_answer *found)
{
    switch (found->outcome) {
    case GROUPS_FOUND:
        return "found";
    case GROUPS_NO_ACCOUNT:
        return "none";
    case GROUPS_FAILED:
        break;
    }
    return "unknown";
}

static void cmd_access_found(void *owner, const struct groups_answer *found)
{
    struct explain_command *command = owner;
    const struct session_context *ctx = api_sessions(command->call->api);

    command->lookup = NULL;
    command->account = account_of(found);
    (void)groups_give(ctx->groups->groups, found, &command->who);
    answer(command);
}

static void look_up(struct explain_command *command)
{
    const struct session_context *ctx = api_sessions(command->call->api);
    const struct principal *person;
    struct err err;

    if (command->who.proof == PROOF_TOKEN && ctx->tokens != NULL)
        (void)tokens_describe(ctx->tokens, command->who.name, &command->who);
    person = groups_person(&command->who);
    if (person == NULL) {
        answer(command);
        return;
    }
    if (ctx->groups == NULL) {
        command->account = "unknown";
        answer(command);
        return;
    }
    command->lookup = groups_ask_name(ctx->groups->groups, person->name,
                                      cmd_access_found, command, &err);
    if (command->lookup == NULL)
        api_fail(command->call, API_UNAVAILABLE, "try again later",
                 "the account cannot be looked up: %s", err.text);
}

/* ---- the question ---------------------------------------------------------
 */

/* Whoever may not read a console is told of it what he would be told of one
 * that is not there. */
static bool take_console(struct explain_command *command)
{
    struct api_call *call = command->call;
    const char *text = api_text(call, "console");
    unsigned many;
    struct console *c =
        api_find_console(api_sessions(call->api)->directory, text, &many);
    struct err err;

    if (c != NULL &&
        (command->is_admin || api_right_on(call, c) >= RIGHT_READ)) {
        console_ref_set(&command->console, c);
        return true;
    }
    if (asked_console(text, &command->asked, &err) == 0)
        return true;
    api_fail(call, API_BAD_REQUEST, NULL, "%s", err.text);
    return false;
}

static bool take_principal(struct explain_command *command)
{
    struct api_call *call = command->call;
    const char *text = api_text(call, "principal");
    struct err err;

    command->shown = call->who;
    if (text == NULL)
        return true;
    if (asked_principal(text, &command->who, &err) < 0) {
        api_fail(call, API_BAD_REQUEST, NULL, "%s", err.text);
        return false;
    }
    command->shown = &command->who;
    if (command->is_admin || principal_is_same(&command->who, call->who))
        return true;
    api_fail(call, API_FORBIDDEN,
             "without a principal, the answer is about yourself",
             "to ask about others needs the right \"admin\" on the server; "
             "you have \"%s\"",
             right_name(api_right_on_server(call)));
    return false;
}

static void run_explain(struct api_call *call)
{
    struct explain_command *command = xcalloc(1, sizeof *command);

    command->call = call;
    command->is_admin = api_right_on_server(call) >= RIGHT_ADMIN;
    console_ref_init(&command->console, explain_ignore_gone);
    api_work_on(call, &explain_work, command);
    if (!take_principal(command) || !take_console(command))
        return;
    if (command->shown == call->who)
        answer(command);
    else
        look_up(command);
}

static const struct api_argument explain_arguments[] = {
    { .name = "principal",
      .type = API_TEXT,
      .max = PRINCIPAL_TEXT_MAX,
      .help = "A person's name, certificate:NAME, token:NAME or anybody, and "
              "perhaps \" from ADDRESS\"; nothing: the caller." },
    { .name = "console",
      .type = API_TEXT,
      .max = PRINCIPAL_TEXT_MAX,
      .is_required = true,
      .help = "A console, or a name that one could have, and perhaps \" from "
              "ADDRESS\", of its host." },
    { .name = NULL },
};

const struct api_command api_access_commands[] = {
    {
        .name = "access.explain",
        .verb = HTTP_VERB_GET,
        .path = "/access/explain",
        .right = RIGHT_NONE,
        .summary = "What somebody may do with a console, and which line says "
                   "so; about others, and in sentences, with the right to "
                   "administer.",
        .returns = "Explanation",
        .argument = explain_arguments,
        .run = run_explain,
    },
    { .name = NULL },
};
