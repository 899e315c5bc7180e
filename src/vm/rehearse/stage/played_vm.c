#include "vm/rehearse/stage/played_vm.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_BAUD = 9600, PRINT_MAX = 16 * 1024 };

/* Each change of its state is one of what is counted, and wakes it. */
static void set_state(struct played_vm *v, bool is_under_way, bool is_open,
                      bool is_lost)
{
    v->count->under_way -= v->is_under_way;
    v->count->open -= v->is_open;
    v->is_under_way = is_under_way;
    v->is_open = is_open;
    v->is_lost = is_lost;
    v->count->under_way += is_under_way;
    v->count->open += is_open;
    v->is_awake = true;
}

static void played_vm_on_opened(void *owner)
{
    struct played_vm *v = owner;

    set_state(v, false, true, false);
    v->opened_us = clock_now_us();
    memcpy(v->terms, proxy_security(v->hosts.vm).terms, sizeof v->terms);
}

static void played_vm_on_data(void *owner, struct slice bytes)
{
    struct played_vm *v = owner;

    proof_check(&v->in, bytes);
    if (v->is_echoing)
        played_vm_print(v, bytes.len);
}

static void played_vm_on_break(void *owner, enum uart_break what)
{
    struct played_vm *v = owner;

    if (what != UART_BREAK_OFF)
        v->breaks++;
}

static void played_vm_on_lines(void *owner, uint8_t seen)
{
    struct played_vm *v = owner;

    v->seen = seen;
    v->is_awake = true;
}

static void played_vm_on_window(void *owner, struct window window)
{
    (void)owner;
    (void)window;
}

/* What there is to send is looked at at the turn's end. */
static void played_vm_on_drained(void *owner)
{
    struct played_vm *v = owner;

    v->is_awake = true;
}

static void played_vm_on_reported(void *owner,
                                  const struct hosts_report *report)
{
    struct played_vm *v = owner;

    v->move = (struct played_move){
        .is_over = true,
        .is_moved = report->is_moved,
        .end = report->end,
        .stopped_us = report->stopped_us,
    };
    err_set(&v->move.text, "%s", report->text);
    v->is_awake = true;
}

static void played_vm_on_ended(void *owner, const struct err *why)
{
    struct played_vm *v = owner;

    set_state(v, false, false, true);
    err_set(&v->why, "%s", why != NULL ? why->text : "it was ended");
}

static const struct hosts_events hosts_events = {
    .opened = played_vm_on_opened,
    .data = played_vm_on_data,
    .line_break = played_vm_on_break,
    .lines_changed = played_vm_on_lines,
    .window_changed = played_vm_on_window,
    .drained = played_vm_on_drained,
    .reported = played_vm_on_reported,
    .ended = played_vm_on_ended,
};

static void open_hosts(struct played_vm *v, const struct uart *uart)
{
    hosts_init(&v->hosts, v->loop, &v->config, uart, &hosts_events, v);
    set_state(v, false, false, false);
    v->seen = 0;
    v->started_us = 0;
}

void played_vm_init(struct played_vm *v, struct loop *loop,
                    const struct played_vm_settings *settings)
{
    struct uart uart;

    v->loop = loop;
    v->count = settings->count;
    v->config = (struct hosts_config){
        .identity = { .name = v->name,
                      .uuid = v->uuid,
                      .uri = settings->uri,
                      .direction = 'S' },
        .tls_hub = settings->hub,
        .proxy = settings->proxy,
        .move_to = settings->move_to,
        .way = rehearsal_ways,
        .timeout_s = settings->timeout_s,
    };
    v->out = (struct proof){ .number = 2 * (uint64_t)v->number };
    v->in = (struct proof){ .number = 2 * (uint64_t)v->number + 1 };
    uart_init(&uart, DEFAULT_BAUD, UART_BOTH);
    open_hosts(v, &uart);
}

void played_vm_done(struct played_vm *v)
{
    set_state(v, false, false, false);
    hosts_done(&v->hosts);
}

void played_vm_cut(struct played_vm *v)
{
    struct uart uart = v->hosts.uart;

    hosts_done(&v->hosts);
    open_hosts(v, &uart);
}

void played_vm_connect(struct played_vm *v)
{
    played_vm_cut(v);
    set_state(v, true, false, false);
    v->started_us = clock_now_us();
    hosts_connect(&v->hosts);
}

void played_vm_finish(struct played_vm *v)
{
    set_state(v, false, false, false);
    hosts_finish(&v->hosts);
}

bool played_vm_is_idle(const struct played_vm *v)
{
    return hosts_is_idle(&v->hosts);
}

void played_vm_print(struct played_vm *v, uint64_t len)
{
    v->goal += len;
    v->is_awake = true;
}

void played_vm_move(struct played_vm *v, const struct rehearsal_way *way)
{
    v->move = (struct played_move){ .is_over = false };
    v->config.way = way;
    v->is_awake = true;
    hosts_move(&v->hosts);
}

void played_vm_send_break(struct played_vm *v)
{
    v->is_awake = true;
    (void)hosts_send_break(&v->hosts);
}

void played_vm_set_uart(struct played_vm *v, const struct uart *uart)
{
    v->is_awake = true;
    hosts_set_uart(&v->hosts, uart);
}

static void print(struct played_vm *v)
{
    uint8_t bytes[PRINT_MAX];
    size_t taken = 1;

    while (taken > 0 && v->out.at < v->goal && hosts_is_running(&v->hosts)) {
        uint64_t left = v->goal - v->out.at;
        size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;

        proof_copy(&v->out, bytes, len);
        taken = hosts_send(&v->hosts, slice_of(bytes, len));
        v->out.at += taken;
    }
}

/* What the guest has not printed yet does not keep a move from beginning: a
 * guest that is stopped prints nothing. */
void played_vm_settle(struct played_vm *v)
{
    if (!v->is_awake)
        return;
    print(v);
    hosts_settle(&v->hosts, 0, 0);
    /* An open one that has nothing to do sleeps until something happens. */
    v->is_awake =
        !v->is_open || v->out.at < v->goal || v->hosts.state != REHEARSAL_NONE;
}
