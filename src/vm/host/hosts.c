#include "vm/host/hosts.h"

#include "base/clock.h"
#include "vm/common/say.h"

#include <string.h>
#include <sys/random.h>

/* The source's silence after VMOTION-COMPLETE, after which we close it if the
 * concentrator does not. */
enum { LEAVE_MS = 200 };

static double ms_of(uint64_t us)
{
    return (double)us / 1000;
}

/* Messages about a move */

static void report(struct hosts *h, const struct hosts_report *what)
{
    h->events->reported(h->owner, what);
}

static void report_moved(struct hosts *h, uint64_t peer_ok_us)
{
    const char *way = h->config->way->name;
    bool is_plain = h->config->way == rehearsal_ways;
    uint64_t stopped_us = clock_now_us() - h->stopped_us;
    struct err text;

    /* vm and other have changed places. */
    err_set(&text,
            "moved from %s to %s (VMOTION-GOAHEAD after %.1f ms, "
            "VMOTION-PEER-OK %.1f ms after connecting, guest stopped for %.1f "
            "ms%s%s)",
            h->other->local.text, h->vm->local.text,
            ms_of(h->goahead_us - h->begun_us),
            ms_of(peer_ok_us - h->vm->connected_us), ms_of(stopped_us),
            is_plain ? "" : "; ", is_plain ? "" : way);
    report(h, &(struct hosts_report){ .text = text.text,
                                      .is_moved = true,
                                      .end = h->input,
                                      .stopped_us = stopped_us });
}

static void report_not_begun(struct hosts *h, const char *text)
{
    report(h, &(struct hosts_report){ .text = text, .end = REHEARSAL_REQUEST });
}

/* detail may be NULL. */
static struct err describe_failure(const struct hosts *h, const char *why,
                                   const char *detail)
{
    bool has_connected = h->other->local.text[0] != '\0';
    struct err err;

    err_set(&err, "not moved from %s%s%s: %s%s%s%s", h->vm->local.text,
            has_connected ? " to " : "", h->other->local.text, why,
            detail != NULL ? " (" : "", detail != NULL ? detail : "",
            detail != NULL ? ")" : "");
    return err;
}

/* Actions of the table */

static void begin(struct hosts *h)
{
    h->begun_us = clock_now_us();
    proxy_begin_move(h->vm, h->ticket.sequence);
}

static void tell_lines(struct hosts *h)
{
    uint8_t seen;

    if (proxy_find_lines(h->vm, &seen))
        h->events->lines_changed(h->owner, seen);
}

/* A destination tells it, if at all, when the VM is there. */
static void tell_window(struct hosts *h)
{
    struct window window = proxy_window(h->vm);

    if (window_is_known(window))
        h->events->window_changed(h->owner, window);
}

/* Ends a break that the source has begun: nobody else will report its end. */
static void end_break_of(struct hosts *h, struct proxy *source)
{
    if (proxy_forget_break(source))
        h->events->line_break(h->owner, UART_BREAK_OFF);
}

static void complete(struct hosts *h)
{
    struct proxy *destination = h->other;
    uint64_t peer_ok_us = clock_now_us();

    /* The roles change first: other is now the source, so an end that a call
     * below causes is taken for the source's, and the messages name both
     * correctly. */
    h->other = h->vm;
    h->vm = destination;
    proxy_complete_move(destination);
    report_moved(h, peer_ok_us);
    tell_lines(h);
    tell_window(h);
    /* REHEARSAL_NONE: the source was lost before, and will not report a break's
     * end. */
    if (h->state == REHEARSAL_NONE)
        end_break_of(h, h->other);
    h->events->drained(h->owner);
}

static void run_on(struct hosts *h, const char *why, const char *detail)
{
    struct err failure = describe_failure(h, why, detail);
    uint64_t stopped_us = clock_now_us() - h->stopped_us;
    struct err text;

    proxy_cut(h->other);
    err_set(&text, "%s; the VM runs on where it was (stopped for %.1f ms)",
            failure.text, ms_of(stopped_us));
    report(h, &(struct hosts_report){ .text = text.text,
                                      .end = h->input,
                                      .stopped_us = stopped_us });
    h->events->drained(h->owner);
}

static void deliver_held(struct hosts *h)
{
    struct slice all = buf_bytes(&h->held);
    struct slice first = waiting_break_limit(&h->held_break, all);

    if (first.len > 0)
        h->events->data(h->owner, first);
    if (waiting_break_is_there(&h->held_break))
        h->events->line_break(h->owner, waiting_break_take(&h->held_break));
    if (first.len < all.len)
        h->events->data(h->owner, slice_after(all, first.len));
    buf_take(&h->held, all.len);
}

/* why: from the table, may be NULL. cause: why a connection ended, may be
 * NULL. */
static void give_up(struct hosts *h, const char *why, const struct err *cause)
{
    struct err failure;

    if (why != NULL) {
        failure = describe_failure(h, why, cause != NULL ? cause->text : NULL);
        cause = &failure;
    }
    proxy_cut(h->vm);
    proxy_cut(h->other);
    /* Before the end is reported: these bytes were accepted from the
     * concentrator, and the next connection's bytes come behind them. */
    deliver_held(h);
    if (why != NULL)
        report(h, &(struct hosts_report){
                      .text = failure.text, .is_lost = true, .end = h->input });
    h->events->ended(h->owner, cause);
}

static void act(struct hosts *h, const struct rehearsal_step *step,
                const struct err *cause)
{
    switch (step->action) {
    case REHEARSAL_IGNORE:
    case REHEARSAL_WAIT:
    case REHEARSAL_JOIN: /* hosts_settle connects the destination */
        break;
    case REHEARSAL_BEGIN:
        begin(h);
        break;
    case REHEARSAL_JOIN_ALONE:
        proxy_cut(h->vm);
        break;
    case REHEARSAL_JOIN_AGAIN:
        proxy_cut(h->other);
        break;
    case REHEARSAL_COMPLETE:
        complete(h);
        break;
    case REHEARSAL_ABORT:
        proxy_abort_move(h->vm);
        run_on(h, step->why, cause != NULL ? cause->text : NULL);
        break;
    case REHEARSAL_RUN_ON:
        run_on(h, step->why, NULL);
        break;
    case REHEARSAL_GIVE_UP:
        give_up(h, step->why, cause);
        break;
    case REHEARSAL_ARRIVE:
        proxy_cut(h->other);
        end_break_of(h, h->other);
        deliver_held(h);
        break;
    }
}

/* Each step has its own time limit. */
static void start_step_timer(struct hosts *h)
{
    switch (h->state) {
    case REHEARSAL_NONE:
        timer_stop(&h->step_timer);
        break;
    case REHEARSAL_LEAVING:
        timer_start(&h->step_timer, LEAVE_MS);
        break;
    default:
        timer_start(&h->step_timer, h->config->timeout_s * 1000);
        break;
    }
}

/* cause: why a connection ended; else NULL. */
static void step(struct hosts *h, enum rehearsal_input input,
                 const struct err *cause)
{
    struct rehearsal_step next = rehearsal_next(h->state, input);

    if (next.action == REHEARSAL_IGNORE)
        return;
    /* The state is set first: an action may end a connection, and so call this
     * again. */
    h->state = next.state;
    h->input = input;
    start_step_timer(h);
    act(h, &next, cause);
}

static void hosts_on_step_due(void *owner)
{
    struct hosts *h = owner;

    /* Without room the source was not read, so its silence means nothing. */
    if (h->state == REHEARSAL_LEAVING && !h->has_room)
        start_step_timer(h);
    else
        step(h, REHEARSAL_TIMEOUT, NULL);
}

/* Events of the connections */

static void hosts_on_opened(struct proxy *p)
{
    struct hosts *h = p->owner;

    if (p == h->vm)
        h->events->opened(h->owner);
}

static void hosts_on_data(struct proxy *p, struct slice bytes)
{
    struct hosts *h = p->owner;

    if (h->state != REHEARSAL_LEAVING) {
        /* Bytes of a destination that is not the VM's yet are dropped. */
        if (p == h->vm)
            h->events->data(h->owner, bytes);
    } else if (p == h->other) {
        /* Each byte restarts the time, which measures silence. */
        start_step_timer(h);
        h->events->data(h->owner, bytes);
    } else if (buf_append(&h->held, bytes) < 0) {
        say(SAY_ERROR, "out of memory: %zu bytes are lost", bytes.len);
    }
}

static void hosts_on_break(struct proxy *p, enum uart_break what)
{
    struct hosts *h = p->owner;
    bool is_leaving = h->state == REHEARSAL_LEAVING;

    if (p == h->vm && is_leaving &&
        waiting_break_put(&h->held_break, what, h->held.len))
        return;
    if (p == h->vm || is_leaving)
        h->events->line_break(h->owner, what);
}

static void hosts_on_lines_changed(struct proxy *p)
{
    struct hosts *h = p->owner;

    if (p == h->vm)
        tell_lines(h);
}

static void hosts_on_window_changed(struct proxy *p)
{
    struct hosts *h = p->owner;

    if (p == h->vm)
        tell_window(h);
}

static void hosts_on_drained(struct proxy *p)
{
    struct hosts *h = p->owner;

    if (p == h->vm)
        h->events->drained(h->owner);
}

static void take_secret(struct hosts *h, struct slice secret)
{
    h->goahead_us = clock_now_us();
    /* It fits, because a subnegotiation is no longer than secret. vmext.h
     * refuses a GOAHEAD without a secret, so there is a last byte to make
     * wrong. */
    memcpy(h->ticket.secret, secret.data, secret.len);
    h->ticket.secret_len = secret.len;
    h->ticket.told = proxy_told(h->vm);
    if (h->config->way->has_wrong_secret)
        h->ticket.secret[secret.len - 1] ^= 0xff;
}

static void take_peer_ok(struct hosts *h)
{
    bool is_first = !h->has_joined;

    h->has_joined = true;
    step(h, is_first ? h->config->way->at_peer_ok : REHEARSAL_PEER_OK, NULL);
}

static void hosts_on_answered(struct proxy *p, enum vmend_event answer,
                              struct slice secret)
{
    static const struct err wrong = { "its secret was wrong, as rehearsed" };
    struct hosts *h = p->owner;

    switch (answer) {
    case VMEND_GOAHEAD:
        take_secret(h, secret);
        step(h, h->config->way->at_goahead, NULL);
        break;
    case VMEND_NOTNOW:
        step(h, REHEARSAL_NOTNOW, NULL);
        break;
    case VMEND_BEGIN_UNKNOWN:
        step(h, REHEARSAL_BEGIN_UNKNOWN, NULL);
        break;
    case VMEND_PEER_OK:
        take_peer_ok(h);
        break;
    case VMEND_PEER_REFUSED:
        step(h, REHEARSAL_PEER_REFUSED,
             h->config->way->has_wrong_secret ? &wrong : NULL);
        break;
    default:
        break;
    }
}

/* From VMOTION-COMPLETE to its end, the source is other (complete). */
static void hosts_on_ended(struct proxy *p, const struct err *why)
{
    struct hosts *h = p->owner;
    struct proxy *source = h->state == REHEARSAL_LEAVING ? h->other : h->vm;

    step(h, p == source ? REHEARSAL_SOURCE_LOST : REHEARSAL_DESTINATION_LOST,
         why);
}

static const struct proxy_events proxy_events = {
    .opened = hosts_on_opened,
    .data = hosts_on_data,
    .line_break = hosts_on_break,
    .lines_changed = hosts_on_lines_changed,
    .window_changed = hosts_on_window_changed,
    .drained = hosts_on_drained,
    .answered = hosts_on_answered,
    .ended = hosts_on_ended,
};

/* Beginning a move */

static void make_sequence(uint8_t sequence[VMEXT_SEQUENCE_LEN])
{
    uint64_t now_us = clock_now_us();

    /* A sequence must be fresh, but need not be secret. */
    if (getrandom(sequence, VMEXT_SEQUENCE_LEN, GRND_NONBLOCK) !=
        VMEXT_SEQUENCE_LEN)
        memcpy(sequence, &now_us, VMEXT_SEQUENCE_LEN);
}

static bool may_move(const struct hosts *h)
{
    return h->state == REHEARSAL_NONE && !h->is_ending && proxy_is_open(h->vm);
}

static void move(struct hosts *h)
{
    if (!proxy_knows_moves(h->vm)) {
        struct err text;

        err_set(&text,
                "not moved: %s does no vMotion (it is not among its "
                "KNOWN-SUBOPTIONS-2)",
                h->vm->name);
        report_not_begun(h, text.text);
        return;
    }
    make_sequence(h->ticket.sequence);
    h->has_joined = false;
    h->other->local.text[0] = '\0';
    h->stopped_us = clock_now_us();
    say(SAY_DETAIL, "moving from %s", h->vm->local.text);
    step(h, REHEARSAL_REQUEST, NULL);
}

void hosts_move(struct hosts *h)
{
    if (may_move(h))
        move(h);
    else if (h->state != REHEARSAL_NONE)
        report_not_begun(h, "not moved: a move is under way");
    else if (!h->is_ending)
        report_not_begun(h, "not moved: there is no connection to move");
}

static void hosts_on_every_due(void *owner)
{
    struct hosts *h = owner;

    timer_start(&h->every_timer, h->config->every_s * 1000);
    if (may_move(h))
        move(h);
}

/* Calls of the bridge */

void hosts_init(struct hosts *h, struct loop *loop,
                const struct hosts_config *config, const struct uart *uart,
                const struct hosts_events *events, void *owner)
{
    h->config = config;
    h->uart = *uart;
    h->held_break = (struct waiting_break){ 0 };
    h->events = events;
    h->owner = owner;
    for (int i = 0; i < 2; i++)
        proxy_init(&h->proxies[i], loop, config->tls_hub, &config->identity,
                   &h->uart, &proxy_events, h);
    h->vm = &h->proxies[0];
    h->other = &h->proxies[1];
    h->state = REHEARSAL_NONE;
    h->input = REHEARSAL_REQUEST;
    h->is_ending = false;
    h->has_joined = false;
    h->has_room = true;
    buf_init(&h->held, LIMIT_READ);
    timer_init(&h->step_timer, loop, hosts_on_step_due, h);
    timer_init(&h->every_timer, loop, hosts_on_every_due, h);
    if (config->every_s > 0)
        timer_start(&h->every_timer, config->every_s * 1000);
}

void hosts_done(struct hosts *h)
{
    proxy_done(&h->proxies[0]);
    proxy_done(&h->proxies[1]);
    timer_done(&h->step_timer);
    timer_done(&h->every_timer);
    buf_done(&h->held);
}

void hosts_connect(struct hosts *h)
{
    proxy_start(h->vm, &h->config->proxy, NULL);
}

/* True while the guest runs, and in ASKED: bytes that it sent before it stopped
 * must go out before VMOTION-BEGIN. */
static bool may_send(const struct hosts *h)
{
    return !rehearsal_is_guest_stopped(h->state) || h->state == REHEARSAL_ASKED;
}

size_t hosts_send(struct hosts *h, struct slice bytes)
{
    return may_send(h) ? proxy_send(h->vm, bytes) : 0;
}

bool hosts_send_break(struct hosts *h)
{
    return may_send(h) && proxy_send_break(h->vm);
}

static void tell_uart(struct hosts *h)
{
    if (may_send(h))
        proxy_tell_uart(h->vm);
}

void hosts_set_uart(struct hosts *h, const struct uart *uart)
{
    h->uart = *uart;
    tell_uart(h);
}

void hosts_call_off_move(struct hosts *h)
{
    h->is_ending = true;
    step(h, REHEARSAL_CALLED_OFF, NULL);
}

void hosts_finish(struct hosts *h)
{
    hosts_call_off_move(h);
    proxy_finish(h->vm);
    proxy_finish(h->other);
}

bool hosts_is_running(const struct hosts *h)
{
    return !rehearsal_is_guest_stopped(h->state) && proxy_is_open(h->vm);
}

bool hosts_is_there(const struct hosts *h)
{
    return h->state == REHEARSAL_ORPHANED || proxy_is_open(h->vm);
}

bool hosts_is_idle(const struct hosts *h)
{
    return h->vm->state == PROXY_IDLE && h->other->state == PROXY_IDLE;
}

static void set_reading(struct hosts *h, size_t untaken)
{
    bool is_leaving = h->state == REHEARSAL_LEAVING;
    bool is_stopped = rehearsal_is_guest_stopped(h->state);

    /*
     * Leaving: the destination's bytes wait for the source's end, so only the
     * source is read; held has room for the read that was under way. Stopped:
     * the VM's connection is read ahead, up to a bound, because a guest that
     * takes nothing must not keep the answer to a move from being read.
     */
    h->has_room = untaken == 0;
    proxy_set_reading(h->vm, is_stopped ? untaken < HOSTS_AHEAD_MAX
                                        : h->has_room && !is_leaving);
    proxy_set_reading(h->other, h->has_room || !is_leaving);
}

/* The order matters: a step may cut other, and proxy_settle closes it, so it
 * must come before other is started again. Reading is decided last, by the
 * state that results. */
void hosts_settle(struct hosts *h, size_t unsent, size_t untaken)
{
    tell_uart(h);
    if (unsent == 0)
        step(h, REHEARSAL_ALL_SENT, NULL);
    proxy_settle(h->other);
    if ((h->state == REHEARSAL_JOINING || h->state == REHEARSAL_ORPHANED) &&
        h->other->state == PROXY_IDLE)
        proxy_start(h->other, &h->config->move_to, &h->ticket);
    proxy_settle(h->vm);
    set_reading(h, untaken);
}
