/* status, limits, reload, config, version: the server itself. */
#include "base/mem.h"
#include "base/text.h"
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"
#include "cli/verbs/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct column limit_columns[] = {
    { .heading = "LIMIT", .path = "name" },
    { .heading = "USED", .path = "used", .is_right = true },
    { .heading = "MAXIMUM", .path = "limit", .is_right = true },
    { .heading = "UNIT", .path = "unit", .is_firm = true },
    { .heading = "SETTING", .path = "setting", .is_firm = true },
    { .heading = "WHAT", .path = "help", .is_wide = true },
    { .heading = NULL },
};

static const struct column setting_columns[] = {
    { .heading = "SETTING", .path = "name", .is_firm = true },
    { .heading = "VALUE", .path = "value" },
    { .heading = "SOURCE", .path = "source", .is_firm = true },
    { .heading = "LINE", .path = "line", .is_right = true },
    { .heading = NULL },
};
/* clang-format on */

static const struct listing limits = { limit_columns, "name" };
static const struct listing settings = { setting_columns, "name" };

static enum exits run_status(struct invocation *in)
{
    struct target target;
    enum listing_form form;
    const char *part;
    json_t *answer;
    json_t *value;
    enum exits exits = form_options_read(in, &form);

    target_init(&target, "/api/v1/status");
    if (exits == EXITS_DONE)
        exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    if (!arguments_has(&in->arguments, "quiet"))
        listing_print_one(answer, form, "version");
    /* For scripts: a server that runs, and has something that fails. */
    json_object_foreach (json_object_get(answer, "health"), part, value) {
        if (json_is_string(value) &&
            strcmp(json_string_value(value), "ok") != 0)
            exits = EXITS_FAILED;
    }
    json_decref(answer);
    return exits;
}

static enum exits run_limits(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/limits");
    return form_options_get_list(in, &target, &limits);
}

/* ---- config ---------------------------------------------------------------
 */

static enum exits run_config_show(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/config");
    return form_options_get_list(in, &target, &settings);
}

static const char *shown(const json_t *object, const char *key,
                         struct value_text *to)
{
    *to = value_format(json_object_get(object, key), VALUE_TEXT, 0);
    return to->text;
}

/* The texts have the file and its line. */
static void print_problems(const json_t *report, const char *key,
                           const char *kind)
{
    const json_t *items = json_object_get(report, key);
    struct value_text text;

    for (size_t i = 0; i < json_array_size(items); i++)
        out_format("%s: %s\n", kind,
                   shown(json_array_get(items, i), "text", &text));
}

static void print_changes(const json_t *report)
{
    const json_t *items = json_object_get(report, "changes");
    struct value_text name, value, before;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (json_is_true(json_object_get(item, "needs_restart")))
            out_format("%s: changes with a restart of vspcd\n",
                       shown(item, "name", &name));
        else
            out_format("%s: %s, was %s\n", shown(item, "name", &name),
                       shown(item, "value", &value),
                       shown(item, "before", &before));
    }
}

/* What a reload makes, or would make, of the configuration. */
static enum exits show_report(const json_t *report, enum listing_form form)
{
    bool is_ok = json_is_true(json_object_get(report, "ok"));

    if (form != LISTING_TABLE) {
        listing_print_one(report, form, "ok");
        return is_ok ? EXITS_DONE : EXITS_FAILED;
    }
    print_problems(report, "problems", "error");
    print_problems(report, "warnings", "warning");
    print_changes(report);
    if (is_ok && json_array_size(json_object_get(report, "changes")) == 0)
        say_news("nothing changes");
    out_flush();
    return is_ok ? EXITS_DONE : EXITS_FAILED;
}

static enum exits run_reload(struct invocation *in)
{
    struct target target;
    enum listing_form form;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    target_init(&target, "/api/v1/config/reload");
    if (exits == EXITS_DONE)
        exits = ask_post(in, &target, NULL, &answer);
    if (exits == EXITS_BUSY) /* for the API, a configuration that is wrong */
        exits = EXITS_FAILED;
    if (exits != EXITS_DONE)
        return exits;
    exits = show_report(answer, form);
    json_decref(answer);
    return exits;
}

/* The content of a file, "-" for standard input; NULL: it was told why. */
static char *read_file(const char *path)
{
    enum { FILE_MAX = 1024 * 1024 };
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    char *text = xmalloc(FILE_MAX + 1);
    size_t len = 0;

    if (file != NULL)
        len = fread(text, 1, FILE_MAX + 1, file);
    if (file == NULL || ferror(file)) {
        say_error("%s: %s", path, strerror(errno));
    } else if (len > FILE_MAX) {
        say_error("%s: longer than 1 MiB", path);
    } else {
        text[len] = '\0';
        if (!is_stdin)
            (void)fclose(file);
        return text;
    }
    if (file != NULL && !is_stdin)
        (void)fclose(file);
    free(text);
    return NULL;
}

static enum exits run_config_check(struct invocation *in)
{
    const char *path = invocation_word(in, 0);
    struct target target;
    json_t *body = NULL;
    json_t *answer = NULL;
    enum listing_form form;
    enum exits exits = form_options_read(in, &form);
    char *text;

    if (exits != EXITS_DONE)
        return exits;
    if (path != NULL) {
        text = read_file(path);
        if (text == NULL)
            return EXITS_FAILED;
        body = json_pack("{ss}", "text", text);
        free(text);
        if (body == NULL) {
            say_error("%s: is no text", path);
            return EXITS_FAILED;
        }
    }
    target_init(&target, "/api/v1/config/check");
    exits = ask_post(in, &target, body, &answer);
    if (exits != EXITS_DONE)
        return exits;
    exits = show_report(answer, form);
    json_decref(answer);
    return exits;
}

static enum exits run_version(struct invocation *in)
{
    struct target target;
    json_t *answer;
    const char *version;
    char clean[64];
    enum exits exits;

    out_text("vspc " VSPCD_VERSION "\n");
    out_flush();
    target_init(&target, "/api/v1/version");
    exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    version = json_string_value(json_object_get(answer, "version"));
    (void)text_clean(clean, sizeof clean,
                     slice_of_text(version != NULL ? version : "?"));
    out_format("vspcd %s at %s\n", clean,
               place_format(&in->choice.settings.place).text);
    out_flush();
    json_decref(answer);
    return EXITS_DONE;
}

const struct verb verb_status = {
    .name = "status",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "show how the server is; exit code 1 if something fails there",
    .example = "vspc status\n"
               "vspc status --quiet || echo 'look at vspcd'\n",
    .option = form_options_one,
    .by_ssh = "output",
    .run = run_status,
};

const struct verb verb_limits = {
    .name = "limits",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "show the server's limits, and how much of each is used",
    .example = "vspc limits\n",
    .option = form_options_list,
    .by_ssh = "output no-headers",
    .run = run_limits,
};

const struct verb verb_reload = {
    .name = "reload",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "have the server read its configuration again, and say what "
               "changed",
    .example = "vspc config check && vspc reload\n",
    .option = form_options_one,
    .run = run_reload,
};

const struct verb verb_config_check = {
    .name = "config check",
    .group = VERB_GROUP_SERVER,
    .words = "[FILE]",
    .words_max = 1,
    .summary = "check the server's configuration file, or another one",
    .text =
        "FILE is a file of this machine; - is standard input. Shown is what "
        "a reload would change. Exit code 1: it has errors.",
    .example = "vspc config check\n"
               "vspc config check new.conf\n",
    .option = form_options_one,
    .run = run_config_check,
};

const struct verb verb_config_show = {
    .name = "config show",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "show the server's settings, and where each comes from",
    .example = "vspc config show\n",
    .option = form_options_list,
    .run = run_config_show,
};

const struct verb verb_version = {
    .name = "version",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "show the versions of vspc and of the server",
    .example = "vspc version\n",
    .by_ssh = "",
    .run = run_version,
};
