/*
 * web_session_rows.h - sessions of people on pages of vspcd, in the file of the
 * tokens (token_file.h), so that they hold over a restart.
 *
 * vspcd alone reads and writes them: all of them at its start, and all of them
 * again whenever they change. So the rows are as they were in its memory at one
 * moment, whenever it ends.
 *
 * Knows no cookies: of one, the file has the digest. Blocks on the disk.
 * Results are 0 or -EIO, with err filled. Times are seconds since 1970.
 */
#ifndef STORE_TOKENS_WEB_SESSION_ROWS_H
#define STORE_TOKENS_WEB_SESSION_ROWS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite_file;

enum {
    WEB_SESSION_ROWS_MAX = 1024,
    WEB_SESSION_ROWS_DIGEST_LEN = 32,
    WEB_SESSION_ROWS_NAME_MAX = 256, /* bytes with the NUL, as the next */
    WEB_SESSION_ROWS_ADDRESS_MAX = 64,
};

struct web_session_record {
    uint64_t id;
    uint8_t digest[WEB_SESSION_ROWS_DIGEST_LEN];
    /* Zeros: a password has proven it. */
    uint8_t token_digest[WEB_SESSION_ROWS_DIGEST_LEN];
    bool has_account;
    char name[WEB_SESSION_ROWS_NAME_MAX];
    char owner[WEB_SESSION_ROWS_NAME_MAX];
    int64_t created_s;
    int64_t used_s;
    char address[WEB_SESSION_ROWS_ADDRESS_MAX];
    char used_address[WEB_SESSION_ROWS_ADDRESS_MAX];
};

/* Owns its items. */
struct web_session_list {
    struct web_session_record *item;
    size_t count;
};
void web_session_list_done(struct web_session_list *list);

/* In the order in which they were written. Rows with digests that are none, or
 * names that are too long, are left out. What ret_list had is freed. */
int web_session_rows_load(const struct sqlite_file *file,
                          struct web_session_list *ret_list, struct err *err);

/* These are all from now on. */
int web_session_rows_replace(const struct sqlite_file *file,
                             const struct web_session_list *list,
                             struct err *err);

#endif
