#include "cli/run/matcher.h"

#include "base/mem.h"

#include <errno.h>

/* The window may grow beyond its size by as much, so that it is cut in large
 * steps: taking from the front may move the rest. */
enum { MARK = 2 * MATCHER_WINDOW };

void matcher_init(struct matcher *m)
{
    output_text_init(&m->text, OUTPUT_TEXT, false, 0, 0);
    buf_init(&m->window, MARK + OUTPUT_TEXT_ROOM);
}

void matcher_done(struct matcher *m)
{
    buf_done(&m->window);
}

void matcher_feed(struct matcher *m, struct slice bytes)
{
    while (bytes.len > 0) {
        output_text_put(&m->text, &bytes, &m->window, MARK);
        if (m->window.len > MATCHER_WINDOW)
            buf_take(&m->window, m->window.len - MATCHER_WINDOW);
    }
}

bool matcher_find(struct matcher *m, const regex_t *pattern)
{
    /* regexec does not look behind the window's end; its checked version of
     * AddressSanitizer wants a string. */
    uint8_t *end = buf_reserve(&m->window, 1);
    struct slice window = buf_bytes(&m->window);
    regmatch_t match = { .rm_so = 0, .rm_eo = (regoff_t)window.len };

    if (end != NULL)
        *end = '\0';
    else
        mem_end();
    if (regexec(pattern, window.len > 0 ? (const char *)window.data : "", 1,
                &match, REG_STARTEND) != 0)
        return false;
    buf_take(&m->window, (size_t)match.rm_eo);
    return true;
}

int matcher_compile(regex_t *ret, const char *text, struct err *err)
{
    int r = regcomp(ret, text, REG_EXTENDED | REG_NEWLINE);
    char why[200];

    if (r == 0)
        return 0;
    (void)regerror(r, ret, why, sizeof why);
    err_set(err, "%.100s: %s", text, why);
    return -EINVAL;
}
