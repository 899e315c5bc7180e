#include "daemon/parts/logs_settings.h"

#include "conlog/file/conlog_space.h"
#include "daemon/process/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    /* Files that stay open: this fraction of the limit, because VMs need the
     * rest. */
    OPEN_PART = 16,
    OPEN_LEAST = 8,
    OPEN_MOST = 1024,
};

const char *logs_settings_directory(const struct settings *s)
{
    if (s->log_directory != NULL)
        return s->log_directory;
    return s->backend == SETTINGS_BACKEND_LOGGING ? "/var/log/consoles" : NULL;
}

uint32_t logs_settings_open_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return OPEN_LEAST;
    if (limit.rlim_cur / OPEN_PART > OPEN_MOST)
        return OPEN_MOST;
    if (limit.rlim_cur / OPEN_PART < OPEN_LEAST)
        return OPEN_LEAST;
    return (uint32_t)(limit.rlim_cur / OPEN_PART);
}

/* The prefix, in which nothing is a pattern, followed by the pattern. */
static int make_pattern(const struct settings *s, struct conlog_settings *to,
                        struct err *err)
{
    const char *prefix = s->log_prefix != NULL ? s->log_prefix : "";
    size_t at = 0;

    for (const char *p = prefix; *p != '\0' && at + 3 < sizeof to->pattern;
         p++) {
        if (*p == '%')
            to->pattern[at++] = '%';
        to->pattern[at++] = *p;
    }
    if (at > 0)
        to->pattern[at++] = '-';
    if (at + strlen(s->log_name) >= sizeof to->pattern) {
        err_set(err, "too long: with the prefix %d bytes are the limit",
                CONLOG_PATTERN_MAX);
        return -EINVAL;
    }
    snprintf(to->pattern + at, sizeof to->pattern - at, "%s", s->log_name);
    return conlog_name_check(to->pattern, err);
}

static int parse_mode(const char *text, mode_t *ret_mode, struct err *err)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (text[0] < '0' || text[0] > '7' || *end != '\0' || mode > 0777) {
        err_set(err,
                "'%.20s' is not valid: expected an octal number up to "
                "0777, such as 0640",
                text);
        return -EINVAL;
    }
    if ((mode & 0600) != 0600) {
        err_set(err,
                "'%.20s' is not valid: the owner must be allowed to read "
                "and write, as with 0600",
                text);
        return -EINVAL;
    }
    *ret_mode = (mode_t)mode;
    return 0;
}

static int parse_owner(const char *text, struct conlog_settings *to,
                       struct err *err)
{
    struct account account;
    int r = account_parse(text, &account, err);

    if (r < 0)
        return r;
    to->uid = account.uid;
    to->gid = account.gid;
    return 0;
}

/* With less, there could be nothing to delete when the bound is near: only
 * rotated files are. */
static int check_total(const struct settings *s, struct err *err)
{
    uint64_t least = 2 * s->log_rotate_size;

    if (least < CONLOG_SPACE_TOTAL_MIN)
        least = CONLOG_SPACE_TOTAL_MIN;
    if (s->log_total == 0 || s->log_total >= least)
        return 0;
    err_set(err,
            "%llu is not valid: expected 0, or at least 8M and twice "
            "log-rotate-size",
            (unsigned long long)s->log_total);
    return -EINVAL;
}

int logs_settings_make(const struct settings *s, struct conlog_settings *to,
                       const char **ret_name, struct err *err)
{
    const char *directory = logs_settings_directory(s);

    *to = (struct conlog_settings){
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .open_max = logs_settings_open_max(),
        .keep_free = s->log_keep_free,
        .total = s->log_total,
        .is_stamped = s->log_format == 1,
        .rotation = {
            .size_max = s->log_rotate_size,
            .age_s = s->log_rotate_s,
            .keep = (unsigned)s->log_keep,
            .compresses = s->log_compress,
        },
    };
    *ret_name = "logdir";
    if (directory != NULL && directory[0] != '/') {
        err_set(err, "'%.200s' is not valid: expected a path from /",
                directory);
        return -EINVAL;
    }
    if (directory != NULL && strlen(directory) >= sizeof to->directory) {
        err_set(err, "the path is too long");
        return -EINVAL;
    }
    snprintf(to->directory, sizeof to->directory, "%s",
             directory != NULL ? directory : "");
    *ret_name = "mode";
    if (parse_mode(s->log_mode, &to->mode, err) < 0)
        return -EINVAL;
    *ret_name = "log-owner";
    if (s->log_owner != NULL && parse_owner(s->log_owner, to, err) < 0)
        return -EINVAL;
    *ret_name = "log-total";
    if (check_total(s, err) < 0)
        return -EINVAL;
    *ret_name = s->log_prefix != NULL ? "prefix" : "log-name";
    return make_pattern(s, to, err);
}

void logs_settings_check(const struct settings *s, struct problems *problems)
{
    struct conlog_settings made;
    const char *name;
    struct err err;

    if (logs_settings_make(s, &made, &name, &err) < 0) {
        struct options_place place = options_where(s, name, 0);

        problems_add(problems, place.line, "%s: %s", place.text, err.text);
    }
}
