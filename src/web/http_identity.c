/*
 * Who has sent a request. In this order:
 *
 *   Authorization   a token, or a name and a password; refused if it proves
 *                   nothing: nobody is served as somebody else than he says
 *   ssh's word      from the account of --ssh-login-user alone; refused if
 *                   another one says it
 *   a proxy's word  if the connection is a trusted proxy's
 *   the connection  the uid of a Unix socket's peer, a TLS client certificate,
 *                   or the address alone
 *
 * A token that holds is known at once; what does not hold goes the slow way of
 * logins (auth/authenticate.h), where guessing waits. What an Authorization
 * field has proven is kept with its digest, for the next request that has the
 * same one.
 */
#include "auth/peer_uid.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
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

static bool is_private(const struct http_session *s)
{
    return s->is_socket || s->base.is_local ||
           stream_security(s->stream).is_secure;
}

/* ---- groups ---------------------------------------------------------------
 */

static void judge_call(struct http_session *s);

/* The principal has its new groups. What else is watched stays: this is called
 * from the list of the watched. */
static void http_identity_groups_changed(void *owner)
{
    struct http_session *s = owner;

    if (!http_session_is_ending(s))
        judge_call(s);
    directory_settle(context_of(s)->directory);
}

static void watch(struct http_session *s, struct groups_watched *watched,
                  struct principal *who)
{
    struct groups_watch *groups = context_of(s)->groups;

    groups_watched_init(watched);
    if (groups != NULL)
        groups_watch_add(groups, watched, who, http_identity_groups_changed, s);
}

/* ---- proofs ---------------------------------------------------------------
 */

static void drop_proof(struct http_session *s)
{
    if (s->proof == NULL)
        return;
    groups_watch_remove(&s->proof->watched);
    principal_done(&s->proof->who);
    free(s->proof);
    s->proof = NULL;
}

static void end_look(struct http_session *s)
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

/* The request goes on, in the name of who. */
static void go_on(struct http_session *s, struct principal *who)
{
    s->who = who;
    if (who->proof != PROOF_ADDRESS)
        gate_remove_newcomer(&context_of(s)->gate, &s->newcomer);
    http_exchange_proven(s);
}

/* Takes over who. */
static void keep_proof(struct http_session *s, struct principal *who)
{
    const char *field = s->exchange->authorization;

    drop_proof(s);
    s->proof = xcalloc(1, sizeof *s->proof);
    tls_digest(slice_of_text(field), s->proof->digest);
    s->proof->who = *who;
    *who = (struct principal){ 0 };
    if (s->proof->who.token == 0)
        s->proof->until_us = clock_now_us() + HTTP_PROVEN_US;
    watch(s, &s->proof->watched, &s->proof->who);
    go_on(s, &s->proof->who);
}

static bool has_proof(const struct http_session *s)
{
    uint8_t digest[TLS_DIGEST_LEN];
    const struct http_proof *p = s->proof;

    if (p == NULL)
        return false;
    tls_digest(slice_of_text(s->exchange->authorization), digest);
    return slice_is_same_secret(slice_of(digest, sizeof digest),
                                slice_of(p->digest, sizeof p->digest)) &&
           session_context_trusts(context_of(s), &p->who) &&
           (p->until_us == 0 || clock_now_us() < p->until_us);
}

/* ---- the slow way ---------------------------------------------------------
 */

/* There is nobody at a request who could be asked more. */
static void http_identity_ask(struct authenticate_attempt *a,
                              const char *question, bool is_hidden)
{
    (void)question;
    (void)is_hidden;
    (void)authenticate_answer(a, "");
}

static void http_identity_tell(struct authenticate_attempt *a, const char *text)
{
    (void)a;
    (void)text;
}

static void refuse(struct http_session *s, enum authenticate_outcome outcome,
                   uint32_t wait_s)
{
    char message[128];

    switch (outcome) {
    case AUTHENTICATE_TOO_SOON:
        snprintf(message, sizeof message,
                 "too many logins have failed; the next one is checked in %u "
                 "seconds",
                 wait_s);
        http_answer_error(s, 0, API_TOO_MANY, message, NULL);
        break;
    case AUTHENTICATE_BUSY:
        http_answer_error(s, 0, API_TOO_MANY, "too many log in at this moment",
                          "try again");
        break;
    case AUTHENTICATE_UNAVAILABLE:
        http_answer_error(s, 0, API_UNAVAILABLE,
                          "passwords cannot be checked at the moment",
                          "the log of vspcd has the reason; tokens work");
        break;
    default:
        http_answer_error(s, 0, API_UNAUTHENTICATED,
                          "the token, or the name and the password, prove "
                          "nothing",
                          "check that the token was not revoked and has not "
                          "expired");
        break;
    }
}

static void http_identity_checked(struct authenticate_attempt *a,
                                  enum authenticate_outcome outcome)
{
    struct http_look *look = CONTAINER_OF(a, struct http_look, attempt);
    struct http_session *s = look->owner;
    struct principal who = a->who;
    uint32_t wait_s = a->wait_s;

    a->who = (struct principal){ 0 };
    end_look(s);
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

static const struct authenticate_ops http_identity_ops = {
    .ask = http_identity_ask,
    .tell = http_identity_tell,
    .done = http_identity_checked,
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
    authenticate_begin(ctx->authenticate, &s->look->attempt, &http_identity_ops,
                       &login);
}

/* ---- tokens ---------------------------------------------------------------
 */

static void http_identity_owner_known(void *owner,
                                      const struct groups_answer *answer)
{
    struct http_session *s = owner;
    struct principal who = s->look->attempt.who;

    s->look->lookup = NULL;
    s->look->attempt.who = (struct principal){ 0 };
    end_look(s);
    (void)groups_give(s->http->groups, answer, &who);
    if (!http_session_is_ending(s))
        keep_proof(s, &who);
    principal_done(&who);
    http_session_update_interest(s);
    directory_settle(context_of(s)->directory);
}

/* True: the token holds, and its owner's groups are looked up. */
static bool prove_token(struct http_session *s, const char *secret)
{
    struct session_context *ctx = context_of(s);
    struct principal who = principal_of_address(true, s->base.ip);
    const struct principal *person;
    struct err why;

    who.is_local = s->base.is_local;
    if (ctx->tokens == NULL || s->http->groups == NULL ||
        token_form(slice_of_text(secret)) == TOKEN_NONE ||
        tokens_prove(ctx->tokens, slice_of_text(secret), clock_utc_s(), &who) !=
            TOKENS_PROVEN) {
        principal_done(&who);
        return false;
    }
    s->look = xcalloc(1, sizeof *s->look);
    s->look->owner = s;
    s->look->attempt.who = who;
    person = groups_person(&s->look->attempt.who);
    if (person != NULL)
        s->look->lookup = groups_ask_name(s->http->groups, person->name,
                                          http_identity_owner_known, s, &why);
    if (s->look->lookup != NULL)
        return true;
    /* Without its owner's groups it has less; and it is better than nothing. */
    who = s->look->attempt.who;
    s->look->attempt.who = (struct principal){ 0 };
    end_look(s);
    keep_proof(s, &who);
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

    if (!is_private(s))
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

static void check_field(struct http_session *s)
{
    const char *field = s->exchange->authorization;
    size_t len = strcspn(field, " ");
    const char *value = field + len + strspn(field + len, " ");

    if (has_proof(s))
        go_on(s, &s->proof->who);
    else if (len == 6 && strncasecmp(field, "Bearer", len) == 0 &&
             is_private(s))
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

/* ---- a proxy's word -------------------------------------------------------
 */

static bool is_proxy(const struct http_session *s)
{
    const struct web_settings *settings = &s->http->settings;

    if (settings->user_field == NULL)
        return false;
    if (s->is_socket)
        return settings->trusts_socket && s->base.is_keeper;
    return network_list_has(&settings->proxies, s->base.ip);
}

static void give_proxy_groups(struct principal *who, char *text)
{
    char *group[PRINCIPAL_GROUPS_MAX];
    size_t count = 0;
    char *rest = NULL;

    for (char *word = strtok_r(text, ",", &rest);
         word != NULL && count < PRINCIPAL_GROUPS_MAX;
         word = strtok_r(NULL, ",", &rest)) {
        word += strspn(word, " ");
        word[strcspn(word, " ")] = '\0';
        if (*word != '\0')
            group[count++] = word;
    }
    principal_set_groups(who, group, count);
}

/* Somebody who came by a proxy has no address of his own that could be proven,
 * and is not on this machine; and is nobody where the proxy names nobody. Root
 * and vspcd's own user use the socket for themselves, too. */
static void go_on_proxied(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    if (e->is_doubtful) {
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "the proxy's name for the person is there twice",
                          "the proxy must remove the field from the requests "
                          "that it gets");
        return;
    }
    if (e->user == NULL && s->is_socket) {
        go_on(s, &s->base);
        return;
    }
    principal_done(&s->proxied);
    s->proxied = principal_of_address(!s->is_socket, s->base.ip);
    s->proxied.is_local = false;
    if (e->user != NULL &&
        !principal_prove(&s->proxied, PROOF_PROXY, e->user)) {
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "the proxy's name for the person is no name", NULL);
        return;
    }
    if (e->user != NULL && e->groups != NULL)
        give_proxy_groups(&s->proxied, e->groups);
    go_on(s, &s->proxied);
}

/* ---- ssh's word -----------------------------------------------------------
 */

static bool is_ssh_login(const struct http_session *s)
{
    const char *login = s->http->settings.ssh_login;

    return s->is_socket && login != NULL && s->base.proof == PROOF_UID &&
           strcmp(s->base.name, login) == 0;
}

/* The person is at another machine, and has no account on this one. */
static void go_on_by_ssh(struct http_session *s)
{
    if (!is_ssh_login(s)) {
        http_answer_error(s, 0, API_FORBIDDEN,
                          "your account may not speak for others",
                          "vspcd's setting ssh-login-user names the account "
                          "that may");
        return;
    }
    principal_done(&s->proxied);
    s->proxied = principal_of_address(false, (struct ip){ 0 });
    s->proxied.is_local = false;
    if (principal_prove(&s->proxied, PROOF_SSH, s->exchange->person))
        go_on(s, &s->proxied);
    else
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "the name of the person is no name", NULL);
}

/* ---- the connection -------------------------------------------------------
 */

static void prove_request(struct http_session *s)
{
    const struct http_exchange *e = s->exchange;

    if (e->authorization != NULL && e->person != NULL)
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "a request is by a token or password, or for "
                          "somebody who came by ssh, not both",
                          NULL);
    else if (e->authorization != NULL)
        check_field(s);
    else if (e->person != NULL)
        go_on_by_ssh(s);
    else if (is_proxy(s))
        go_on_proxied(s);
    else
        go_on(s, &s->base);
}

static void know_base(struct http_session *s, struct principal base)
{
    s->base = base;
    s->has_base = true;
    s->is_base_old = false;
    watch(s, &s->watched, &s->base);
}

static void http_identity_uid_known(void *owner,
                                    const struct groups_answer *answer)
{
    struct http_session *s = owner;

    s->look->lookup = NULL;
    end_look(s);
    if (http_session_is_ending(s))
        return;
    know_base(s, peer_uid_principal(s->http->groups, s->uid, answer));
    prove_request(s);
    http_session_update_interest(s);
    directory_settle(context_of(s)->directory);
}

static void ask_uid(struct http_session *s)
{
    struct err why;

    s->look = xcalloc(1, sizeof *s->look);
    s->look->owner = s;
    s->look->lookup = groups_ask_uid(s->http->groups, s->uid,
                                     http_identity_uid_known, s, &why);
    if (s->look->lookup != NULL)
        return;
    end_look(s);
    http_answer_error(s, 0, API_UNAVAILABLE,
                      "your account cannot be looked up at the moment",
                      "try again");
}

static struct principal principal_of_connection(const struct http_session *s)
{
    struct stream_certificate certificate = stream_certificate(s->stream);
    struct ip ip = { 0 };
    bool has_ip = address_ip(&s->stream->peer, &ip);
    struct principal p = principal_of_address(has_ip, ip);

    if (s->stream->is_relayed)
        p.is_local = false;
    if (certificate.serial[0] != '\0')
        (void)principal_prove(&p, PROOF_CERTIFICATE, certificate.name);
    return p;
}

static void forget_base(struct http_session *s)
{
    groups_watch_remove(&s->watched);
    principal_done(&s->base);
    s->has_base = false;
}

void http_identity_prove(struct http_session *s)
{
    if (s->is_base_old)
        forget_base(s);
    if (!s->has_base && s->is_socket && s->http->groups != NULL) {
        ask_uid(s);
        return;
    }
    if (!s->has_base)
        know_base(s, principal_of_connection(s));
    prove_request(s);
}

/* A request whose answer is known as a whole was allowed, or refused. */
static void judge_call(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    if (e == NULL || e->call.api == NULL || s->has_all || api_judge(&e->call))
        return;
    if (s->answer != NULL)
        http_session_end(s, "the rules do not allow it any more");
    else
        http_answer_error(s, 0, API_FORBIDDEN,
                          "the rules do not allow it any more", NULL);
}

/* The rules or tokens have changed. A name of a certificate may be another one
 * now: it is asked for again. */
void http_identity_judge(struct http_session *s)
{
    s->is_base_old = s->has_base;
    judge_call(s);
}

void http_identity_done(struct http_session *s)
{
    end_look(s);
    drop_proof(s);
    groups_watch_remove(&s->watched);
    principal_done(&s->base);
    principal_done(&s->proxied);
    s->who = NULL;
}
