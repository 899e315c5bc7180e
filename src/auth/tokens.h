/*
 * tokens.h - the access tokens that hold: which one is presented, and which
 * principal it proves.
 *
 * A table in memory, of the loop's thread alone, filled from the state; each
 * change of the state replaces it as a whole. A token never changes: it is
 * made, used, and revoked or expires. One that comes with the id of another, or
 * is changed by hand, is a new one, and the former one is gone. Reads no clock:
 * now_s is the wall clock's, seconds since 1970.
 *
 * A presented text is compared by its digest with every token, in a time that
 * depends on their number alone. At TOKENS_MAX tokens that is some 0.1 ms.
 *
 * What a token proves is only half of the principal: the groups of its owner's
 * account come from groups.h (groups_person, groups_ask_name, groups_give), and
 * without them the owner, and so the token, has less.
 */
#ifndef AUTH_TOKENS_H
#define AUTH_TOKENS_H

#include "access/principal.h"
#include "auth/token.h"

enum {
    TOKENS_MAX = 1024,        /* some 400 bytes each */
    TOKEN_FROM_MAX = 64,      /* an address as text, with the NUL */
    TOKEN_CONSOLES_MAX = 256, /* bytes of the pattern without the NUL */
};

/* Texts are borrowed in calls, and the table's in a table. */
struct token {
    uint64_t id;       /* the file's; not 0 */
    const char *name;  /* [A-Za-z0-9._-]{1,64}, one for each token that holds */
    const char *owner; /* a person's name */
    const char *consoles; /* pattern; NULL: all that the owner may */
    enum right right;     /* at most this */
    uint8_t digest[TOKEN_DIGEST_LEN];
    int64_t created_s;
    int64_t expires_s;     /* 0: never */
    int64_t used_s;        /* last; 0: never */
    const char *used_from; /* the address then; "": none */
};

struct tokens;

struct tokens_events {
    /* A token was presented, and holds. is_from_elsewhere: it was last used
     * from another address, or never. */
    void (*on_use)(void *owner, const struct token *token,
                   bool is_from_elsewhere);
    void *owner;
};

struct tokens *tokens_new(const struct tokens_events *events);
void tokens_free(struct tokens *all); /* takes NULL */

/*
 * These are the tokens from now on; copied. At most TOKENS_MAX are taken, and
 * those that are expired are not. A use that the table knows and that is later
 * than the list's stays. on_gone is called for each token that was there and is
 * not any more, on_new for each that was not; each may be NULL.
 */
typedef void tokens_told_fn(void *owner, const struct token *token);
void tokens_replace(struct tokens *all, const struct token *list, size_t count,
                    int64_t now_s, tokens_told_fn *on_new,
                    tokens_told_fn *on_gone, void *owner);

/* Removes those that have expired, after on_gone with each. */
void tokens_expire(struct tokens *all, int64_t now_s, tokens_told_fn *on_gone,
                   void *owner);

/* When the next one expires; 0: none does. */
int64_t tokens_next_expiry_s(const struct tokens *all);

size_t tokens_count(const struct tokens *all);

/* Whether the token of a principal (its member token) is still in the table. */
bool tokens_holds(const struct tokens *all, uint64_t number);

/* By the digest of a token, for who has presented its text before: the digest
 * of the token with this number; whether one that holds has it; and proving as
 * tokens_prove does. False: no token that holds has it, and nothing is changed.
 */
bool tokens_digest_of(const struct tokens *all, uint64_t number,
                      uint8_t ret_digest[TOKEN_DIGEST_LEN]);
bool tokens_has_digest(const struct tokens *all,
                       const uint8_t digest[TOKEN_DIGEST_LEN]);
bool tokens_prove_digest(struct tokens *all,
                         const uint8_t digest[TOKEN_DIGEST_LEN], int64_t now_s,
                         struct principal *p);

/* As if p had proven the token of this name, but it is not used by that: for
 * whoever asks what it may do. False: none that holds has the name, and p is
 * unchanged. */
bool tokens_describe(const struct tokens *all, const char *name,
                     struct principal *p);

enum tokens_verdict {
    TOKENS_PROVEN,
    TOKENS_NO_TOKEN, /* token_form: it is no token at all */
    TOKENS_MISTYPED, /* token_form */
    TOKENS_UNKNOWN,  /* never made, revoked, or expired */
};

/* "token-proven", "no-token", "token-mistyped", "token-unknown": for logs. */
const char *tokens_verdict_name(enum tokens_verdict verdict);

/* If the token holds, p has proven it (PROOF_TOKEN; token, owner, consoles,
 * right_max), keeps its address, and on_use is called. Else p is unchanged. */
enum tokens_verdict tokens_prove(struct tokens *all, struct slice text,
                                 int64_t now_s, struct principal *p);

#endif
