/*
 * ssh_key_rows.h - the keys of people who come by ssh, in the file of the
 * tokens (token_file.h): whose each is. A key is one person's.
 *
 * Knows no form of a key: auth/ssh_key.h checks them before they come here.
 * Blocks on the disk. Results are 0, an outcome, or -EIO, with err filled.
 * Times are seconds since 1970.
 */
#ifndef STORE_TOKENS_SSH_KEY_ROWS_H
#define STORE_TOKENS_SSH_KEY_ROWS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct sqlite_file;

enum {
    SSH_KEY_ROWS_MAX = 1024,
    /* Bytes with the NUL: "TYPE BASE64", of an RSA key of 16384 bits;
     * "SHA256:..." */
    SSH_KEY_ROWS_KEY_MAX = 3072,
    SSH_KEY_ROWS_FINGERPRINT_MAX = 64,
};

/* Outcomes besides those of token_file.h. */
enum ssh_key_rows_outcome {
    SSH_KEY_ROWS_TAKEN = 100, /* the key is somebody's already */
    SSH_KEY_ROWS_FULL,        /* there are SSH_KEY_ROWS_MAX */
    SSH_KEY_ROWS_NO_SUCH_KEY,
};

struct ssh_key_record {
    uint64_t id; /* not 0; never used again */
    const char *fingerprint;
    const char *name; /* whose it is */
    const char *key;
    const char *comment;
    int64_t created_s;
    const char *created_by;
};

/* Owns its records and their texts. */
struct ssh_key_list {
    struct ssh_key_record **item;
    size_t count;
};
void ssh_key_list_done(struct ssh_key_list *list); /* may be called twice */

/* Keys in the order in which they were added: the one of this fingerprint, or
 * with this id in digits; "": all. What ret_list had is freed. */
int ssh_key_rows_load(const struct sqlite_file *file, const char *fingerprint,
                      struct ssh_key_list *ret_list, struct err *err);

/* The record's id is given by the file. */
int ssh_key_rows_add(const struct sqlite_file *file,
                     const struct ssh_key_record *record, struct err *err);

/* By its fingerprint or its id in digits. */
int ssh_key_rows_delete(const struct sqlite_file *file, const char *fingerprint,
                        struct err *err);

#endif
