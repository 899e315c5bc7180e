#include "auth/web/web_sessions.h"

#include "base/mem.h"
#include "net/tls/tls_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_LEN = 32 };

static_assert(WEB_SESSION_TEXT_LEN == TLS_BASE64_LEN(RANDOM_LEN),
              "a cookie is 32 bytes");

struct entry {
    struct web_session session;
    struct web_sessions *all;
    /* The person by password, whose account is looked up again. */
    struct principal who;
    struct groups_watched watched;
    unsigned round; /* the last one of web_sessions_next_person */
};

struct web_sessions {
    struct web_sessions_links links;
    int64_t idle_s, time_s;
    struct entry *entry[WEB_SESSIONS_MAX]; /* the oldest first */
    /* Of each: whether one holds is asked for every console of a list. */
    uint64_t id[WEB_SESSIONS_MAX];
    size_t count;
};

const char *web_session_end_text(enum web_session_end end)
{
    static const char *const texts[WEB_SESSION_END_COUNT] = {
        [WEB_SESSION_LOGGED_OUT] = "logged out",
        [WEB_SESSION_REPLACED] = "another login in its browser",
        [WEB_SESSION_REVOKED] = "revoked",
        [WEB_SESSION_IDLE] = "session-idle-time",
        [WEB_SESSION_TIME] = "session-time",
        [WEB_SESSION_NO_ROOM] = "a newer session has its place",
        [WEB_SESSION_TOKEN] = "its token was revoked or has expired",
        [WEB_SESSION_ACCOUNT] = "its account is gone",
        [WEB_SESSION_LOCKED] = "PAM does not let its account in any more",
    };

    return (unsigned)end < WEB_SESSION_END_COUNT ? texts[end] : "?";
}

/* ---- entries ------------------------------------------------------------ */

static void entry_free(struct entry *e)
{
    groups_watch_remove(&e->watched);
    principal_done(&e->who);
    free(e);
}

/* The entry leaves the table before it is told of, so that whoever is told
 * finds the table as it is. */
static void end_at(struct web_sessions *all, size_t i, enum web_session_end end,
                   const char *by)
{
    struct entry *e = all->entry[i];

    all->count--;
    memmove(&all->entry[i], &all->entry[i + 1],
            (all->count - i) * sizeof(struct entry *));
    memmove(&all->id[i], &all->id[i + 1], (all->count - i) * sizeof all->id[0]);
    all->links.on_end(all->links.owner, &e->session, end, by);
    all->links.on_change(all->links.owner, false);
    entry_free(e);
}

/* WEB_SESSIONS_MAX: there is none. */
static size_t find_at(const struct web_sessions *all, uint64_t id)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->id[i] == id)
            return i;
    }
    return WEB_SESSIONS_MAX;
}

/* Who never had an account that the name service knows, as some whom PAM knows
 * by itself, has lost none. */
static void note_account(struct entry *e, bool has_account)
{
    struct web_sessions *all = e->all;

    if (has_account == e->session.has_account)
        return;
    if (!has_account) {
        end_at(all, find_at(all, e->session.id), WEB_SESSION_ACCOUNT, "");
        return;
    }
    e->session.has_account = true;
    all->links.on_change(all->links.owner, false);
}

/* An account has groups. */
static void web_sessions_groups_changed(void *owner)
{
    struct entry *e = owner;

    note_account(e, e->who.group_count > 0);
}

static struct entry *add(struct web_sessions *all,
                         const struct web_session *session)
{
    struct entry *e = xcalloc(1, sizeof *e);

    e->session = *session;
    e->all = all;
    groups_watched_init(&e->watched);
    if (session->proof == PROOF_PASSWORD && all->links.watch != NULL &&
        principal_prove(&e->who, PROOF_PASSWORD, session->name))
        groups_watch_add(all->links.watch, &e->watched, &e->who,
                         web_sessions_groups_changed, e);
    all->id[all->count] = session->id;
    all->entry[all->count++] = e;
    return e;
}

/* ---- how long ----------------------------------------------------------- */

int64_t web_session_idle_end_s(const struct web_sessions *all,
                               const struct web_session *session)
{
    return session->used_s + all->idle_s;
}

int64_t web_session_end_s(const struct web_sessions *all,
                          const struct web_session *session)
{
    return session->created_s + all->time_s;
}

/* False: it holds. */
static bool is_over(const struct web_sessions *all,
                    const struct web_session *session, int64_t now_s,
                    enum web_session_end *ret_end)
{
    bool is_old = now_s >= web_session_end_s(all, session);

    *ret_end = is_old ? WEB_SESSION_TIME : WEB_SESSION_IDLE;
    return is_old || now_s >= web_session_idle_end_s(all, session);
}

static bool holds_token(const struct web_sessions *all,
                        const struct web_session *session)
{
    return session->proof != PROOF_TOKEN ||
           (all->links.tokens != NULL &&
            tokens_has_digest(all->links.tokens, session->token_digest));
}

void web_sessions_set(struct web_sessions *all, int64_t idle_s, int64_t time_s)
{
    all->idle_s = idle_s;
    all->time_s = time_s;
}

void web_sessions_expire(struct web_sessions *all, int64_t now_s)
{
    enum web_session_end end;

    for (size_t i = all->count; i > 0; i--) {
        if (is_over(all, &all->entry[i - 1]->session, now_s, &end))
            end_at(all, i - 1, end, "");
    }
}

int64_t web_sessions_next_expiry_s(const struct web_sessions *all)
{
    int64_t next_s = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct web_session *s = &all->entry[i]->session;
        int64_t idle_s = web_session_idle_end_s(all, s);
        int64_t end_s = web_session_end_s(all, s);

        if (idle_s < end_s)
            end_s = idle_s;
        if (next_s == 0 || end_s < next_s)
            next_s = end_s;
    }
    return next_s;
}

void web_sessions_check_tokens(struct web_sessions *all)
{
    for (size_t i = all->count; i > 0; i--) {
        if (!holds_token(all, &all->entry[i - 1]->session))
            end_at(all, i - 1, WEB_SESSION_TOKEN, "");
    }
}

/* ---- beginnings --------------------------------------------------------- */

/* owner NULL: of all. The one that was used longest ago; of several, the
 * oldest. */
static size_t find_idlest(const struct web_sessions *all, const char *owner,
                          size_t *ret_count)
{
    size_t found = WEB_SESSIONS_MAX;

    *ret_count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct web_session *s = &all->entry[i]->session;

        if (owner != NULL && strcmp(s->owner, owner) != 0)
            continue;
        (*ret_count)++;
        if (found == WEB_SESSIONS_MAX ||
            s->used_s < all->entry[found]->session.used_s)
            found = i;
    }
    return found;
}

static void make_room(struct web_sessions *all, const char *owner)
{
    size_t count;
    size_t i = find_idlest(all, owner, &count);

    if (count >= WEB_SESSIONS_OF_PERSON_MAX) {
        end_at(all, i, WEB_SESSION_NO_ROOM, "");
        return;
    }
    i = find_idlest(all, NULL, &count);
    if (count >= WEB_SESSIONS_MAX)
        end_at(all, i, WEB_SESSION_NO_ROOM, "");
}

static bool make_secrets(struct web_session *session,
                         char ret_text[WEB_SESSION_TEXT_LEN + 1])
{
    uint8_t random[RANDOM_LEN];

    if (getrandom(random, sizeof random, GRND_NONBLOCK) !=
            (ssize_t)sizeof random ||
        getrandom(&session->id, sizeof session->id, GRND_NONBLOCK) !=
            (ssize_t)sizeof session->id)
        return false;
    session->id |= session->id == 0;
    tls_base64_encode(slice_of(random, sizeof random), ret_text);
    explicit_bzero(random, sizeof random);
    tls_digest(slice_of(ret_text, WEB_SESSION_TEXT_LEN), session->digest);
    return true;
}

static void put_address(char to[TOKEN_FROM_MAX], struct ip ip)
{
    snprintf(to, TOKEN_FROM_MAX, "%s",
             ip_is_none(ip) ? "" : ip_format(ip).text);
}

const struct web_session *web_sessions_begin(
    struct web_sessions *all, const struct principal *who, int64_t now_s,
    char ret_text[WEB_SESSION_TEXT_LEN + 1])
{
    const struct principal *owner = who->owner != NULL ? who->owner : who;
    struct web_session session = {
        .proof = who->proof,
        .has_account = who->group_count > 0,
        .created_s = now_s,
        .used_s = now_s,
    };
    struct entry *added;

    assert(who->proof == PROOF_PASSWORD || who->proof == PROOF_TOKEN);
    if ((who->proof == PROOF_TOKEN &&
         (all->links.tokens == NULL ||
          !tokens_digest_of(all->links.tokens, who->token,
                            session.token_digest))) ||
        !make_secrets(&session, ret_text))
        return NULL;
    snprintf(session.name, sizeof session.name, "%s", who->name);
    snprintf(session.owner, sizeof session.owner, "%s", owner->name);
    put_address(session.from, who->ip);
    put_address(session.used_from, who->ip);
    make_room(all, session.owner);
    added = add(all, &session);
    /* It has just been looked up. */
    principal_set_groups(&added->who, who->group, who->group_count);
    all->links.on_begin(all->links.owner, &added->session);
    all->links.on_change(all->links.owner, false);
    return &added->session;
}

void web_sessions_restore(struct web_sessions *all,
                          const struct web_session *list, size_t count,
                          int64_t now_s)
{
    enum web_session_end end;

    for (size_t i = 0; i < count && all->count < WEB_SESSIONS_MAX; i++) {
        if (!is_over(all, &list[i], now_s, &end) && holds_token(all, &list[i]))
            (void)add(all, &list[i]);
    }
}

/* ---- uses --------------------------------------------------------------- */

/* 0: they are one. In a time that does not depend on them; by words, because
 * anybody can have a wrong cookie compared with all sessions. */
static uint64_t difference(const uint8_t a[TOKEN_DIGEST_LEN],
                           const uint8_t b[TOKEN_DIGEST_LEN])
{
    uint64_t x[TOKEN_DIGEST_LEN / sizeof(uint64_t)], y[sizeof x / sizeof *x];
    uint64_t all = 0;

    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        all |= x[i] ^ y[i];
    return all;
}

/* Looks at all of them, whichever it is. */
static struct entry *find_digest(const struct web_sessions *all,
                                 struct slice text)
{
    uint8_t digest[TOKEN_DIGEST_LEN];
    struct entry *found = NULL;

    tls_digest(text, digest);
    for (size_t i = 0; i < all->count; i++) {
        if (difference(digest, all->entry[i]->session.digest) == 0)
            found = all->entry[i];
    }
    return found;
}

/* An address of the same /64 is no other place. */
static bool is_elsewhere(const struct web_session *session, struct ip ip)
{
    struct ip last;

    if (session->used_from[0] == '\0')
        return !ip_is_none(ip);
    return !ip_parse(session->used_from, &last) ||
           !ip_is_equal(ip_site(last), ip_site(ip));
}

static void use(struct web_sessions *all, struct web_session *session,
                struct ip ip, int64_t now_s)
{
    bool is_from_elsewhere = is_elsewhere(session, ip);

    put_address(session->used_from, ip);
    if (is_from_elsewhere)
        all->links.on_elsewhere(all->links.owner, session);
    web_sessions_touch(all, session->id, now_s);
}

bool web_sessions_prove(struct web_sessions *all, struct slice text,
                        int64_t now_s, struct principal *p)
{
    struct entry *e =
        text.len == WEB_SESSION_TEXT_LEN ? find_digest(all, text) : NULL;
    enum web_session_end end;
    bool is_proven;

    if (e == NULL || is_over(all, &e->session, now_s, &end))
        return false;
    if (e->session.proof == PROOF_TOKEN)
        is_proven = all->links.tokens != NULL &&
                    tokens_prove_digest(all->links.tokens,
                                        e->session.token_digest, now_s, p);
    else
        is_proven = principal_prove(p, PROOF_PASSWORD, e->session.name);
    if (!is_proven)
        return false;
    p->web_session = e->session.id;
    use(all, &e->session, p->ip, now_s);
    return true;
}

void web_sessions_note_account(struct web_sessions *all, uint64_t id,
                               const struct groups_answer *answer)
{
    size_t i = find_at(all, id);
    struct entry *e;

    if (i == WEB_SESSIONS_MAX || answer->outcome == GROUPS_FAILED)
        return;
    e = all->entry[i];
    if (e->session.proof != PROOF_PASSWORD)
        return;
    principal_set_groups(&e->who, answer->group, answer->count);
    note_account(e, answer->outcome == GROUPS_FOUND);
}

static bool is_of_person(const struct entry *e, const char *name)
{
    return e->session.proof == PROOF_PASSWORD &&
           strcmp(e->session.name, name) == 0;
}

const char *web_sessions_next_person(struct web_sessions *all, unsigned round,
                                     const char **ret_from)
{
    const struct web_session *found = NULL;

    for (size_t i = 0; i < all->count; i++) {
        struct entry *e = all->entry[i];

        if (e->round == round ||
            (found != NULL && !is_of_person(e, found->name)))
            continue;
        e->round = round;
        if (e->session.proof == PROOF_PASSWORD &&
            (found == NULL || e->session.used_s > found->used_s))
            found = &e->session;
    }
    if (found == NULL)
        return NULL;
    *ret_from = found->used_from;
    return found->name;
}

void web_sessions_end_person(struct web_sessions *all, const char *name,
                             enum web_session_end end)
{
    for (size_t i = all->count; i > 0; i--) {
        if (is_of_person(all->entry[i - 1], name))
            end_at(all, i - 1, end, "");
    }
}

void web_sessions_touch(struct web_sessions *all, uint64_t id, int64_t now_s)
{
    size_t i = find_at(all, id);

    if (i == WEB_SESSIONS_MAX || all->entry[i]->session.used_s == now_s)
        return;
    all->entry[i]->session.used_s = now_s;
    all->links.on_change(all->links.owner, true);
}

bool web_sessions_holds(const struct web_sessions *all, uint64_t id)
{
    return find_at(all, id) != WEB_SESSIONS_MAX;
}

bool web_sessions_end(struct web_sessions *all, uint64_t id,
                      enum web_session_end end, const char *by)
{
    size_t i = find_at(all, id);

    if (i == WEB_SESSIONS_MAX)
        return false;
    end_at(all, i, end, by);
    return true;
}

const struct web_session *web_sessions_get(const struct web_sessions *all,
                                           size_t i)
{
    return i < all->count ? &all->entry[i]->session : NULL;
}

const struct web_session *web_sessions_find(const struct web_sessions *all,
                                            uint64_t id)
{
    return web_sessions_get(all, find_at(all, id));
}

/* ---- the table ---------------------------------------------------------- */

struct web_sessions *web_sessions_new(const struct web_sessions_links *links)
{
    struct web_sessions *all = xcalloc(1, sizeof *all);

    all->links = *links;
    return all;
}

void web_sessions_free(struct web_sessions *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->count; i++)
        entry_free(all->entry[i]);
    free(all);
}

void web_session_format_id(uint64_t id, char ret_text[WEB_SESSION_ID_MAX])
{
    snprintf(ret_text, WEB_SESSION_ID_MAX, "%016" PRIx64, id);
}

bool web_session_parse_id(const char *text, uint64_t *ret_id)
{
    if (strlen(text) != WEB_SESSION_ID_MAX - 1 ||
        strspn(text, "0123456789abcdef") != WEB_SESSION_ID_MAX - 1)
        return false;
    *ret_id = strtoull(text, NULL, 16);
    return true;
}
