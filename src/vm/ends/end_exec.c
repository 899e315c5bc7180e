/*
 * A command on a pty: it is the guest.
 */
#include "vm/ends/end.h"

#include "base/mem.h"
#include "net/stream_fd.h"
#include "net/terminal.h"
#include "vm/common/say.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct end_exec {
    struct end end;
    const char *command;
    bool is_respawned;
    pid_t pid;           /* 0: not running, or waited for */
    int status;          /* of waitpid, once pid is 0 again */
    bool is_output_done; /* its output was read to the end */
};

static struct end_exec *exec_of(struct end *e)
{
    return CONTAINER_OF(e, struct end_exec, end);
}

static void end_exec_open(struct end *e)
{
    struct end_exec *x = exec_of(e);
    char why[256];
    int r = terminal_spawn(x->command, &x->pid);

    x->is_output_done = false;
    if (r >= 0) {
        say(SAY_DETAIL, "%s: started, pid %ld", e->name, (long)x->pid);
        r = stream_fd_open(e->loop, r, NULL, &e->in);
    }
    if (r < 0) {
        e->in = NULL;
        snprintf(why, sizeof why, "%s: %s", e->name, strerror(-r));
        e->events->gone(e->owner, END_RETRY, 0, why);
        return;
    }
    e->out = e->in;
    e->events->opened(e->owner);
}

/* As a shell counts: 128 and the signal. */
static int exit_status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The end is gone when the command has ended and all its output was read. */
static void end_if_over(struct end_exec *x)
{
    char why[256];
    int status;

    if (x->pid != 0 || !x->is_output_done)
        return;
    end_close_streams(&x->end);
    x->end.reads_ahead = false;
    status = exit_status_of(x->status);
    if (WIFEXITED(x->status))
        snprintf(why, sizeof why, "%s: ended with status %d", x->end.name,
                 status);
    else
        snprintf(why, sizeof why, "%s: ended by signal %d", x->end.name,
                 WTERMSIG(x->status));
    x->end.events->gone(x->end.owner,
                        x->is_respawned ? END_RETRY : END_FINISHED, status,
                        status == 0 && !x->is_respawned ? NULL : why);
}

static void end_exec_on_child(void *owner, int number)
{
    struct end_exec *x = owner;

    (void)number;
    if (x->pid == 0 || waitpid(x->pid, &x->status, WNOHANG) != x->pid)
        return;
    x->pid = 0;
    /* The rest of its output is at most what a pty holds, so its end is seen
     * even without a concentrator. */
    x->end.reads_ahead = true;
    end_if_over(x);
}

static void end_exec_failed(struct end *e, bool is_output, int error)
{
    struct end_exec *x = exec_of(e);

    (void)error;
    if (is_output && x->pid != 0)
        return; /* it does not read its input; reading its output shows more */
    x->is_output_done = true;
    end_if_over(x);
}

static void end_exec_break(struct end *e, enum uart_break what)
{
    if (what == UART_BREAK_OFF)
        return;
    say(SAY_DETAIL, "%s: a break has no meaning on a pty; ignored", e->name);
}

/* Reads the terminal's settings, which the command may change. */
static void end_exec_read_uart(struct end *e, struct uart *uart)
{
    struct termios mode;

    if (terminal_get_mode(stream_fd_number(e->in), &mode) == 0)
        uart_take_termios(uart, &mode);
}

static void end_exec_set_window(struct end *e, struct window window)
{
    terminal_set_window(stream_fd_number(e->in), window.columns, window.rows);
}

static void end_exec_free(struct end *e)
{
    struct end_exec *x = exec_of(e);

    if (x->pid != 0)
        (void)kill(-x->pid, SIGHUP);
    end_close_streams(e);
    free(x);
}

static const struct end_ops exec_ops = {
    .open = end_exec_open,
    .failed = end_exec_failed,
    .set_break = end_exec_break,
    .read_uart = end_exec_read_uart,
    .set_window = end_exec_set_window,
    .free = end_exec_free,
};

struct end *end_exec_new(struct loop *loop, const char *command,
                         bool is_respawned, struct err *err)
{
    struct end_exec *x = xcalloc(1, sizeof *x);
    int r;

    x->end.ops = &exec_ops;
    x->end.loop = loop;
    x->command = command;
    x->is_respawned = is_respawned;
    snprintf(x->end.name, sizeof x->end.name, "%s", command);
    r = loop_on_signal(loop, SIGCHLD, end_exec_on_child, x);
    if (r < 0) {
        err_set(err, "cannot watch a command: %s", strerror(-r));
        free(x);
        return NULL;
    }
    /* A serial console's getty assumes it too. */
    setenv("TERM", "vt220", 0);
    return &x->end;
}
