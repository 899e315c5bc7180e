/*
 * Sessions of people on pages: those of one's own, and for administrators of
 * the server everybody's.
 *
 * A token has no part in the sessions of its owner, but in those that it has
 * begun itself.
 */
#include "api/api_commands.h"
#include "api/show/show_items.h"
#include "auth/web/web_sessions.h"
#include "base/clock.h"
#include "base/mem.h"
#include "session/session_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_STEP = 32 };

/* A list is of those that were there when it was asked for, and that could be
 * seen then: whoever sees none, and reads no answer, costs no memory. */
struct sessions_command {
    struct web_session *item;
    size_t count, at;
    struct show_items items;
};

/* A person's own are also those that a token of his has begun. */
static bool is_own(const struct principal *who,
                   const struct web_session *session)
{
    bool is_token = who->proof == PROOF_TOKEN;
    const char *owner =
        is_token && who->owner != NULL ? who->owner->name
        : who->proof == PROOF_UID || who->proof == PROOF_PASSWORD ? who->name
                                                                  : NULL;

    return owner != NULL && strcmp(owner, session->owner) == 0 &&
           (!is_token || (session->proof == PROOF_TOKEN &&
                          strcmp(who->name, session->name) == 0));
}

static bool may_see_all(const struct api_call *call)
{
    return api_right_on_server(call) >= RIGHT_ADMIN;
}

static bool may_see(const struct api_call *call,
                    const struct web_session *session)
{
    return is_own(call->who, session) || may_see_all(call);
}

static json_t *show_session(const struct api_call *call,
                            const struct web_session *session)
{
    const struct web_sessions *all = api_sessions(call->api)->web_sessions;
    bool is_token = session->proof == PROOF_TOKEN;
    char id[WEB_SESSION_ID_MAX];

    web_session_format_id(session->id, id);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
                     "id", id, "name", session->name, "proof",
                     principal_proof_name((enum principal_proof)session->proof),
                     "owner", show_text(is_token ? session->owner : NULL),
                     "created", show_time(session->created_s * 1000), "from",
                     show_text(session->from), "last_used",
                     show_time(session->used_s * 1000), "last_used_from",
                     show_text(session->used_from), "idle_end",
                     show_time(web_session_idle_end_s(all, session) * 1000),
                     "end", show_time(web_session_end_s(all, session) * 1000),
                     "is_current", session->id == call->who->web_session);
}

/* NULL: it was answered. */
static struct web_sessions *sessions_of(struct api_call *call)
{
    struct web_sessions *all = api_sessions(call->api)->web_sessions;

    if (all == NULL)
        api_fail(call, API_UNAVAILABLE, NULL, "there are no sessions here");
    return all;
}

/* ---- the list -------------------------------------------------------------
 */

static enum api_more cmd_sessions_produce(struct api_call *call, struct buf *to)
{
    struct sessions_command *command = call->state;

    for (int i = 0; i < LIST_STEP; i++) {
        const struct web_session *session;

        if (command->at == command->count) {
            return show_items_end(&command->items, to) ? API_END : API_CUT;
        }
        session = &command->item[command->at++];
        if (!may_see(call, session))
            command->items.hidden++;
        else if (show_items_count(&command->items) &&
                 !show_items_put(&command->items, to,
                                 show_session(call, session)))
            return API_CUT;
    }
    return API_MORE;
}

static void cmd_sessions_end(struct api_call *call)
{
    struct sessions_command *command = call->state;

    free(command->item);
    free(command);
}

static const struct api_work list_work = {
    .produce = cmd_sessions_produce,
    .end = cmd_sessions_end,
};

static void run_list(struct api_call *call)
{
    const struct web_sessions *all = sessions_of(call);
    const struct web_session *session;
    struct sessions_command *command;
    bool sees_all = may_see_all(call);

    if (all == NULL)
        return;
    command = xcalloc(1, sizeof *command);
    command->item = xcalloc(WEB_SESSIONS_MAX, sizeof *command->item);
    for (size_t i = 0; (session = web_sessions_get(all, i)) != NULL; i++) {
        if (sees_all || is_own(call->who, session))
            command->item[command->count++] = *session;
        else
            command->items.hidden++;
    }
    api_answer_stream(call, "application/json", &list_work, command);
}

/* ---- their end ------------------------------------------------------------
 */

/* Of what somebody may not see, he does not learn that it is there. */
static void run_end(struct api_call *call)
{
    struct web_sessions *all = sessions_of(call);
    const struct web_session *session = NULL;
    uint64_t id;
    json_t *json;

    if (all == NULL)
        return;
    if (web_session_parse_id(api_text(call, "session"), &id))
        session = web_sessions_find(all, id);
    if (session == NULL || !may_see(call, session)) {
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/sessions lists the sessions that you may see",
                 "there is no such session");
        return;
    }
    json = show_session(call, session);
    if (id == call->who->web_session)
        call->answer.cookie = xstrdup("");
    (void)web_sessions_end(all, id, WEB_SESSION_REVOKED,
                           call->who->name != NULL ? call->who->name
                                                   : call->peer);
    api_answer_json(call, 200, json);
}

/* ---- rows -----------------------------------------------------------------
 */

static const struct api_argument end_arguments[] = {
    { .name = "session",
      .type = API_TEXT,
      .max = WEB_SESSION_ID_MAX,
      .is_required = true,
      .help = "The session's id." },
    { .name = NULL },
};

const struct api_command api_sessions_commands[] = {
    {
        .name = "sessions.list",
        .verb = HTTP_VERB_GET,
        .path = "/sessions",
        .right = RIGHT_NONE,
        .summary = "The caller's sessions on pages; with the right to "
                   "administer, all.",
        .returns = "Sessions",
        .run = run_list,
    },
    {
        .name = "sessions.end",
        .verb = HTTP_VERB_DELETE,
        .path = "/sessions/{session}",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Ends a session of the caller, and what is open by it; with "
                   "the right to administer, anybody's.",
        .returns = "Session",
        .argument = end_arguments,
        .run = run_end,
    },
    { .name = NULL },
};
