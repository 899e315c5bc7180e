/*
 * daemon_tokens.h - the access tokens of the running program: the table that
 * logins ask (auth/tokens.h), filled from the file (store/tokens/token_store.h)
 * at the start and whenever the file changes.
 *
 * Who makes or revokes a token is another process (daemon/ask/ask_token.h), or
 * the store's thread for somebody who asks us: what happens to tokens is
 * noticed and logged here. A token that has ended
 * also ends what is open by it: on_gone, within a second.
 */
#ifndef DAEMON_ACCESS_DAEMON_TOKENS_H
#define DAEMON_ACCESS_DAEMON_TOKENS_H

#include "auth/ssh_key.h"
#include "auth/tokens.h"
#include "base/deadline.h"
#include "base/err.h"
#include "conf/options.h"
#include "daemon/process/state_path.h"
#include "net/loop.h"

struct token_job;
struct token_store;
struct waker;

struct tokens_links {
    const struct settings *settings; /* borrowed; always the present ones */
    struct loop *loop;               /* borrowed */
    /* Tokens have ended, or keys for ssh: tokens_holds and
     * ssh_keys_deleted_has say which. Called from a handler of the
     * loop. */
    void (*on_gone)(void *owner);
    void *owner;
};

struct daemon_tokens {
    struct tokens_links links;
    struct tokens *table;
    struct token_store *store; /* NULL: there is no place for the file */
    struct waker *waker;       /* the store has news */
    struct deadline_queue expiries;
    struct deadline expiry; /* the next one, or to look again */
    bool is_failing;        /* the log has reported it */
    bool is_unread; /* since the start: what the file has is nothing new */
    struct ssh_keys_deleted deleted_keys;
    char path[STATE_PATH_MAX];
};

/* Reads the tokens. 0, or negative with err filled. t must not move. */
int daemon_tokens_open(struct daemon_tokens *t,
                       const struct tokens_links *links, struct err *err);

/* Logs what was read at the start. */
void daemon_tokens_log(const struct daemon_tokens *t);

/* As ask_tokens in api/api_means.h. */
bool daemon_tokens_ask(struct daemon_tokens *t, struct token_job *job);

/* The sessions on pages that the file had at the start, once; and what it is to
 * have from now on (token_store.h). Without a file there are none, and the list
 * stays the caller's. */
struct web_session_list;
void daemon_tokens_take_sessions(struct daemon_tokens *t,
                                 struct web_session_list *ret_list);
void daemon_tokens_keep_sessions(struct daemon_tokens *t,
                                 struct web_session_list *list);

/* Writes the last uses, for a second at most. */
void daemon_tokens_close(struct daemon_tokens *t);

#endif
