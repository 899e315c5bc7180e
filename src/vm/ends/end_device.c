/*
 * A serial port of this machine.
 */
#include "vm/ends/end.h"

#include "base/mem.h"
#include "net/stream_fd.h"
#include "net/terminal.h"
#include "vm/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As long as tcsendbreak makes it, without waiting inside of it. */
enum { BREAK_MS = 300 };

struct end_device {
    struct end end;
    const char *path;
    speed_t speed;
    struct termios before;
    struct timer break_end;
};

static struct end_device *device_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_device, end);
}

static void device_close(struct end_device *d)
{
    if (d->end.in == NULL)
        return;
    timer_stop(&d->break_end);
    terminal_restore(stream_fd_number(d->end.in), &d->before);
    end_close_streams(&d->end);
}

static void device_open(struct end *e)
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

static void device_failed(struct end *e, bool is_output, int error)
{
    char why[256];

    (void)is_output;
    device_close(device_of(e));
    snprintf(why, sizeof why, "%s: %s", e->name,
             error == 0 ? "unplugged or hung up" : strerror(-error));
    e->events->gone(e->owner, END_RETRY, 0, why);
}

static void on_break_end(void *owner)
{
    struct end_device *d = owner;

    (void)terminal_set_break(stream_fd_number(d->end.in), false);
}

static void device_break(struct end *e)
{
    struct end_device *d = device_of(e);

    if (terminal_set_break(stream_fd_number(e->in), true) == 0)
        timer_start(&d->break_end, BREAK_MS);
}

static void device_free(struct end *e)
{
    struct end_device *d = device_of(e);

    device_close(d);
    timer_done(&d->break_end);
    free(d);
}

static const struct end_ops device_ops = {
    .open = device_open,
    .failed = device_failed,
    .send_break = device_break,
    .free = device_free,
};

struct end *end_device_new(struct loop *loop, const char *path, unsigned baud,
                           struct err *err)
{
    struct end_device *d = xcalloc(1, sizeof *d);

    d->end.ops = &device_ops;
    d->end.loop = loop;
    d->path = path;
    snprintf(d->end.name, sizeof d->end.name, "%s", path);
    timer_init(&d->break_end, loop, on_break_end, d);
    if (!terminal_find_speed(baud, &d->speed)) {
        err_set(err, "--baud %u: no usual speed; for example 9600 or 115200",
                baud);
        device_free(&d->end);
        return NULL;
    }
    return &d->end;
}
