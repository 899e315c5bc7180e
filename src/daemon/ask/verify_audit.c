#include "daemon/ask/verify_audit.h"

#include "audit/audit_check.h"
#include "log/log_format.h"

#include <errno.h>
#include <string.h>

struct verification {
    struct audit_check check;
    uint64_t line; /* from 1 */
    uint64_t lost, torn, broken;
};

static void verify_line(struct verification *v, struct slice line, FILE *to)
{
    unsigned long long before = v->check.chain.number;
    unsigned long long number = v->line;

    switch (audit_check_line(&v->check, line)) {
    case AUDIT_FOLLOWS:
        break;
    case AUDIT_LOST:
        v->lost += v->check.lost;
        fprintf(
            to,
            "line %llu: %llu events before it were never written, from %llu "
            "on\n",
            number, (unsigned long long)v->check.lost, before + 1);
        break;
    case AUDIT_TORN:
        v->torn++;
        fprintf(to, "line %llu: is no event: it is torn, or was changed\n",
                number);
        break;
    case AUDIT_BROKEN:
        v->broken++;
        fprintf(to,
                "line %llu: event %llu does not follow event %llu: lines here "
                "were changed, added or taken out\n",
                number, (unsigned long long)v->check.chain.number, before);
        break;
    }
}

/* A line that is longer than any event is cut, and so is none: what is verified
 * may be of any length. False: there is no further line. */
static bool read_line(FILE *from, uint8_t to[LOG_RECORD_MAX], size_t *ret_len)
{
    size_t len = 0;
    int c;

    while ((c = getc_unlocked(from)) != EOF && c != '\n') {
        if (len < LOG_RECORD_MAX)
            to[len++] = (uint8_t)c;
    }
    *ret_len = len;
    return c != EOF || len > 0;
}

static int verify_lines(struct verification *v, FILE *from, FILE *to)
{
    uint8_t text[LOG_RECORD_MAX];
    size_t len;

    while (read_line(from, text, &len)) {
        v->line++;
        verify_line(v, slice_of(text, len), to);
    }
    return ferror(from) ? -errno : 0;
}

static void summarize(const struct verification *v, FILE *to)
{
    if (v->check.events == 0)
        fprintf(to, "no events\n");
    else
        fprintf(to, "%llu events, from %llu to %llu; digest of the last: %s\n",
                (unsigned long long)v->check.events,
                (unsigned long long)v->check.first,
                (unsigned long long)v->check.chain.number,
                v->check.chain.digest);
    if (v->broken > 0)
        fprintf(to, "the log was changed in %llu places\n",
                (unsigned long long)v->broken);
    else if (v->lost > 0)
        fprintf(to, "%llu events were never written; no other is missing\n",
                (unsigned long long)v->lost);
    else if (v->torn > 0)
        fprintf(to,
                "lines that are no events: %llu; no event is missing "
                "between the others\n",
                (unsigned long long)v->torn);
    else
        fprintf(to, "no event is missing\n");
}

int verify_audit(const char *path, FILE *to, struct err *err)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *from = is_input ? stdin : fopen(path, "re");
    struct verification v = { .line = 0 };
    int r;

    if (from == NULL) {
        r = -errno;
        err_set(err, "%.200s: %s", path, strerror(-r));
        return r;
    }
    audit_check_begin(&v.check);
    r = verify_lines(&v, from, to);
    if (!is_input)
        fclose(from);
    if (r < 0) {
        err_set(err, "%.200s: %s", path, strerror(-r));
        return r;
    }
    summarize(&v, to);
    return v.lost + v.torn + v.broken > 0;
}
