#include "daemon/access/daemon_web_sessions.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/access/daemon_tokens.h"
#include "log/log.h"
#include "log/log_words.h"
#include "store/tokens/web_session_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    /* The wall clock may jump, and a session be used: an expiry that is far
     * away is looked at now and then. Uses are written as often. */
    LOOK_S = 60,
};

static_assert((int)WEB_SESSIONS_MAX == (int)WEB_SESSION_ROWS_MAX &&
                  (int)PRINCIPAL_NAME_MAX == (int)WEB_SESSION_ROWS_NAME_MAX &&
                  (int)TOKEN_FROM_MAX == (int)WEB_SESSION_ROWS_ADDRESS_MAX &&
                  (int)TOKEN_DIGEST_LEN == (int)WEB_SESSION_ROWS_DIGEST_LEN,
              "the file has all of the table");

/* ---- what the file keeps ------------------------------------------------ */

static void to_record(const struct web_session *from,
                      struct web_session_record *to)
{
    *to = (struct web_session_record){
        .id = from->id,
        .has_account = from->has_account,
        .created_s = from->created_s,
        .used_s = from->used_s,
    };
    memcpy(to->digest, from->digest, sizeof to->digest);
    memcpy(to->token_digest, from->token_digest, sizeof to->token_digest);
    memcpy(to->name, from->name, sizeof to->name);
    memcpy(to->owner, from->owner, sizeof to->owner);
    memcpy(to->address, from->from, sizeof to->address);
    memcpy(to->used_address, from->used_from, sizeof to->used_address);
}

static void of_record(const struct web_session_record *from,
                      struct web_session *to)
{
    static const uint8_t none[WEB_SESSION_ROWS_DIGEST_LEN];
    bool is_token = memcmp(from->token_digest, none, sizeof none) != 0;

    *to = (struct web_session){
        .id = from->id,
        .proof = (uint8_t)(is_token ? PROOF_TOKEN : PROOF_PASSWORD),
        .has_account = from->has_account,
        .created_s = from->created_s,
        .used_s = from->used_s,
    };
    memcpy(to->digest, from->digest, sizeof to->digest);
    memcpy(to->token_digest, from->token_digest, sizeof to->token_digest);
    memcpy(to->name, from->name, sizeof to->name);
    memcpy(to->owner, from->owner, sizeof to->owner);
    memcpy(to->from, from->address, sizeof to->from);
    memcpy(to->used_from, from->used_address, sizeof to->used_from);
}

static void write_all(struct daemon_web_sessions *w)
{
    struct web_session_list list = {
        .item = xcalloc(WEB_SESSIONS_MAX, sizeof *list.item),
    };
    const struct web_session *session;

    while ((session = web_sessions_get(w->table, list.count)) != NULL)
        to_record(session, &list.item[list.count++]);
    w->is_stale = false;
    daemon_tokens_keep_sessions(w->links.tokens, &list);
    web_session_list_done(&list);
}

static void read_all(struct daemon_web_sessions *w)
{
    struct web_session_list list = { 0 };
    struct web_session *all;

    daemon_tokens_take_sessions(w->links.tokens, &list);
    all = xcalloc(list.count + 1, sizeof *all);
    for (size_t i = 0; i < list.count; i++)
        of_record(&list.item[i], &all[i]);
    web_sessions_restore(w->table, all, list.count, clock_utc_s());
    free(all);
    web_session_list_done(&list);
}

/* ---- what changes ------------------------------------------------------- */

static void wait_for_expiry(struct daemon_web_sessions *w)
{
    int64_t next_s = web_sessions_next_expiry_s(w->table);
    int64_t left_s = next_s - clock_utc_s();

    deadline_stop(&w->expiry);
    if (next_s == 0)
        return;
    if (left_s > LOOK_S)
        left_s = LOOK_S;
    deadline_queue_set_length(&w->expiries,
                              left_s > 0 ? (uint64_t)left_s * US_PER_S : 1);
    deadline_start(&w->expiries, &w->expiry, clock_now_us());
}

static void daemon_web_sessions_expiry_due(struct deadline *d, void *owner)
{
    struct daemon_web_sessions *w = owner;

    (void)d;
    web_sessions_expire(w->table, clock_utc_s());
    if (w->is_stale)
        write_all(w);
    wait_for_expiry(w);
}

static void daemon_web_sessions_soon_due(struct deadline *d, void *owner)
{
    struct daemon_web_sessions *w = owner;
    bool any_gone = w->any_gone;

    (void)d;
    w->any_gone = false;
    write_all(w);
    wait_for_expiry(w);
    if (any_gone)
        w->links.on_gone(w->links.owner);
}

static void daemon_web_sessions_on_change(void *owner, bool is_use)
{
    struct daemon_web_sessions *w = owner;

    w->is_stale = true;
    if (!is_use && !deadline_is_running(&w->soon))
        deadline_start(&w->soons, &w->soon, clock_now_us());
}

/* What each line says of a session, besides its id. */
#define SESSION_LOG_FIELDS " session=%s principal=%s proof=%s owner=%s"
#define SESSION_LOG_VALUES(session, id)                                        \
    (id), LOG_TEXT((session)->name),                                           \
        principal_proof_name((enum principal_proof)(session)->proof),          \
        LOG_TEXT((session)->owner)

static void daemon_web_sessions_on_begin(void *owner,
                                         const struct web_session *session)
{
    char id[WEB_SESSION_ID_MAX];

    (void)owner;
    web_session_format_id(session->id, id);
    log_audit(LOG_INFO, session->from, session->owner,
              LOG_WEB_SESSION_BEGUN SESSION_LOG_FIELDS " peer=%s",
              SESSION_LOG_VALUES(session, id),
              session->from[0] != '\0' ? session->from : "local");
}

static void daemon_web_sessions_on_end(void *owner,
                                       const struct web_session *session,
                                       enum web_session_end end, const char *by)
{
    struct daemon_web_sessions *w = owner;
    char id[WEB_SESSION_ID_MAX];

    w->any_gone = true;
    web_session_format_id(session->id, id);
    log_audit(LOG_INFO, NULL, session->owner,
              LOG_WEB_SESSION_ENDED SESSION_LOG_FIELDS " by=%s reason=%s",
              SESSION_LOG_VALUES(session, id), LOG_ANY(by),
              LOG_TEXT(web_session_end_text(end)));
}

static void daemon_web_sessions_on_elsewhere(void *owner,
                                             const struct web_session *session)
{
    char id[WEB_SESSION_ID_MAX];

    (void)owner;
    web_session_format_id(session->id, id);
    log_audit(LOG_INFO, session->used_from, NULL,
              LOG_WEB_SESSION_ELSEWHERE SESSION_LOG_FIELDS " peer=%s",
              SESSION_LOG_VALUES(session, id),
              session->used_from[0] != '\0' ? session->used_from : "local");
}

/* ---- opening and closing ------------------------------------------------ */

void daemon_web_sessions_use(struct daemon_web_sessions *w)
{
    const struct settings *s = w->links.settings;

    web_sessions_set(w->table, (int64_t)s->session_idle_s,
                     (int64_t)s->session_s);
    web_sessions_expire(w->table, clock_utc_s());
    wait_for_expiry(w);
}

void daemon_web_sessions_look_again(struct daemon_web_sessions *w)
{
    account_checks_begin(&w->checks);
}

void daemon_web_sessions_check(struct daemon_web_sessions *w)
{
    web_sessions_check_tokens(w->table);
}

void daemon_web_sessions_open(struct daemon_web_sessions *w,
                              const struct web_sessions_parts *links)
{
    struct web_sessions_links of_table = {
        .tokens = links->tokens->table,
        .watch = links->watch,
        .on_begin = daemon_web_sessions_on_begin,
        .on_end = daemon_web_sessions_on_end,
        .on_elsewhere = daemon_web_sessions_on_elsewhere,
        .on_change = daemon_web_sessions_on_change,
        .owner = w,
    };

    *w = (struct daemon_web_sessions){ .links = *links };
    w->table = web_sessions_new(&of_table);
    deadline_init(&w->soon);
    deadline_queue_open(&w->soons, WEB_SESSIONS_SOON_US,
                        daemon_web_sessions_soon_due, w);
    deadline_init(&w->expiry);
    deadline_queue_open(&w->expiries, US_PER_S, daemon_web_sessions_expiry_due,
                        w);
    loop_watch(links->loop, &w->soons);
    loop_watch(links->loop, &w->expiries);
    daemon_web_sessions_use(w);
    read_all(w);
    wait_for_expiry(w);
    account_checks_open(&w->checks, links->loop, w->table, links->pam);
}

/* The tokens, which close later, write it. */
void daemon_web_sessions_close(struct daemon_web_sessions *w)
{
    account_checks_close(&w->checks);
    if (w->is_stale)
        write_all(w);
    deadline_stop(&w->soon);
    deadline_stop(&w->expiry);
    deadline_queue_close(&w->soons);
    deadline_queue_close(&w->expiries);
    web_sessions_free(w->table);
}
