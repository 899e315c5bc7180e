#include "daemon/alerts/webhook_sections.h"

#include "base/mem.h"
#include "daemon/process/secret_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A section on its way to a spec. */
struct reading {
    const struct settings *settings;
    const struct access_section *section;
    struct webhook_spec *spec;
    struct problems *problems;
    bool looks_at_files;
};

static void complain(const struct reading *r, enum access_section_list list,
                     unsigned line, const char *what)
{
    problems_add(r->problems, line, "%.200s:%u: %s \"%s\": %s: %s",
                 r->settings->file, line, access_section_name(SECTION_WEBHOOK),
                 r->section->title,
                 access_section_list_name(SECTION_WEBHOOK, list), what);
}

static void complain_of_section(const struct reading *r, const char *what)
{
    problems_add(r->problems, r->section->line, "%.200s:%u: %s \"%s\": %s",
                 r->settings->file, r->section->line,
                 access_section_name(SECTION_WEBHOOK), r->section->title, what);
}

/* ---- values -------------------------------------------------------------- */

static uint64_t read_value(const struct reading *r,
                           enum access_section_list list,
                           const struct options_form *form, uint64_t standard)
{
    const struct section_text *text = access_section_text(r->section, list);
    uint64_t value = standard;
    struct err err;

    if (text != NULL && options_parse(form, text->text, &value, &err) < 0)
        complain(r, list, text->line, err.text);
    return value;
}

static void read_values(const struct reading *r)
{
    static const struct options_form formats = {
        .kind = OPTIONS_WORD,
        .words = webhook_format_words,
    };
    static const struct options_form severities = {
        .kind = OPTIONS_WORD,
        .words = "info|warning|critical",
    };
    static const struct options_form yes_no = {
        .kind = OPTIONS_WORD,
        .words = "no|yes",
    };
    static const struct options_form timeouts = {
        .kind = OPTIONS_SECONDS,
        .min = 1,
        .max = WEBHOOK_TIMEOUT_MAX_S,
    };
    struct webhook_spec *spec = r->spec;

    spec->format = (enum webhook_format)read_value(r, SECTION_WEBHOOK_FORMAT,
                                                   &formats, WEBHOOK_JSON);
    spec->severity = (enum alert_severity)read_value(
        r, SECTION_WEBHOOK_SEVERITY, &severities, ALERT_INFO);
    spec->wants_acknowledged =
        read_value(r, SECTION_WEBHOOK_ACKNOWLEDGED, &yes_no, 0) != 0;
    spec->timeout_s = read_value(r, SECTION_WEBHOOK_TIMEOUT, &timeouts, 10);
}

static void check_pattern(const struct reading *r,
                          enum access_section_list list,
                          const struct section_text *text)
{
    struct err err;

    if (pattern_check(text->text, &err) < 0)
        complain(r, list, text->line, err.text);
}

static void read_patterns(const struct reading *r)
{
    const struct section_texts *consoles =
        &r->section->list[SECTION_WEBHOOK_CONSOLES];
    const struct section_text *rule =
        access_section_text(r->section, SECTION_WEBHOOK_RULE);

    r->spec->console = xcalloc(consoles->count + 1, sizeof(char *));
    for (size_t i = 0; i < consoles->count; i++) {
        check_pattern(r, SECTION_WEBHOOK_CONSOLES, &consoles->item[i]);
        r->spec->console[r->spec->console_count++] =
            xstrdup(consoles->item[i].text);
    }
    if (rule == NULL)
        return;
    check_pattern(r, SECTION_WEBHOOK_RULE, rule);
    r->spec->rule = xstrdup(rule->text);
}

static void check_url(const struct reading *r, enum access_section_list list,
                      unsigned line, const char *url)
{
    struct err err;

    if (webhook_url_check(url, &err) < 0)
        complain(r, list, line, err.text);
}

/* ---- files --------------------------------------------------------------- */

/* The path, if it can be one: vspcd has no working directory to rely on. NULL:
 * it was not given, or is none, which was told. */
static const struct section_text *path_of(const struct reading *r,
                                          enum access_section_list list)
{
    const struct section_text *text = access_section_text(r->section, list);

    if (text == NULL || text->text[0] == '/')
        return text;
    complain(r, list, text->line, "expected a path that begins with /");
    return NULL;
}

static char *read_secret(const struct reading *r, enum access_section_list list,
                         const char *what)
{
    const struct section_text *path = path_of(r, list);
    char *secret = NULL;
    struct err err;

    if (path != NULL && r->looks_at_files &&
        secret_file_read_text(path->text, what, &secret, &err) < 0)
        complain(r, list, path->line, err.text);
    return secret;
}

static void read_url(const struct reading *r)
{
    const struct section_text *url =
        access_section_text(r->section, SECTION_WEBHOOK_URL);
    const struct section_text *file =
        access_section_text(r->section, SECTION_WEBHOOK_URL_FILE);

    if ((url != NULL) == (file != NULL)) {
        complain_of_section(r, "expected url or url-file, and not both");
        return;
    }
    if (url != NULL) {
        check_url(r, SECTION_WEBHOOK_URL, url->line, url->text);
        r->spec->url = xstrdup(url->text);
        return;
    }
    r->spec->url = read_secret(r, SECTION_WEBHOOK_URL_FILE, "a URL");
    if (r->spec->url != NULL)
        check_url(r, SECTION_WEBHOOK_URL_FILE, file->line, r->spec->url);
}

static void read_secret_file(const struct reading *r)
{
    const struct section_text *file =
        access_section_text(r->section, SECTION_WEBHOOK_SECRET_FILE);
    struct err err;

    if (file == NULL) {
        if (r->spec->format == WEBHOOK_PAGERDUTY)
            complain_of_section(r, "format pagerduty needs secret-file, with "
                                   "the routing key in it");
        return;
    }
    r->spec->secret = read_secret(r, SECTION_WEBHOOK_SECRET_FILE, "a secret");
    if (r->spec->secret != NULL &&
        webhook_secret_check(r->spec->format, r->spec->secret, &err) < 0)
        complain(r, SECTION_WEBHOOK_SECRET_FILE, file->line, err.text);
}

static void read_ca_file(const struct reading *r)
{
    const struct section_text *path = path_of(r, SECTION_WEBHOOK_CA_FILE);

    if (path == NULL)
        return;
    if (r->looks_at_files && access(path->text, R_OK) < 0)
        complain(r, SECTION_WEBHOOK_CA_FILE, path->line, strerror(errno));
    r->spec->ca_file = xstrdup(path->text);
}

/* ---- sections ------------------------------------------------------------ */

static void read_section(const struct reading *r)
{
    const struct section_text *proxy =
        access_section_text(r->section, SECTION_WEBHOOK_PROXY);

    r->spec->name = xstrdup(r->section->title);
    if (r->section->title[0] == '\0' ||
        strlen(r->section->title) >= WEBHOOK_NAME_MAX)
        complain_of_section(r, "expected a name of 1 to 63 bytes");
    read_values(r);
    read_patterns(r);
    read_url(r);
    read_secret_file(r);
    read_ca_file(r);
    if (proxy == NULL)
        return;
    check_url(r, SECTION_WEBHOOK_PROXY, proxy->line, proxy->text);
    r->spec->proxy = xstrdup(proxy->text);
}

static void check_name(const struct reading *r,
                       const struct access_section_group *group, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(group->item[i].title, r->section->title) == 0)
            complain_of_section(r, "another webhook has this name");
    }
}

static void read_all(const struct settings *s, bool looks_at_files,
                     struct webhooks_settings *ret, struct problems *problems)
{
    const struct access_section_group *group = &s->sections.of[SECTION_WEBHOOK];

    ret->count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct reading r = {
            .settings = s,
            .section = &group->item[i],
            .spec = &ret->spec[ret->count],
            .problems = problems,
            .looks_at_files = looks_at_files,
        };

        if (i == WEBHOOKS_MAX) {
            complain_of_section(&r, "there are more than 16 webhooks");
            return;
        }
        ret->spec[ret->count++] = (struct webhook_spec){ 0 };
        check_name(&r, group, i);
        read_section(&r);
    }
}

static void check_web_url(const struct settings *s, struct problems *problems)
{
    struct options_place place = options_where(s, "web-url", 0);
    struct err err;
    const char *path;

    if (s->web_url == NULL)
        return;
    if (webhook_url_check(s->web_url, &err) < 0) {
        problems_add(problems, place.line, "%s: %s", place.text, err.text);
        return;
    }
    /* The page's files and the API have their addresses at the root. */
    path = strstr(s->web_url, "//") + 2;
    path += strcspn(path, "/?#");
    if (path[strspn(path, "/")] != '\0')
        problems_add(problems, place.line,
                     "%s: expected a host, and a port if need be: the page "
                     "cannot be below a path",
                     place.text);
}

void webhook_sections_check(const struct settings *s, struct problems *problems)
{
    struct webhooks_settings *all = xcalloc(1, sizeof *all);

    check_web_url(s, problems);
    read_all(s, false, all, problems);
    webhooks_settings_clear(all);
    free(all);
}

void webhook_sections_check_files(const struct settings *s,
                                  struct problems *problems)
{
    struct webhooks_settings *all = xcalloc(1, sizeof *all);
    struct problems others = { .count = 0 };

    read_all(s, false, all, &others);
    webhooks_settings_clear(all);
    if (others.count == 0)
        read_all(s, true, all, problems);
    webhooks_settings_clear(all);
    free(all);
}

int webhook_sections_read(const struct settings *s,
                          struct webhooks_settings *ret, struct err *err)
{
    struct problems problems = { .count = 0 };

    read_all(s, true, ret, &problems);
    if (problems.count == 0)
        return 0;
    err_set(err, "%s", problems.item[0].text);
    webhooks_settings_clear(ret);
    return -EINVAL;
}
