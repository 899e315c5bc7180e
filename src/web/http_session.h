/*
 * http_session.h - one HTTP connection, and what its files share:
 *
 *   http_session.c   phases, reading, the end
 *   http_exchange.c  one request: from its head to its command
 *   http_upgrade.c   one for a WebSocket: another session gets the connection
 *   http_identity.c  who has sent it
 *   http_proof.c     what its field Authorization, or its cookie, proves
 *   http_answer.c    the answer, in pieces
 *
 * One request at a time. What comes behind it is kept, a little, and not read
 * beyond that, until the answer is out. Between requests a connection costs its
 * session and its stream, and no buffer.
 *
 *     IDLE --a byte--> HEAD --the head--> PROVING --> BODY --> RUNNING
 *      ^                                     (a look-up,        |  the answer
 *      |                                      a password)       v
 *      +------------------------------------------------- ANSWERING
 *
 * What is malformed or refused is answered at once. Behind the last answer, and
 * from every phase, the session can be ENDING: it does nothing any more.
 */
#ifndef WEB_HTTP_SESSION_H
#define WEB_HTTP_SESSION_H

#include "api/api.h"
#include "auth/authenticate.h"
#include "net/stream.h"
#include "net/tls/tls_digest.h"
#include "proto/http/http_reader.h"
#include "proto/http/http_target.h"
#include "session/session_context.h"
#include "web/http_context.h"

enum http_phase {
    HTTP_PHASE_IDLE,
    HTTP_PHASE_HEAD,
    HTTP_PHASE_PROVING,
    HTTP_PHASE_BODY,
    HTTP_PHASE_RUNNING,
    HTTP_PHASE_ANSWERING,
    HTTP_PHASE_ENDING,
    HTTP_PHASE_COUNT,
};

/* "idle", "head", ... */
const char *http_phase_name(enum http_phase phase);

enum {
    HTTP_BODY_MAX = LIMIT_OF(1024 * KIB),
    HTTP_AHEAD_MAX = 2 * LIMIT_READ,
    /* What is read behind a request that is not answered yet: to notice that
     * the peer has gone. */
    HTTP_PEEK = LIMIT_OF(1 * KIB),
    /* An answer is made while less than this waits for the peer. */
    HTTP_OUT_MARK = LIMIT_OF(64 * KIB),
    HTTP_OUT_MAX = 16 * HTTP_OUT_MARK,
    /* What a password has proven holds so long on its connection. */
    HTTP_PROVEN_US = 60 * 1000 * 1000,
};

/* What is known of one request. Texts are its own; NULL: not given. */
struct http_exchange {
    struct http_target target;
    struct api_found_row row;
    struct api_call call;
    enum http_verb verb;
    uint8_t minor;
    bool keeps_alive;
    bool is_upgrade;
    bool is_accepted; /* the upgrade: the connection is to be handed over */
    bool is_octets;   /* the body's type */
    bool is_json;     /* the body's type is JSON, or not given */
    bool has_body;
    bool wants_continue;
    bool is_doubtful; /* a trusted proxy's field is there twice: one of them may
                       * be another's */
    bool is_form;     /* a body of a type that pages can post anywhere */
    char *authorization;
    char *host;
    char *origin;
    char *last_event;         /* Last-Event-ID */
    char *websocket_key;      /* of an upgrade */
    char *websocket_protocol; /* those on offer */
    char *websocket_version;
    char *user, *groups; /* the trusted proxy's fields */
    char *person;        /* that of ssh's account */
    char *person_key;    /* of the person, an id; NULL: not known */
    char *cookie;        /* of a session; "": it proves nothing; NULL: none */
    char *site;          /* Sec-Fetch-Site */
    bool is_cookie_old;  /* it proves nothing, and the browser is told so */
    char *known_etag;    /* If-None-Match */
    bool takes_gzip;     /* or does not say what it takes */
};

/* What an Authorization field or a cookie has proven on this connection. */
struct http_proof {
    uint8_t digest[TLS_DIGEST_LEN]; /* of the field, or of the cookie */
    bool is_cookie;
    struct principal who;
    struct groups_watched watched;
    uint64_t until_us; /* a password's; 0: as long as a token or a session
                        * holds */
};

/* Looking up who has sent a request. */
struct http_look {
    struct http_session *owner;
    struct authenticate_attempt attempt;
    struct groups_lookup *lookup; /* NULL: none is under way */
};

struct http_session {
    struct session session;
    struct http_context *http;
    struct stream *stream; /* NULL: a WebSocket has it */
    struct http_reader *reader;
    struct http_exchange *exchange; /* NULL: no request is handled */
    struct http_proof *proof;       /* NULL: none */
    struct http_look *look;         /* NULL: nobody is looked up */
    struct principal base;          /* by socket, certificate or address */
    struct groups_watched watched;  /* base */
    struct principal proxied;       /* by the word of a proxy, or of ssh's
                                     * account, for one request */
    struct principal *who; /* of the request: one of these, or proof's */
    struct gate_newcomer newcomer; /* until it has proven a name */
    struct list node;              /* in http_context.idle or busy */
    struct list work; /* in http_context.work: its answer is to be made */
    struct deadline deadline; /* of the phase */
    struct buf ahead;         /* input that was not used yet */
    struct buf body;          /* of the request */
    uint64_t *bodies;         /* where it counts: http_context.body_bytes */
    struct buf out;           /* of the answer: its head, its pieces */
    const struct api_answer *answer; /* the call's, or `own`; NULL: none yet */
    struct api_answer own;           /* an error without a call; page */
    const struct page_file *page;    /* whose bytes are own's; or NULL */
    size_t body_sent;                /* of the answer's body */
    const char *end_reason;
    char peer[ADDRESS_TEXT_MAX];
    uid_t uid;
    uint8_t phase; /* enum http_phase */
    bool is_socket;
    bool is_counted;   /* in counts.connections */
    bool has_base;     /* base is known */
    bool is_base_old;  /* it is asked for again before the next request */
    bool has_finished; /* the peer sends no more */
    bool is_chunked;
    bool has_all;     /* the answer is complete, if not sent */
    bool waits;       /* its stream has nothing at the moment */
    uint8_t closing;  /* enum stream_close */
    bool is_going_on; /* within a walk over what has come */
    bool is_blocked;  /* the stream takes nothing at the moment */
};

/* The kernel's word about a peer of a Unix socket. */
void http_session_start(struct http_context *http, struct stream *stream,
                        bool is_socket, uid_t uid);

/* ---- http_session.c */

void http_session_enter(struct http_session *s, enum http_phase phase);
void http_session_due(struct deadline *d, void *owner);

/* Takes what has come, as far as the phase allows. */
void http_session_go_on(struct http_session *s);

/* The request has been answered: the next one. */
void http_session_next(struct http_session *s);

/* The reason must last. */
void http_session_end(struct http_session *s, const char *reason);
void http_session_update_interest(struct http_session *s);

static inline bool http_session_is_ending(const struct http_session *s)
{
    return s->phase == HTTP_PHASE_ENDING;
}

/* ---- http_exchange.c */

/* A head has come. The exchange may have been answered behind it. */
void http_exchange_begin(struct http_session *s, const struct http_head *head);
/* Who has sent it is known: s->who. */
void http_exchange_proven(struct http_session *s);
/* The request is complete. */
void http_exchange_run(struct http_session *s);
void http_exchange_free(struct http_session *s);

/* Ends the connection behind an error of ours. */
void http_exchange_refuse(struct http_session *s, unsigned status,
                          enum api_error error, const char *message,
                          const char *hint);

/* ---- http_upgrade.c */

/* Whether it can be a WebSocket; else the call has an error for its answer. */
bool http_upgrade_is_valid(struct http_session *s);
/* What stands for the field Authorization among the protocols on offer, as
 * "Bearer TOKEN", which is the caller's; NULL: nothing. */
char *http_upgrade_authorization(const char *protocols);
/* The connection is another session's from now on, with what has come behind
 * the request; this session ends. */
void http_upgrade_hand_over(struct http_session *s, struct slice early);

/* ---- http_identity.c */

/* Finds out who has sent the request; http_exchange_proven comes in this call
 * or later, unless the request is refused. */
void http_identity_prove(struct http_session *s);
void http_identity_judge(struct http_session *s);
void http_identity_done(struct http_session *s);

/* Whether a secret that comes by the connection is read by nobody on the way.
 */
bool http_identity_is_private(const struct http_session *s);
/* The request goes on, in the name of who. */
void http_identity_go_on(struct http_session *s, struct principal *who);
/* The groups of who are looked up again now and then. */
void http_identity_watch(struct http_session *s, struct groups_watched *watched,
                         struct principal *who);

/* ---- http_proof.c */

/* As http_identity_prove, of a request that has the field. */
void http_proof_check(struct http_session *s);
/* The same of one that has the cookie. False: it proves nothing. */
bool http_proof_check_cookie(struct http_session *s);
void http_proof_drop(struct http_session *s);
/* Whoever is looked up is not, any more. */
void http_proof_end_look(struct http_session *s);

/* ---- http_answer.c */

/* Answers with an error; a call that is under way is dropped. status 0: the
 * error's own. */
void http_answer_error(struct http_session *s, unsigned status,
                       enum api_error error, const char *message,
                       const char *hint);
/* Answers with a file of the page, unless the peer has it already. */
void http_answer_page(struct http_session *s, const struct page_file *page);
/* The call has an answer. */
void http_answer_begin(struct http_session *s);
/* The next piece of the answer, or the next request, is for the next turn. */
void http_answer_want_work(struct http_session *s);
void http_answer_work_due(struct deadline *d, void *owner);
void http_answer_flush(struct http_session *s);
/* "100 Continue": the body is wanted. */
void http_answer_continue(struct http_session *s);
void http_answer_done(struct http_session *s);

#endif
