/*
 * The life of a connection on the admin port:
 *
 *     LISTENS --hello--> SHAKES --> LISTENS          (once)
 *        |
 *        |--- a pickle's first byte --> TALKS <--> WORKS --> LEAVES
 *        |                                           |
 *        |--- silence: the kit's                     | the console is found
 *        v                                           v
 *     option233_session.c, a client session     a client session
 *
 * Each stage has a time, so nothing that a peer leaves undone lasts: SHAKES has
 * that of net/tls, and WORKS waits for us alone. It is a newcomer
 * (session/gate.h) up to its end.
 *
 * A peer is told nothing that is not of its protocol; the log has the reason.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/tls/stream_tls.h"
#include "proto/admin/pickle.h"
#include "proto/first/tls_hello.h"
#include "session/admin/admin_session_private.h"
#include "session/client/client_end.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct admin_session *admin_session_at(struct session *session)
{
    return CONTAINER_OF(session, struct admin_session, session);
}

const char *admin_stage_name(enum admin_stage stage)
{
    static const char *const names[ADMIN_STAGE_COUNT] = {
        [ADMIN_LISTENS] = "listens", [ADMIN_SHAKES] = "shakes",
        [ADMIN_TALKS] = "talks",     [ADMIN_WORKS] = "works",
        [ADMIN_LEAVES] = "leaves",   [ADMIN_ENDING] = "ending",
    };

    return (unsigned)stage < ADMIN_STAGE_COUNT ? names[stage] : "?";
}

/* ---- its end ------------------------------------------------------------ */

void admin_session_end(struct admin_session *a)
{
    if (a->stage == ADMIN_ENDING)
        return;
    a->stage = ADMIN_ENDING;
    deadline_stop(&a->deadline);
    admin_work_end(&a->work);
    gate_remove_newcomer(&a->ctx->gate, &a->newcomer);
    if (a->stream != NULL)
        stream_want(a->stream, 0);
    session_mark_ending(&a->ctx->all, &a->session);
}

void admin_session_close_for(struct admin_session *a, const char *reason)
{
    if (a->stage == ADMIN_ENDING)
        return;
    log_limited(LOG_WARNING, a->peer, NULL,
                LOG_ADMIN_CLOSED " peer=%s stage=%s reason=%s", a->peer,
                admin_stage_name((enum admin_stage)a->stage), LOG_TEXT(reason));
    admin_session_end(a);
}

/* Gently: what was said last would be lost if something unread came behind. */
static void admin_session_on_end(struct session *session)
{
    struct admin_session *a = admin_session_at(session);

    if (a->stream != NULL)
        stream_close_gently(a->stream);
    a->stream = NULL;
}

static void admin_session_free(struct session *session)
{
    struct admin_session *a = admin_session_at(session);

    pickle_session_done(a);
    tls_context_close(a->tls);
    principal_done(&a->who);
    buf_done(&a->in);
    buf_done(&a->out);
    buf_done(&a->list);
    free(a);
}

static void admin_session_stop(struct session *session, const char *reason)
{
    (void)reason;
    admin_session_end(admin_session_at(session));
}

/* A certificate that is judged again is, for a client that is still here, one
 * that did not count yet: its name is asked for when it is needed. */
static bool admin_session_judge(struct session *session)
{
    struct admin_session *a = admin_session_at(session);

    if (a->stage == ADMIN_ENDING || a->stream == NULL)
        return false;
    (void)stream_tls_follow(a->stream, a->ctx->client_tls);
    if (gate_allows(&a->ctx->gate, ADMISSION_CLIENT, &a->stream->peer))
        return false;
    admin_session_close_for(a, client_end_text(CLIENT_END_NOT_ALLOWED));
    return true;
}

static const struct session_ops admin_session_ops = {
    .shut_down = admin_session_stop,
    .close = admin_session_stop,
    .judge = admin_session_judge,
    .end = admin_session_on_end,
    .free = admin_session_free,
};

/* ---- who it is ---------------------------------------------------------- */

static void identify_by_address(struct admin_session *a)
{
    struct ip ip = { 0 };
    bool has_ip = address_ip(&a->stream->peer, &ip);

    a->who = principal_of_address(has_ip, ip);
    if (a->stream->is_relayed)
        a->who.is_local = false;
}

/* A certificate without a name for the rules is logged when it attaches. */
static void identify_by_certificate(struct admin_session *a)
{
    struct stream_certificate certificate = stream_certificate(a->stream);

    if (certificate.serial[0] != '\0')
        (void)principal_prove(&a->who, PROOF_CERTIFICATE, certificate.name);
}

enum right admin_session_right(const struct admin_session *a,
                               const struct console *c)
{
    return session_context_judge(a->ctx, &a->who, c).right;
}

/* ---- writing ------------------------------------------------------------ */

/* 0: all of it has gone. */
static int write_some(struct admin_session *a, struct buf *b)
{
    ssize_t sent;

    if (b->len == 0)
        return 0;
    sent = stream_write(a->stream, buf_bytes(b).data, b->len);
    if (sent < 0)
        return (int)sent;
    buf_take(b, (size_t)sent);
    return b->len > 0;
}

static void watch(struct admin_session *a, bool is_blocked)
{
    bool reads = a->stage == ADMIN_LISTENS || a->stage == ADMIN_SHAKES ||
                 a->stage == ADMIN_TALKS;

    if (a->stage == ADMIN_ENDING)
        return;
    if (a->stage == ADMIN_SHAKES)
        is_blocked = true; /* writability is how the end of it is seen */
    if (!reads && a->stream->error != 0)
        admin_session_end(a);
    else
        stream_want(a->stream, (reads ? STREAM_READ : 0u) |
                                   (is_blocked ? STREAM_WRITE : 0u));
}

static void flush(struct admin_session *a)
{
    int r;

    if (a->stage == ADMIN_ENDING)
        return;
    r = write_some(a, &a->out);
    if (r == 0 && a->stage == ADMIN_LEAVES)
        r = write_some(a, &a->list);
    if (r < 0 || (r == 0 && a->stage == ADMIN_LEAVES))
        admin_session_end(a);
    else
        watch(a, r > 0);
}

void admin_session_work(struct admin_session *a)
{
    a->stage = ADMIN_WORKS;
    deadline_stop(&a->deadline);
    admin_work_begin(&a->work);
}

void admin_session_leave(struct admin_session *a)
{
    if (a->stage == ADMIN_ENDING)
        return;
    a->stage = ADMIN_LEAVES;
    deadline_start(&a->ctx->admins->talks, &a->deadline, clock_now_us());
    flush(a);
}

struct stream *admin_session_give_stream(struct admin_session *a)
{
    struct stream *stream = a->stream;

    flush(a);
    if (a->stage != ADMIN_ENDING && a->out.len > 0)
        admin_session_close_for(a,
                                client_end_text(CLIENT_END_NO_ANSWERS_TAKEN));
    if (a->stage == ADMIN_ENDING)
        return NULL;
    admin_session_end(a);
    a->stream = NULL;
    return stream;
}

/* ---- its first byte ----------------------------------------------------- */

static bool is_tls_missing(const struct admin_session *a)
{
    return a->policy == TLS_REQUIRED && !stream_security(a->stream).is_secure;
}

static void listen_for_first(struct admin_session *a)
{
    a->stage = ADMIN_LISTENS;
    deadline_start(&a->ctx->admins->silences, &a->deadline, clock_now_us());
    watch(a, false);
}

static void admin_session_on_ready(void *owner, unsigned ready);

static void begin_tls(struct admin_session *a, struct slice read)
{
    a->stage = ADMIN_SHAKES;
    deadline_stop(&a->deadline);
    a->stream = stream_tls_new(&a->ctx->tls, a->tls, a->stream, read, NULL);
    stream_set_owner(a->stream, admin_session_on_ready, a);
    watch(a, true);
}

/* It has said nothing. */
static void admin_session_offer_option(struct admin_session *a)
{
    struct session_context *ctx = a->ctx;
    struct stream *stream;

    if (is_tls_missing(a)) {
        admin_session_close_for(a, client_end_text(CLIENT_END_TLS_REQUIRED));
        return;
    }
    stream = admin_session_give_stream(a);
    if (stream != NULL)
        option233_session_start(ctx, stream);
}

static void look_at_first(struct admin_session *a, struct slice in)
{
    bool is_hello = tls_hello_look(in) != TLS_HELLO_NOT;
    bool is_in_tls = stream_security(a->stream).is_secure;

    if (is_hello && !is_in_tls && a->tls != NULL) {
        begin_tls(a, in);
    } else if (is_hello && !is_in_tls) {
        admin_session_close_for(a,
                                client_end_text(CLIENT_END_HELLO_WITHOUT_TLS));
    } else if (is_tls_missing(a)) {
        admin_session_close_for(a, client_end_text(CLIENT_END_TLS_REQUIRED));
    } else if (!pickle_is_begin(in.data[0])) {
        admin_session_close_for(
            a, "it speaks neither as vSPC.py's client nor as that of "
               "VMware's kit; this is the admin port, and consoles have "
               "telnet ports of their own");
    } else {
        a->stage = ADMIN_TALKS;
        identify_by_certificate(a);
        deadline_start(&a->ctx->admins->talks, &a->deadline, clock_now_us());
    }
}

/* ---- events ------------------------------------------------------------- */

static void take(struct admin_session *a, struct slice in)
{
    a->has_heard = true;
    if (a->stage == ADMIN_LISTENS)
        look_at_first(a, in);
    if (a->stage != ADMIN_TALKS)
        return;
    if (buf_append(&a->in, in) < 0)
        admin_session_close_for(a, client_end_text(CLIENT_END_NO_MEMORY));
    else
        pickle_session_take(a);
}

/* A connection that said nothing only looked whether the port is open. */
static void handle_end(struct admin_session *a)
{
    if (!a->has_heard)
        log_counted(LOG_INFO, a->peer, LOG_CONNECTION_CHECKS);
    admin_session_end(a);
}

static void handle_failure(struct admin_session *a)
{
    const char *problem = stream_security(a->stream).problem;

    if (problem[0] != '\0')
        admin_session_close_for(a, problem);
    else
        admin_session_end(a);
}

/* At most what a pickle may have, and one more of them: nothing that is read
 * here is long. */
static void read_some(struct admin_session *a)
{
    ssize_t n = stream_read(a->stream, a->ctx->read_buffer, ADMIN_READ);

    if (n > 0)
        take(a, slice_of(a->ctx->read_buffer, (size_t)n));
    else if (n == 0)
        handle_end(a);
    else if (n != -EAGAIN)
        handle_failure(a);
}

static void admin_session_on_ready(void *owner, unsigned ready)
{
    struct admin_session *a = owner;
    struct session_context *ctx = a->ctx;

    if (ready & STREAM_DISTRUSTED)
        handle_failure(a);
    if (a->stage == ADMIN_SHAKES && stream_security(a->stream).terms[0] != '\0')
        listen_for_first(a);
    if ((ready & STREAM_WRITE) && a->stage != ADMIN_ENDING)
        flush(a);
    if ((ready & STREAM_READ) && (a->stage <= ADMIN_TALKS))
        read_some(a);
    else if ((ready & STREAM_BROKEN) && a->stage != ADMIN_ENDING)
        handle_failure(a);
    if (a->stage != ADMIN_ENDING)
        flush(a);
    directory_settle(ctx->directory);
}

static void admin_session_silence_due(struct deadline *d, void *owner)
{
    struct session_context *ctx = owner;

    admin_session_offer_option(CONTAINER_OF(d, struct admin_session, deadline));
    directory_settle(ctx->directory);
}

static void admin_session_talk_due(struct deadline *d, void *owner)
{
    struct admin_session *a = CONTAINER_OF(d, struct admin_session, deadline);

    (void)owner;
    admin_session_close_for(a,
                            a->stage == ADMIN_LEAVES
                                ? client_end_text(CLIENT_END_NO_ANSWERS_TAKEN)
                                : "its request was not complete after 10 s");
}

/* ---- its beginning ------------------------------------------------------ */

void admin_session_start(struct session_context *ctx, struct stream *stream)
{
    struct admin_session *a = xcalloc(1, sizeof *a);

    a->ctx = ctx;
    a->stream = stream;
    a->policy = (uint8_t)ctx->settings.client_policy;
    if (a->policy != TLS_OFF)
        a->tls = tls_context_share(ctx->client_tls);
    snprintf(a->peer, sizeof a->peer, "%s", address_format(&stream->peer).text);
    deadline_init(&a->deadline);
    buf_init(&a->in, PICKLE_MAX + ADMIN_READ);
    buf_init(&a->out, LIMIT_ANSWERS);
    buf_init(&a->list, ADMIN_LIST_MAX);
    pickle_session_init(a);
    identify_by_address(a);
    session_start(&ctx->all, &a->session, &admin_session_ops);
    stream_set_owner(stream, admin_session_on_ready, a);
    gate_add_newcomer(&ctx->gate, ADMISSION_CLIENT, &a->newcomer, &a->session,
                      a->peer, &stream->peer);
    if (a->stage != ADMIN_ENDING)
        listen_for_first(a);
}

void admin_session_open_all(struct session_context *ctx)
{
    struct admins *all = xcalloc(1, sizeof *all);

    ctx->admins = all;
    list_init(&all->waiting);
    deadline_init(&all->step);
    session_context_open_queue(ctx, &all->silences, ADMIN_SILENCE_US,
                               admin_session_silence_due);
    session_context_open_queue(ctx, &all->talks, ADMIN_TALK_US,
                               admin_session_talk_due);
    session_context_open_queue(ctx, &all->readings, ADMIN_TALK_US,
                               option233_session_reading_due);
    session_context_open_queue(ctx, &all->starts, 0, admin_work_due);
    session_context_open_queue(ctx, &all->rests, ADMIN_REST_US, admin_work_due);
}

void admin_session_close_all(struct session_context *ctx)
{
    struct admins *all = ctx->admins;

    deadline_stop(&all->step);
    deadline_queue_close(&all->silences);
    deadline_queue_close(&all->talks);
    deadline_queue_close(&all->readings);
    deadline_queue_close(&all->starts);
    deadline_queue_close(&all->rests);
    free(all);
    ctx->admins = NULL;
}
