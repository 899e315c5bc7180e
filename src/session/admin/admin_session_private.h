/*
 * admin_session_private.h - what the files of the admin port share:
 *
 *   admin_session.c      a connection: TLS, its first byte, reading and writing
 *   pickle_session.c     the conversation with vSPC.py's client
 *   option233_session.c  the kit's client, a client session from its start
 *   admin_work.c         looking at all consoles, a little at a time
 *   admin_names.c        what consoles are called in both protocols
 */
#ifndef SESSION_ADMIN_ADMIN_SESSION_PRIVATE_H
#define SESSION_ADMIN_ADMIN_SESSION_PRIVATE_H

#include "core/census/census.h"
#include "net/tls/tls_context.h"
#include "session/admin/admin_session.h"

/* ---- admin_work.c */

enum {
    /* As for the menus: so much at a time, and so long a rest behind it, for
     * the work of all connections. */
    ADMIN_WORK_US = 1000,
    ADMIN_REST_US = 4 * 1000,
    /* Consoles that are looked at between two looks at the clock. */
    ADMIN_CONSOLES_AT_ONCE = 8,
};

/* All of a context. */
struct admins {
    struct deadline_queue silences; /* until the kit's option is offered */
    struct deadline_queue talks;    /* of a conversation in pickles */
    struct deadline_queue readings; /* until the kit's client has read a list */
    struct deadline_queue starts;   /* of step: in the next turn */
    struct deadline_queue rests;    /* of step: behind some */
    struct deadline step;
    struct list waiting; /* struct admin_work.node */
    uint32_t busy;       /* works that have a place of ADMIN_LISTS */
};

struct admin_work;

struct admin_work_ops {
    void (*look)(struct admin_work *w, struct console *c);
    /* All were looked at; or there was no memory for that. */
    void (*done)(struct admin_work *w, bool has_memory);
};

/*
 * Looking at each console, over several turns, for somebody who makes a list or
 * looks for one. From begin to end it takes one of the places; while all are
 * taken it waits. It may be begun again, with its place. Embedded.
 */
struct admin_work {
    const struct admin_work_ops *ops;
    struct session_context *ctx;
    struct list node;
    struct census_walk walk;
    bool is_walking;
    bool has_place;
};

void admin_work_init(struct admin_work *w, struct session_context *ctx,
                     const struct admin_work_ops *ops);
void admin_work_begin(struct admin_work *w);
/* May be called twice. */
void admin_work_end(struct admin_work *w);
void admin_work_due(struct deadline *d, void *owner);

/* Between begin and end. */
static inline bool admin_work_is_under_way(const struct admin_work *w)
{
    return w->has_place || !list_is_empty(&w->node);
}

/* ---- admin_names.c */

/* "564d000011223344-55667788c0de0000", as vSPC.py's list has UUIDs; and
 * "564D00001122334455667788C0DE0000", as the kit has its ports. A console that
 * needs its label has that too. */
struct console_name admin_name_uuid(const struct console *c);
struct console_name admin_name_port(const struct console *c);

/* Whether this is how vSPC.py's client may call the console; by its name, or by
 * a UUID. */
enum admin_name_match {
    ADMIN_NAME_OTHER,
    ADMIN_NAME_UUID,
    ADMIN_NAME_NAME,
};
enum admin_name_match admin_name_matches(const struct console *c,
                                         struct slice text);

/* The console that has this port of the kit; NULL: none. */
struct console *admin_name_find_port(const struct directory *d,
                                     struct slice id);

/* ---- admin_session.c */

/* One read: nothing that comes here is long. */
enum { ADMIN_READ = LIMIT_NEWCOMER_READ };

enum admin_stage {
    ADMIN_LISTENS, /* nothing was said, or read */
    ADMIN_SHAKES,  /* hands, for TLS */
    ADMIN_TALKS,   /* in pickles */
    ADMIN_WORKS,   /* looks at the consoles */
    ADMIN_LEAVES,  /* the answer goes out, and then it ends */
    ADMIN_ENDING,
};
enum { ADMIN_STAGE_COUNT = ADMIN_ENDING + 1 };

/* "listens", "shakes", "talks", ... */
const char *admin_stage_name(enum admin_stage stage);

/* What comes next in pickles. */
enum pickle_step {
    PICKLE_STEP_VERSION,
    PICKLE_STEP_COMMAND,
    PICKLE_STEP_NAME,
    PICKLE_STEP_MODE,
    PICKLE_STEP_PORT,
};

struct pickle_session {
    uint8_t version; /* 1 to 4 */
    uint8_t step;    /* enum pickle_step */
    bool is_clearing;
    bool is_known_mode;
    bool is_search; /* of the consoles, and not for a list */
    bool is_ambiguous;
    uint8_t asked; /* enum lock_mode */
    uint16_t port; /* to be cleared; 0: one that cannot exist */
    char *name;    /* NULL: none is wanted */
    size_t name_len;
    struct console_ref found;
    uint8_t found_rank; /* how well it fits */
    uint32_t listed;
    uint32_t hidden; /* that it may not read */
};

struct admin_session {
    struct session session;
    struct session_context *ctx;
    struct stream *stream;   /* NULL: it has another owner */
    struct tls_context *tls; /* shared, as the settings were when it came */
    struct principal who;
    struct gate_newcomer newcomer;
    struct deadline deadline;
    struct admin_work work;
    struct pickle_session pickle;
    struct buf in;
    struct buf out;
    struct buf list; /* goes out behind out, when it is whole */
    uint8_t policy;  /* enum tls_policy */
    uint8_t stage;   /* enum admin_stage */
    bool has_heard;
    char peer[ADDRESS_TEXT_MAX];
};

/* It ends at the end of the turn, without a word. leave: when it has taken what
 * was put for it. close_for: it ends, for this reason, which is logged. */
void admin_session_end(struct admin_session *a);
void admin_session_leave(struct admin_session *a);
void admin_session_close_for(struct admin_session *a, const char *reason);

/* Its stage becomes WORKS, or TALKS again. */
void admin_session_work(struct admin_session *a);

/* The stream is the caller's, and the session ends. NULL: it has not taken what
 * it was told, and ends. */
struct stream *admin_session_give_stream(struct admin_session *a);

enum right admin_session_right(const struct admin_session *a,
                               const struct console *c);

/* ---- pickle_session.c */

void pickle_session_init(struct admin_session *a);
void pickle_session_done(struct admin_session *a);

/* What has come, in a->in. */
void pickle_session_take(struct admin_session *a);

/* ---- option233_session.c: the rest of its life is a client session's. */
void option233_session_start(struct session_context *ctx,
                             struct stream *stream);
void option233_session_reading_due(struct deadline *d, void *owner);

#endif
