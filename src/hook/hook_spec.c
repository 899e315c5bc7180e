#include "hook/hook_spec.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char events_mark[] = ",events=";

static int bad_event(const char *name, size_t len, struct err *err)
{
    char shown[41];
    char known[256] = "";
    size_t at = 0;

    text_clean(shown, sizeof shown, slice_of(name, len));
    for (int i = 0; i < HOOK_KINDS; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s",
                               i > 0 ? ", " : "",
                               hook_kind_name((enum hook_kind)i));
    err_set(err, "'%s' is no event: expected some of %s, joined by +", shown,
            known);
    return -EINVAL;
}

static int parse_events(const char *text, unsigned *ret_events, struct err *err)
{
    unsigned events = 0;

    for (;;) {
        size_t len = strcspn(text, "+");
        enum hook_kind kind = hook_kind_find(text, len);

        if (kind == HOOK_KINDS)
            return bad_event(text, len, err);
        events |= 1u << kind;
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    *ret_events = events;
    return 0;
}

/* The last one, because a path may contain anything. */
static const char *find_events(const char *text)
{
    const char *found = NULL;
    const char *next = strstr(text, events_mark);

    for (; next != NULL; next = strstr(next + 1, events_mark))
        found = next;
    return found;
}

int hook_spec_parse(const char *text, struct hook_spec *ret_spec,
                    struct err *err)
{
    const char *events = find_events(text);
    size_t len = events != NULL ? (size_t)(events - text) : strlen(text);
    struct hook_spec spec = { .events = (1u << HOOK_KINDS) - 1 };
    int r = 0;

    if (text[0] != '/' || len >= sizeof spec.program) {
        err_set(err,
                "'%s' is not valid: expected an absolute path, or "
                "PATH,events=EVENT+EVENT",
                text_show(text).text);
        return -EINVAL;
    }
    memcpy(spec.program, text, len);
    if (events != NULL)
        r = parse_events(events + sizeof events_mark - 1, &spec.events, err);
    if (r == 0)
        *ret_spec = spec;
    return r;
}

int hook_spec_check(const struct hook_spec *spec, struct err *err)
{
    struct stat s;

    if (stat(spec->program, &s) < 0) {
        int error = errno;

        err_set(err, "%.200s: %s", spec->program, strerror(error));
        return -error;
    }
    if (!S_ISREG(s.st_mode)) {
        err_set(err, "%.200s is not a regular file", spec->program);
        return -EACCES;
    }
    if (faccessat(AT_FDCWD, spec->program, X_OK, AT_EACCESS) < 0) {
        int error = errno;

        err_set(err, "%.200s cannot be run: %s; see chmod +x", spec->program,
                strerror(error));
        return -error;
    }
    return 0;
}
