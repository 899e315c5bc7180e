/*
 * contexts.h - servers that have a name: contexts.json of a person, and of the
 * host. A file is a JSON object,
 *
 *     {"current": "prod",
 *      "contexts": {"prod": {"server": "https://vspcd.example.org:8443",
 *                            "token-file": "/home/alice/.vspc-token",
 *                            "ca": "/etc/ssl/site.pem"}}}
 *
 * with also "cert", "key" and "thumbprint". No secrets are in it: of a token it
 * has the file's name.
 */
#ifndef REMOTE_CONTEXTS_H
#define REMOTE_CONTEXTS_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CONTEXTS_FILE_MAX = 1024 * 1024 };

struct contexts {
    char path[512]; /* "": there is no home for it */
    json_t *root;   /* of the form above */
};

/* The person's file: below XDG_CONFIG_HOME, else HOME/.config. */
void contexts_own_path(char *to, size_t size);

/* A file that is not there is an empty one. 0, or -EINVAL with err filled; ret
 * is to be closed in any case. */
int contexts_read(struct contexts *ret, const char *path, struct err *err);
void contexts_done(struct contexts *c);

/* Replaces the file in one step; makes its folder. 0 or -errno, err filled. */
int contexts_write(const struct contexts *c, struct err *err);

/* NULL: there is none. name NULL: the current one. Borrowed. */
json_t *contexts_find(const struct contexts *c, const char *name);
const char *contexts_current(const struct contexts *c);

/* What a context says; NULL: nothing. key: "server". */
const char *contexts_value(const json_t *context, const char *key);

/* Keys that a context may have, ended by NULL. */
extern const char *const contexts_keys[];

/* Adds or changes a context; value "" removes the key. */
void contexts_set(struct contexts *c, const char *name, const char *key,
                  const char *value);
/* False: there is none of this name. */
bool contexts_use(struct contexts *c, const char *name);
bool contexts_delete(struct contexts *c, const char *name);

/* Letters, digits, "-", "_" and ".", up to 64. */
bool contexts_is_name(const char *name);

#endif
