/*
 * tty.h - the terminal of a person while we have it for ourselves: raw, and as
 * it was before on every way out: a return, exit, a signal that ends the
 * program, a crash, a stop by ^Z.
 *
 * One at a time: its mode is the only mutable static, because a crash leaves
 * nothing else to go by.
 */
#ifndef CLI_ATTACH_TTY_H
#define CLI_ATTACH_TTY_H

#include "net/loop.h"

enum tty_event {
    TTY_END,    /* by a signal: number */
    TTY_WINDOW, /* it has another size */
    TTY_BACK,   /* we were stopped, and have it again: its screen is another */
};

struct tty {
    bool is_open;
    void (*on_event)(void *owner, enum tty_event event, int number);
    void *owner; /* NULL: events are left out */
};

/* Watches the signals of the loop; once for a loop. Works without a terminal,
 * too, for whoever has to end in order. 0 or -errno. */
int tty_init(struct tty *t, struct loop *loop);

/* Standard input becomes raw. farewell: is written to standard output whenever
 * the terminal is given back; static text, NULL: nothing. 0 or -errno. */
int tty_open(struct tty *t, const char *farewell);
void tty_close(struct tty *t);

/* Stops us, as ^Z does, with the terminal as it was. */
void tty_suspend(struct tty *t);

/* In characters, 80 x 24 if it cannot tell. */
struct tty_window {
    unsigned columns;
    unsigned rows;
};
struct tty_window tty_window(void);

#endif
