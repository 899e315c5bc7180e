/*
 * A pty that programs open by the name of a link: minicom, a terminal, QEMU's
 * -serial.
 *
 * While no program has it open, it is a cable with nothing at its end: bytes of
 * the concentrator are dropped, not kept for the next program. A pty has no
 * event for "opened", so its state is checked from time to time, and before
 * anything is dropped.
 */
#include "vm/ends/end.h"

#include "base/mem.h"
#include "net/stream_fd.h"
#include "net/terminal.h"
#include "net/timer.h"
#include "vm/common/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 200 };

struct end_pty {
    struct end end;
    struct stream stream; /* what the bridge uses, on top of master */
    struct stream *master;
    struct timer look;
    const char *link;
    char slave_name[TERMINAL_NAME_MAX];
    bool is_alone; /* no program has it open */
    bool has_link;
};

static struct end_pty *pty_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_pty, end);
}

static struct end_pty *pty_of_stream(struct stream *s)
{
    return CONTAINER_OF(s, struct end_pty, stream);
}

static void update_interest(struct end_pty *p)
{
    stream_want(p->master, p->is_alone ? 0 : p->stream.interest);
    if (p->is_alone && p->stream.interest != 0)
        timer_start(&p->look, LOOK_EVERY_MS);
    else
        timer_stop(&p->look);
}

static void set_alone(struct end_pty *p, bool is_alone)
{
    if (is_alone == p->is_alone)
        return;
    p->is_alone = is_alone;
    say(SAY_DETAIL,
        is_alone ? "%s: no program has it open" : "%s: opened by a program",
        p->end.name);
    /* The last program may have left echo and line editing on. */
    if (is_alone)
        terminal_reset_pty(p->slave_name);
}

static void end_pty_on_look(void *owner)
{
    struct end_pty *p = owner;

    set_alone(p, terminal_is_alone(stream_fd_number(p->master)));
    update_interest(p);
}

static void end_pty_on_master_ready(void *owner, unsigned ready)
{
    struct end_pty *p = owner;

    p->stream.error = p->master->error;
    p->stream.on_ready(p->stream.owner, ready);
}

static ssize_t end_pty_read(struct stream *s, void *to, size_t len)
{
    struct end_pty *p = pty_of_stream(s);
    ssize_t n = stream_read(p->master, to, len);

    if (n != 0)
        return n;
    set_alone(p, true);
    update_interest(p);
    return -EAGAIN;
}

static ssize_t end_pty_writev(struct stream *s, const struct iovec *part,
                              int count)
{
    struct end_pty *p = pty_of_stream(s);
    ssize_t n = 0;

    if (p->is_alone || terminal_is_alone(stream_fd_number(p->master)))
        end_pty_on_look(p);
    if (!p->is_alone)
        return stream_writev(p->master, part, count);
    for (int i = 0; i < count; i++)
        n += (ssize_t)part[i].iov_len;
    return n;
}

static void end_pty_want(struct stream *s, unsigned interest)
{
    (void)interest;
    update_interest(pty_of_stream(s));
}

static void end_pty_close(struct stream *s, enum stream_close how)
{
    struct end_pty *p = pty_of_stream(s);

    (void)how;
    timer_stop(&p->look);
    stream_close(p->master);
    p->master = NULL;
}

static const struct stream_ops stream_ops = {
    .read = end_pty_read,
    .writev = end_pty_writev,
    .want = end_pty_want,
    .close = end_pty_close,
};

static void end_pty_open(struct end *e)
{
    struct end_pty *p = pty_of(e);

    e->in = &p->stream;
    e->out = &p->stream;
    e->events->opened(e->owner);
}

static void end_pty_failed(struct end *e, bool is_output, int error)
{
    char why[256];

    (void)is_output;
    snprintf(why, sizeof why, "%s: %s", e->name, strerror(-error));
    e->events->gone(e->owner, END_FINISHED, EXIT_FAILURE, why);
}

static void end_pty_break(struct end *e, enum uart_break what)
{
    if (what == UART_BREAK_OFF)
        return;
    say(SAY_DETAIL, "%s: a break has no meaning on a pty; ignored", e->name);
}

/* Reads the program's settings; without a program, no line is driven. */
static void end_pty_read_uart(struct end *e, struct uart *uart)
{
    struct end_pty *p = pty_of(e);
    struct termios mode;

    if (p->is_alone)
        uart->lines = 0;
    if (terminal_get_mode(stream_fd_number(p->master), &mode) == 0)
        uart_take_termios(uart, &mode);
}

static void end_pty_set_window(struct end *e, struct window window)
{
    terminal_set_window(stream_fd_number(pty_of(e)->master), window.columns,
                        window.rows);
}

/* Removes the link only if it is ours: another vspc-vm may have replaced it. */
static void remove_link(const struct end_pty *p)
{
    char target[TERMINAL_NAME_MAX] = "";

    if (readlink(p->link, target, sizeof target - 1) > 0 &&
        strcmp(target, p->slave_name) == 0)
        (void)unlink(p->link);
}

static void end_pty_free(struct end *e)
{
    struct end_pty *p = pty_of(e);

    if (p->has_link)
        remove_link(p);
    if (p->master != NULL)
        end_pty_close(&p->stream, false);
    timer_done(&p->look);
    free(p);
}

static const struct end_ops pty_ops = {
    .open = end_pty_open,
    .failed = end_pty_failed,
    .set_break = end_pty_break,
    .read_uart = end_pty_read_uart,
    .set_window = end_pty_set_window,
    .free = end_pty_free,
};

/* Replaces an existing link, which an earlier vspc-vm left, or a person named
 * on purpose; but never a file. */
static int make_link(struct end_pty *p, struct err *err)
{
    struct stat there;

    if (lstat(p->link, &there) == 0) {
        if (!S_ISLNK(there.st_mode)) {
            err_set(err, "--pty %s: a file of that name is there", p->link);
            return -EEXIST;
        }
        (void)unlink(p->link);
    }
    if (symlink(p->slave_name, p->link) != 0) {
        int error = errno;

        err_set(err, "--pty %s: %s", p->link, strerror(error));
        return -error;
    }
    p->has_link = true;
    return 0;
}

struct end *end_pty_new(struct loop *loop, const char *link, struct err *err)
{
    struct end_pty *p = xcalloc(1, sizeof *p);
    int r;

    p->end.ops = &pty_ops;
    p->end.loop = loop;
    p->stream.ops = &stream_ops;
    p->link = link;
    p->is_alone = true;
    timer_init(&p->look, loop, end_pty_on_look, p);
    snprintf(p->end.name, sizeof p->end.name, "%s", link);
    r = terminal_open_pty(p->slave_name);
    if (r >= 0)
        r = stream_fd_open(loop, r, NULL, &p->master);
    if (r < 0) {
        p->master = NULL;
        err_set(err, "--pty %s: cannot make a pty: %s", link, strerror(-r));
        goto fail;
    }
    stream_set_owner(p->master, end_pty_on_master_ready, p);
    if (make_link(p, err) == 0)
        return &p->end;

fail:
    end_pty_free(&p->end);
    return NULL;
}
