#include "fake_means.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct fake_means fake;

/* Nobody looks into it. */
static char somewhere;

struct groups_lookup {
    groups_done_fn *on_done;
    void *owner;
};

static void *take_first(void **items, size_t *count)
{
    void *first = items[0];

    assert(*count > 0);
    *count -= 1;
    memmove(items, items + 1, *count * sizeof *items);
    return first;
}

static void take_out(void **items, size_t *count, const void *item)
{
    for (size_t i = 0; i < *count; i++) {
        if (items[i] != item)
            continue;
        *count -= 1;
        memmove(items + i, items + i + 1, (*count - i) * sizeof *items);
        return;
    }
    abort(); /* it is not there */
}

/* ---- tokens ------------------------------------------------------------- */

static const char *make(uint8_t first, char text[TOKEN_LEN + 1])
{
    const uint8_t random[TOKEN_RANDOM_LEN] = { first };

    token_make(random, text);
    return text;
}

const char *fake_token(void)
{
    static char text[TOKEN_LEN + 1];

    return make(1, text);
}

const char *fake_unknown_token(void)
{
    static char text[TOKEN_LEN + 1];

    return make(2, text);
}

static void fake_on_use(void *owner, const struct token *token,
                        bool is_from_elsewhere)
{
    (void)owner;
    (void)token;
    (void)is_from_elsewhere;
}

/* The table is real, and lasts until the next test. */
static struct tokens *held;

void fake_token_ends(void)
{
    tokens_replace(held, NULL, 0, 0, NULL, NULL, NULL);
}

static struct tokens *fill_tokens(void)
{
    static const struct tokens_events events = { .on_use = fake_on_use };
    struct token token = {
        .id = 1,
        .name = "ci",
        .owner = "alice",
        .right = RIGHT_ADMIN,
        .used_from = "",
    };

    tokens_free(held);
    held = tokens_new(&events);
    token_digest(slice_of_text(fake_token()), token.digest);
    tokens_replace(held, &token, 1, 0, NULL, NULL, NULL);
    return held;
}

struct authenticate_means fake_means_begin(void)
{
    fake = (struct fake_means){ .begun = 0 };
    return (struct authenticate_means){
        .tokens = fill_tokens(),
        .pam = (struct pam_service *)(void *)&somewhere,
        .groups = (struct groups *)(void *)&somewhere,
    };
}

/* ---- PAM ---------------------------------------------------------------- */

static void keep(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
}

void pam_conversation_begin(struct pam_service *service,
                            struct pam_conversation *c,
                            const struct pam_conversation_ops *ops,
                            const struct pam_login *login)
{
    (void)service;
    assert(fake.asked_count < FAKE_MAX);
    c->ops = ops;
    fake.asked[fake.asked_count++] = c;
    fake.begun++;
    fake.is_account_only = login->is_account_only;
    keep(fake.user, sizeof fake.user, login->user);
    keep(fake.password, sizeof fake.password, login->password);
    keep(fake.remote, sizeof fake.remote, login->remote);
}

bool pam_conversation_answer(struct pam_conversation *c, const char *answer)
{
    (void)c;
    keep(fake.answer, sizeof fake.answer, answer);
    return true;
}

void pam_conversation_cancel(struct pam_conversation *c)
{
    take_out((void **)fake.asked, &fake.asked_count, c);
    fake.cancelled++;
}

void fake_pam_done(enum pam_outcome outcome, const char *text)
{
    struct pam_conversation *c =
        take_first((void **)fake.asked, &fake.asked_count);

    c->ops->done(c, outcome, text);
}

void fake_pam_ask(const char *question, bool is_hidden)
{
    fake.asked[0]->ops->ask(fake.asked[0], question, is_hidden);
}

void fake_pam_tell(const char *text)
{
    fake.asked[0]->ops->tell(fake.asked[0], text);
}

/* ---- groups ------------------------------------------------------------- */

struct groups_lookup *groups_ask_name(struct groups *all, const char *name,
                                      groups_done_fn *on_done, void *owner,
                                      struct err *err)
{
    struct groups_lookup *lookup;

    (void)all;
    keep(fake.person, sizeof fake.person, name);
    if (fake.groups_are_full) {
        err_set(err, "too many lookups");
        return NULL;
    }
    assert(fake.looked_up_count < FAKE_MAX);
    lookup = xcalloc(1, sizeof *lookup);
    lookup->on_done = on_done;
    lookup->owner = owner;
    fake.looked_up[fake.looked_up_count++] = lookup;
    return lookup;
}

struct groups_lookup *groups_ask_uid(struct groups *all, uid_t uid,
                                     groups_done_fn *on_done, void *owner,
                                     struct err *err)
{
    char name[32];

    (void)snprintf(name, sizeof name, "uid %u", (unsigned)uid);
    return groups_ask_name(all, name, on_done, owner, err);
}

bool groups_is_keeper(const struct groups *all, uid_t uid)
{
    (void)all;
    return uid == 0;
}

void groups_cancel(struct groups_lookup *lookup)
{
    take_out((void **)fake.looked_up, &fake.looked_up_count, lookup);
    free(lookup);
}

const struct principal *groups_person(const struct principal *p)
{
    return p->proof == PROOF_TOKEN ? p->owner : p;
}

bool groups_give(const struct groups *all, const struct groups_answer *answer,
                 struct principal *p)
{
    (void)all;
    if (answer->outcome != GROUPS_FOUND)
        return false;
    principal_set_groups(p->proof == PROOF_TOKEN ? p->owner : p, answer->group,
                         answer->count);
    return true;
}

void fake_groups_done(enum groups_outcome outcome)
{
    static char alice[] = "alice";
    static char ops[] = "ops";
    static char *const group[] = { ops };
    struct groups_lookup *lookup =
        take_first((void **)fake.looked_up, &fake.looked_up_count);
    struct groups_answer answer = { .outcome = outcome };

    if (outcome == GROUPS_FOUND) {
        answer.name = alice;
        answer.group = group;
        answer.count = 1;
    }
    err_set(&answer.err, "the name service does not answer");
    lookup->on_done(lookup->owner, &answer);
    free(lookup);
}
