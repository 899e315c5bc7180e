/*
 * end.h - the local end of a serial line, which is bridged to the concentrator.
 *
 * An end opens to one or two streams, which the bridge reads and writes. It may
 * go away and return: a command that is run again, a socket whose other side
 * was restarted. Each kind is one end_*.c; it owns its streams, processes and
 * files.
 *
 *     closed --open()--> opening --events->opened--> open --+
 *       ^                   |                               |
 *       +---events->gone----+--------events->gone-----------+
 */
#ifndef VM_ENDS_END_H
#define VM_ENDS_END_H

#include "base/err.h"
#include "base/window.h"
#include "net/loop.h"
#include "net/stream.h"
#include "vm/common/uart.h"

enum end_outcome {
    END_RETRY,    /* open it again after a pause */
    END_FINISHED, /* the program ends with the status */
};

struct end_events {
    /* in and out are set. */
    void (*opened)(void *owner);
    /*
     * in is closed, or opening has failed. If out is still set, it still takes
     * output. why: for a person; NULL: nothing to report.
     */
    void (*gone)(void *owner, enum end_outcome outcome, int exit_status,
                 const char *why);
};

struct end;

struct end_ops {
    /* Reports by events, at once or later. */
    void (*open)(struct end *e);
    /* Reading or writing has failed. error: -errno, 0 for the end of the input.
     * The end calls gone in its own time; until then that direction is not
     * used. */
    void (*failed)(struct end *e, bool is_output, int error);
    /* Sets the line's break condition, if the end has one, behind the bytes
     * that were written. While is_in_break, only OFF may be set, and nothing
     * written. */
    void (*set_break)(struct end *e, enum uart_break what);
    /* Updates *uart with the port's present settings. NULL: the end has no
     * settings, and drives its lines while it is open. Only while it is
     * open. */
    void (*read_uart)(struct end *e, struct uart *uart);
    /* Sets the modem lines that the end sees: COMPORT_MODEM_*. NULL: it has no
     * use for them. Only while it is open. */
    void (*set_lines)(struct end *e, uint8_t seen);
    /* Sets the size of the end's terminal; NULL: it has none. Only while it is
     * open. */
    void (*set_window)(struct end *e, struct window window);
    /* Closes everything and undoes changes to the system. */
    void (*free)(struct end *e);
};

struct end {
    const struct end_ops *ops;
    const struct end_events *events;
    void *owner; /* for events */
    struct loop *loop;
    struct stream *in;  /* NULL: closed */
    struct stream *out; /* the same stream as in, or another; NULL: closed */
    char name[128];     /* for messages */
    bool is_in_break;   /* takes no output */
    /* A break in the last read of in, even if that read no byte (-EAGAIN). The
     * bridge resets it. */
    struct end_break {
        bool is_there; /* bytes of that read before the break */
        size_t before; /* bytes of the read that came before it */
    } read_break;
    /* Its input is read while no concentrator takes it, as far as there is
     * room, so that its end, or a key for us, is seen. */
    bool reads_ahead;
};

/* Each returns NULL with err filled if a retry would be of no use. */
struct end *end_stdio_new(struct loop *loop, bool is_raw, struct err *err);
struct end *end_exec_new(struct loop *loop, const char *command,
                         bool is_respawned, struct err *err);
struct end *end_pty_new(struct loop *loop, const char *link, struct err *err);
struct end *end_connect_new(struct loop *loop, const char *target,
                            struct err *err);
struct end *end_device_new(struct loop *loop, const char *path, unsigned baud,
                           struct err *err);

/* For the kinds: closes in and out, which may be one stream. */
void end_close_streams(struct end *e);

#endif
