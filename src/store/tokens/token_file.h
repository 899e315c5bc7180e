/*
 * token_file.h - the access tokens, in a SQLite file beside the state file.
 *
 * The state file is locked for as long as vspcd runs (database.h). Tokens are
 * made and revoked by other processes meanwhile, so they are in a file of their
 * own, with SQLite's usual locks and a rollback journal: no shared memory
 * either, and no second file while nobody writes. token_file_look notices what
 * others have changed, for a few system calls.
 *
 * Knows no rights and no secrets: of a token, the file has the digest. A row
 * whose token has ended stays for TOKEN_FILE_ENDED_S, so that a list shows it.
 *
 * Blocks on the disk. Any thread may use a file, one at a time. Results are 0,
 * an outcome, or -EIO, with err filled. Times are seconds since 1970.
 */
#ifndef STORE_TOKENS_TOKEN_FILE_H
#define STORE_TOKENS_TOKEN_FILE_H

#include "base/err.h"
#include "store/database_outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_FILE_DIGEST_LEN = 32,
    TOKEN_FILE_HOLDING_MAX = 1024, /* tokens that hold at a time */
    TOKEN_FILE_ROWS_MAX = 4096,    /* that are read; those that hold first */
    /* Rows of tokens that have ended: the file has no more rows than are read.
     */
    TOKEN_FILE_ENDED_MAX = TOKEN_FILE_ROWS_MAX - TOKEN_FILE_HOLDING_MAX,
    TOKEN_FILE_TEXT_MAX = 256, /* bytes of a text; longer ones are cut */
    TOKEN_FILE_FROM_MAX = 64,  /* bytes of an address, with the NUL */
    TOKEN_FILE_ENDED_S = 30 * 24 * 60 * 60,
};

/* Outcomes besides those of database_outcome.h. */
enum token_file_outcome {
    TOKEN_FILE_NAME_TAKEN = DATABASE_DAMAGED + 1, /* by a token that holds */
    TOKEN_FILE_FULL,         /* TOKEN_FILE_HOLDING_MAX tokens hold */
    TOKEN_FILE_NO_SUCH_NAME, /* no token that holds has it */
};

struct token_record {
    uint64_t id; /* not 0; never used again */
    const char *name;
    const char *owner;
    const char *rights;
    const char *consoles; /* a pattern; "": all */
    uint8_t digest[TOKEN_FILE_DIGEST_LEN];
    int64_t created_s;
    const char *created_by;
    int64_t expires_s; /* 0: never */
    int64_t used_s;    /* last; 0: never */
    const char *used_from;
    int64_t revoked_s; /* 0: it is not */
    const char *revoked_by;
};

/* Whether it neither was revoked nor has expired. */
bool token_record_holds(const struct token_record *record, int64_t now_s);

/* Owns its records and their texts. */
struct token_list {
    struct token_record **item;
    size_t count;
};
void token_list_done(struct token_list *list); /* may be called twice */

struct token_file;

/* -ENOENT: there is no file, and is_made says that none shall be made. */
int token_file_open(struct token_file **ret_file, const char *path,
                    bool is_made, struct err *err);
void token_file_close(struct token_file *f); /* takes NULL */

/* Sets *ret_is_changed: it is the first look, or another process has written
 * since the last one. What this process writes does not count. -ENOENT: the
 * file was deleted or replaced, and has to be opened again. */
int token_file_look(struct token_file *f, bool *ret_is_changed,
                    struct err *err);

/* All rows, in the order of creation. Rows with a digest that is none are left
 * out, and counted in *ret_damaged. */
int token_file_load(struct token_file *f, struct token_list *ret_list,
                    unsigned *ret_damaged, struct err *err);

/* The record's id is given by the file. Rows whose tokens ended long ago are
 * removed. */
int token_file_create(struct token_file *f, const struct token_record *record,
                      struct err *err);

int token_file_revoke(struct token_file *f, const char *name, const char *by,
                      int64_t now_s, struct err *err);

struct token_use {
    uint64_t id;
    int64_t used_s;
    char from[TOKEN_FILE_FROM_MAX];
};
int token_file_note_uses(struct token_file *f, const struct token_use *uses,
                         size_t count, struct err *err);

/* For ssh_key_rows.c, whose rows are in the same file. */
struct sqlite_file;
const struct sqlite_file *token_file_sqlite(const struct token_file *f);

#endif
