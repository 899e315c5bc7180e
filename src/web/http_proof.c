/*
 * What a request's field Authorization proves: a token, or a name and a
 * password. It is refused if it proves nothing: nobody is served as somebody
 * else than he says. And what the cookie of a session proves
 * (auth/web/web_sessions.h).
 *
 * A token that holds is known at once; what does not hold goes the slow way of
 * logins (auth/authenticate.h), where guessing waits. What a field or a
 * cookie has proven is kept with its digest, for the next request that has the
 * same one.
 */
#include "api/act/login_words.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "web/http_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct session_context *context_of(const struct http_session *s)
{
    return s->http->ctx;
}

/* ---- proofs ---------------------------------------------------------------
 */

void http_proof_drop(struct http_session *s)
{
    if (s->proof == NULL)
        return;
    groups_watch_remove(&s->proof->watched);
    principal_done(&s->proof->who);
    free(s->proof);
    s->proof = NULL;
}

void http_proof_end_look(struct http_session *s)
{
    if (s->look == NULL)
        return;
    if (s->look->lookup != NULL)
        groups_cancel(s->look->lookup);
    authenticate_cancel(&s->look->attempt);
    principal_done(&s->look->attempt.who);
    free(s->look);
    s->look = NULL;
}

/* What proves who has sent the request; an Authorization counts first. */
static const char *secret_of(const struct http_exchange *e)
{
    return e->authorization != NULL ? e->authorization : e->cookie;
}

/* Takes over who. */
static void keep_proof(struct http_session *s, struct principal *who)
{
    http_proof_drop(s);
    s->proof = xcalloc(1, sizeof *s->proof);
    tls_digest(slice_of_text(secret_of(s->exchange)), s->proof->digest);
    s->proof->is_cookie = s->exchange->authorization == NULL;
    s->proof->who = *who;
    *who = (struct principal){ 0 };
    if (s->proof->who.token == 0 && s->proof->who.web_session == 0)
        s->proof->until_us = clock_now_us() + HTTP_PROVEN_US;
    http_identity_watch(s, &s->proof->watched, &s->proof->who);
    http_identity_go_on(s, &s->proof->who);
}

static bool has_proof(const struct http_session *s)
{
    uint8_t digest[TLS_DIGEST_LEN];
    const struct http_proof *p = s->proof;

    if (p == NULL || p->is_cookie != (s->exchange->authorization == NULL))
        return false;
    tls_digest(slice_of_text(secret_of(s->exchange)), digest);
    return slice_is_same_secret(slice_of(digest, sizeof digest),
                                slice_of(p->digest, sizeof p->digest)) &&
           session_context_trusts(context_of(s), &p->who) &&
           (p->until_us == 0 || clock_now_us() < p->until_us);
}

/* ---- the slow way ---------------------------------------------------------
 */

/* There is nobody at a request who could be asked more. */
static void http_proof_ask(struct authenticate_attempt *a, const char *question,
                           bool is_hidden)
{
    (void)question;
    (void)is_hidden;
    (void)authenticate_answer(a, "");
}

static void http_proof_tell(struct authenticate_attempt *a, const char *text)
{
    (void)a;
    (void)text;
}

static void refuse(struct http_session *s, enum authenticate_outcome outcome,
                   uint32_t wait_s)
{
    struct login_words words = login_words(outcome, wait_s);

    http_answer_error(s, 0, words.error, words.message, words.hint);
}

static void http_proof_checked(struct authenticate_attempt *a,
                               enum authenticate_outcome outcome)
{
    struct http_look *look = CONTAINER_OF(a, struct http_look, attempt);
    struct http_session *s = look->owner;
    struct principal who = a->who;
    uint32_t wait_s = a->wait_s;

    a->who = (struct principal){ 0 };
    http_proof_end_look(s);
    if (http_session_is_ending(s))
        ; /* the answer came before the end of the turn */
    else if (outcome == AUTHENTICATE_PROVEN)
        keep_proof(s, &who);
    else
        refuse(s, outcome, wait_s);
    principal_done(&who);
    http_session_update_interest(s);
    directory_settle(context_of(s)->directory);
}

static const struct authenticate_ops http_proof_ops = {
    .ask = http_proof_ask,
    .tell = http_proof_tell,
    .done = http_proof_checked,
};

static void authenticate(struct http_session *s, const char *name,
                         const char *secret)
{
    struct session_context *ctx = context_of(s);
    const struct authenticate_login login = {
        .from = &s->base,
        .name = name,
        .secret = secret,
        .door = "web",
        .peer = s->peer,
    };

    if (ctx->authenticate == NULL) {
        refuse(s, AUTHENTICATE_UNAVAILABLE, 0);
        return;
    }
    s->look = xcalloc(1, sizeof *s->look);
    s->look->owner = s;
    authenticate_begin(ctx->authenticate, &s->look->attempt, &http_proof_ops,
                       &login);
}

/* ---- tokens ---------------------------------------------------------------
 */

static void http_proof_owner_known(void *owner,
                                   const struct groups_answer *answer)
{
    struct http_session *s = owner;
    struct principal who = s->look->attempt.who;

    s->look->lookup = NULL;
    s->look->attempt.who = (struct principal){ 0 };
    http_proof_end_look(s);
    (void)groups_give(s->http->groups, answer, &who);
    if (who.web_session != 0)
        web_sessions_note_account(context_of(s)->web_sessions, who.web_session,
                                  answer);
    if (http_session_is_ending(s))
        ;
    else if (session_context_trusts(context_of(s), &who))
        keep_proof(s, &who);
    else
        http_answer_error(s, 0, API_UNAUTHENTICATED,
                          "the token or the session has ended", "log in again");
    principal_done(&who);
    http_session_update_interest(s);
    directory_settle(context_of(s)->directory);
}

/* The groups of the person are looked up, then the request goes on. Takes over
 * who. */
static void look_up(struct http_session *s, struct principal *who)
{
    const struct principal *person;
    struct err why;

    s->look = xcalloc(1, sizeof *s->look);
    s->look->owner = s;
    s->look->attempt.who = *who;
    person = groups_person(&s->look->attempt.who);
    if (person != NULL)
        s->look->lookup = groups_ask_name(s->http->groups, person->name,
                                          http_proof_owner_known, s, &why);
    if (s->look->lookup != NULL)
        return;
    /* Without its groups it has less; and it is better than nothing. */
    *who = s->look->attempt.who;
    s->look->attempt.who = (struct principal){ 0 };
    http_proof_end_look(s);
    keep_proof(s, who);
}

static struct principal stranger(const struct http_session *s)
{
    struct principal who = principal_of_address(true, s->base.ip);

    who.is_local = s->base.is_local;
    return who;
}

/* True: the token holds, and its owner's groups are looked up. */
static bool prove_token(struct http_session *s, const char *secret)
{
    struct session_context *ctx = context_of(s);
    struct principal who = stranger(s);

    if (ctx->tokens == NULL || s->http->groups == NULL ||
        token_form(slice_of_text(secret)) == TOKEN_NONE ||
        tokens_prove(ctx->tokens, slice_of_text(secret), clock_utc_s(), &who) !=
            TOKENS_PROVEN) {
        principal_done(&who);
        return false;
    }
    look_up(s, &who);
    return true;
}

/* ---- cookies --------------------------------------------------------------
 */

/* One that has come in the clear is anybody's by now. */
bool http_proof_check_cookie(struct http_session *s)
{
    struct web_sessions *sessions = context_of(s)->web_sessions;
    struct slice text = slice_of_text(s->exchange->cookie);
    struct principal who;

    if (sessions == NULL || s->http->groups == NULL ||
        !http_identity_is_private(s))
        return false;
    if (has_proof(s)) {
        web_sessions_touch(sessions, s->proof->who.web_session, clock_utc_s());
        http_identity_go_on(s, &s->proof->who);
        return true;
    }
    who = stranger(s);
    if (!web_sessions_prove(sessions, text, clock_utc_s(), &who)) {
        principal_done(&who);
        return false;
    }
    look_up(s, &who);
    return true;
}

/* ---- the field Authorization ----------------------------------------------
 */

static void check(struct http_session *s, const char *name, const char *secret)
{
    if (!prove_token(s, secret))
        authenticate(s, name, secret);
}

/* "NAME:PASSWORD" in base64 (RFC 7617). */
static void check_basic(struct http_session *s, const char *text)
{
    size_t size = strlen(text) + 1;
    char *pair = xcalloc(1, size);
    ssize_t len = tls_base64_decode(slice_of_text(text), (uint8_t *)pair);
    char *colon;

    if (!http_identity_is_private(s))
        http_answer_error(s, 0, API_FORBIDDEN,
                          "a password is not taken over an unencrypted "
                          "connection",
                          "use https");
    else if (len < 0 || strlen(pair) != (size_t)len ||
             (colon = strchr(pair, ':')) == NULL)
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "the field Authorization is malformed", NULL);
    else {
        *colon = '\0';
        check(s, pair, colon + 1);
    }
    explicit_bzero(pair, size);
    free(pair);
}

void http_proof_check(struct http_session *s)
{
    const char *field = s->exchange->authorization;
    size_t len = strcspn(field, " ");
    const char *value = field + len + strspn(field + len, " ");

    if (has_proof(s))
        http_identity_go_on(s, &s->proof->who);
    else if (len == 6 && strncasecmp(field, "Bearer", len) == 0 &&
             http_identity_is_private(s))
        check(s, "", value);
    else if (len == 6 && strncasecmp(field, "Bearer", len) == 0)
        http_answer_error(s, 0, API_FORBIDDEN,
                          "a token is not taken over an unencrypted connection",
                          "use https, and revoke this token");
    else if (len == 5 && strncasecmp(field, "Basic", len) == 0)
        check_basic(s, value);
    else
        http_answer_error(s, 0, API_UNAUTHENTICATED,
                          "the field Authorization has an unknown scheme",
                          "use Bearer with a token, or Basic");
}
