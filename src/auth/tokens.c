#include "auth/tokens.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token of the table, which owns its texts. */
struct entry {
    struct token token;
    uint64_t number;
    bool is_listed; /* during tokens_replace: the list has it */
    char from[TOKEN_FROM_MAX];
};

struct tokens {
    struct tokens_events events;
    struct entry *entry[TOKENS_MAX];
    size_t count;
    uint64_t last_number;
};

struct tokens *tokens_new(const struct tokens_events *events)
{
    struct tokens *all = xcalloc(1, sizeof *all);

    all->events = *events;
    return all;
}

static void entry_free(struct entry *e)
{
    free((char *)e->token.name);
    free((char *)e->token.owner);
    free((char *)e->token.consoles);
    free(e);
}

void tokens_free(struct tokens *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->count; i++)
        entry_free(all->entry[i]);
    free(all);
}

static void set_use(struct entry *e, int64_t used_s, const char *from)
{
    e->token.used_s = used_s;
    snprintf(e->from, sizeof e->from, "%s", from);
}

static struct entry *entry_new(const struct token *token)
{
    struct entry *e = xcalloc(1, sizeof *e);

    e->token = *token;
    e->token.name = xstrdup(token->name);
    e->token.owner = xstrdup(token->owner);
    e->token.consoles =
        token->consoles != NULL ? xstrdup(token->consoles) : NULL;
    e->token.used_from = e->from;
    set_use(e, token->used_s, token->used_from);
    return e;
}

/* consoles may be NULL. */
static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether both are one token, which never changes: the file may be another one
 * in which another token has its id, or may have been edited. */
static bool is_same(const struct token *a, const struct token *b)
{
    return a->id == b->id &&
           slice_is_same_secret(slice_of(a->digest, TOKEN_DIGEST_LEN),
                                slice_of(b->digest, TOKEN_DIGEST_LEN)) &&
           is_same_text(a->name, b->name) && is_same_text(a->owner, b->owner) &&
           is_same_text(a->consoles, b->consoles) && a->right == b->right &&
           a->expires_s == b->expires_s;
}

static struct entry *find(const struct tokens *all, const struct token *token)
{
    for (size_t i = 0; i < all->count; i++) {
        if (is_same(&all->entry[i]->token, token))
            return all->entry[i];
    }
    return NULL;
}

static bool has_expired(const struct token *token, int64_t now_s)
{
    return token->expires_s != 0 && now_s >= token->expires_s;
}

/* ---- which tokens there are --------------------------------------------- */

static void tell(tokens_told_fn *told, void *owner, const struct token *token)
{
    if (told != NULL)
        told(owner, token);
}

/* The entry leaves the table before it is told of, so that whoever is told
 * finds the table as it is. The last one takes its place. */
static void remove_at(struct tokens *all, size_t i, tokens_told_fn *on_gone,
                      void *owner)
{
    struct entry *e = all->entry[i];

    all->entry[i] = all->entry[--all->count];
    tell(on_gone, owner, &e->token);
    entry_free(e);
}

static void remove_unlisted(struct tokens *all, tokens_told_fn *on_gone,
                            void *owner)
{
    for (size_t i = all->count; i > 0; i--) {
        if (!all->entry[i - 1]->is_listed)
            remove_at(all, i - 1, on_gone, owner);
    }
}

void tokens_replace(struct tokens *all, const struct token *list, size_t count,
                    int64_t now_s, tokens_told_fn *on_new,
                    tokens_told_fn *on_gone, void *owner)
{
    for (size_t i = 0; i < all->count; i++)
        all->entry[i]->is_listed = false;
    for (size_t i = 0; i < count; i++) {
        struct entry *e = find(all, &list[i]);

        if (e != NULL) {
            e->is_listed = true;
            if (list[i].used_s > e->token.used_s)
                set_use(e, list[i].used_s, list[i].used_from);
        }
    }
    /* Before the new ones come, which need their room. */
    remove_unlisted(all, on_gone, owner);
    for (size_t i = 0; i < count && all->count < TOKENS_MAX; i++) {
        struct entry *e;

        if (find(all, &list[i]) != NULL || has_expired(&list[i], now_s))
            continue;
        e = entry_new(&list[i]);
        e->number = ++all->last_number;
        all->entry[all->count++] = e;
        tell(on_new, owner, &e->token);
    }
}

void tokens_expire(struct tokens *all, int64_t now_s, tokens_told_fn *on_gone,
                   void *owner)
{
    for (size_t i = all->count; i > 0; i--) {
        if (has_expired(&all->entry[i - 1]->token, now_s))
            remove_at(all, i - 1, on_gone, owner);
    }
}

int64_t tokens_next_expiry_s(const struct tokens *all)
{
    int64_t next_s = 0;

    for (size_t i = 0; i < all->count; i++) {
        int64_t expires_s = all->entry[i]->token.expires_s;

        if (expires_s != 0 && (next_s == 0 || expires_s < next_s))
            next_s = expires_s;
    }
    return next_s;
}

size_t tokens_count(const struct tokens *all)
{
    return all->count;
}

bool tokens_holds(const struct tokens *all, uint64_t number)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->entry[i]->number == number)
            return true;
    }
    return false;
}

/* ---- who has one -------------------------------------------------------- */

const char *tokens_verdict_name(enum tokens_verdict verdict)
{
    static const char *const names[] = {
        [TOKENS_PROVEN] = "token-proven",
        [TOKENS_NO_TOKEN] = "no-token",
        [TOKENS_MISTYPED] = "token-mistyped",
        [TOKENS_UNKNOWN] = "token-unknown",
    };

    return (unsigned)verdict < sizeof names / sizeof names[0] ? names[verdict]
                                                              : "?";
}

/* Looks at all of them, whichever it is. */
static struct entry *find_digest(const struct tokens *all,
                                 const uint8_t digest[TOKEN_DIGEST_LEN])
{
    const struct slice sought = slice_of(digest, TOKEN_DIGEST_LEN);
    struct entry *found = NULL;

    for (size_t i = 0; i < all->count; i++) {
        struct entry *e = all->entry[i];

        if (slice_is_same_secret(sought,
                                 slice_of(e->token.digest, TOKEN_DIGEST_LEN)))
            found = e;
    }
    return found;
}

/* NULL: no principal can have this name. */
static struct principal *owner_of(const struct token *token,
                                  const struct principal *p)
{
    struct principal *owner = xcalloc(1, sizeof *owner);

    owner->ip = p->ip;
    owner->is_local = p->is_local;
    if (principal_prove(owner, PROOF_UID, token->owner))
        return owner;
    free(owner);
    return NULL;
}

/* False: the file has names that no principal can have. */
static bool prove(struct principal *p, const struct entry *e)
{
    const struct token *token = &e->token;
    struct principal *owner = owner_of(token, p);

    if (owner == NULL)
        return false;
    if (!principal_prove(p, PROOF_TOKEN, token->name)) {
        principal_done(owner);
        free(owner);
        return false;
    }
    p->owner = owner;
    p->token = e->number;
    p->consoles = token->consoles != NULL ? xstrdup(token->consoles) : NULL;
    p->right_max = (uint8_t)token->right;
    return true;
}

bool tokens_describe(const struct tokens *all, const char *name,
                     struct principal *p)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->entry[i]->token.name, name) == 0)
            return prove(p, all->entry[i]);
    }
    return false;
}

/* An address of the same /64 is no other place. */
static bool is_from_elsewhere(const struct entry *e, struct ip ip)
{
    struct ip last = { 0 };

    if (e->token.used_s == 0)
        return true;
    return e->from[0] == '\0' ? !ip_is_none(ip)
                              : !ip_parse(e->from, &last) ||
                                    !ip_is_equal(ip_site(last), ip_site(ip));
}

static void use(struct tokens *all, struct entry *e, struct ip ip,
                int64_t now_s)
{
    bool is_elsewhere = is_from_elsewhere(e, ip);

    set_use(e, now_s, ip_is_none(ip) ? "" : ip_format(ip).text);
    all->events.on_use(all->events.owner, &e->token, is_elsewhere);
}

bool tokens_digest_of(const struct tokens *all, uint64_t number,
                      uint8_t ret_digest[TOKEN_DIGEST_LEN])
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->entry[i]->number != number)
            continue;
        memcpy(ret_digest, all->entry[i]->token.digest, TOKEN_DIGEST_LEN);
        return true;
    }
    return false;
}

bool tokens_has_digest(const struct tokens *all,
                       const uint8_t digest[TOKEN_DIGEST_LEN])
{
    return find_digest(all, digest) != NULL;
}

bool tokens_prove_digest(struct tokens *all,
                         const uint8_t digest[TOKEN_DIGEST_LEN], int64_t now_s,
                         struct principal *p)
{
    struct entry *found = find_digest(all, digest);

    if (found == NULL || has_expired(&found->token, now_s) || !prove(p, found))
        return false;
    use(all, found, p->ip, now_s);
    return true;
}

enum tokens_verdict tokens_prove(struct tokens *all, struct slice text,
                                 int64_t now_s, struct principal *p)
{
    uint8_t digest[TOKEN_DIGEST_LEN];

    switch (token_form(text)) {
    case TOKEN_NONE:
        return TOKENS_NO_TOKEN;
    case TOKEN_MISTYPED:
        return TOKENS_MISTYPED;
    case TOKEN_WHOLE:
        break;
    }
    token_digest(text, digest);
    return tokens_prove_digest(all, digest, now_s, p) ? TOKENS_PROVEN
                                                      : TOKENS_UNKNOWN;
}
