/*
 * Who has sent a request. In this order:
 *
 *   Authorization   http_proof.c
 *   ssh's word      from the account of --ssh-login-user alone; refused if
 *                   another one says it
 *   a cookie        of a session that holds. One that holds no more is
 *                   refused, and forgotten by the browser: whoever was logged
 *                   in is not served as somebody else. But logins go on
 *   a proxy's word  if the connection is a trusted proxy's
 *   the connection  the uid of a Unix socket's peer, a TLS client certificate,
 *                   or the address alone
 */
#include "auth/peer_uid.h"
#include "base/mem.h"
#include "core/directory.h"
#include "web/http_session.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct session_context *context_of(const struct http_session *s)
{
    return s->http->ctx;
}

bool http_identity_is_private(const struct http_session *s)
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

void http_identity_watch(struct http_session *s, struct groups_watched *watched,
                         struct principal *who)
{
    struct groups_watch *groups = context_of(s)->groups;

    groups_watched_init(watched);
    if (groups != NULL)
        groups_watch_add(groups, watched, who, http_identity_groups_changed, s);
}

void http_identity_go_on(struct http_session *s, struct principal *who)
{
    s->who = who;
    if (who->proof != PROOF_ADDRESS)
        gate_remove_newcomer(&context_of(s)->gate, &s->newcomer);
    http_exchange_proven(s);
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
        http_identity_go_on(s, &s->base);
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
    http_identity_go_on(s, &s->proxied);
}

/* ---- ssh's word -----------------------------------------------------------
 */

static bool is_ssh_login(const struct http_session *s)
{
    const char *login = s->http->settings.ssh_login;

    return s->is_socket && login != NULL && s->base.proof == PROOF_UID &&
           strcmp(s->base.name, login) == 0;
}

/* False: the field is no id. */
static bool read_key(const char *text, uint64_t *ret)
{
    unsigned long id = 0;

    if (text != NULL && !text_number(text, LONG_MAX, &id))
        return false;
    *ret = id;
    return true;
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
    if (!principal_prove(&s->proxied, PROOF_SSH, s->exchange->person) ||
        !read_key(s->exchange->person_key, &s->proxied.ssh_key))
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "the name of the person is no name, or the key no id",
                          NULL);
    else if (!session_context_trusts(s->http->ctx, &s->proxied))
        http_answer_error(s, 0, API_UNAUTHENTICATED,
                          "the key by which you came was deleted", NULL);
    else
        http_identity_go_on(s, &s->proxied);
}

/* ---- the connection -------------------------------------------------------
 */

static void go_on_unnamed(struct http_session *s)
{
    if (is_proxy(s))
        go_on_proxied(s);
    else
        http_identity_go_on(s, &s->base);
}

static void go_on_by_cookie(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    if (http_proof_check_cookie(s))
        return;
    e->is_cookie_old = true;
    if (e->row.command->is_for_logins)
        go_on_unnamed(s);
    else
        http_answer_error(s, 0, API_UNAUTHENTICATED, "the session has ended",
                          "log in again");
}

static void prove_request(struct http_session *s)
{
    const struct http_exchange *e = s->exchange;

    if (e->authorization != NULL && e->person != NULL)
        http_answer_error(s, 400, API_BAD_REQUEST,
                          "a request is by a token or password, or for "
                          "somebody who came by ssh, not both",
                          NULL);
    else if (e->authorization != NULL)
        http_proof_check(s);
    else if (e->person != NULL)
        go_on_by_ssh(s);
    else if (e->cookie != NULL)
        go_on_by_cookie(s);
    else
        go_on_unnamed(s);
}

static void know_base(struct http_session *s, struct principal base)
{
    s->base = base;
    s->has_base = true;
    s->is_base_old = false;
    http_identity_watch(s, &s->watched, &s->base);
}

static void http_identity_uid_known(void *owner,
                                    const struct groups_answer *answer)
{
    struct http_session *s = owner;

    s->look->lookup = NULL;
    http_proof_end_look(s);
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
    http_proof_end_look(s);
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
    http_proof_end_look(s);
    http_proof_drop(s);
    groups_watch_remove(&s->watched);
    principal_done(&s->base);
    principal_done(&s->proxied);
    s->who = NULL;
}
