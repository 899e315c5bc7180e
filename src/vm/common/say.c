#include "vm/common/say.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static enum say_level shown = SAY_NEWS;

void say_set_level(enum say_level max_level)
{
    shown = max_level;
}

void say(enum say_level level, const char *format, ...)
{
    char raw[1024];
    char clean[1024];
    va_list args;

    if (level > shown)
        return;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_clean(clean, sizeof clean, slice_of_text(raw));
    /* One call, so that lines of several processes do not mix. */
    fprintf(stderr, "vspc-vm: %s\n", clean);
}
