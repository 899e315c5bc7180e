/*
 * remote.h - a connection to vspcd: requests go out, answers come in, one at a
 * time.
 *
 * The connection is made with the first request, and kept for the next one.
 * One that the server has closed meanwhile is made anew. A request is never
 * sent twice, but for a GET on a kept connection that ended without a byte of
 * an answer: so nothing is typed twice.
 *
 * Runs on a loop of its own (remote_loop), which the owner runs: remote_call
 * until the answer is here, or the owner itself while it also watches a
 * terminal. What it has of secrets is wiped with it.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"
#include "net/stream.h"
#include "proto/http/http_reader.h"
#include "remote/place.h"

struct remote;

/* Texts are needed during remote_open only; NULL: none. */
struct remote_settings {
    struct place place;
    const char *token;
    /* For whom we speak: the server takes the word of the account of its
     * setting --ssh-login-user. */
    const char *person;
    const char *person_key; /* HTTP_FIELD_PERSON_KEY */
    /* https: who the server may be; see tls_context.h. Without a thumbprint it
     * must have a certificate for the host, of a CA in ca_path, or of one that
     * this system knows. */
    const char *ca_path;
    const char *thumbprint;
    const char *certificate_path; /* ours */
    const char *key_path;
    /* to connect, and for each silence of the server within an answer */
    unsigned timeout_ms;
};

/* 0, or a negative errno with err filled. */
int remote_open(struct remote **ret_remote,
                const struct remote_settings *settings, struct err *err);
/* Ends what is under way, without done. Takes NULL. */
void remote_close(struct remote *r);

struct loop *remote_loop(struct remote *r);

/* "0.1.0", as the server's last answer says; "" before, or if it says none. */
const char *remote_server_version(const struct remote *r);

struct remote_field {
    const char *name;
    const char *value; /* without line ends */
};

struct remote_request {
    enum http_verb verb;
    const char *target; /* "/api/v1/consoles?sort=name" */
    const char *type;   /* of the body; NULL: there is none */
    struct slice body;
    struct remote_field field[4]; /* more fields; ends with a name NULL */
    /* What the server may need beyond the time-out before it answers. */
    unsigned patience_ms;
    /* The answer follows something: silence within it is no failure. */
    bool is_followed;
    /* The time-out is for the whole answer: one that comes in drops is late. */
    bool is_prompt;
};

enum remote_end {
    REMOTE_ANSWERED,
    REMOTE_UPGRADED,    /* the connection is remote_take_stream's */
    REMOTE_NOT_REACHED, /* nothing was sent */
    REMOTE_LOST,        /* it may have been done, or not */
    REMOTE_LATE,        /* the same */
    REMOTE_GARBLED,     /* what came is no HTTP */
};

/* head and body may drop the request (remote_drop). */
struct remote_handlers {
    void (*head)(void *owner, const struct http_head *head);
    void (*body)(void *owner, struct slice bytes);
    /* Once, last, never within remote_ask; why: what went wrong, and what to do
     * about it. The next request may be asked from here. */
    void (*done)(void *owner, enum remote_end end, const struct err *why);
};

/* The request's texts and body must stay until done. One at a time. */
void remote_ask(struct remote *r, const struct remote_request *request,
                const struct remote_handlers *handlers, void *owner);

/* Ends the request that is under way, with its connection; no done. */
void remote_drop(struct remote *r);

/* After REMOTE_UPGRADED, in done: the connection, which is the caller's from
 * then on; ret_rest: what came behind the head, good until the caller
 * returns. */
struct stream *remote_take_stream(struct remote *r, struct slice *ret_rest);

/* ---- asking and waiting --------------------------------------------------
 */

enum { REMOTE_ANSWER_MAX = 256 * 1024 * 1024 };

struct remote_answer {
    enum remote_end end;
    struct err why;  /* unless ANSWERED */
    unsigned status; /* ANSWERED */
    struct buf body; /* the same; at most REMOTE_ANSWER_MAX */
};

/* Runs the loop until the answer is here. The caller calls
 * remote_answer_done. */
void remote_call(struct remote *r, const struct remote_request *request,
                 struct remote_answer *ret);
void remote_answer_done(struct remote_answer *answer);

#endif
