/*
 * api.h - the commands of vspcd, once, as rows: name, arguments, right, what it
 * does. The HTTP API, `vspc`, the older admin protocols, openapi.json and the
 * documentation are renderings of these rows.
 *
 * A call is one use of a command by a principal. The transport (web/ for HTTP)
 * finds the row, fills in the arguments, and calls api_begin. The command
 * answers now, later, or with a stream that is pulled a piece at a time. The
 * transport can drop a call at any moment; the command's work is ended then.
 *
 *     api_find            which row is for this request
 *     api_call_init
 *     api_set_...         arguments from the path, the query, the body
 *     api_begin           checks the arguments and the right, runs the command
 *       -> ops.answered   once, in api_begin or in a later turn
 *     api_produce         while the answer is a stream
 *     api_call_done       always; ends what is under way
 *
 * The right: a command on a console needs its row's right on that console, by
 * the rules (access_rules_judge), asked in api_begin and in api_judge (when
 * rules, tokens or groups change). A command without a console needs it on the
 * server: what the rules give for a console that has no name, so what only a
 * section for "*" gives. RIGHT_NONE: everybody may; the command itself looks at
 * what is readable, item by item.
 *
 * A command that changes something, or shows what a VM has printed, is an audit
 * event: api_begin and the answer write it, the command does not.
 *
 * On the loop's thread; nothing blocks. Handlers enter core like any other:
 * the transport calls directory_settle after api_begin, api_produce and
 * api_call_done.
 */
#ifndef API_API_H
#define API_API_H

#include "access/principal.h"
#include "access/right.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/console.h"
#include "proto/http/http_reader.h"

#include <jansson.h>

struct api;
struct api_call;

/* ---- rows -----------------------------------------------------------------
 */

enum api_type {
    API_TEXT,   /* UTF-8 without NUL */
    API_NUMBER, /* 0 to max */
    API_FLAG,   /* true, false; in a query also 1, 0, and alone: true */
    API_WORD,   /* one of words, "a|b|c" */
    API_TIME,   /* seconds since 1970, RFC 3339, or "10m", "2h", "7d" ago */
    API_BYTES,  /* in JSON as text, or as base64 under NAME_base64; a body that
                 * is application/octet-stream is this argument */
};

enum api_place {
    API_IN_QUERY,
    API_IN_BODY, /* a member of a JSON object; also taken from a query if the
                  * body is octets */
};

struct api_argument {
    const char *name;
    enum api_type type;
    enum api_place place;
    const char *words; /* WORD */
    uint64_t max;      /* NUMBER; TEXT, BYTES: bytes; 0: 4096 */
    bool is_required;
    const char *standard; /* what counts if it is not given; NULL: nothing */
    const char *help;     /* one sentence */
};

/* How a command answers. */
enum api_kind {
    API_ANSWERS,  /* JSON, text or a stream */
    API_ATTACHES, /* a WebSocket to a console's bytes:
                     web/socket/console_socket.h */
    API_EVENTS,   /* the same, or Server-Sent Events: web/event_socket.h */
};

struct api_command {
    const char *name; /* "consoles.list": stable, for openapi's operationId and
                       * for logs */
    const char *path; /* below /api/v1: "/consoles/{console}/break"; one that
                       * begins with "//" is from the root: "//metrics" */
    enum http_verb verb;
    enum right right;
    enum api_kind kind;
    bool is_change; /* audited, and refused while the audit log is required and
                     * cannot be written */
    bool is_for_logins;  /* whoever wants to log in or out is served, with a
                          * cookie that holds no more, too. What changes
                          * something is for pages of our own alone */
    bool shows_output;   /* of a VM: the same, because whoever reads it has the
                          * console as a client has it */
    const char *summary; /* one sentence */
    const char *returns; /* name of a schema: show/show_schema.h; NULL: not
                          * JSON */
    const struct api_argument *argument; /* ends with a name NULL; or NULL */
    void (*run)(struct api_call *call);
    /* Whether the caller is let in without the right; NULL: nobody is. */
    bool (*lets_in)(const struct api_call *call);
    /* Of one with RIGHT_NONE that judges its caller itself: whether it would do
     * so still. NULL: everybody may go on. */
    bool (*may_go_on)(const struct api_call *call);
};

/* {console} is found before run: call->console. Any other {name} in a path is
 * an API_TEXT argument of that name. */

/* ---- a call ---------------------------------------------------------------
 */

enum api_more {
    API_MORE, /* there is more at once */
    API_WAIT, /* api_wake tells when there is more */
    API_END,
    API_CUT, /* it cannot go on, and what has come is not all */
};

/* What a command leaves behind while it works: a stream, or work elsewhere
 * whose answer comes later. */
struct api_work {
    /* Appends to `to` while there is more, about a 64th of a millisecond's work
     * or 16 KiB at a time. NULL: no stream. */
    enum api_more (*produce)(struct api_call *call, struct buf *to);
    /* Once, when the call is over, whether it was answered or not. */
    void (*end)(struct api_call *call);
};

struct api_call_ops {
    /* The answer is known: call->answer. Once. */
    void (*answered)(struct api_call *call);
    /* A stream that has waited has more. */
    void (*woken)(struct api_call *call);
    /* A row that ATTACHES, or EVENTS: the transport opens a WebSocket, or calls
     * the row's run (Server-Sent Events); or api_fail. */
    void (*open)(struct api_call *call);
};

/* body NULL: a stream. */
struct api_answer {
    unsigned status;
    const char *type; /* content type; static text */
    char *body;       /* owned by the call */
    size_t len;
    const char *file; /* name for a download; NULL: none. Owned by the call */
    char *cookie;     /* of a session that begins, owned by the call; "": the
                       * browser forgets it; NULL: stays as it is */
};

struct api_value {
    const struct api_argument *argument;
    char *text; /* of a NUMBER, FLAG and TIME, too; owned */
    size_t len; /* of BYTES, which may have NULs */
    uint64_t number;
};

enum { API_VALUES_MAX = 16 };

struct api_call {
    struct api *api;
    const struct api_command *command;
    const struct api_call_ops *ops;
    const struct principal *who; /* the transport's */
    const char *peer;            /* the same; its address as text */
    const char *door;            /* the same; "socket", "web" */
    const char *last_event;      /* the same; Last-Event-ID. NULL: none */
    bool is_private;             /* nobody on the way reads what it says */
    bool is_secure;              /* because it comes by TLS */
    struct console *console;     /* NULL: none is named, or it has gone */
    struct console_ref ref;
    struct api_value value[API_VALUES_MAX];
    size_t value_count;
    const char *console_text; /* what the path says, or a command that finds
                               * the console itself */
    const char *recording;    /* for the audit log; the command's. NULL: none */
    struct api_answer answer;
    bool is_answered;
    const struct api_work *work; /* the command's, or NULL */
    void *state;                 /* the same */
    void *owner;                 /* the transport's */
};

/* ---- for transports -------------------------------------------------------
 */

struct http_target;

enum api_found {
    API_FOUND,
    API_NO_PATH, /* 404 */
    API_NO_VERB, /* 405; allowed gets "GET, POST" */
};

struct api_found_row {
    const struct api_command *command;
    const char *path_value[4]; /* of {names}, in order; the target's */
    char allowed[64];
};
enum api_found api_find(const struct api *api, enum http_verb verb,
                        const struct http_target *target,
                        struct api_found_row *ret);

void api_call_init(struct api_call *call, struct api *api,
                   const struct api_found_row *row,
                   const struct api_call_ops *ops);

/* Arguments, as they come. False: ret says what is wrong with them (answer
 * 400). A name that the command does not have is an error. */
bool api_set_query(struct api_call *call, const struct http_target *target,
                   struct err *ret);
bool api_set_json(struct api_call *call, struct slice body, struct err *ret);
bool api_set_octets(struct api_call *call, struct slice body, struct err *ret);

/* Checks what is missing, and the right, and runs the command. */
void api_begin(struct api_call *call);

enum api_more api_produce(struct api_call *call, struct buf *to);

/* False: the caller has lost the right while the call is under way; a stream
 * ends, whoever asks again gets 403. */
bool api_judge(struct api_call *call);

/* Takes one that was never begun. */
void api_call_done(struct api_call *call);

/* ---- for commands ---------------------------------------------------------
 */

/* An argument's value; without one NULL, 0, false. The name must be one of the
 * row's. */
const char *api_text(const struct api_call *call, const char *name);
struct slice api_bytes(const struct api_call *call, const char *name);
uint64_t api_number(const struct api_call *call, const char *name);
bool api_flag(const struct api_call *call, const char *name);
bool api_has(const struct api_call *call, const char *name);

/* What the caller may do: on this console; on the server. */
enum right api_right_on(const struct api_call *call, const struct console *c);
enum right api_right_on_server(const struct api_call *call);

/* Answers. json is the call's from then on. */
void api_answer_json(struct api_call *call, unsigned status, json_t *json);
void api_answer_text(struct api_call *call, const char *type, char *text,
                     size_t len);
void api_answer_stream(struct api_call *call, const char *type,
                       const struct api_work *work, void *state);
/* The answer comes later. */
void api_work_on(struct api_call *call, const struct api_work *work,
                 void *state);
void api_wake(struct api_call *call);

/*
 * {"error": {"code", "message", "hint"}}. code is for programs and stable; the
 * status follows from it. hint says what to do; NULL: nothing can be said.
 */
enum api_error {
    API_BAD_REQUEST,     /* 400 bad-request */
    API_UNAUTHENTICATED, /* 401 unauthenticated */
    API_FORBIDDEN,       /* 403 forbidden */
    API_NOT_FOUND,       /* 404 not-found */
    API_NO_METHOD,       /* 405 no-method */
    API_AMBIGUOUS,       /* 409 ambiguous: several consoles have the name */
    API_CONFLICT,        /* 409 conflict: locked, busy */
    API_VM_DISCONNECTED, /* 409 vm-disconnected */
    API_TOO_LARGE,       /* 413 too-large */
    API_TOO_MANY,        /* 429 too-many */
    API_FAILED,          /* 500 failed */
    API_UNAVAILABLE,     /* 503 unavailable */
};
void api_fail(struct api_call *call, enum api_error error, const char *hint,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- all of it ------------------------------------------------------------
 */

struct session_context;
struct census_source;

/* What the daemon does for commands, behind functions; see api_means.h. */
struct api_means;

struct api *api_new(struct session_context *sessions,
                    const struct api_means *means);
void api_free(struct api *api);

struct session_context *api_sessions(const struct api *api);
const struct api_means *api_means_of(const struct api *api);

/* What makes a date, in microseconds since 1970, of a time of clock_now_us. It
 * stays as it is until the machine's clock is set, so that a time is shown with
 * one date whenever it is shown. */
int64_t api_offset_us(struct api *api);

/* All rows, in an order that stays: each cmd_*.c has some, api_table.c joins
 * them. From a cursor that is all zeros at first; NULL: there are no more. */
struct api_cursor {
    size_t table, row;
};
const struct api_command *api_next_row(struct api_cursor *cursor);

/* The JSON as a text with a line end, which is the caller's to free; NULL:
 * there is no memory. The json is used up. */
char *api_json_text(json_t *json);

/* For a transport's own errors: the same JSON, the same status. */
json_t *api_error_json(enum api_error error, const char *message,
                       const char *hint);
unsigned api_error_status(enum api_error error);

#endif
