/*
 * token_store.h - the token file (token_file.h), watched by a thread: what
 * other processes change is news within TOKEN_STORE_LOOK_US, uses are written,
 * and jobs are done (token_job.h).
 *
 * A file that does not exist has no tokens, and is made by the first token, key
 * or session alone: so a server without them has no such file. If the file
 * cannot be read, the last list stays the truth, and the news say so; a file
 * that was deleted is empty.
 *
 * Called by one thread, the loop's. Owns the file and the thread. Only
 * token_store_open and token_store_close wait for the disk. Does not log: it
 * reports news.
 */
#ifndef STORE_TOKENS_TOKEN_STORE_H
#define STORE_TOKENS_TOKEN_STORE_H

#include "store/tokens/token_file.h"
#include "store/tokens/token_job.h"
#include "store/tokens/web_session_rows.h"

enum {
    TOKEN_STORE_PATH_MAX = 1100,
    TOKEN_STORE_LOOK_US = 500 * 1000,
    /* Uses are written at once if none were written for this long: so a commit
     * is rare, however busy the tokens are. */
    TOKEN_STORE_WRITE_US = 60 * 1000 * 1000,
    /* That wait for the disk. */
    TOKEN_STORE_JOBS_MAX = 64,
};

struct token_store;

struct token_store_settings {
    const char *path; /* copied */
    /* There is news. Called on the store's thread, with its lock: it may only
     * wake the loop. Not called after token_store_close has begun. */
    void (*on_news)(void *owner);
    void *owner;
};

struct token_store_news {
    /* The tokens from now on, since the last token_store_take_news; the taker
     * calls token_list_done. */
    bool has_list;
    struct token_list list;
    unsigned damaged; /* rows that are left out of it */
    bool is_failing;  /* the file cannot be read or written, will retry */
    char trouble[sizeof(struct err)]; /* reason of is_failing or aside */
    /* Where a damaged file was moved since the last token_store_take_news; or
     * "". */
    char aside[TOKEN_STORE_PATH_MAX + 64];
};

/* Reads the file, so that the first news has its tokens. 0, or -errno with err
 * filled: there is no thread. */
int token_store_open(struct token_store **ret_store,
                     const struct token_store_settings *settings,
                     struct err *err);

/* Writes the uses that are not written, for at most wait_us. Takes NULL. */
void token_store_close(struct token_store *s, uint64_t wait_us);

void token_store_take_news(struct token_store *s,
                           struct token_store_news *ret_news);

/* The job is the store's until it is taken, when there is news. False: too many
 * wait, and it stays the caller's. What a job has changed is in the list of the
 * news that come with it. */
bool token_store_ask(struct token_store *s, struct token_job *job);

/* One that is done; NULL: there are no more. */
struct token_job *token_store_take_done(struct token_store *s);

/* The sessions that the file had when it was opened; of one that could not be
 * read, none. Once; the taker calls web_session_list_done. */
void token_store_take_sessions(struct token_store *s,
                               struct web_session_list *ret_list);

/* These are the sessions from now on; the list is the store's. They are written
 * at once, and again until the disk takes them; a later list replaces one that
 * waits. */
void token_store_keep_sessions(struct token_store *s,
                               struct web_session_list *list);

/* The later use of a token replaces the earlier one. Uses that the disk does
 * not take are tried again. */
void token_store_note_use(struct token_store *s, const struct token_use *use);

#endif
