#include "webhook/webhook_spec.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char webhook_format_words[] = "json|slack|teams|alertmanager|pagerduty";

const char *webhook_format_name(enum webhook_format format)
{
    static const char *const names[WEBHOOK_FORMATS] = {
        [WEBHOOK_JSON] = "json",
        [WEBHOOK_SLACK] = "slack",
        [WEBHOOK_TEAMS] = "teams",
        [WEBHOOK_ALERTMANAGER] = "alertmanager",
        [WEBHOOK_PAGERDUTY] = "pagerduty",
    };

    return names[format];
}

const char *webhook_event_name(enum webhook_event event)
{
    switch (event) {
    case WEBHOOK_ALERT:
        return "alert";
    case WEBHOOK_ACKNOWLEDGED:
        return "alert-acknowledged";
    case WEBHOOK_TEST:
        break;
    }
    return "test";
}

void webhook_spec_clear(struct webhook_spec *spec)
{
    for (size_t i = 0; i < spec->console_count; i++)
        free(spec->console[i]);
    free(spec->console);
    free(spec->name);
    mem_free_secret(&spec->url);
    mem_free_secret(&spec->secret);
    free(spec->rule);
    free(spec->ca_file);
    free(spec->proxy);
    *spec = (struct webhook_spec){ 0 };
}

static int refuse(struct err *err, const char *why)
{
    err_set(err, "%s", why);
    return -EINVAL;
}

/* Whether the authority, up to `end`, has a name or an address, and no
 * password. */
static const char *authority_problem(const char *from, size_t len)
{
    if (len == 0 || from[0] == ':')
        return "has no host: expected http://HOST/... or https://HOST/...";
    if (memchr(from, '@', len) != NULL)
        return "has a name or password in it: expected https://HOST/...";
    return NULL;
}

/* The URL itself is not shown: it may be as good as a password. */
int webhook_url_check(const char *url, struct err *err)
{
    const char *rest = url;
    const char *problem;

    if (strncasecmp(url, "https://", 8) == 0)
        rest += 8;
    else if (strncasecmp(url, "http://", 7) == 0)
        rest += 7;
    else
        return refuse(err, "is no URL that begins with http:// or https://");
    if (strlen(url) >= WEBHOOK_URL_MAX)
        return refuse(err, "is too long: the limit is 2047 bytes");
    for (const char *at = rest; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at))
            return refuse(err, "has blanks or other characters that no URL "
                               "has: expected them as %20");
    }
    problem = authority_problem(rest, strcspn(rest, "/?#"));
    return problem != NULL ? refuse(err, problem) : 0;
}

int webhook_secret_check(enum webhook_format format, const char *secret,
                         struct err *err)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789._-";

    if (format != WEBHOOK_PAGERDUTY || strspn(secret, good) == strlen(secret))
        return 0;
    return refuse(err, "is no routing key: expected letters and digits");
}

static bool has_console(const struct webhook_spec *spec,
                        const struct access_console *console)
{
    const struct pattern_console forms = pattern_console_of(console);

    for (size_t i = 0; i < spec->console_count; i++) {
        if (pattern_matches_console(spec->console[i], &forms))
            return true;
    }
    return spec->console_count == 0;
}

bool webhook_wants(const struct webhook_spec *spec, enum webhook_event event,
                   const struct alert_item *item,
                   const struct access_console *console)
{
    if (event == WEBHOOK_TEST)
        return true;
    return (event == WEBHOOK_ALERT || spec->wants_acknowledged) &&
           item->severity >= spec->severity &&
           (spec->rule == NULL || pattern_matches(spec->rule, item->rule)) &&
           has_console(spec, console);
}
