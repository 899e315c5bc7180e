#include "vm/host/proxy.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "net/stream_fd.h"
#include "vm/common/say.h"
#include "vm/host/proxy_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DIAL_TIMEOUT_MS = 10 * 1000,
    NEGOTIATION_TIMEOUT_MS = 30 * 1000,
    FINISH_TIMEOUT_MS = 2 * 1000,
};

/* Closes the connection, whatever its state is. */
static void disconnect(struct proxy *p)
{
    if (p->dial != NULL)
        dial_cancel(p->dial);
    p->dial = NULL;
    if (p->stream != NULL) {
        stream_close(p->stream);
        vmend_done(&p->vmend);
        buf_done(&p->out);
    }
    p->stream = NULL;
    timer_stop(&p->timer);
    p->state = PROXY_IDLE;
    p->is_cut = false;
}

/*
 * The state is idle before the owner is told, because the owner may start the
 * next connection at once. A connection that was cut ends without an event,
 * even if it breaks in the turn of the cut. Afterwards a caller must check
 * stream or state before it uses p.
 */
static void end(struct proxy *p, const struct err *why)
{
    if (p->state == PROXY_IDLE)
        return;
    if (p->state == PROXY_FINISHING)
        why = NULL;
    if (p->is_cut) {
        disconnect(p);
        return;
    }
    disconnect(p);
    p->events->ended(p, why);
}

/* error: for PROXY_LOST. */
static void end_because(struct proxy *p, enum proxy_reason reason, int error)
{
    struct stream_security security = proxy_security(p);
    const struct proxy_facts facts = {
        .name = p->name,
        .said = p->said,
        .is_negotiating = p->state == PROXY_NEGOTIATING,
        .is_destination = p->ticket != NULL,
        .policy = p->to->policy,
        .auth = (enum telauth_state)p->vmend.auth.state,
        .tls_problem = security.problem,
        .is_wrong_peer = security.has_refused,
        .had_tls = security.is_secure && security.terms[0] != '\0',
        .error = error,
        .direction = p->identity->direction,
        .uri = p->identity->uri,
    };
    /* Described before the end, because TLS's own words are freed with the
     * stream. */
    struct err why = proxy_words(reason, &facts);

    end(p, &why);
}

/* The connection is gone: -errno, or 0 if the peer closed it. */
static void end_lost(struct proxy *p, int error)
{
    end_because(p, PROXY_LOST, error);
}

/* While finishing, the end is what was wanted: end() reports no reason. */
static void proxy_on_timeout(void *owner)
{
    end_because(owner, PROXY_LATE, 0);
}

void proxy_init(struct proxy *p, struct loop *loop, struct tls_hub *hub,
                const struct vmend_identity *identity, const struct uart *uart,
                const struct proxy_events *events, void *owner)
{
    p->loop = loop;
    p->hub = hub;
    p->events = events;
    p->owner = owner;
    p->identity = identity;
    p->uart = uart;
    p->ticket = NULL;
    p->to = NULL;
    p->name[0] = '\0';
    p->local.text[0] = '\0';
    p->connected_us = 0;
    p->state = PROXY_IDLE;
    p->is_cut = false;
    p->dial = NULL;
    p->stream = NULL;
    p->may_read = true;
    timer_init(&p->timer, loop, proxy_on_timeout, p);
}

void proxy_done(struct proxy *p)
{
    disconnect(p);
    timer_done(&p->timer);
}

static void update_interest(struct proxy *p)
{
    unsigned interest = 0;

    if (p->stream == NULL)
        return;
    if (p->may_read && p->out.len <= LIMIT_ANSWERS_MARK)
        interest |= STREAM_READ;
    if (p->is_blocked)
        interest |= STREAM_WRITE;
    stream_want(p->stream, interest);
}

/* Writes bytes; true if all were taken. May end the connection. */
static bool write_all(struct proxy *p, struct slice bytes, size_t *ret_taken)
{
    ssize_t n = stream_write(p->stream, bytes.data, bytes.len);

    *ret_taken = n > 0 ? (size_t)n : 0;
    if (n < 0) {
        end_lost(p, (int)n);
        return false;
    }
    p->is_blocked = (size_t)n < bytes.len;
    return !p->is_blocked;
}

/*
 * The owed half of a doubled byte goes first, then the answers: an answer
 * between the halves would begin with the second half. True: nothing is left.
 * May end the connection.
 */
static bool flush(struct proxy *p)
{
    static const uint8_t iac = TELNET_IAC;
    size_t taken;

    if (p->stream == NULL)
        return false;
    p->is_blocked = false;
    /* Behind our FIN no answer can be sent. Answers are dropped: if they were
     * kept, input would not be read, nor the peer's end. */
    if (p->has_fin) {
        buf_take(&p->out, p->out.len);
        return true;
    }
    if (telnet_encoder_owes(&p->vmend.encoder)) {
        if (!write_all(p, slice_of(&iac, 1), &taken))
            return false;
        p->vmend.encoder.owes_iac = false;
    }
    if (p->out.len > 0) {
        bool is_done = write_all(p, buf_bytes(&p->out), &taken);

        if (p->stream == NULL)
            return false;
        buf_take(&p->out, taken);
        return is_done;
    }
    return true;
}

/* One writev of encoded data; returns how many bytes are done. */
static size_t send_batch(struct proxy *p, struct slice bytes)
{
    struct slice in[2] = { bytes };
    ssize_t sent;

    telnet_encode(&p->vmend.encoder, in, &p->batch);
    sent = stream_writev(p->stream, p->batch.part, p->batch.count);
    if (sent < 0) {
        end_lost(p, (int)sent);
        return 0;
    }
    p->is_blocked = (size_t)sent < p->batch.bytes;
    return telnet_encode_sent(&p->vmend.encoder, &p->batch, (size_t)sent);
}

bool proxy_is_open(const struct proxy *p)
{
    return p->state == PROXY_OPEN && !p->is_cut;
}

size_t proxy_send(struct proxy *p, struct slice bytes)
{
    size_t taken = 0;

    if (!proxy_is_open(p) || !vmend_may_send(&p->vmend) || p->is_blocked ||
        !flush(p))
        return 0;
    /* A batch is bounded. Each one may end the connection, or fill the
     * socket. */
    while (taken < bytes.len && p->state == PROXY_OPEN && !p->is_blocked)
        taken += send_batch(p, slice_after(bytes, taken));
    update_interest(p);
    return taken;
}

/* r: the result of a vmend_put_*. */
static void end_unless_put(struct proxy *p, int r)
{
    if (r < 0)
        end_lost(p, r);
}

/* True if a message may be put behind the answers that wait. */
static bool may_put(const struct proxy *p)
{
    return proxy_is_open(p) && p->out.len <= LIMIT_ANSWERS_MARK;
}

bool proxy_send_break(struct proxy *p)
{
    if (!may_put(p))
        return false;
    end_unless_put(p, vmend_put_break(&p->vmend, &p->out));
    return true;
}

void proxy_tell_uart(struct proxy *p)
{
    if (may_put(p))
        end_unless_put(p, vmend_put_uart(&p->vmend, &p->out));
}

bool proxy_find_lines(const struct proxy *p, uint8_t *ret_seen)
{
    if (!p->vmend.comport.has_seen)
        return false;
    *ret_seen = p->vmend.comport.seen;
    return true;
}

struct window proxy_window(const struct proxy *p)
{
    return p->vmend.window;
}

bool proxy_forget_break(struct proxy *p)
{
    bool was_on = p->vmend.comport.sees_break;

    p->vmend.comport.sees_break = false;
    return was_on;
}

struct stream_security proxy_security(const struct proxy *p)
{
    if (p->stream == NULL)
        return (struct stream_security){ .problem = "" };
    return stream_security(p->stream);
}

struct comport_told proxy_told(const struct proxy *p)
{
    return p->vmend.comport.told;
}

void proxy_begin_move(struct proxy *p,
                      const uint8_t sequence[VMEXT_SEQUENCE_LEN])
{
    end_unless_put(p, vmend_put_begin(&p->vmend, sequence, &p->out));
}

void proxy_abort_move(struct proxy *p)
{
    if (p->stream != NULL)
        end_unless_put(p, vmend_put_abort(&p->vmend, &p->out));
}

void proxy_complete_move(struct proxy *p)
{
    p->ticket = NULL;
    end_unless_put(p, vmend_put_complete(&p->vmend, &p->out));
}

bool proxy_knows_moves(const struct proxy *p)
{
    return p->vmend.knows_moves;
}

void proxy_cut(struct proxy *p)
{
    p->is_cut = p->state != PROXY_IDLE;
}

void proxy_settle(struct proxy *p)
{
    if (p->stream != NULL && p->out.len > 0 && !p->is_blocked) {
        flush(p);
        update_interest(p);
    }
    /* Done here and not in proxy_cut, which an event's handler may call while
     * handle_bytes of this connection is on the stack. */
    if (p->is_cut)
        disconnect(p);
}

static void send_fin(struct proxy *p)
{
    if (p->has_fin)
        return;
    p->has_fin = true;
    stream_finish(p->stream);
    timer_start(&p->timer, FINISH_TIMEOUT_MS);
}

void proxy_finish(struct proxy *p)
{
    if (p->state == PROXY_IDLE || p->state == PROXY_FINISHING)
        return;
    if (p->state != PROXY_OPEN) {
        disconnect(p);
        p->events->ended(p, NULL);
        return;
    }
    p->state = PROXY_FINISHING;
    if (flush(p))
        send_fin(p);
    update_interest(p);
}

void proxy_set_reading(struct proxy *p, bool may_read)
{
    p->may_read = may_read;
    update_interest(p);
}

static void take_data(struct proxy *p, struct slice bytes)
{
    if (p->state == PROXY_OPEN || p->state == PROXY_FINISHING)
        p->events->data(p, bytes);
    else if (p->said[0] == '\0')
        text_clean(p->said, sizeof p->said, bytes);
}

static void note_open(struct proxy *p)
{
    timer_stop(&p->timer);
    p->state = PROXY_OPEN;
}

/* The concentrator may switch the extension on again, so we wait for it. */
static void note_closed(struct proxy *p)
{
    if (p->state == PROXY_NEGOTIATING) {
        end_because(p, PROXY_NO_EXTENSION, 0);
    } else if (p->state == PROXY_OPEN) {
        say(SAY_NEWS, "%s: it has stopped forwarding", p->name);
        p->state = PROXY_NEGOTIATING;
        timer_start(&p->timer, NEGOTIATION_TIMEOUT_MS);
    }
}

static void proxy_on_ready(void *owner, unsigned ready);

/* already_read: bytes of TLS that were read with the telnet before. */
static void begin_tls(struct proxy *p, struct slice already_read)
{
    p->stream = stream_tls_new(p->hub, p->to->tls, p->stream, already_read,
                               p->to->host);
    /* TLS decides from now on what the stream below takes. */
    p->is_blocked = false;
    stream_set_owner(p->stream, proxy_on_ready, p);
}

/* Nobody vouches for text that came before TLS, so no message may quote it:
 * said is cleared. */
static void go_on_secure(struct proxy *p, struct slice already_read)
{
    /* Our START is still queued only if the concentrator has sent ACCEPT
     * without waiting for it. */
    if (!flush(p)) {
        if (p->stream != NULL)
            end_lost(p, -ENOBUFS);
        return;
    }
    say(SAY_DETAIL, "%s: it accepts TLS (AUTHENTICATION)", p->name);
    p->said[0] = '\0';
    begin_tls(p, already_read);
    end_unless_put(p, vmend_go_on_secure(&p->vmend, &p->out));
}

/* Our last answer goes out first, so that the concentrator can log it. That may
 * end the connection; then its reason has been reported. */
static void end_insecure(struct proxy *p)
{
    flush(p);
    end_because(p, PROXY_INSECURE, 0);
}

static void handle(struct proxy *p, enum vmend_event event, struct slice body)
{
    switch (event) {
    case VMEND_NEED_MORE:
        break;
    case VMEND_DATA:
        take_data(p, body);
        break;
    case VMEND_BREAK:
        p->events->line_break(p, UART_BREAK_PULSE);
        break;
    case VMEND_BREAK_ON:
        p->events->line_break(p, UART_BREAK_ON);
        break;
    case VMEND_BREAK_OFF:
        p->events->line_break(p, UART_BREAK_OFF);
        break;
    case VMEND_LINES:
        p->events->lines_changed(p);
        break;
    case VMEND_WINDOW:
        p->events->window_changed(p);
        break;
    case VMEND_RESUMED:
        if (proxy_is_open(p))
            p->events->drained(p);
        break;
    case VMEND_SETTING:
        say(SAY_DETAIL, "%s: %s: it has %u", p->name,
            comport_command_name(p->vmend.comport.answer.command),
            p->vmend.comport.answer.value);
        break;
    case VMEND_OPENED:
        note_open(p);
        p->events->opened(p);
        break;
    case VMEND_PEER_OK:
        note_open(p);
        p->events->answered(p, event, body);
        break;
    case VMEND_GOAHEAD:
    case VMEND_NOTNOW:
    case VMEND_BEGIN_UNKNOWN:
    case VMEND_PEER_REFUSED:
        p->events->answered(p, event, body);
        break;
    case VMEND_REFUSED:
        end_because(p, PROXY_REFUSED, 0);
        break;
    case VMEND_CLOSED:
        note_closed(p);
        break;
    case VMEND_MISBEHAVED:
        end_because(p, PROXY_NO_TELNET, 0);
        break;
    case VMEND_INSECURE:
        end_insecure(p);
        break;
    case VMEND_SECURE: /* go_on_secure, which needs the rest */
        break;
    }
}

static void handle_bytes(struct proxy *p, struct slice in)
{
    enum vmend_event event = VMEND_DATA;
    struct slice body;

    /* in points into the loop's read buffer, which no handler reads into. Any
     * event may end the connection; the rest of in is then dropped. */
    while (p->stream != NULL && event != VMEND_NEED_MORE) {
        int r = vmend_next(&p->vmend, &in, &p->out, &event, &body);

        if (r < 0) {
            end_lost(p, r);
        } else if (event == VMEND_SECURE) {
            go_on_secure(p, in);
            return;
        } else {
            handle(p, event, body);
        }
    }
}

static void read_stream(struct proxy *p)
{
    uint8_t *to = loop_read_buffer(p->loop);
    ssize_t n = stream_read(p->stream, to, LIMIT_READ);

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        end_lost(p, (int)n);
        return;
    }
    handle_bytes(p, slice_of(to, (size_t)n));
    if (!p->is_blocked)
        flush(p);
}

static void proxy_on_ready(void *owner, unsigned ready)
{
    struct proxy *p = owner;

    /* Writing comes first: input that is read next may need room for
     * answers. */
    if (ready & STREAM_WRITE && flush(p)) {
        if (p->state == PROXY_FINISHING)
            send_fin(p);
        else
            p->events->drained(p);
    }
    if (ready & STREAM_READ && p->stream != NULL)
        read_stream(p);
    update_interest(p);
}

static struct address_text local_address(const struct stream *stream)
{
    struct address local = { .any = { .sa_family = AF_UNSPEC } };
    socklen_t len = sizeof local;

    (void)getsockname(stream_fd_number(stream), &local.any, &len);
    return address_format(&local);
}

static void proxy_on_dialled(void *owner, struct stream *stream,
                             const struct err *err)
{
    struct proxy *p = owner;

    p->dial = NULL;
    if (stream == NULL) {
        end(p, err);
        return;
    }
    p->stream = stream;
    p->state = PROXY_NEGOTIATING;
    p->local = local_address(stream);
    p->connected_us = clock_now_us();
    p->is_blocked = false;
    p->has_fin = false;
    p->said[0] = '\0';
    buf_init(&p->out, LIMIT_ANSWERS);
    vmend_init(&p->vmend, p->identity, p->uart, p->ticket, p->to->policy);
    stream_set_owner(stream, proxy_on_ready, p);
    if (p->to->policy == AUTH_NOT_NEEDED)
        begin_tls(p, slice_of(NULL, 0));
    timer_start(&p->timer, NEGOTIATION_TIMEOUT_MS);
    if (vmend_greet(&p->vmend, &p->out) == 0)
        flush(p);
    update_interest(p);
}

void proxy_start(struct proxy *p, const struct proxy_target *to,
                 const struct vmend_ticket *ticket)
{
    const struct dial_target target = {
        .host = to->host,
        .port = to->port,
        .timeout_ms = DIAL_TIMEOUT_MS,
    };

    snprintf(p->name, sizeof p->name,
             strchr(to->host, ':') != NULL ? "[%s]:%u" : "%s:%u", to->host,
             to->port);
    p->ticket = ticket;
    p->to = to;
    p->local.text[0] = '\0';
    p->state = PROXY_DIALLING;
    p->dial = dial_tcp(p->loop, &target, proxy_on_dialled, p);
}

const char *proxy_state_name(enum proxy_state state)
{
    static const char *const names[PROXY_STATE_COUNT] = {
        [PROXY_IDLE] = "idle",
        [PROXY_DIALLING] = "dialling",
        [PROXY_NEGOTIATING] = "negotiating",
        [PROXY_OPEN] = "open",
        [PROXY_FINISHING] = "finishing",
    };

    return state < PROXY_STATE_COUNT ? names[state] : "?";
}
