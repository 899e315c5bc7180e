#include "cli/output/out.h"

#include "cli/common/say.h"
#include "remote/exits.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* AUTO until it is known: a table asks for each of its cells. */
static enum out_colours colours;

void out_set_colours(enum out_colours wanted)
{
    colours = wanted;
}

static bool terminal_has_colours(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (no_colour == NULL || no_colour[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0 && out_is_terminal();
}

static bool has_colours(void)
{
    if (colours == OUT_COLOURS_AUTO)
        colours =
            terminal_has_colours() ? OUT_COLOURS_ALWAYS : OUT_COLOURS_NEVER;
    return colours == OUT_COLOURS_ALWAYS;
}

/* Standard output has failed. */
_Noreturn static void end_program(void)
{
    sigset_t pipe;
    int error = errno;

    if (error == EPIPE) {
        /* As every filter ends; the loop has the signal ignored. */
        signal(SIGPIPE, SIG_DFL);
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        (void)sigprocmask(SIG_UNBLOCK, &pipe, NULL);
        (void)raise(SIGPIPE);
    }
    say_error("standard output: %s", strerror(error));
    _exit(EXITS_FAILED);
}

void out_bytes(struct slice bytes)
{
    if (bytes.len > 0 && fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len)
        end_program();
}

void out_text(const char *text)
{
    out_bytes(slice_of_text(text));
}

void out_format(const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vfprintf(stdout, format, args);
    va_end(args);
    if (n < 0)
        end_program();
}

void out_flush(void)
{
    if (fflush(stdout) != 0)
        end_program();
}

void out_begin(enum out_style style)
{
    static const char *const codes[] = {
        [OUT_PLAIN] = "",        [OUT_HEADING] = "\033[1m",
        [OUT_GOOD] = "\033[32m", [OUT_NOTABLE] = "\033[33m",
        [OUT_FAINT] = "\033[2m",
    };

    if (has_colours())
        out_text(codes[style]);
}

void out_end(enum out_style style)
{
    if (style != OUT_PLAIN && has_colours())
        out_text("\033[0m");
}

void out_begin_colour(unsigned number)
{
    static const char *const codes[] = { "\033[36m", "\033[33m", "\033[32m",
                                         "\033[35m", "\033[34m", "\033[31m" };

    if (has_colours())
        out_text(codes[number % (sizeof codes / sizeof codes[0])]);
}

void out_end_colour(void)
{
    if (has_colours())
        out_text("\033[0m");
}

bool out_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

unsigned out_columns(void)
{
    enum { USUAL = 80 };
    struct winsize size;

    if (!out_is_terminal())
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return USUAL;
}
