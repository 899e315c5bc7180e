/*
 * server.h - what a rehearsal asks vspcd for: its ports for VMs, the consoles
 * of the rehearsal, to forget them. Each call waits for the answer.
 *
 * It has two connections: requests go over one, on a loop of its own, so that
 * they can be asked while consoles are attached over the other.
 */
#ifndef VM_REHEARSE_STAGE_SERVER_H
#define VM_REHEARSE_STAGE_SERVER_H

#include "base/err.h"
#include "remote/choice.h"
#include "remote/target.h"

#include <jansson.h>

struct server {
    struct place place;
    struct remote *requests;
    struct remote *consoles; /* for console_link.h, on the stage's loop */
};

/* 0, or -errno with err filled; nothing then stays open. Nothing is asked
 * yet. */
int server_open(struct server *ret, const struct choice_options *options,
                struct err *err);
void server_close(struct server *s);

/* The answer, owned; NULL: err says why, *ret_status is the HTTP answer's or
 * 0. */
json_t *server_get(struct server *s, const char *target, unsigned *ret_status,
                   struct err *err);

/* The items of GET /api/v1/consoles with these members, of consoles whose name
 * the glob matches; owned. NULL: err says why. */
json_t *server_list(struct server *s, const char *match, const char *fields,
                    struct err *err);

/* DELETE of "/api/v1/consoles/" or "/api/v1/recordings/" and id. Returns the
 * status, 0 without an answer; err says what is wrong unless it is 200. */
unsigned server_delete(struct server *s, const char *path, const char *id,
                       struct err *err);

/* Whose refusal is looked for; the more exact one counts. */
struct server_refused {
    const char *uuid;
    const char *name_start; /* of VMs that are ours, too */
    /* of a connection that did not get so far as to identify its VM */
    const char *address;
};

/* Why the server has refused it: "message: reason"; "": it does not tell. */
struct server_reason {
    char text[240];
};
struct server_reason server_find_refusal(struct server *s,
                                         const struct server_refused *whose);

#endif
