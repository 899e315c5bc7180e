#include "cli/common/say.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static bool is_silent;

void say_set_quiet(bool is_quiet)
{
    is_silent = is_quiet;
}

__attribute__((format(printf, 1, 0))) static void say(const char *format,
                                                      va_list args)
{
    char raw[2048];
    char clean[2048];

    vsnprintf(raw, sizeof raw, format, args);
    text_clean(clean, sizeof clean, slice_of_text(raw));
    /* One call, so that lines of several processes do not mix. */
    fprintf(stderr, "vspc: %s\n", clean);
}

void say_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
}

void say_news(const char *format, ...)
{
    va_list args;

    if (is_silent)
        return;
    va_start(args, format);
    say(format, args);
    va_end(args);
}
