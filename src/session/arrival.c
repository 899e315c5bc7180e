/*
 * The header is peeked at and then read, so that no byte behind it is taken:
 * what follows is a TLS hello, or telnet, and belongs to whoever gets the
 * stream. As long as the header is open, all that is there is of it.
 *
 * An arrival is a session of the list until it has passed on its stream, so
 * that it ends with the others when the program does.
 */
#include "session/arrival.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/stream_fd.h"
#include "proto/first/proxy_header.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct arrival_lobby {
    struct listener_lobby lobby;
    struct session_context *ctx;
    const char *side; /* "vm", "client": for the log */
};

struct arrivals {
    struct deadline_queue patience;
    struct newcomers waiting;
    struct arrival_lobby of_vms;
    struct arrival_lobby of_clients;
};

struct arrival {
    struct session session;
    const struct arrival_lobby *lobby;
    struct listener *listener;
    struct stream *stream; /* NULL: it was passed on */
    struct deadline deadline;
    struct newcomer newcomer;
    struct proxy_header header;
    bool is_ending;
};

static struct arrival *arrival_at(struct session *session)
{
    return CONTAINER_OF(session, struct arrival, session);
}

static struct arrivals *arrivals_of(const struct arrival *a)
{
    return a->lobby->ctx->arrivals;
}

/* ---- its end ------------------------------------------------------------ */

static void end(struct arrival *a)
{
    if (a->is_ending)
        return;
    a->is_ending = true;
    deadline_stop(&a->deadline);
    newcomers_remove(&arrivals_of(a)->waiting, &a->newcomer);
    if (a->stream != NULL)
        stream_want(a->stream, 0);
    session_mark_ending(&a->lobby->ctx->all, &a->session);
}

static void refuse(struct arrival *a, const char *reason)
{
    struct address_text peer = address_format(&a->stream->peer);

    log_limited(LOG_WARNING, peer.text, NULL,
                LOG_PROXY_HEADER_REFUSED " side=%s peer=%s reason=%s",
                a->lobby->side, peer.text, LOG_TEXT(reason));
    end(a);
}

static void end_check(struct arrival *a)
{
    log_counted(LOG_INFO, address_format(&a->stream->peer).text,
                LOG_CONNECTION_CHECKS);
    end(a);
}

static void arrival_on_end(struct session *session)
{
    struct arrival *a = arrival_at(session);

    if (a->stream != NULL)
        stream_close(a->stream);
    a->stream = NULL;
}

static void arrival_free(struct session *session)
{
    free(arrival_at(session));
}

static void arrival_stop(struct session *session, const char *reason)
{
    (void)reason;
    end(arrival_at(session));
}

static const struct session_ops arrival_ops = {
    .shut_down = arrival_stop,
    .close = arrival_stop,
    .end = arrival_on_end,
    .free = arrival_free,
};

/* ---- the header --------------------------------------------------------- */

/* The stream is the listener's from here on. It may be closed there, or have
 * another owner. Whoever has no internet address is the balancer's peer all the
 * same, and nobody on this machine. */
static void pass_on(struct arrival *a)
{
    struct stream *stream = a->stream;

    if (a->header.state == PROXY_HEADER_PEER) {
        struct address peer = address_of_ip(a->header.peer, a->header.port);

        log_limited(LOG_DEBUG, address_format(&peer).text, NULL,
                    LOG_PROXY_HEADER_READ " side=%s peer=%s balancer=%s",
                    a->lobby->side, address_format(&peer).text,
                    address_format(&stream->peer).text);
        stream->peer = peer;
    }
    stream->is_relayed = true;
    stream_want(stream, 0);
    a->stream = NULL;
    end(a);
    listener_admit(a->listener, stream);
}

/* The peer that the header names is the balancer's own end of this connection:
 * HAProxy's checks with version 1 say so in place of UNKNOWN. */
static bool speaks_for_itself(const struct arrival *a)
{
    struct ip own;

    return address_ip(&a->stream->peer, &own) &&
           ip_is_equal(own, a->header.peer) &&
           address_port(&a->stream->peer) == a->header.port;
}

static void act_on_header(struct arrival *a)
{
    if (a->header.state == PROXY_HEADER_PEER && speaks_for_itself(a))
        a->header.state = PROXY_HEADER_OWN;
    switch ((enum proxy_header_state)a->header.state) {
    case PROXY_HEADER_OPEN:
    case PROXY_HEADER_OWN:
        break; /* more of it comes; or the balancer's end does */
    case PROXY_HEADER_PEER:
    case PROXY_HEADER_NO_PEER:
        pass_on(a);
        break;
    case PROXY_HEADER_WRONG:
        refuse(a, a->header.problem);
        break;
    }
}

/* Takes the header's bytes off the socket, of those that were peeked at. */
static void take_header(struct arrival *a, uint8_t *bytes, size_t len)
{
    size_t taken = proxy_header_take(&a->header, slice_of(bytes, len));

    if (taken > 0 && a->header.state != PROXY_HEADER_WRONG)
        (void)stream_read(a->stream, bytes, taken);
    act_on_header(a);
}

/* Before a byte, or behind LOCAL: it has only looked. */
static void handle_end(struct arrival *a)
{
    if (a->header.len == 0 || a->header.state == PROXY_HEADER_OWN)
        end_check(a);
    else
        refuse(a, "it closed the connection within its PROXY header");
}

static void look(struct arrival *a)
{
    uint8_t *bytes = a->lobby->ctx->read_buffer;
    ssize_t n = recv(stream_fd_number(a->stream), bytes, PROXY_HEADER_MAX,
                     MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        handle_end(a);
    else if (a->header.state == PROXY_HEADER_OWN)
        end_check(a); /* whatever it wants of us, it gets no client's place */
    else
        take_header(a, bytes, (size_t)n);
}

static void arrival_on_ready(void *owner, unsigned ready)
{
    struct arrival *a = owner;

    (void)ready; /* a break shows when it is read */
    look(a);
    directory_settle(a->lobby->ctx->directory);
}

static void arrival_due(struct deadline *d, void *owner)
{
    struct arrival *a = CONTAINER_OF(d, struct arrival, deadline);

    (void)owner;
    if (a->header.state == PROXY_HEADER_OWN)
        end_check(a);
    else
        refuse(a, "its PROXY header did not come within 3 s");
}

/* ---- the lobby ---------------------------------------------------------- */

static bool arrival_is_for(void *owner, const struct address *peer)
{
    const struct arrival_lobby *lobby = owner;
    struct ip ip;

    return address_ip(peer, &ip) &&
           network_list_has(&lobby->ctx->settings.balancers, ip);
}

static void make_room(struct newcomer *oldest)
{
    refuse(CONTAINER_OF(oldest, struct arrival, newcomer),
           "more connections wait for their PROXY header than "
           "--unidentified-limit or the open files allow");
}

static void add_newcomer(struct arrival *a)
{
    struct arrivals *all = arrivals_of(a);
    struct newcomer *oldest;
    struct ip ip = { 0 };

    (void)address_ip(&a->stream->peer, &ip);
    all->waiting.limit =
        a->lobby->ctx->settings.gate.newcomers[ADMISSION_VM].all;
    oldest = newcomers_add(&all->waiting, &a->newcomer, ip, clock_now_us());
    if (oldest != NULL)
        make_room(oldest);
}

static void arrival_take(void *owner, struct listener *l, struct stream *stream)
{
    struct arrival_lobby *lobby = owner;
    struct arrival *a = xcalloc(1, sizeof *a);

    a->lobby = lobby;
    a->listener = l;
    a->stream = stream;
    deadline_init(&a->deadline);
    session_start(&lobby->ctx->all, &a->session, &arrival_ops);
    add_newcomer(a);
    deadline_start(&lobby->ctx->arrivals->patience, &a->deadline,
                   clock_now_us());
    stream_set_owner(stream, arrival_on_ready, a);
    stream_want(stream, STREAM_READ);
    look(a);
}

static void arrival_forget(void *owner, struct listener *l)
{
    struct arrival_lobby *lobby = owner;

    LIST_EACH (node, after, &lobby->ctx->arrivals->waiting.all) {
        struct arrival *a =
            CONTAINER_OF(CONTAINER_OF(node, struct newcomer, node),
                         struct arrival, newcomer);

        if (a->listener == l)
            end(a);
    }
}

static void open_lobby(struct arrival_lobby *lobby, struct session_context *ctx,
                       const char *side, struct listener_guard *guard)
{
    lobby->ctx = ctx;
    lobby->side = side;
    lobby->lobby = (struct listener_lobby){
        .is_for = arrival_is_for,
        .take = arrival_take,
        .forget = arrival_forget,
        .owner = lobby,
    };
    guard->lobby = &lobby->lobby;
}

void arrival_open_all(struct session_context *ctx)
{
    struct arrivals *all = xcalloc(1, sizeof *all);

    ctx->arrivals = all;
    newcomers_init(&all->waiting, ctx->settings.gate.admission.seed);
    session_context_open_queue(ctx, &all->patience, ARRIVAL_US, arrival_due);
    open_lobby(&all->of_vms, ctx, "vm", &ctx->gate.of_vms);
    open_lobby(&all->of_clients, ctx, "client", &ctx->gate.of_clients);
}

void arrival_close_all(struct session_context *ctx)
{
    deadline_queue_close(&ctx->arrivals->patience);
    newcomers_done(&ctx->arrivals->waiting);
    free(ctx->arrivals);
    ctx->arrivals = NULL;
}
