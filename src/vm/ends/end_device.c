/*
 * A serial port of this machine: the device that is plugged in is the VM. Our
 * end of the cable drives the lines that the concentrator's clients drive, and
 * the lines that it sees are those that the VM drives.
 *
 * A break begins when everything that was written is on the line, and has a
 * shortest time. tcsendbreak does this too, but blocks.
 */
#include "vm/ends/end_device.h"

#include "base/mem.h"
#include "net/stream_fd.h"
#include "net/terminal.h"
#include "net/timer.h"
#include "proto/comport.h"
#include "vm/common/say.h"
#include "vm/ends/end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BREAK_MS = 300, /* as tcsendbreak's */
    DRAIN_LOOK_MS = 10,
    DRAIN_LOOKS = 200, /* a port that cannot send gets its break all the same */
    FIFO_BITS = 64 * 11, /* of a UART, behind the kernel's queue */
};

struct end_device {
    struct end end;
    const char *path;
    unsigned baud;
    speed_t speed;
    struct termios before;
    enum end_device_break break_state;
    bool is_break_over; /* it ends as soon as its shortest time has passed */
    int drain_looks;
    struct timer break_timer;
};

static struct end_device *device_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_device, end);
}

static int number_of(const struct end_device *d)
{
    return stream_fd_number(d->end.in);
}

static void end_break(struct end_device *d)
{
    timer_stop(&d->break_timer);
    if (d->break_state >= END_DEVICE_BREAK_BEGINS) {
        (void)terminal_set_break(number_of(d), false);
        say(SAY_DETAIL, "%s: break off", d->end.name);
    }
    d->break_state = END_DEVICE_BREAK_NONE;
    d->end.is_in_break = false;
}

static void device_close(struct end_device *d)
{
    if (d->end.in == NULL)
        return;
    end_break(d);
    terminal_restore(number_of(d), &d->before);
    end_close_streams(&d->end);
}

static void end_device_open(struct end *e)
{
    struct end_device *d = device_of(e);
    struct err err;
    int r = terminal_open_device(d->path, d->speed, &d->before, &err);

    if (r >= 0) {
        r = stream_fd_open(e->loop, r, NULL, &e->in);
        if (r < 0)
            err_set(&err, "%s: %s", d->path, strerror(-r));
    }
    if (r < 0) {
        e->in = NULL;
        e->events->gone(e->owner, END_RETRY, 0, err.text);
        return;
    }
    e->out = e->in;
    e->events->opened(e->owner);
}

static void end_device_failed(struct end *e, bool is_output, int error)
{
    char why[256];

    (void)is_output;
    device_close(device_of(e));
    snprintf(why, sizeof why, "%s: %s", e->name,
             error == 0 ? "unplugged or hung up" : strerror(-error));
    e->events->gone(e->owner, END_RETRY, 0, why);
}

static void go_on(struct end_device *d, enum end_device_break state,
                  unsigned ms)
{
    d->break_state = state;
    timer_start(&d->break_timer, ms);
}

static void begin_break(struct end_device *d)
{
    int r = terminal_set_break(number_of(d), true);

    if (r < 0) {
        say(SAY_NEWS, "%s: no break: %s", d->end.name, strerror(-r));
        end_break(d);
        return;
    }
    say(SAY_DETAIL, "%s: break on", d->end.name);
    go_on(d, END_DEVICE_BREAK_BEGINS, BREAK_MS);
}

static void end_device_on_break_due(void *owner)
{
    struct end_device *d = owner;

    switch (d->break_state) {
    case END_DEVICE_BREAK_DRAINS:
        if (!terminal_has_sent(number_of(d)) && d->drain_looks++ < DRAIN_LOOKS)
            go_on(d, END_DEVICE_BREAK_DRAINS, DRAIN_LOOK_MS);
        else
            go_on(d, END_DEVICE_BREAK_EMPTIES, FIFO_BITS * 1000 / d->baud);
        break;
    case END_DEVICE_BREAK_EMPTIES:
        begin_break(d);
        break;
    case END_DEVICE_BREAK_BEGINS:
        if (d->is_break_over)
            end_break(d);
        else
            d->break_state = END_DEVICE_BREAK_LASTS;
        break;
    case END_DEVICE_BREAK_NONE:
    case END_DEVICE_BREAK_LASTS:
    case END_DEVICE_BREAK_COUNT:
        break;
    }
}

static void end_device_break(struct end *e, enum uart_break what)
{
    struct end_device *d = device_of(e);

    d->is_break_over = what != UART_BREAK_ON;
    if (what == UART_BREAK_OFF) {
        if (d->break_state == END_DEVICE_BREAK_LASTS)
            end_break(d);
        return;
    }
    e->is_in_break = true;
    d->drain_looks = 0;
    go_on(d, END_DEVICE_BREAK_DRAINS, 0);
}

/* The device drives the lines that we see. A port without such lines reports
 * nothing. */
static void end_device_read_uart(struct end *e, struct uart *uart)
{
    struct end_device *d = device_of(e);
    struct termios mode;
    unsigned lines;

    if (terminal_get_mode(number_of(d), &mode) == 0)
        uart_take_termios(uart, &mode);
    if (terminal_get_lines(number_of(d), &lines) == 0)
        uart->lines = (uint8_t)((lines & TERMINAL_DSR ? UART_DTR : 0) |
                                (lines & TERMINAL_CTS ? UART_RTS : 0));
}

static void end_device_set_lines(struct end *e, uint8_t seen)
{
    terminal_drive_lines(number_of(device_of(e)),
                         (seen & COMPORT_MODEM_DSR ? TERMINAL_DTR : 0u) |
                             (seen & COMPORT_MODEM_CTS ? TERMINAL_RTS : 0u));
}

static void end_device_free(struct end *e)
{
    struct end_device *d = device_of(e);

    device_close(d);
    timer_done(&d->break_timer);
    free(d);
}

static const struct end_ops device_ops = {
    .open = end_device_open,
    .failed = end_device_failed,
    .set_break = end_device_break,
    .read_uart = end_device_read_uart,
    .set_lines = end_device_set_lines,
    .free = end_device_free,
};

struct end *end_device_new(struct loop *loop, const char *path, unsigned baud,
                           struct err *err)
{
    struct end_device *d = xcalloc(1, sizeof *d);

    d->end.ops = &device_ops;
    d->end.loop = loop;
    d->path = path;
    d->baud = baud;
    snprintf(d->end.name, sizeof d->end.name, "%s", path);
    timer_init(&d->break_timer, loop, end_device_on_break_due, d);
    if (!terminal_find_speed(baud, &d->speed)) {
        err_set(err, "--baud %u: no usual speed; for example 9600 or 115200",
                baud);
        end_device_free(&d->end);
        return NULL;
    }
    return &d->end;
}

const char *end_device_break_name(enum end_device_break state)
{
    static const char *const names[END_DEVICE_BREAK_COUNT] = {
        [END_DEVICE_BREAK_NONE] = "none",
        [END_DEVICE_BREAK_DRAINS] = "drains",
        [END_DEVICE_BREAK_EMPTIES] = "empties",
        [END_DEVICE_BREAK_BEGINS] = "begins",
        [END_DEVICE_BREAK_LASTS] = "lasts",
    };

    return state < END_DEVICE_BREAK_COUNT ? names[state] : "?";
}
