#include "cli/attach/tty.h"

#include "net/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The mode to go back to; read by signal handlers. */
static struct {
    volatile sig_atomic_t is_raw;
    struct termios before;
    const char *farewell; /* NULL: none */
} mode;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static void restore(void)
{
    if (!mode.is_raw)
        return;
    mode.is_raw = 0;
    if (mode.farewell != NULL)
        (void)!write(STDOUT_FILENO, mode.farewell, strlen(mode.farewell));
    terminal_restore(STDIN_FILENO, &mode.before);
}

/* SA_RESETHAND: the signal that is raised again ends us, with its core. */
static void restore_on_crash(int number)
{
    restore();
    (void)raise(number);
}

static void watch_crashes(void)
{
    static bool is_done;
    struct sigaction action = { .sa_handler = restore_on_crash,
                                .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

    if (is_done)
        return;
    is_done = true;
    (void)atexit(restore);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        (void)sigaction(fatal[i], &action, NULL);
}

static bool is_in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static int make_raw(void)
{
    int r = terminal_make_raw(STDIN_FILENO, &mode.before);

    if (r == 0)
        mode.is_raw = 1;
    return r;
}

static void tell(struct tty *t, enum tty_event event, int number)
{
    if (t->owner != NULL)
        t->on_event(t->owner, event, number);
}

/* In the background it is somebody else's terminal: the next SIGCONT counts. */
static void take_back(struct tty *t)
{
    if (!t->is_open || mode.is_raw || !is_in_foreground())
        return;
    (void)make_raw();
    tell(t, TTY_BACK, 0);
}

void tty_suspend(struct tty *t)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    struct sigaction before;

    restore();
    /* The whole job, as the terminal does it: a shell waits for all of it. */
    (void)sigaction(SIGTSTP, &by_default, &before);
    (void)kill(0, SIGTSTP);
    (void)sigaction(SIGTSTP, &before, NULL);
    take_back(t);
}

static void tty_on_signal(void *owner, int number)
{
    struct tty *t = owner;

    switch (number) {
    case SIGWINCH:
        tell(t, TTY_WINDOW, 0);
        break;
    case SIGTSTP:
        tty_suspend(t);
        break;
    case SIGCONT:
        /* Stopped by SIGSTOP, the mode was not ours to give back; the shell may
         * have changed it. */
        if (mode.is_raw && is_in_foreground()) {
            struct termios ours;

            (void)terminal_make_raw(STDIN_FILENO, &ours);
        }
        take_back(t);
        break;
    default:
        restore();
        tell(t, TTY_END, number);
        break;
    }
}

/* One that whoever started us has ignored stays so: nohup. */
static bool is_ignored(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int tty_init(struct tty *t, struct loop *loop)
{
    static const int numbers[] = { SIGINT,   SIGTERM, SIGHUP, SIGQUIT,
                                   SIGWINCH, SIGTSTP, SIGCONT };

    *t = (struct tty){ .is_open = false };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int r = is_ignored(numbers[i])
                    ? 0
                    : loop_on_signal(loop, numbers[i], tty_on_signal, t);

        if (r < 0)
            return r;
    }
    return 0;
}

int tty_open(struct tty *t, const char *farewell)
{
    int r;

    watch_crashes();
    mode.farewell = farewell;
    r = make_raw();
    t->is_open = r == 0;
    return r;
}

void tty_close(struct tty *t)
{
    restore();
    t->is_open = false;
}

struct tty_window tty_window(void)
{
    struct tty_window usual = { .columns = 80, .rows = 24 };
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
        size.ws_row == 0)
        return usual;
    return (struct tty_window){ size.ws_col, size.ws_row };
}
