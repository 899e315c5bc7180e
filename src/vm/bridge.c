#include "vm/bridge.h"

#include "base/clock.h"
#include "base/limits.h"
#include "proto/uri/uri_format.h"
#include "vm/common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    STOP_TIMEOUT_MS = 2 * 1000,
    LOOK_EVERY_MS = 500,
};

static bool is_end_open(const struct bridge *b)
{
    return b->end->in != NULL;
}

static void drop_output(struct bridge *b)
{
    buf_take(&b->to_local, b->to_local.len);
    b->local_break = (struct waiting_break){ 0 };
}

/* Bytes for the concentrator; a waiting break counts as one. */
static size_t unsent(const struct bridge *b)
{
    return b->to_proxy.len + waiting_break_is_there(&b->proxy_break);
}

/* Reconnecting and reopening */

/* Starts the pause, and returns its length. */
static unsigned retry_later(struct bridge_retry *retry)
{
    uint64_t now_us = clock_now_us();
    uint64_t held_us = retry->since_us != 0 ? now_us - retry->since_us : 0;
    uint32_t random = 0;
    unsigned wait_ms;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0; /* then all wait for the full time */
    retry->since_us = 0;
    wait_ms = backoff_next_ms(&retry->backoff, held_us, random);
    timer_start(&retry->timer, wait_ms);
    return wait_ms;
}

static void bridge_on_proxy_retry(void *owner)
{
    struct bridge *b = owner;

    hosts_connect(&b->hosts);
}

static void bridge_on_end_retry(void *owner)
{
    struct bridge *b = owner;

    b->end->ops->open(b->end);
}

/* Ending */

/* The first reason to end counts, but stopping replaces draining. */
static void begin_ending(struct bridge *b, enum bridge_ending ending,
                         int exit_status)
{
    if (b->ending == BRIDGE_RUNNING)
        b->exit_status = exit_status;
    if (b->ending < ending)
        b->ending = ending;
    /* A move must not keep the last bytes waiting. */
    hosts_call_off_move(&b->hosts);
    if (ending == BRIDGE_STOPPING)
        timer_start(&b->stop_timer, STOP_TIMEOUT_MS);
}

static void bridge_on_stop_timeout(void *owner)
{
    struct bridge *b = owner;

    loop_stop(b->loop);
}

static bool wants_proxy(const struct bridge *b)
{
    switch (b->ending) {
    case BRIDGE_RUNNING:
        return true;
    case BRIDGE_DRAINING:
        return unsent(b) > 0;
    case BRIDGE_STOPPING:
        return unsent(b) > 0 && hosts_is_there(&b->hosts);
    case BRIDGE_ENDING_COUNT:
        break;
    }
    return false;
}

/* Output for a local end that is gone does not count. */
static bool is_over(const struct bridge *b)
{
    return b->ending != BRIDGE_RUNNING && hosts_is_idle(&b->hosts) &&
           !wants_proxy(b) && (b->to_local.len == 0 || b->end->out == NULL);
}

/* Local end -> concentrator */

/* Sends bytes up to a waiting break. True: they are all sent. */
static bool send_bytes(struct bridge *b)
{
    struct slice bytes =
        waiting_break_limit(&b->proxy_break, buf_bytes(&b->to_proxy));
    size_t taken = bytes.len > 0 ? hosts_send(&b->hosts, bytes) : 0;

    buf_take(&b->to_proxy, taken);
    waiting_break_went(&b->proxy_break, taken);
    return taken == bytes.len;
}

static void send_queued(struct bridge *b)
{
    while (unsent(b) > 0 && send_bytes(b)) {
        if (!waiting_break_is_due(&b->proxy_break))
            return;
        if (!hosts_send_break(&b->hosts))
            return;
        (void)waiting_break_take(&b->proxy_break);
    }
}

static void take_input(struct bridge *b, struct slice bytes)
{
    size_t taken = 0;

    if (unsent(b) == 0)
        taken = hosts_send(&b->hosts, bytes);
    if (taken < bytes.len &&
        buf_append(&b->to_proxy, slice_after(bytes, taken)) < 0)
        say(SAY_ERROR, "out of memory: %zu bytes are lost", bytes.len - taken);
}

/* Unless an end must be read ahead, the last read must have been sent: then the
 * guest waits for the concentrator, instead of a queue that grows. */
static bool wants_input(const struct bridge *b)
{
    if (b->end->in == NULL || b->is_in_over || b->ending != BRIDGE_RUNNING)
        return false;
    if (b->end->reads_ahead)
        return b->to_proxy.len < LIMIT_READ;
    return hosts_is_running(&b->hosts) && unsent(b) == 0;
}

static void take_break(struct bridge *b)
{
    say(SAY_DETAIL, "%s: break", b->end->name);
    (void)waiting_break_put(&b->proxy_break, UART_BREAK_PULSE, b->to_proxy.len);
    send_queued(b);
}

/*
 * Reads the local end once. A break in the read has a place among its bytes, so
 * it is put between them. failed() comes last: it closes the stream, and may
 * end the program's input for good.
 */
static void read_end(struct bridge *b)
{
    struct end_break *had = &b->end->read_break;
    uint8_t *to = loop_read_buffer(b->loop);
    struct slice rest;
    ssize_t n;

    had->is_there = false;
    n = stream_read(b->end->in, to, LIMIT_READ);
    rest = slice_of(to, n > 0 ? (size_t)n : 0);
    if (had->is_there) {
        take_input(b, slice_of(to, had->before));
        take_break(b);
        rest = slice_after(rest, had->before);
    }
    if (rest.len > 0)
        take_input(b, rest);
    if (n <= 0 && n != -EAGAIN) {
        b->is_in_over = true;
        b->end->ops->failed(b->end, false, (int)n);
    }
}

/* Concentrator -> local end */

/* Below this size, bytes are collected first: data with doubled bytes comes in
 * many short pieces. */
enum { WRITE_AT_ONCE_MIN = 4 * KIB };

static bool takes_output(const struct bridge *b)
{
    return b->end->out != NULL && !b->is_out_over;
}

/* Returns how many bytes were taken. */
static size_t write_end(struct bridge *b, struct slice bytes)
{
    ssize_t n = stream_write(b->end->out, bytes.data, bytes.len);

    if (n >= 0)
        return (size_t)n;
    b->is_out_over = true;
    drop_output(b);
    b->end->ops->failed(b->end, true, (int)n);
    return 0;
}

/* Writes bytes up to a waiting break. True: they are all written. */
static bool write_bytes(struct bridge *b)
{
    struct slice bytes =
        waiting_break_limit(&b->local_break, buf_bytes(&b->to_local));
    size_t taken = bytes.len > 0 ? write_end(b, bytes) : 0;

    if (taken > 0)
        buf_take(&b->to_local, taken);
    waiting_break_went(&b->local_break, taken);
    return taken == bytes.len;
}

static bool has_output(const struct bridge *b)
{
    return b->to_local.len > 0 || waiting_break_is_there(&b->local_break);
}

/* A continuous break ends here if bytes are behind it: they might otherwise
 * keep the message of its end from being read, and each would wait for the
 * other. */
static void write_queued(struct bridge *b)
{
    struct end *e = b->end;

    while (has_output(b) && takes_output(b)) {
        if (e->is_in_break) {
            e->ops->set_break(e, UART_BREAK_OFF);
            return;
        }
        if (!write_bytes(b))
            return;
        if (takes_output(b) && waiting_break_is_due(&b->local_break))
            e->ops->set_break(e, waiting_break_take(&b->local_break));
    }
}

static void bridge_on_hosts_data(void *owner, struct slice bytes)
{
    struct bridge *b = owner;
    size_t taken = 0;

    /* While the local end is away, output is dropped, as on a cable with
     * nothing at its end. */
    if (takes_output(b) && !has_output(b) && !b->end->is_in_break &&
        bytes.len >= WRITE_AT_ONCE_MIN)
        taken = write_end(b, bytes);
    if (takes_output(b) && taken < bytes.len &&
        buf_append(&b->to_local, slice_after(bytes, taken)) < 0)
        say(SAY_ERROR, "out of memory: %zu bytes are lost", bytes.len - taken);
}

static void bridge_on_hosts_break(void *owner, enum uart_break what)
{
    struct bridge *b = owner;

    if (!takes_output(b))
        return;
    if (!waiting_break_put(&b->local_break, what, b->to_local.len))
        b->end->ops->set_break(b->end, UART_BREAK_OFF);
}

/* Either direction */

static void bridge_on_end_ready(void *owner, unsigned ready)
{
    struct bridge *b = owner;

    if (ready & STREAM_WRITE)
        write_queued(b);
    if (ready & STREAM_READ && wants_input(b))
        read_end(b);
}

/* Called every turn: the events of the turn decide what is read and written
 * next. */
static void update_end_interest(struct bridge *b)
{
    struct end *e = b->end;
    unsigned reading = wants_input(b) ? STREAM_READ : 0;
    unsigned writing =
        b->to_local.len > 0 && !e->is_in_break ? STREAM_WRITE : 0;

    if (e->in != NULL && e->in == e->out) {
        stream_want(e->in, reading | writing);
        return;
    }
    if (e->in != NULL)
        stream_want(e->in, reading);
    if (e->out != NULL)
        stream_want(e->out, writing);
}

/*
 * The order matters. Output comes first, because its remaining bytes decide
 * what hosts_settle may read. Then input is sent, because a move waits for
 * unsent bytes. Whether everything is over is decided last, by the state that
 * results.
 */
static void bridge_on_turn_end(void *owner)
{
    struct bridge *b = owner;

    /* While it waits to be writable, another try would only cost a system
     * call. */
    if (b->end->out != NULL &&
        (b->to_local.len == 0 || !(b->end->out->interest & STREAM_WRITE)))
        write_queued(b);
    if (!wants_proxy(b)) {
        timer_stop(&b->proxy_retry.timer);
        hosts_finish(&b->hosts);
    }
    if (b->ending != BRIDGE_RUNNING)
        timer_stop(&b->end_retry.timer);
    send_queued(b);
    hosts_settle(&b->hosts, unsent(b), b->to_local.len);
    update_end_interest(b);
    if (is_over(b))
        loop_stop(b->loop);
}

/* Settings of the line */

/* A closed port keeps its settings and drives no lines. */
static void look(struct bridge *b)
{
    struct end *e = b->end;
    struct uart now = b->hosts.uart;

    now.lines = is_end_open(b) ? UART_BOTH : 0;
    if (is_end_open(b) && e->ops->read_uart != NULL)
        e->ops->read_uart(e, &now);
    hosts_set_uart(&b->hosts, &now);
}

static void bridge_on_look_due(void *owner)
{
    struct bridge *b = owner;

    look(b);
    if (is_end_open(b))
        timer_start(&b->look_timer, LOOK_EVERY_MS);
}

static void say_lines(uint8_t seen)
{
    say(SAY_DETAIL, "modem lines:%s%s%s%s%s",
        seen & COMPORT_MODEM_DSR ? " DSR" : "",
        seen & COMPORT_MODEM_CTS ? " CTS" : "",
        seen & COMPORT_MODEM_DCD ? " DCD" : "",
        seen & COMPORT_MODEM_RI ? " RI" : "", seen == 0 ? " none" : "");
}

static void pass_on_lines(struct bridge *b)
{
    if (b->end->out != NULL && b->end->ops->set_lines != NULL)
        b->end->ops->set_lines(b->end, b->seen);
}

static void bridge_on_hosts_lines(void *owner, uint8_t seen)
{
    struct bridge *b = owner;

    if (seen == b->seen)
        return;
    b->seen = seen;
    say_lines(seen);
    pass_on_lines(b);
}

static void pass_on_window(struct bridge *b)
{
    if (is_end_open(b) && b->end->ops->set_window != NULL &&
        window_is_known(b->window))
        b->end->ops->set_window(b->end, b->window);
}

static void bridge_on_hosts_window(void *owner, struct window window)
{
    struct bridge *b = owner;

    b->window = window;
    say(SAY_DETAIL, "window: %u columns, %u rows", window.columns, window.rows);
    pass_on_window(b);
}

/* The connection opens and ends */

static void bridge_on_hosts_opened(void *owner)
{
    struct bridge *b = owner;
    const struct vmend_identity *who = &b->hosts.config->identity;
    struct stream_security security = proxy_security(b->hosts.vm);

    b->proxy_retry.since_us = clock_now_us();
    say(SAY_NEWS, "connected to %s as \"%s\", UUID %s, URI %s%s%s",
        b->hosts.vm->name, who->name, who->uuid,
        uri_show(slice_of_text(who->uri)).text,
        security.is_secure ? ", in " : "",
        security.is_secure ? security.terms : "");
    send_queued(b);
}

static void bridge_on_hosts_drained(void *owner)
{
    send_queued(owner);
}

static void bridge_on_hosts_reported(void *owner,
                                     const struct hosts_report *report)
{
    (void)owner;
    /* If the VM is lost, ended says so, and what happens next. */
    if (!report->is_lost)
        say(SAY_NEWS, "%s", report->text);
}

static void bridge_on_hosts_ended(void *owner, const struct err *why)
{
    struct bridge *b = owner;
    unsigned wait_ms;

    /* Nobody is left to report the end of a break. */
    bridge_on_hosts_break(b, UART_BREAK_OFF);
    if (!wants_proxy(b))
        return;
    if (!b->is_reconnecting) {
        say(SAY_ERROR, "%s", why->text);
        begin_ending(b, BRIDGE_STOPPING, EXIT_FAILURE);
        b->exit_status = EXIT_FAILURE;
        return;
    }
    wait_ms = retry_later(&b->proxy_retry);
    say(SAY_NEWS, "%s; trying again in %u.%u s", why->text, wait_ms / 1000,
        wait_ms % 1000 / 100);
}

static const struct hosts_events hosts_events = {
    .opened = bridge_on_hosts_opened,
    .data = bridge_on_hosts_data,
    .line_break = bridge_on_hosts_break,
    .lines_changed = bridge_on_hosts_lines,
    .window_changed = bridge_on_hosts_window,
    .drained = bridge_on_hosts_drained,
    .reported = bridge_on_hosts_reported,
    .ended = bridge_on_hosts_ended,
};

/* The local end opens and ends */

static void bridge_on_end_opened(void *owner)
{
    struct bridge *b = owner;

    b->is_in_over = false;
    b->is_out_over = false;
    b->end_retry.since_us = clock_now_us();
    stream_set_owner(b->end->in, bridge_on_end_ready, b);
    stream_set_owner(b->end->out, bridge_on_end_ready, b);
    say(SAY_DETAIL, "%s: open", b->end->name);
    pass_on_lines(b);
    pass_on_window(b);
    look(b);
    if (b->end->ops->read_uart != NULL)
        timer_start(&b->look_timer, LOOK_EVERY_MS);
}

static void bridge_on_end_gone(void *owner, enum end_outcome outcome,
                               int exit_status, const char *why)
{
    struct bridge *b = owner;
    unsigned wait_ms;

    /* Drops only bytes that nobody can take: an end whose input is over may
     * still take output. */
    if (b->end->out == NULL)
        drop_output(b);
    if (b->end->in == NULL)
        timer_stop(&b->look_timer);
    look(b);
    if (outcome == END_FINISHED) {
        if (why != NULL)
            say(SAY_ERROR, "%s", why);
        begin_ending(b, BRIDGE_DRAINING, exit_status);
        return;
    }
    if (b->ending != BRIDGE_RUNNING)
        return;
    wait_ms = retry_later(&b->end_retry);
    say(SAY_NEWS, "%s; trying again in %u.%u s", why, wait_ms / 1000,
        wait_ms % 1000 / 100);
}

static const struct end_events end_events = {
    .opened = bridge_on_end_opened,
    .gone = bridge_on_end_gone,
};

void bridge_start(struct bridge *b, struct loop *loop,
                  const struct bridge_config *config, struct end *end)
{
    struct uart closed;

    b->loop = loop;
    b->end = end;
    b->is_reconnecting = config->is_reconnecting;
    b->ending = BRIDGE_RUNNING;
    b->is_in_over = false;
    b->is_out_over = false;
    b->exit_status = EXIT_SUCCESS;
    /* A read of the local end, on top of what was read ahead. */
    buf_init(&b->to_proxy, 2 * LIMIT_READ);
    buf_init(&b->to_local, HOSTS_AHEAD_MAX + HOSTS_DATA_MAX);
    b->proxy_break = (struct waiting_break){ 0 };
    b->local_break = (struct waiting_break){ 0 };
    b->seen = COMPORT_MODEM_DSR | COMPORT_MODEM_CTS;
    b->window = (struct window){ 0 };
    timer_init(&b->look_timer, loop, bridge_on_look_due, b);
    timer_init(&b->stop_timer, loop, bridge_on_stop_timeout, b);
    timer_init(&b->proxy_retry.timer, loop, bridge_on_proxy_retry, b);
    timer_init(&b->end_retry.timer, loop, bridge_on_end_retry, b);
    b->proxy_retry.backoff = (struct backoff){ 0 };
    b->end_retry.backoff = (struct backoff){ 0 };
    b->proxy_retry.since_us = 0;
    b->end_retry.since_us = 0;
    loop_on_turn_end(loop, bridge_on_turn_end, b);
    uart_init(&closed, config->baud, 0);
    hosts_init(&b->hosts, loop, &config->hosts, &closed, &hosts_events, b);
    /* After hosts_init: opening may report its result at once, and the handler
     * uses hosts. */
    end->events = &end_events;
    end->owner = b;
    end->ops->open(end);
    hosts_connect(&b->hosts);
}

void bridge_move(struct bridge *b)
{
    hosts_move(&b->hosts);
}

void bridge_stop(struct bridge *b)
{
    if (b->ending == BRIDGE_STOPPING)
        loop_stop(b->loop);
    else
        begin_ending(b, BRIDGE_STOPPING, EXIT_SUCCESS);
}

int bridge_done(struct bridge *b)
{
    if (b->to_proxy.len > 0)
        say(SAY_ERROR, "%u bytes did not reach %s", b->to_proxy.len,
            b->hosts.vm->name);
    loop_on_turn_end(b->loop, NULL, NULL);
    hosts_done(&b->hosts);
    timer_done(&b->look_timer);
    timer_done(&b->stop_timer);
    timer_done(&b->proxy_retry.timer);
    timer_done(&b->end_retry.timer);
    buf_done(&b->to_proxy);
    buf_done(&b->to_local);
    return b->exit_status;
}

const char *bridge_ending_name(enum bridge_ending ending)
{
    static const char *const names[BRIDGE_ENDING_COUNT] = {
        [BRIDGE_RUNNING] = "running",
        [BRIDGE_DRAINING] = "draining",
        [BRIDGE_STOPPING] = "stopping",
    };

    return ending < BRIDGE_ENDING_COUNT ? names[ending] : "?";
}
