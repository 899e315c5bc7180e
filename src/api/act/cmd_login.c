/*
 * Logins on a page: a name and a password, or a token, become a session
 * (auth/web/web_sessions.h), whose cookie is in the answer.
 *
 * PAM may ask for more than a password. Then the answer is the question, and
 * the login waits for another request with what the person says; PAM ends it
 * after a while, so few wait, and not for long (auth/pam.h).
 */
#include "access/access_rules.h"
#include "api/act/login_words.h"
#include "api/api_commands.h"
#include "api/api_private.h"
#include "api/show/show_server.h"
#include "api/show/show_value.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "session/session_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    SECRET_MAX = 1024, /* of a password or a token; more is none */
    SAID_MAX = 2048,   /* of what PAM says besides its questions */
    KEY_LEN = 32,      /* by which a login that waits is named, as text */
};

/* One login. */
struct login {
    struct authenticate_attempt attempt;
    struct api_lasting lasting;
    struct api *api;       /* outlives it */
    struct api_call *call; /* which waits for it; NULL: a person is asked */
    char key[KEY_LEN + 1];
    char said[SAID_MAX];
    char peer[ADDRESS_TEXT_MAX];
};

static void login_free(struct login *login)
{
    authenticate_cancel(&login->attempt);
    principal_done(&login->attempt.who);
    list_remove(&login->lasting.node);
    explicit_bzero(login->key, sizeof login->key);
    free(login);
}

/* Whoever waits for the answer has gone: nobody else comes for it. */
static void cmd_login_end(struct api_call *call)
{
    struct login *login = call->state;

    if (login != NULL)
        login_free(login);
}

static const struct api_work login_work = { .end = cmd_login_end };

/* The call is to be answered, and the login no longer its work. */
static struct api_call *take_call(struct login *login)
{
    struct api_call *call = login->call;

    login->call = NULL;
    if (call != NULL)
        call->state = NULL;
    return call;
}

static struct login *of_lasting(struct api_lasting *lasting)
{
    return CONTAINER_OF(lasting, struct login, lasting);
}

static void cmd_login_api_ends(struct api_lasting *lasting)
{
    login_free(of_lasting(lasting));
}

/* ---- what comes of it -----------------------------------------------------
 */

static void begin_session(struct api_call *call, struct login *login)
{
    struct session_context *ctx = api_sessions(call->api);
    struct principal *who = &login->attempt.who;
    char text[WEB_SESSION_TEXT_LEN + 1];
    const struct web_session *session =
        web_sessions_begin(ctx->web_sessions, who, clock_utc_s(), text);
    json_t *json;

    if (session == NULL) {
        api_fail(call, API_UNAVAILABLE, "try again",
                 "the session could not be begun");
        return;
    }
    who->web_session = session->id;
    /* The browser has one cookie. */
    if (call->who->web_session != 0)
        (void)web_sessions_end(ctx->web_sessions, call->who->web_session,
                               WEB_SESSION_REPLACED, "");
    call->answer.cookie = xstrdup(text);
    explicit_bzero(text, sizeof text);
    json = show_principal(call, who);
    json_object_set_new(json, "said", show_text(login->said));
    api_answer_json(call, 200, json);
}

static void cmd_login_done(struct authenticate_attempt *a,
                           enum authenticate_outcome outcome)
{
    struct login *login = CONTAINER_OF(a, struct login, attempt);
    struct directory *directory = api_sessions(login->api)->directory;
    struct login_words words = login_words(outcome, a->wait_s);
    struct api_call *call = take_call(login);

    if (call != NULL && outcome == AUTHENTICATE_PROVEN)
        begin_session(call, login);
    else if (call != NULL)
        api_fail(call, words.error, words.hint, "%s", words.message);
    login_free(login);
    directory_settle(directory);
}

/* ---- questions ------------------------------------------------------------
 */

static void cmd_login_ask(struct authenticate_attempt *a, const char *question,
                          bool is_hidden)
{
    struct login *login = CONTAINER_OF(a, struct login, attempt);
    struct directory *directory = api_sessions(login->api)->directory;
    struct api_call *call = take_call(login);

    if (call != NULL)
        api_answer_json(call, 200,
                        json_pack("{s:s, s:s, s:b, s:o}", "login", login->key,
                                  "question", question, "is_hidden", is_hidden,
                                  "said", show_text(login->said)));
    login->said[0] = '\0';
    directory_settle(directory);
}

/* Lines of a text; what has no room is left out. */
static void cmd_login_tell(struct authenticate_attempt *a, const char *text)
{
    struct login *login = CONTAINER_OF(a, struct login, attempt);
    size_t len = strlen(login->said);

    if (len + strlen(text) + 2 > sizeof login->said)
        return;
    snprintf(login->said + len, sizeof login->said - len, "%s%s",
             len > 0 ? "\n" : "", text);
}

static const struct authenticate_ops login_ops = {
    .ask = cmd_login_ask,
    .tell = cmd_login_tell,
    .done = cmd_login_done,
};

/* Compares with all of them, whichever it is. */
static struct login *find_waiting(const struct api *api, const char *key)
{
    const struct list *all = &api->lasting;
    struct login *found = NULL;

    for (struct list *node = all->next; node != all; node = node->next) {
        struct api_lasting *work = CONTAINER_OF(node, struct api_lasting, node);

        if (work->end == cmd_login_api_ends && of_lasting(work)->call == NULL &&
            slice_is_same_secret(slice_of_text(of_lasting(work)->key),
                                 slice_of_text(key)))
            found = of_lasting(work);
    }
    return found;
}

static void wait_for(struct login *login, struct api_call *call)
{
    login->call = call;
    api_work_on(call, &login_work, login);
}

static void run_answer(struct api_call *call)
{
    struct login *login = find_waiting(call->api, api_text(call, "login"));
    const char *answer = api_text(call, "answer");

    if (login == NULL) {
        api_fail(call, API_UNAUTHENTICATED, "log in again",
                 "no such login waits for an answer");
        return;
    }
    if (answer == NULL || strlen(answer) > PAM_ANSWER_MAX) {
        api_fail(call, API_BAD_REQUEST, NULL,
                 "answer: expected a text of at most %d bytes", PAM_ANSWER_MAX);
        return;
    }
    if (authenticate_answer(&login->attempt, answer))
        wait_for(login, call);
    else
        api_fail(call, API_UNAUTHENTICATED, "log in again",
                 "the login has ended");
}

/* ---- beginning ------------------------------------------------------------
 */

static bool make_key(char to[KEY_LEN + 1])
{
    uint64_t number[2];

    if (getrandom(number, sizeof number, GRND_NONBLOCK) !=
        (ssize_t)sizeof number)
        return false;
    snprintf(to, KEY_LEN + 1, "%016" PRIx64 "%016" PRIx64, number[0],
             number[1]);
    return true;
}

static void begin(struct api_call *call, const char *name, const char *secret)
{
    struct login *login = xcalloc(1, sizeof *login);
    const struct authenticate_login begun = {
        .from = call->who,
        .name = name,
        .secret = secret,
        .door = call->door,
        .peer = login->peer,
    };

    if (!make_key(login->key)) {
        free(login);
        api_fail(call, API_UNAVAILABLE, "try again later",
                 "the system has no random numbers yet");
        return;
    }
    login->api = call->api;
    login->lasting.end = cmd_login_api_ends;
    list_add_tail(&call->api->lasting, &login->lasting.node);
    snprintf(login->peer, sizeof login->peer, "%s", call->peer);
    wait_for(login, call);
    authenticate_begin(api_sessions(call->api)->authenticate, &login->attempt,
                       &login_ops, &begun);
}

/* A token goes another way than a password; but as what is typed, it is taken
 * in place of one, too. */
static void run_begin(struct api_call *call)
{
    const char *user = api_text(call, "user");
    const char *password = api_text(call, "password");
    const char *token = api_text(call, "token");

    if ((token == NULL) == (user == NULL) ||
        (user == NULL) != (password == NULL))
        api_fail(call, API_BAD_REQUEST, NULL,
                 "a login needs user and password, or token");
    else if (token != NULL && token_form(slice_of_text(token)) == TOKEN_NONE)
        api_fail(call, API_UNAUTHENTICATED,
                 "a token begins with vspc_; vspc token create makes one",
                 "this is no token");
    else
        begin(call, user != NULL ? user : "", token != NULL ? token : password);
}

static void run_login(struct api_call *call)
{
    const struct session_context *ctx = api_sessions(call->api);

    if (!call->is_private)
        api_fail(call, API_FORBIDDEN, "use https",
                 "nobody logs in over an unencrypted connection");
    else if (ctx->authenticate == NULL || ctx->web_sessions == NULL)
        api_fail(call, API_UNAVAILABLE, NULL, "there are no logins here");
    else if (api_has(call, "login"))
        run_answer(call);
    else
        run_begin(call);
}

static void run_logout(struct api_call *call)
{
    struct web_sessions *sessions = api_sessions(call->api)->web_sessions;
    bool was_there = sessions != NULL && call->who->web_session != 0 &&
                     web_sessions_end(sessions, call->who->web_session,
                                      WEB_SESSION_LOGGED_OUT, call->who->name);

    call->answer.cookie = xstrdup("");
    api_answer_json(call, 200,
                    json_pack("{s:s}", "done",
                              was_there ? "the session has ended"
                                        : "there was no session"));
}

/* ---- ways to log in -------------------------------------------------------
 */

static void run_show(struct api_call *call)
{
    const struct session_context *ctx = api_sessions(call->api);
    const struct api_means *means = api_means_of(call->api);
    bool has_logins = call->is_private && ctx->authenticate != NULL &&
                      ctx->web_sessions != NULL;
    bool can_gain = ctx->access != NULL &&
                    access_rules_may_gain(ctx->access, call->who, NULL);

    api_answer_json(
        call, 200,
        json_pack("{s:b, s:b, s:b, s:b, s:b, s:o}", "password", has_logins,
                  "token", has_logins && ctx->tokens != NULL, "certificate",
                  call->is_secure && means->settings != NULL &&
                      means->settings->client_ca != NULL,
                  "proxy",
                  ctx->trusts_proxy != NULL &&
                      ctx->trusts_proxy(ctx->trusts_owner, call->who),
                  "can_gain", can_gain, "who",
                  show_principal(call, call->who)));
}

/* ---- rows -----------------------------------------------------------------
 */

static const struct api_argument login_arguments[] = {
    { .name = "user",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = PRINCIPAL_NAME_MAX - 1,
      .help = "The name of an account." },
    { .name = "password",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = SECRET_MAX,
      .help = "Its password." },
    { .name = "token",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = SECRET_MAX,
      .help = "In place of both: an access token." },
    { .name = "login",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = KEY_LEN,
      .help = "Alone with answer: the login that has asked." },
    { .name = "answer",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = PAM_ANSWER_MAX,
      .help = "The answer to its question, such as a second factor." },
    { .name = NULL },
};

const struct api_command api_login_commands[] = {
    {
        .name = "login.show",
        .verb = HTTP_VERB_GET,
        .path = "/login",
        .right = RIGHT_NONE,
        .is_for_logins = true,
        .summary = "How one can log in here, and who the caller is already.",
        .returns = "LoginWays",
        .run = run_show,
    },
    {
        .name = "login",
        .verb = HTTP_VERB_POST,
        .path = "/login",
        .right = RIGHT_NONE,
        .is_for_logins = true,
        .is_change = true,
        .summary = "Begins a session for a page of vspcd's own: sets its "
                   "cookie, or asks for more.",
        .returns = "LoggedIn",
        .argument = login_arguments,
        .run = run_login,
    },
    {
        .name = "logout",
        .verb = HTTP_VERB_POST,
        .path = "/logout",
        .right = RIGHT_NONE,
        .is_for_logins = true,
        .is_change = true,
        .summary = "Ends the page's session, and what is open by it.",
        .returns = "Done",
        .run = run_logout,
    },
    { .name = NULL },
};
