/*
 * choice.h - which server, and as whom: of the command line, the environment,
 * contexts, and sockets that are there. Later sources override earlier ones:
 *
 *   1. the socket of vspcd on this machine: below XDG_RUNTIME_DIR if it is
 *      there and the caller is not root, else /run/vspcd/vspcd.sock
 *   2. the current context: of the host (/etc/vspcd/contexts.json), of the
 *      person
 *   3. VSPC_SERVER
 *   4. --context NAME
 *   5. --server PLACE
 *
 * A context's token is for the context's server: with another server, it is
 * not used. VSPC_TOKEN, VSPC_TOKEN_FILE and --token-file are for whichever.
 */
#ifndef REMOTE_CHOICE_H
#define REMOTE_CHOICE_H

#include "remote/contexts.h"
#include "remote/remote.h"

#define CHOICE_SYSTEM_CONTEXTS "/etc/vspcd/contexts.json"
#define CHOICE_SYSTEM_SOCKET "/run/vspcd/vspcd.sock"

/* NULL: not given. */
struct choice_options {
    const char *server;
    const char *context;
    const char *token_file;
    const char *ca;
    const char *cert;
    const char *key;
    const char *thumbprint;
    const char *person; /* these as in struct remote_settings */
    const char *person_key;
    unsigned timeout_ms;
};

struct choice {
    struct remote_settings settings; /* texts are the choice's */
    struct contexts contexts;
    char *token;
};

/* 0, or -EINVAL with err filled. ret is to be closed in any case. */
int choice_make(struct choice *ret, const struct choice_options *options,
                struct err *err);
void choice_done(struct choice *choice);

#endif
