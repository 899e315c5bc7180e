/*
 * api_fixture.h - a site (session_peer.h) with an API, for tests of commands: a
 * call is a method and a target as text, and its answer is read to its end.
 *
 *     struct api_fixture *f = *state;
 *     json_t *json = api_fixture_get(f, 200, "/consoles?match=web-*");
 *
 * The caller is root by a Unix socket, so admin, unless api_fixture_be says
 * otherwise. Addresses are below /api/v1, or begin with //.
 */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include "session_peer.h"

#include "api/api.h"
#include "api/api_means.h"
#include "core/told/past_moves.h"
#include "proto/http/http_target.h"

struct api_fixture {
    struct site site;
    struct past_moves moves;
    struct census census; /* what core does not know of it */
    struct api_means means;
    struct api *api;
    struct principal who;
    bool is_in_the_clear; /* calls are read by others on the way */
};

void api_fixture_open(struct api_fixture *f);
void api_fixture_close(struct api_fixture *f);

/* The same as a cmocka fixture; *state is a struct api_fixture. */
int api_fixture_setup(void **state);
int api_fixture_teardown(void **state);

/* A console without a VM. */
struct console *api_fixture_add(struct api_fixture *f, const char *uuid,
                                const char *label, const char *name);

/* Who calls from now on: a person by a Unix socket; NULL: somebody at
 * 192.0.2.9 who has proven nothing. */
void api_fixture_be(struct api_fixture *f, const char *name);

/* One section of rules: this person has this right on consoles of this pattern;
 * root stays admin on all. */
void api_fixture_allow(struct api_fixture *f, const char *name,
                       const char *pattern, enum right right);

/* ---- calls -------------------------------------------------------------- */

struct api_fixture_call {
    struct api_call call;
    struct http_target target;
    unsigned answered; /* how often */
    unsigned woken;
    struct buf body; /* what came so far */
    bool has_ended;  /* all of it has come */
    unsigned pieces; /* of a stream */
};

/* body: JSON, or NULL. Fails the test if the row or the arguments are not
 * found; the rest is the command's. */
void api_fixture_begin(struct api_fixture *f, struct api_fixture_call *c,
                       enum http_verb verb, const char *target,
                       const char *body);

/* Takes what there is of the answer. */
void api_fixture_take(struct api_fixture_call *c);
void api_fixture_end(struct api_fixture_call *c);

/* The whole answer of a command that answers at once, which must have this
 * status. text: the caller's to free; with a NUL. json: the caller's. */
char *api_fixture_text(struct api_fixture *f, unsigned status,
                       enum http_verb verb, const char *target,
                       const char *body);
json_t *api_fixture_json(struct api_fixture *f, unsigned status,
                         enum http_verb verb, const char *target,
                         const char *body);
json_t *api_fixture_get(struct api_fixture *f, unsigned status,
                        const char *target);

/* What api_set_query or api_set_json says about a request that is not taken;
 * good until the next call. */
const char *api_fixture_refused(struct api_fixture *f, enum http_verb verb,
                                const char *target, const char *body);

#endif
