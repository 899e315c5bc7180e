#include "vm/rehearse/stage/played_vm.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_BAUD = 9600, PRINT_MAX = 16 * 1024 };

static void played_vm_on_opened(void *owner)
{
    struct played_vm *v = owner;

    v->is_open = true;
    v->opened_us = clock_now_us();
    memcpy(v->terms, proxy_security(v->hosts.vm).terms, sizeof v->terms);
}

static void played_vm_on_data(void *owner, struct slice bytes)
{
    struct played_vm *v = owner;

    proof_check(&v->in, bytes);
    if (v->is_echoing)
        v->goal += bytes.len;
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
}

static void played_vm_on_window(void *owner, struct window window)
{
    (void)owner;
    (void)window;
}

/* What there is to send is looked at in each turn. */
static void played_vm_on_drained(void *owner)
{
    (void)owner;
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
}

static void played_vm_on_ended(void *owner, const struct err *why)
{
    struct played_vm *v = owner;

    v->is_open = false;
    v->is_lost = true;
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
    v->is_open = false;
    v->is_lost = false;
    v->seen = 0;
    v->started_us = 0;
}

void played_vm_init(struct played_vm *v, struct loop *loop,
                    const struct played_vm_settings *settings)
{
    struct uart uart;

    v->loop = loop;
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
    v->started_us = clock_now_us();
    hosts_connect(&v->hosts);
}

void played_vm_finish(struct played_vm *v)
{
    hosts_finish(&v->hosts);
}

bool played_vm_is_idle(const struct played_vm *v)
{
    return hosts_is_idle(&v->hosts);
}

void played_vm_move(struct played_vm *v, const struct rehearsal_way *way)
{
    v->move = (struct played_move){ .is_over = false };
    v->config.way = way;
    hosts_move(&v->hosts);
}

void played_vm_set_uart(struct played_vm *v, const struct uart *uart)
{
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
    print(v);
    hosts_settle(&v->hosts, 0, 0);
}
