#include "vm/proxy.h"

#include "base/limits.h"
#include "base/text.h"
#include "net/stream_fd.h"
#include "vm/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DIAL_TIMEOUT_MS = 10 * 1000,
    NEGOTIATION_TIMEOUT_MS = 30 * 1000,
    FINISH_TIMEOUT_MS = 2 * 1000,
};

/* Gives up the connection, whatever its state. */
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
}

static void end(struct proxy *p, const struct err *why)
{
    if (p->state == PROXY_IDLE)
        return;
    if (p->state == PROXY_FINISHING)
        why = NULL;
    disconnect(p);
    p->events->ended(p->owner, why);
}

__attribute__((format(printf, 2, 3))) static void end_because(
    struct proxy *p, const char *format, ...)
{
    struct err why;
    va_list args;

    va_start(args, format);
    vsnprintf(why.text, sizeof why.text, format, args);
    va_end(args);
    end(p, &why);
}

/* The connection is gone, for errno -error or 0 for its end. */
static void end_lost(struct proxy *p, int error)
{
    const char *what =
        error == 0 ? "the connection was closed" : strerror(-error);

    if (p->state != PROXY_NEGOTIATING)
        end_because(p, "%s: %s", p->name, what);
    else if (p->said[0] != '\0')
        end_because(p, "%s: it does not serve VMs (%s; it says: %s)", p->name,
                    what, p->said);
    else
        end_because(p,
                    "%s: %s before it took the port; is this a "
                    "concentrator's port for VMs?",
                    p->name, what);
}

static void on_timeout(void *owner)
{
    struct proxy *p = owner;

    if (p->state == PROXY_FINISHING)
        end(p, NULL);
    else
        end_because(p,
                    "%s: it does not answer as a concentrator does; is "
                    "this its port for VMs?",
                    p->name);
}

void proxy_init(struct proxy *p, struct loop *loop, const char *host,
                uint16_t port, const struct vmend_identity *identity,
                const struct proxy_events *events, void *owner)
{
    p->loop = loop;
    p->events = events;
    p->owner = owner;
    p->identity = identity;
    p->host = host;
    p->port = port;
    p->state = PROXY_IDLE;
    p->dial = NULL;
    p->stream = NULL;
    p->may_read = true;
    snprintf(p->name, sizeof p->name,
             strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
    timer_init(&p->timer, loop, on_timeout, p);
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

/* Writes bytes; true if all of them were taken. May end the connection. */
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

/* Half a doubled byte first, then the answers. True: nothing is left. */
static bool flush(struct proxy *p)
{
    static const uint8_t iac = TELNET_IAC;
    size_t taken;

    if (p->stream == NULL)
        return false;
    p->is_blocked = false;
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

/* One writev of encoded data; returns how much of it is done with. */
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

size_t proxy_send(struct proxy *p, struct slice bytes)
{
    size_t taken = 0;

    if (p->state != PROXY_OPEN || p->is_blocked || !flush(p))
        return 0;
    while (taken < bytes.len && p->state == PROXY_OPEN && !p->is_blocked)
        taken += send_batch(p, slice_after(bytes, taken));
    update_interest(p);
    return taken;
}

static void send_fin(struct proxy *p)
{
    if (p->has_fin)
        return;
    p->has_fin = true;
    (void)shutdown(stream_fd_number(p->stream), SHUT_WR);
    timer_start(&p->timer, FINISH_TIMEOUT_MS);
}

void proxy_finish(struct proxy *p)
{
    if (p->state == PROXY_IDLE || p->state == PROXY_FINISHING)
        return;
    if (p->state != PROXY_OPEN) {
        disconnect(p);
        p->events->ended(p->owner, NULL);
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
        p->events->data(p->owner, bytes);
    else if (p->said[0] == '\0')
        text_clean(p->said, sizeof p->said, bytes);
}

static void note_opened(struct proxy *p)
{
    timer_stop(&p->timer);
    p->state = PROXY_OPEN;
    p->events->opened(p->owner);
}

/* The concentrator may take it up again: that is for it to say. */
static void note_closed(struct proxy *p)
{
    if (p->state == PROXY_NEGOTIATING) {
        end_because(p,
                    "%s: it does not speak VMware's telnet extension; is "
                    "this a concentrator's port for VMs?",
                    p->name);
    } else if (p->state == PROXY_OPEN) {
        say(SAY_NEWS, "%s: it has stopped forwarding", p->name);
        p->state = PROXY_NEGOTIATING;
        timer_start(&p->timer, NEGOTIATION_TIMEOUT_MS);
    }
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
        p->events->line_break(p->owner);
        break;
    case VMEND_OPENED:
        note_opened(p);
        break;
    case VMEND_REFUSED:
        end_because(p,
                    "%s refuses direction '%c' with URI \"%s\" "
                    "(WONT-PROXY); its log says why",
                    p->name, p->identity->direction, p->identity->uri);
        break;
    case VMEND_CLOSED:
        note_closed(p);
        break;
    case VMEND_MISBEHAVED:
        end_because(p, "%s: it sends what is no telnet", p->name);
        break;
    }
}

static void handle_bytes(struct proxy *p, struct slice in)
{
    enum vmend_event event = VMEND_DATA;
    struct slice body;

    while (p->stream != NULL && event != VMEND_NEED_MORE) {
        int r = vmend_next(&p->vmend, &in, &p->out, &event, &body);

        if (r < 0)
            end_lost(p, r);
        else
            handle(p, event, body);
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

static void on_ready(void *owner, unsigned ready)
{
    struct proxy *p = owner;

    if (ready & STREAM_WRITE && flush(p)) {
        if (p->state == PROXY_FINISHING)
            send_fin(p);
        else
            p->events->drained(p->owner);
    }
    if (ready & STREAM_READ && p->stream != NULL)
        read_stream(p);
    update_interest(p);
}

static void on_dialled(void *owner, struct stream *stream,
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
    p->is_blocked = false;
    p->has_fin = false;
    p->said[0] = '\0';
    buf_init(&p->out, LIMIT_ANSWERS);
    vmend_init(&p->vmend, p->identity);
    stream_set_owner(stream, on_ready, p);
    timer_start(&p->timer, NEGOTIATION_TIMEOUT_MS);
    if (vmend_greet(&p->vmend, &p->out) == 0)
        flush(p);
    update_interest(p);
}

void proxy_start(struct proxy *p)
{
    p->state = PROXY_DIALLING;
    p->dial =
        dial_tcp(p->loop, p->host, p->port, DIAL_TIMEOUT_MS, on_dialled, p);
}
