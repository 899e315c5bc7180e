#include "daemon/access/daemon_tokens.h"

#include "access/pattern.h"
#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/waker.h"
#include "store/tokens/token_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    CLOSE_US = US_PER_S,
    /* The wall clock may jump: an expiry that is far away is looked at now and
     * then. */
    LOOK_S = 60,
};

static_assert((int)TOKENS_MAX == (int)TOKEN_FILE_HOLDING_MAX,
              "the table has all tokens of the file");
static_assert((int)TOKEN_DIGEST_LEN == (int)TOKEN_FILE_DIGEST_LEN,
              "both are of one digest");

/* ---- the lists of the file ---------------------------------------------- */

/* False: no command of ours has written this row. */
static bool read_record(const struct token_record *r, struct token *ret)
{
    *ret = (struct token){
        .id = r->id,
        .name = r->name,
        .owner = r->owner,
        .consoles = r->consoles[0] != '\0' ? r->consoles : NULL,
        .created_s = r->created_s,
        .expires_s = r->expires_s,
        .used_s = r->used_s,
        .used_from = r->used_from,
    };
    memcpy(ret->digest, r->digest, sizeof ret->digest);
    return token_is_name(r->name) && right_parse(r->rights, &ret->right) &&
           ret->right != RIGHT_NONE &&
           (ret->consoles == NULL || pattern_check(ret->consoles, NULL) == 0);
}

static const struct token_record *find_record(const struct token_list *list,
                                              uint64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->item[i]->id == id)
            return list->item[i];
    }
    return NULL;
}

/* What is told while a list takes the place of another one. */
struct change {
    const struct token_list *list; /* the new one */
    bool is_start;                 /* nothing has changed: it is the first */
    bool any_gone;
};

/* A person makes tokens for himself, and may do it without end: so these lines
 * are limited, for each owner. */
static void daemon_tokens_on_new(void *owner, const struct token *token)
{
    const struct change *change = owner;
    const struct token_record *r = find_record(change->list, token->id);

    if (change->is_start)
        return;
    log_audit(LOG_INFO, NULL, token->owner,
              LOG_TOKEN_CREATED
              " principal=%s token=%s owner=%s right=%s consoles=%s expires=%s",
              LOG_TEXT(r->created_by), LOG_TEXT(token->name),
              LOG_TEXT(token->owner), right_name(token->right),
              LOG_TEXT(token->consoles != NULL ? token->consoles : "*"),
              token_time(token->expires_s, "never").text);
}

static void log_gone(const struct token *token, const char *by,
                     const char *reason)
{
    log_audit(LOG_INFO, NULL, token->owner,
              LOG_TOKEN_ENDED " principal=%s token=%s owner=%s reason=%s",
              LOG_ANY(by), LOG_TEXT(token->name), LOG_TEXT(token->owner),
              LOG_TEXT(reason));
}

static void daemon_tokens_on_unlisted(void *owner, const struct token *token)
{
    struct change *change = owner;
    const struct token_record *r = find_record(change->list, token->id);

    change->any_gone = true;
    if (r != NULL && r->revoked_s != 0)
        log_gone(token, r->revoked_by, "revoked");
    else
        log_gone(token, "",
                 r != NULL ? "the file has another one in its place"
                           : "the file does not have it any more");
}

static void daemon_tokens_on_expired(void *owner, const struct token *token)
{
    bool *any = owner;

    *any = true;
    log_gone(token, "", "expired");
}

/* What is not revoked, expired or not: the table knows the time. Returns how
 * many rows are left out as damaged. */
static unsigned list_tokens(const struct token_list *list, struct token *to,
                            size_t *ret_count)
{
    unsigned damaged = 0;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->item[i]->revoked_s != 0)
            continue;
        if (read_record(list->item[i], &to[count]))
            count++;
        else
            damaged++;
    }
    *ret_count = count;
    return damaged;
}

/* ---- expiry ------------------------------------------------------------- */

static void wait_for_expiry(struct daemon_tokens *t)
{
    int64_t next_s = tokens_next_expiry_s(t->table);
    int64_t left_s = next_s - clock_utc_s();

    deadline_stop(&t->expiry);
    if (next_s == 0)
        return;
    if (left_s > LOOK_S)
        left_s = LOOK_S;
    deadline_queue_set_length(&t->expiries,
                              left_s > 0 ? (uint64_t)left_s * US_PER_S : 1);
    deadline_start(&t->expiries, &t->expiry, clock_now_us());
}

static void daemon_tokens_expiry_due(struct deadline *d, void *owner)
{
    struct daemon_tokens *t = owner;
    bool any = false;

    (void)d;
    tokens_expire(t->table, clock_utc_s(), daemon_tokens_on_expired, &any);
    wait_for_expiry(t);
    if (any)
        t->links.on_gone(t->links.owner);
}

/* ---- news --------------------------------------------------------------- */

static void log_trouble(struct daemon_tokens *t,
                        const struct token_store_news *news)
{
    if (news->aside[0] != '\0')
        log_error(LOG_TOKENS_DAMAGED " file=%s moved-to=%s reason=%s",
                  LOG_TEXT(t->path), LOG_TEXT(news->aside),
                  LOG_TEXT(news->trouble));
    if (news->is_failing && !t->is_failing)
        log_error(LOG_TOKENS_FAILING " file=%s reason=%s", LOG_TEXT(t->path),
                  LOG_TEXT(news->trouble));
    if (!news->is_failing && t->is_failing)
        log_info(LOG_TOKENS_ANSWER " file=%s", LOG_TEXT(t->path));
    t->is_failing = news->is_failing;
}

static bool use_list(struct daemon_tokens *t,
                     const struct token_store_news *news, bool is_start)
{
    struct token *list = xcalloc(news->list.count + 1, sizeof *list);
    struct change change = { .list = &news->list, .is_start = is_start };
    size_t count;
    unsigned damaged = list_tokens(&news->list, list, &count);

    damaged += news->damaged;
    if (damaged > 0)
        log_warning(LOG_TOKENS_LEFT_OUT " file=%s count=%u", LOG_TEXT(t->path),
                    damaged);
    tokens_replace(t->table, list, count, clock_utc_s(), daemon_tokens_on_new,
                   daemon_tokens_on_unlisted, &change);
    free(list);
    wait_for_expiry(t);
    return change.any_gone;
}

void daemon_tokens_log(const struct daemon_tokens *t)
{
    if (tokens_count(t->table) > 0)
        log_info(LOG_TOKENS_LOADED " file=%s tokens=%zu", LOG_TEXT(t->path),
                 tokens_count(t->table));
}

static void take_news(struct daemon_tokens *t, bool is_start)
{
    struct token_store_news news;
    bool any_gone = false;

    token_store_take_news(t->store, &news);
    log_trouble(t, &news);
    if (news.has_list)
        any_gone = use_list(t, &news, is_start || t->is_unread);
    if (news.has_list && t->is_unread)
        daemon_tokens_log(t);
    t->is_unread = (is_start || t->is_unread) && news.is_failing;
    token_list_done(&news.list);
    if (any_gone)
        t->links.on_gone(t->links.owner);
}

/* Nobody waits for the answer any more, so nobody has seen the token. */
static void revoke_unseen(struct daemon_tokens *t, struct token_job *job)
{
    token_list_done(&job->list);
    job->kind = TOKEN_JOB_REVOKE;
    snprintf(job->by, sizeof job->by, "vspcd");
    job->is_owners_only = false;
    if (!token_store_ask(t->store, job))
        token_job_free(job);
}

/* Whether anybody waits for the answer or not. */
static void log_key(const struct token_job *job)
{
    const struct ssh_key_record *key;

    if (job->result != 0 || job->keys.count == 0 ||
        job->kind == TOKEN_JOB_LIST_KEYS)
        return;
    key = job->keys.item[0];
    if (job->kind == TOKEN_JOB_ADD_KEY)
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_SSH_KEY_ADDED " principal=%s name=%s fingerprint=%s",
                  LOG_TEXT(job->by), LOG_TEXT(key->name),
                  LOG_TEXT(key->fingerprint));
    else
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_SSH_KEY_DELETED " principal=%s name=%s fingerprint=%s",
                  LOG_TEXT(job->by), LOG_TEXT(key->name),
                  LOG_TEXT(key->fingerprint));
}

static void finish(struct daemon_tokens *t, struct token_job *job)
{
    log_key(job);
    if (job->kind == TOKEN_JOB_DELETE_KEY && job->result == 0 &&
        job->keys.count > 0) {
        ssh_keys_deleted_add(&t->deleted_keys, job->keys.item[0]->id);
        t->links.on_gone(t->links.owner);
    }
    if (job->on_done != NULL)
        job->on_done(job->waiter, job);
    else if (job->kind == TOKEN_JOB_CREATE && job->result == 0)
        revoke_unseen(t, job);
    else
        token_job_free(job);
}

/* The table first: whoever is answered may use what he has got. */
static void daemon_tokens_on_news(void *owner)
{
    struct daemon_tokens *t = owner;
    struct token_job *job;

    take_news(t, false);
    while ((job = token_store_take_done(t->store)) != NULL)
        finish(t, job);
}

bool daemon_tokens_ask(struct daemon_tokens *t, struct token_job *job)
{
    return t->store != NULL && token_store_ask(t->store, job);
}

void daemon_tokens_take_sessions(struct daemon_tokens *t,
                                 struct web_session_list *ret_list)
{
    if (t->store != NULL)
        token_store_take_sessions(t->store, ret_list);
}

void daemon_tokens_keep_sessions(struct daemon_tokens *t,
                                 struct web_session_list *list)
{
    if (t->store != NULL)
        token_store_keep_sessions(t->store, list);
}

/* Called on the store's thread. */
static void daemon_tokens_wake(void *owner)
{
    waker_wake(((struct daemon_tokens *)owner)->waker);
}

static void daemon_tokens_on_use(void *owner, const struct token *token,
                                 bool is_from_elsewhere)
{
    struct daemon_tokens *t = owner;
    struct token_use use = { .id = token->id, .used_s = token->used_s };

    snprintf(use.from, sizeof use.from, "%s", token->used_from);
    token_store_note_use(t->store, &use);
    if (is_from_elsewhere)
        log_audit(LOG_INFO, token->used_from, NULL,
                  LOG_TOKEN_USED_ELSEWHERE
                  " principal=%s proof=token owner=%s peer=%s",
                  LOG_TEXT(token->name), LOG_TEXT(token->owner),
                  token->used_from[0] != '\0' ? token->used_from : "local");
}

/* ---- opening and closing ------------------------------------------------ */

static int open_store(struct daemon_tokens *t, struct err *err)
{
    const struct token_store_settings settings = {
        .path = t->path,
        .on_news = daemon_tokens_wake,
        .owner = t,
    };
    struct err why = { "" };
    int r = waker_open(t->links.loop, daemon_tokens_on_news, t, &t->waker);

    if (r < 0)
        err_set(&why, "%s", strerror(-r));
    else
        r = token_store_open(&t->store, &settings, &why);
    if (r == 0)
        return 0;
    waker_close(t->waker);
    t->waker = NULL;
    err_set(err, "cannot read the tokens: %s", why.text);
    return r;
}

int daemon_tokens_open(struct daemon_tokens *t,
                       const struct tokens_links *links, struct err *err)
{
    const struct tokens_events events = { daemon_tokens_on_use, t };
    int r;

    *t = (struct daemon_tokens){ .links = *links };
    t->table = tokens_new(&events);
    deadline_init(&t->expiry);
    deadline_queue_open(&t->expiries, US_PER_S, daemon_tokens_expiry_due, t);
    r = state_path_find_tokens(links->settings, t->path, err);
    if (r == 0)
        r = open_store(t, err);
    else if (r == -ENOENT)
        return 0; /* no state, no tokens: the state says so */
    if (r < 0) {
        tokens_free(t->table);
        return r;
    }
    loop_watch(links->loop, &t->expiries);
    take_news(t, true);
    return 0;
}

void daemon_tokens_close(struct daemon_tokens *t)
{
    token_store_close(t->store, CLOSE_US);
    /* Until token_store_close the store's thread may call the waker. */
    waker_close(t->waker);
    deadline_stop(&t->expiry);
    deadline_queue_close(&t->expiries);
    tokens_free(t->table);
}
