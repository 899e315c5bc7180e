#include "vm/bridge.h"

#include "base/clock.h"
#include "base/limits.h"
#include "vm/say.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { STOP_TIMEOUT_MS = 2 * 1000 };

static bool is_end_open(const struct bridge *b)
{
    return b->end->in != NULL;
}

static void drop(struct buf *queue)
{
    buf_take(queue, queue->len);
}

/* Coming back */

/* Starts waiting, and returns for how long. */
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

static void on_proxy_retry(void *owner)
{
    struct bridge *b = owner;

    hosts_connect(&b->hosts);
}

static void on_end_retry(void *owner)
{
    struct bridge *b = owner;

    b->end->ops->open(b->end);
}

/* The way out */

/* The first reason to end counts; stopping overtakes draining. */
static void begin_ending(struct bridge *b, enum bridge_ending ending,
                         int exit_status)
{
    if (b->ending == BRIDGE_RUNNING)
        b->exit_status = exit_status;
    if (b->ending < ending)
        b->ending = ending;
    hosts_call_off_move(&b->hosts);
    if (ending == BRIDGE_STOPPING)
        timer_start(&b->stop_timer, STOP_TIMEOUT_MS);
}

static void on_stop_timeout(void *owner)
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
        return b->to_proxy.len > 0;
    case BRIDGE_STOPPING:
        return b->to_proxy.len > 0 && hosts_is_there(&b->hosts);
    }
    return false;
}

static bool is_over(const struct bridge *b)
{
    return b->ending != BRIDGE_RUNNING && hosts_is_idle(&b->hosts) &&
           !wants_proxy(b) && (b->to_local.len == 0 || b->end->out == NULL);
}

/* Local end -> concentrator */

static void send_queued(struct bridge *b)
{
    if (b->to_proxy.len > 0)
        buf_take(&b->to_proxy, hosts_send(&b->hosts, buf_bytes(&b->to_proxy)));
}

static void take_input(struct bridge *b, struct slice bytes)
{
    size_t taken = 0;

    if (b->to_proxy.len == 0)
        taken = hosts_send(&b->hosts, bytes);
    if (taken < bytes.len &&
        buf_append(&b->to_proxy, slice_after(bytes, taken)) < 0)
        say(SAY_ERROR, "out of memory: %zu bytes are lost", bytes.len - taken);
}

static bool wants_input(const struct bridge *b)
{
    if (b->end->in == NULL || b->is_in_over || b->ending != BRIDGE_RUNNING)
        return false;
    if (b->end->reads_ahead)
        return b->to_proxy.len < LIMIT_READ;
    return hosts_is_running(&b->hosts) && b->to_proxy.len == 0;
}

static void read_end(struct bridge *b)
{
    uint8_t *to = loop_read_buffer(b->loop);
    ssize_t n = stream_read(b->end->in, to, LIMIT_READ);

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        b->is_in_over = true;
        b->end->ops->failed(b->end, false, (int)n);
        return;
    }
    take_input(b, slice_of(to, (size_t)n));
}

/* Concentrator -> local end */

/* Below this, bytes are put together first: what comes with doubled bytes in
 * it comes in many short pieces. */
enum { WRITE_AT_ONCE_MIN = 4 * KIB };

static bool takes_output(const struct bridge *b)
{
    return b->end->out != NULL && !b->is_out_over;
}

/* Returns how much was taken. */
static size_t write_end(struct bridge *b, struct slice bytes)
{
    ssize_t n = stream_write(b->end->out, bytes.data, bytes.len);

    if (n >= 0)
        return (size_t)n;
    b->is_out_over = true;
    drop(&b->to_local);
    b->end->ops->failed(b->end, true, (int)n);
    return 0;
}

static void write_queued(struct bridge *b)
{
    size_t taken;

    if (b->to_local.len == 0 || !takes_output(b))
        return;
    taken = write_end(b, buf_bytes(&b->to_local));
    if (taken > 0)
        buf_take(&b->to_local, taken);
}

static void on_hosts_data(void *owner, struct slice bytes)
{
    struct bridge *b = owner;
    size_t taken = 0;

    /* A local end that is away is a cable with nothing at the end. */
    if (takes_output(b) && b->to_local.len == 0 &&
        bytes.len >= WRITE_AT_ONCE_MIN)
        taken = write_end(b, bytes);
    if (takes_output(b) && taken < bytes.len &&
        buf_append(&b->to_local, slice_after(bytes, taken)) < 0)
        say(SAY_ERROR, "out of memory: %zu bytes are lost", bytes.len - taken);
}

/* Either direction */

static void on_end_ready(void *owner, unsigned ready)
{
    struct bridge *b = owner;

    if (ready & STREAM_WRITE)
        write_queued(b);
    if (ready & STREAM_READ && wants_input(b))
        read_end(b);
}

/* Every turn: what happened decides who is read and written next. */

static void update_end_interest(struct bridge *b)
{
    struct end *e = b->end;
    unsigned reading = wants_input(b) ? STREAM_READ : 0;
    unsigned writing = b->to_local.len > 0 ? STREAM_WRITE : 0;

    if (e->in != NULL && e->in == e->out) {
        stream_want(e->in, reading | writing);
        return;
    }
    if (e->in != NULL)
        stream_want(e->in, reading);
    if (e->out != NULL)
        stream_want(e->out, writing);
}

static void on_turn_end(void *owner)
{
    struct bridge *b = owner;

    /* While it waits to be writable, another try would only cost a call. */
    if (b->end->out != NULL && !(b->end->out->interest & STREAM_WRITE))
        write_queued(b);
    if (!wants_proxy(b)) {
        timer_stop(&b->proxy_retry.timer);
        hosts_finish(&b->hosts);
    }
    if (b->ending != BRIDGE_RUNNING)
        timer_stop(&b->end_retry.timer);
    hosts_settle(&b->hosts, b->to_proxy.len, b->to_local.len);
    update_end_interest(b);
    if (is_over(b))
        loop_stop(b->loop);
}

/* The concentrator comes and goes */

static void on_hosts_break(void *owner)
{
    struct bridge *b = owner;

    if (is_end_open(b))
        b->end->ops->send_break(b->end);
}

static void on_hosts_opened(void *owner)
{
    struct bridge *b = owner;
    const struct vmend_identity *who = &b->hosts.config->identity;

    b->proxy_retry.since_us = clock_now_us();
    say(SAY_NEWS, "connected to %s as \"%s\", UUID %s, URI %s",
        b->hosts.vm->name, who->name, who->uuid, who->uri);
    send_queued(b);
}

static void on_hosts_drained(void *owner)
{
    send_queued(owner);
}

static void on_hosts_ended(void *owner, const struct err *why)
{
    struct bridge *b = owner;
    unsigned wait_ms;

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
    .opened = on_hosts_opened,
    .data = on_hosts_data,
    .line_break = on_hosts_break,
    .drained = on_hosts_drained,
    .ended = on_hosts_ended,
};

/* The local end comes and goes */

static void on_end_opened(void *owner)
{
    struct bridge *b = owner;

    b->is_in_over = false;
    b->is_out_over = false;
    b->end_retry.since_us = clock_now_us();
    stream_set_owner(b->end->in, on_end_ready, b);
    stream_set_owner(b->end->out, on_end_ready, b);
    say(SAY_DETAIL, "%s: open", b->end->name);
}

static void on_end_gone(void *owner, enum end_outcome outcome, int exit_status,
                        const char *why)
{
    struct bridge *b = owner;
    unsigned wait_ms;

    if (b->end->out == NULL)
        drop(&b->to_local);
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
    .opened = on_end_opened,
    .gone = on_end_gone,
};

void bridge_start(struct bridge *b, struct loop *loop,
                  const struct bridge_config *config, struct end *end)
{
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
    timer_init(&b->stop_timer, loop, on_stop_timeout, b);
    timer_init(&b->proxy_retry.timer, loop, on_proxy_retry, b);
    timer_init(&b->end_retry.timer, loop, on_end_retry, b);
    b->proxy_retry.backoff = (struct backoff){ 0 };
    b->end_retry.backoff = (struct backoff){ 0 };
    b->proxy_retry.since_us = 0;
    b->end_retry.since_us = 0;
    loop_on_turn_end(loop, on_turn_end, b);
    hosts_init(&b->hosts, loop, &config->hosts, &hosts_events, b);
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
    timer_done(&b->stop_timer);
    timer_done(&b->proxy_retry.timer);
    timer_done(&b->end_retry.timer);
    buf_done(&b->to_proxy);
    buf_done(&b->to_local);
    return b->exit_status;
}
