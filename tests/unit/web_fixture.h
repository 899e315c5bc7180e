/*
 * web_fixture.h - HTTP connections of a site over in-memory streams, with
 * commands of the test's own in place of the API's: what a command does, and
 * when, is the test's to say.
 *
 *     GET  /now       answers {"now":true}
 *     POST /echo      answers its body's "data"
 *     GET  /big       answers BIG bytes at once
 *     GET  /guarded   needs "read" on the server; answers when the test says so
 *     POST /change    needs "write" on the server; a change
 *     GET  /stream    needs "read" on the server; pieces as the test says
 *     GET  /who       answers who has asked
 *     GET  /fail      fails with a message that is too long
 *
 * The answers are taken apart by code that shares nothing with src/proto.
 */
#ifndef TESTS_WEB_FIXTURE_H
#define TESTS_WEB_FIXTURE_H

#include "api_fixture.h"
#include "fake_means.h"

#include "web/http_session.h"
#include "web/web.h"

enum { BIG = 300 * KIB, CALLS_MAX = 16, PIECE = 4 * KIB };

#define HOST "Host: localhost\r\n"
#define GET(path) "GET /api/v1" path " HTTP/1.1\r\n" HOST "\r\n"
#define GET_WITH(path, fields)                                                 \
    "GET /api/v1" path " HTTP/1.1\r\n" HOST fields "\r\n"
#define ECHO_WITH(fields) "POST /api/v1/echo HTTP/1.1\r\n" HOST fields "\r\n"

struct web_fixture {
    struct api_fixture api;
    struct groups_watch watch;
    struct web *web;
    struct http_context *http;
    uint64_t now_us; /* of the steps of logins */
};

/* What the commands of the test are at. */
struct web_calls {
    struct api_call *waiting[CALLS_MAX]; /* of /guarded */
    size_t waiting_count;
    struct api_call *stream[CALLS_MAX];
    size_t stream_count;
    uint64_t left;    /* of each stream's bytes; UINT64_MAX: it never ends */
    bool is_cut;      /* streams cannot go on when nothing is left */
    bool goes_on;     /* streams without anything left wait, and do not end */
    uint64_t pieces;  /* made by streams so far */
    unsigned done;    /* of /guarded and /stream, whose work has ended */
    unsigned changes; /* carried out */
};
extern struct web_calls calls;

int web_fixture_setup(void **state);
int web_fixture_teardown(void **state);

/* alice may write, and "ops" read, everywhere; root is admin. */
void web_fixture_allow(struct web_fixture *f, const char *writer,
                       const char *reader);

/* Sessions are judged, as after a reload. */
void web_judge(struct web_fixture *f);

/* Somebody at 192.0.2.9, or the uid 1000 at the Unix socket. Nothing was said.
 */
struct peer *web_connect(struct web_fixture *f);
struct peer *web_connect_from(struct web_fixture *f, const char *ip);
/* The site has not run yet. */
struct peer *web_arrive(struct web_fixture *f, const char *ip);
struct peer *web_connect_uid(struct web_fixture *f, uid_t uid);
/* Over TLS, with this name in its certificate; NULL: without one. */
struct peer *web_connect_tls(struct web_fixture *f, const char *name);

/* Until all is at rest; steps: so many of the loop's turns of work at most. */
void web_run(struct web_fixture *f);
void web_run_steps(struct web_fixture *f, int steps);

/* Gives the text and runs. */
void web_say(struct web_fixture *f, struct peer *p, const char *text);
/* Everything of a kind is due. */
void web_due(struct web_fixture *f, struct deadline_queue *queue);
/* The next step of all logins. */
void web_logins_step(struct web_fixture *f);

void web_answer(struct api_call *call);

/* ---- what came ---- */

struct web_answer {
    unsigned status; /* 0: none has come to its end */
    bool closes;
    char head[2048];
    char body[1024]; /* cut */
    size_t len;      /* of the whole body */
};

/* The next answer, which is forgotten. */
struct web_answer web_take(struct peer *p, bool to_head);

/* That is the next answer's status. */
void web_expect(struct peer *p, unsigned status);

/* Nothing has come, and the connection is (not) closed. */
void web_expect_open(struct peer *p);
void web_expect_closed(struct peer *p);

#endif
