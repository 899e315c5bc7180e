/*
 * token_job.h - something to do with the token file (token_file.h) for which
 * nobody may wait: to list, create or revoke tokens; to list, add or delete
 * keys of ssh. The thread of the file runs it
 * (token_store.h).
 *
 * A job owns its texts and its results. It belongs to whoever made it, to the
 * store from token_store_ask on, and to whoever takes it when it is done.
 */
#ifndef STORE_TOKENS_TOKEN_JOB_H
#define STORE_TOKENS_TOKEN_JOB_H

#include "base/err.h"
#include "base/list.h"
#include "store/tokens/ssh_key_rows.h"
#include "store/tokens/token_file.h"

enum token_job_kind {
    TOKEN_JOB_LIST,
    TOKEN_JOB_CREATE,
    TOKEN_JOB_REVOKE,
    TOKEN_JOB_LIST_KEYS,
    TOKEN_JOB_ADD_KEY,
    TOKEN_JOB_DELETE_KEY,
};

struct token_job {
    struct list node;
    enum token_job_kind kind;
    /* CREATE: the name of the new one. REVOKE: the name of one that holds, else
     * its id in digits. ADD_KEY: whose key it is. */
    char name[TOKEN_FILE_TEXT_MAX];
    char owner[TOKEN_FILE_TEXT_MAX];
    char rights[16];
    char consoles[TOKEN_FILE_TEXT_MAX];
    char by[TOKEN_FILE_TEXT_MAX];
    uint8_t digest[TOKEN_FILE_DIGEST_LEN];
    int64_t now_s;
    int64_t expires_s;
    /* LIST_KEYS: of the one that is listed, ""; all. ADD_KEY. DELETE_KEY: it,
     * or the id in digits. */
    char fingerprint[SSH_KEY_ROWS_FINGERPRINT_MAX];
    char key[SSH_KEY_ROWS_KEY_MAX];
    char comment[TOKEN_FILE_TEXT_MAX];
    unsigned owner_max;  /* CREATE: no more of this owner hold; 0: any number */
    bool is_owners_only; /* REVOKE: only if it is of this owner */

    /* Results: 0; an outcome of token_file.h, or negative, with err. */
    int result;
    struct err err;
    struct token_list list;   /* all tokens, as they are behind it */
    struct ssh_key_list keys; /* those that are listed; the one that was added
                               * or deleted */
    uint64_t id;              /* of the one that was created or revoked */

    /* Of whoever waits; the store looks at none. */
    void (*on_done)(void *owner, struct token_job *job);
    void *waiter;
};

struct token_job *token_job_new(enum token_job_kind kind);
void token_job_free(struct token_job *job); /* takes NULL */

/* On the thread. *file is opened if it is NULL, made if a token or a key is
 * created, and closed after a failure of the disk. */
void token_job_run(struct token_job *job, struct token_file **file,
                   const char *path);

/* NULL: the list has none with this id. */
const struct token_record *token_job_record(const struct token_job *job);

#endif
