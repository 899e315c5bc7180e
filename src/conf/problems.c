#include "conf/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The index for a problem of this line: behind those of the same line. */
static int place_of(const struct problems *p, unsigned line)
{
    int at = problems_kept(p);

    while (line != 0 && at > 0 && p->item[at - 1].line > line)
        at--;
    return at;
}

void problems_add(struct problems *p, unsigned line, const char *format, ...)
{
    int kept = problems_kept(p);
    int at = place_of(p, line);
    va_list args;

    p->count++;
    if (at == PROBLEMS_MAX)
        return;
    if (kept == PROBLEMS_MAX)
        kept--;
    memmove(&p->item[at + 1], &p->item[at],
            (size_t)(kept - at) * sizeof p->item[0]);
    p->item[at].line = line;
    va_start(args, format);
    vsnprintf(p->item[at].text, sizeof p->item[at].text, format, args);
    va_end(args);
}
