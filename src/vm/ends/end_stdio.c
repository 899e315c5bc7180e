/*
 * Standard input and output: a person at a terminal, or a pipe.
 *
 * A terminal keeps its line editing, echo and ^C, as with cat or nc. With raw
 * keys, each key is sent as it is typed, and ^] is for us.
 */
#include "vm/ends/end.h"

#include "base/mem.h"
#include "net/standard/standard_stream.h"
#include "net/terminal.h"
#include "vm/common/say.h"
#include "vm/ends/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct end_stdio {
    struct end end;
    struct stream keys_stream; /* raw keys: the bridge's view of input */
    struct stream *input;
    struct keys keys;
    struct standard_stream standard[2]; /* input, output */
    struct termios before;
    bool is_raw;
};

static struct end_stdio *stdio_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_stdio, end);
}

static struct end_stdio *stdio_of_keys(struct stream *s)
{
    return CONTAINER_OF(s, struct end_stdio, keys_stream);
}

static void end_stdio_on_input_ready(void *owner, unsigned ready)
{
    struct end_stdio *t = owner;

    t->keys_stream.error = t->input->error;
    t->keys_stream.on_ready(t->keys_stream.owner, ready);
}

static ssize_t end_stdio_keys_read(struct stream *s, void *to, size_t len)
{
    struct end_stdio *t = stdio_of_keys(s);
    ssize_t n = stream_read(t->input, to, len);
    size_t kept;

    if (n <= 0)
        return n;
    switch (keys_filter(&t->keys, to, (size_t)n, &kept)) {
    case KEYS_NONE:
        break;
    case KEYS_QUIT:
        return 0;
    case KEYS_HELP:
        say(SAY_ERROR, "^] q ends it, ^] b sends a break, ^] ^] one ^]");
        break;
    }
    t->end.read_break =
        (struct end_break){ t->keys.has_break, t->keys.break_at };
    return kept > 0 ? (ssize_t)kept : -EAGAIN;
}

static ssize_t end_stdio_keys_writev(struct stream *s, const struct iovec *part,
                                     int count)
{
    return stream_writev(stdio_of_keys(s)->input, part, count);
}

static void end_stdio_keys_want(struct stream *s, unsigned interest)
{
    stream_want(stdio_of_keys(s)->input, interest);
}

static void end_stdio_keys_close(struct stream *s, enum stream_close how)
{
    (void)how;
    stream_close(stdio_of_keys(s)->input);
}

static const struct stream_ops keys_ops = {
    .read = end_stdio_keys_read,
    .writev = end_stdio_keys_writev,
    .want = end_stdio_keys_want,
    .close = end_stdio_keys_close,
};

static void end_stdio_open(struct end *e)
{
    struct end_stdio *t = stdio_of(e);
    char why[128];
    int r = standard_stream_open(&t->standard[0], &t->input);

    if (r == 0) {
        e->in = t->input;
        r = standard_stream_open(&t->standard[1], &e->out);
    }
    if (r < 0) {
        e->out = NULL;
        end_close_streams(e);
        snprintf(why, sizeof why, "standard input or output: %s", strerror(-r));
        e->events->gone(e->owner, END_FINISHED, EXIT_FAILURE, why);
        return;
    }
    if (t->is_raw) {
        stream_set_owner(t->input, end_stdio_on_input_ready, t);
        t->keys_stream.ops = &keys_ops;
        e->in = &t->keys_stream;
        e->reads_ahead = true; /* ^] must be seen at any time */
        say(SAY_NEWS, "keys go out as they are typed; ^] q ends it");
    }
    e->events->opened(e->owner);
}

static void end_stdio_failed(struct end *e, bool is_output, int error)
{
    char why[128];

    if (!is_output && error == 0) {
        stream_close(e->in);
        e->in = NULL;
        e->events->gone(e->owner, END_FINISHED, EXIT_SUCCESS, NULL);
        return;
    }
    end_close_streams(e);
    snprintf(why, sizeof why, "standard %s: %s", is_output ? "output" : "input",
             strerror(-error));
    e->events->gone(e->owner, END_FINISHED, EXIT_FAILURE, why);
}

static void end_stdio_break(struct end *e, enum uart_break what)
{
    (void)e;
    if (what != UART_BREAK_OFF)
        say(SAY_DETAIL, "a client sent a break");
}

static void end_stdio_free(struct end *e)
{
    struct end_stdio *t = stdio_of(e);

    end_close_streams(e);
    for (int fd = 0; fd < 2; fd++)
        standard_stream_done(&t->standard[fd]);
    if (t->is_raw)
        terminal_restore(STDIN_FILENO, &t->before);
    free(t);
}

static const struct end_ops stdio_ops = {
    .open = end_stdio_open,
    .failed = end_stdio_failed,
    .set_break = end_stdio_break,
    .free = end_stdio_free,
};

struct end *end_stdio_new(struct loop *loop, bool is_raw, struct err *err)
{
    struct end_stdio *t = xcalloc(1, sizeof *t);
    int r;

    t->end.ops = &stdio_ops;
    t->end.loop = loop;
    snprintf(t->end.name, sizeof t->end.name, "standard input and output");
    for (int fd = 0; fd < 2; fd++)
        standard_stream_init(&t->standard[fd], loop, fd);
    if (is_raw) {
        r = terminal_read_keys(STDIN_FILENO, &t->before);
        if (r < 0) {
            err_set(err, "--raw: standard input is no terminal: %s",
                    strerror(-r));
            end_stdio_free(&t->end);
            return NULL;
        }
        t->is_raw = true;
    }
    return &t->end;
}
