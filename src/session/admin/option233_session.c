/*
 * The client of VMware's Python kit: a client session that has no console at
 * first, and is told by messages of telnet option 233 which one it is to have,
 * or that it wants a list.
 *
 * All that is typed and shown is the client session's; here are the messages.
 * The modes are vSPC.py's, and one that only reads (access/lock.h). Unlike the
 * kit's own server, this one says DISCONNECTED where it means that.
 *
 * A list is one message, made whole before it goes out (admin_work.c says how
 * many there are at a time). A GET-LIST while one is being made is answered by
 * that one.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"
#include "proto/admin/option233.h"
#include "session/admin/admin_session_private.h"
#include "session/client/client_end.h"
#include "session/client/client_session.h"

#include <stdlib.h>

struct option233_session {
    struct session_context *ctx;
    struct client *client;
    struct client_role role;
    struct admin_work work;
    struct buf list;         /* the body of its message */
    struct deadline reading; /* until it has taken the list */
    uint32_t listed;
    uint32_t hidden;
    bool is_open;
    bool is_counted; /* gate.at_no_console */
};

static void count(struct option233_session *o, bool is_counted)
{
    if (o->is_counted == is_counted)
        return;
    o->is_counted = is_counted;
    o->ctx->gate.at_no_console += is_counted ? 1 : (uint32_t)-1;
}

/* For log lines, as those about pickles. */
#define ADMIN_LOG_FIELDS " peer=%s principal=%s proof=%s protocol=option-233"
#define ADMIN_LOG_VALUES(o)                                                    \
    (o)->client->peer, LOG_TEXT(principal_format((o)->client->who).text),      \
        principal_proof_name((enum principal_proof)(o)->client->who->proof)

/* ---- its list ----------------------------------------------------------- */

static void end_list(struct option233_session *o)
{
    admin_work_end(&o->work);
    deadline_stop(&o->reading);
    buf_done(&o->list);
    buf_init(&o->list, ADMIN_LIST_MAX);
}

static void begin_list(struct option233_session *o)
{
    if (admin_work_is_under_way(&o->work))
        return;
    o->listed = 0;
    o->hidden = 0;
    if (option233_put_list(&o->list) == 0)
        admin_work_begin(&o->work);
}

static void option233_session_look(struct admin_work *w, struct console *c)
{
    struct option233_session *o =
        CONTAINER_OF(w, struct option233_session, work);
    struct console_name id = admin_name_port(c);
    struct console_name name = console_name(c);

    if (session_context_judge(o->ctx, o->client->who, c).right < RIGHT_READ) {
        o->hidden++;
        return;
    }
    o->listed++;
    if (option233_put_port(&o->list, id.text, name.text, "") < 0) {
        end_list(o);
        client_session_shut_down(o->client,
                                 client_end_text(CLIENT_END_NO_MEMORY));
    }
}

/* Its place is for the next one when it has taken most of the list. */
static void check_taken(struct option233_session *o)
{
    if (client_session_owed(o->client) <= LIMIT_ANSWERS_MARK)
        end_list(o);
    else if (!deadline_is_running(&o->reading))
        deadline_start(&o->ctx->admins->readings, &o->reading, clock_now_us());
}

static void option233_session_looked(struct admin_work *w, bool has_memory)
{
    struct option233_session *o =
        CONTAINER_OF(w, struct option233_session, work);

    if (!has_memory) {
        end_list(o);
        client_session_shut_down(o->client,
                                 client_end_text(CLIENT_END_NO_MEMORY));
        return;
    }
    log_audit(LOG_INFO, o->client->peer, NULL,
              LOG_ADMIN_LISTED ADMIN_LOG_FIELDS " consoles=%u hidden=%u",
              ADMIN_LOG_VALUES(o), o->listed, o->hidden);
    if (client_session_send_message(o->client, OPTION233, buf_bytes(&o->list)) <
        0)
        return;
    buf_done(&o->list);
    buf_init(&o->list, ADMIN_LIST_MAX);
    check_taken(o);
}

static void option233_session_on_written(void *owner)
{
    struct option233_session *o = owner;

    if (deadline_is_running(&o->reading))
        check_taken(o);
}

void option233_session_reading_due(struct deadline *d, void *owner)
{
    struct option233_session *o =
        CONTAINER_OF(d, struct option233_session, reading);
    struct session_context *ctx = owner;

    end_list(o);
    client_session_shut_down(o->client,
                             client_end_text(CLIENT_END_NO_ANSWERS_TAKEN));
    directory_settle(ctx->directory);
}

/* ---- its console -------------------------------------------------------- */

/* False: it is none of the kit's. */
static bool lock_mode_of(uint8_t mode, enum lock_mode *ret)
{
    switch (mode) {
    case OPTION233_READ_WRITE:
        *ret = LOCK_FREE_FOR_ALL;
        return true;
    case OPTION233_READ_ONLY:
        *ret = LOCK_READ_ONLY;
        return true;
    case OPTION233_EXCLUSIVE:
        *ret = LOCK_EXCLUSIVE;
        return true;
    case OPTION233_EXCLUSIVE_WRITE:
        *ret = LOCK_WRITE;
        return true;
    case OPTION233_READ_ONLY_OK:
        *ret = LOCK_FALLBACK;
        return true;
    default:
        return false;
    }
}

static void say_state(struct option233_session *o, bool is_connected)
{
    (void)client_session_send_message(o->client, OPTION233,
                                      option233_state(is_connected));
}

static void leave(struct option233_session *o, const char *reason)
{
    if (o->client->console == NULL)
        return;
    client_session_leave(o->client, reason);
    count(o, true);
}

static void log_refused(const struct option233_session *o, const char *reason)
{
    log_audit(LOG_WARNING, o->client->peer, NULL,
              LOG_ADMIN_REFUSED ADMIN_LOG_FIELDS
              " request=attach console= id= reason=%s",
              ADMIN_LOG_VALUES(o), LOG_TEXT(reason));
}

/* A refusal by the rules, the limit or a lock, the client session logs. */
static bool attach(struct option233_session *o,
                   const struct option233_message *m)
{
    struct console *c = admin_name_find_port(o->ctx->directory, m->id);
    enum lock_mode asked;
    struct err why;

    if (c == NULL) {
        log_refused(o, "there is no console with this identifier");
        return false;
    }
    if (!lock_mode_of(m->mode, &asked)) {
        log_refused(o, "there is no such mode");
        return false;
    }
    o->client->asked = (uint8_t)asked;
    return client_session_attach(o->client, c, &why) == CLIENT_ATTACHED;
}

/* The former console goes first, as in the kit. CONNECTED is said on the way
 * (attached), before any output. */
static void connect_to(struct option233_session *o,
                       const struct option233_message *m)
{
    leave(o, "it goes to another console");
    if (attach(o, m))
        count(o, false);
    else
        say_state(o, false);
}

static int option233_session_attached(void *owner, struct wire *w)
{
    (void)owner;
    return telnet_put_suboption(&w->out, OPTION233, option233_state(true));
}

/* ---- what it says ------------------------------------------------------- */

static void refuse(struct option233_session *o, const char *reason)
{
    log_limited(LOG_WARNING, o->client->peer, NULL,
                LOG_ADMIN_CLOSED " peer=%s reason=%s", o->client->peer,
                LOG_TEXT(reason));
    client_session_shut_down(o->client, reason);
}

static int option233_session_on_message(void *owner, struct slice body)
{
    struct option233_session *o = owner;
    struct option233_message m = option233_parse(body);

    switch (m.kind) {
    case OPTION233_GET_LIST:
        begin_list(o);
        break;
    case OPTION233_CONNECT:
        connect_to(o, &m);
        break;
    case OPTION233_DISCONNECT:
        leave(o, "it has left the console");
        say_state(o, false);
        break;
    case OPTION233_WRONG:
        refuse(o, "it sent a message that the kit's client never sends");
        break;
    }
    return 0;
}

static int option233_session_on_option(void *owner, bool is_on)
{
    struct option233_session *o = owner;

    if (!is_on)
        refuse(o, "it does not know telnet option 233; this is the admin "
                  "port, and consoles have telnet ports of their own");
    return 0;
}

/* ---- its life ----------------------------------------------------------- */

static int option233_session_begin(void *owner, const struct client *client,
                                   struct wire *w)
{
    (void)owner;
    (void)client;
    return telpeer_enable(&w->peer, TELPEER_US, OPTION233, &w->out);
}

static void option233_session_on_open(void *owner, const char *tls)
{
    struct option233_session *o = owner;

    (void)tls;
    count(o, true);
}

static void option233_session_on_end(void *owner, const char *reason)
{
    struct option233_session *o = owner;

    (void)reason;
    end_list(o);
    count(o, false);
    free(o);
}

static const struct client_talk talk = {
    .begin = option233_session_begin,
    .attached = option233_session_attached,
    .on_option = option233_session_on_option,
    .on_message = option233_session_on_message,
    .on_written = option233_session_on_written,
    .option = OPTION233,
};

void option233_session_start(struct session_context *ctx, struct stream *stream)
{
    static const struct admin_work_ops ops = {
        .look = option233_session_look,
        .done = option233_session_looked,
    };
    struct option233_session *o = xcalloc(1, sizeof *o);

    o->ctx = ctx;
    o->role = (struct client_role){
        .way = CLIENT_TELNET,
        .door = CLIENT_DOOR_ADMIN,
        .policy = TLS_OFF, /* it is decided */
        .talk = &talk,
        .is_choosing = true,
        .answers_max = LIMIT_ANSWERS + 2 * ADMIN_LIST_MAX,
        .on_open = option233_session_on_open,
        .on_end = option233_session_on_end,
        .owner = o,
    };
    admin_work_init(&o->work, ctx, &ops);
    buf_init(&o->list, ADMIN_LIST_MAX);
    deadline_init(&o->reading);
    o->client = client_session_start(ctx, stream, NULL, &o->role);
}
