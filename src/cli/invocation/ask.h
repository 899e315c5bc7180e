/*
 * ask.h - a request of a verb and its answer: what goes wrong is told, and the
 * verb's exit code follows from it.
 */
#ifndef CLI_INVOCATION_ASK_H
#define CLI_INVOCATION_ASK_H

#include "cli/invocation/invocation.h"
#include "remote/target.h"

#include <jansson.h>

struct ask {
    enum http_verb verb;
    const struct target *target;
    json_t *json;        /* the request's body; the ask's. NULL: none */
    struct slice octets; /* instead of json; data NULL: none */
    /* a 404 is told by the caller, and is EXITS_NO_CONSOLE */
    bool is_search;
};

/* DONE: *ret_json is the answer, the caller's; NULL if it is no JSON. ret_json
 * may be NULL. */
enum exits ask_json(struct invocation *in, const struct ask *ask,
                    json_t **ret_json);

/* ask_json without a body, and with one. */
enum exits ask_get(struct invocation *in, const struct target *target,
                   json_t **ret_json);
enum exits ask_post(struct invocation *in, const struct target *target,
                    json_t *json, json_t **ret_json);

/* A change: what was done is told. json: as of struct ask. */
enum exits ask_change(struct invocation *in, enum http_verb verb,
                      const struct target *target, json_t *json);

/*
 * An answer that comes in pieces, for as long as it comes: on_bytes gets each,
 * and returns false to end it. accept: the content type; NULL: any. field: one
 * more; a name NULL: none.
 */
struct ask_stream {
    const struct target *target;
    bool is_followed;
    const char *accept;
    struct remote_field field;
    bool (*on_bytes)(void *owner, struct slice bytes);
    void *owner;
    /* a 404 is told by the caller, and is EXITS_NO_CONSOLE */
    bool is_search;
    /* on a lost connection nothing is told: the caller asks again */
    bool is_resumed;
};
enum exits ask_stream(struct invocation *in, const struct ask_stream *ask);

/* What an error of the server means. */
enum exits ask_code_of(unsigned status, const char *code);

#endif
