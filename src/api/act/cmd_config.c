/*
 * The configuration: shown, checked, loaded again.
 *
 * Checking and loading take the loop's time, as SIGHUP does: some milliseconds
 * for a file of usual size. That is why they need the right to administer, and
 * why a text that is posted has a bound.
 */
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/show/show_value.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONFIG_TEXT_MAX = 256 * 1024, CONFIG_VALUE_MAX = 8 * 1024 };

/* ---- what is in force -----------------------------------------------------
 */

static json_t *show_item(const struct settings *s,
                         const struct options_item *item, char *value)
{
    options_value(s, item->name, value, CONFIG_VALUE_MAX);
    return json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:b}", "name", item->name, "value",
        show_text(value), "source", options_source_name(item->origin.source),
        "line",
        item->origin.line != 0 ? json_integer(item->origin.line) : json_null(),
        "otherwise", show_text(value[0] == '\0' ? item->otherwise : NULL),
        "is_reloaded", item->is_reloaded);
}

static json_t *show_sections(const struct settings *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    json_t *json;

    if (to == NULL)
        return json_null();
    options_print_sections(&s->sections, s->file, to);
    fclose(to);
    json = json_stringn(text, len);
    free(text);
    return json != NULL ? json : json_null();
}

static void run_show(struct api_call *call)
{
    const struct settings *s = api_means_of(call->api)->settings;
    char value[CONFIG_VALUE_MAX];
    struct options_item item;
    json_t *items;
    int cursor = 0;

    if (s == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "there are no settings");
        return;
    }
    items = json_array();
    while (options_next_item(s, &cursor, &item))
        json_array_append_new(items, show_item(s, &item, value));
    api_answer_json(call, 200,
                    json_pack("{s:I, s:i, s:o, s:o, s:o}", "total",
                              (json_int_t)json_array_size(items), "hidden", 0,
                              "file", show_text(s->file), "sections",
                              show_sections(s), "items", items));
}

/* ---- what a reload makes of it --------------------------------------------
 */

static json_t *show_problems(const struct problems *problems)
{
    json_t *list = json_array();

    for (int i = 0; problems != NULL && i < problems_kept(problems); i++) {
        const struct problem *p = &problems->item[i];

        json_array_append_new(
            list, json_pack("{s:o, s:s}", "line",
                            p->line != 0 ? json_integer(p->line) : json_null(),
                            "text", p->text));
    }
    return list;
}

static json_t *show_changes(const struct api_config_report *report)
{
    json_t *list = json_array();
    char value[512], before[512];

    for (int i = 0; i < report->changes->count; i++) {
        const char *name = report->changes->name[i];

        options_value(report->after, name, value, sizeof value);
        options_value(report->before, name, before, sizeof before);
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:o, s:b}", "name", name,
                                        "value", show_text(value), "before",
                                        show_text(before), "needs_restart", 0));
    }
    for (int i = 0; i < report->changes->restart_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:n, s:n, s:b}", "name",
                                        report->changes->restart[i], "value",
                                        "before", "needs_restart", 1));
    return list;
}

static json_t *show_report(const struct api_config_report *report)
{
    return json_pack(
        "{s:b, s:o, s:i, s:o, s:o}", "ok", report->problems->count == 0,
        "problems", show_problems(report->problems), "problem_count",
        report->problems->count, "warnings", show_problems(report->warnings),
        "changes",
        report->changes != NULL ? show_changes(report) : json_array());
}

static void cmd_config_checked(void *owner,
                               const struct api_config_report *report)
{
    api_answer_json(owner, 200, show_report(report));
}

static void run_check(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    struct slice bytes = api_bytes(call, "text");
    const struct options_text text = { .name = "text",
                                       .text = (const char *)bytes.data,
                                       .len = bytes.len };

    if (means->check == NULL)
        api_fail(call, API_UNAVAILABLE, NULL, "nothing can be checked");
    else
        means->check(means->owner, api_has(call, "text") ? &text : NULL,
                     cmd_config_checked, call);
}

/* ---- reload ---------------------------------------------------------------
 */

static void cmd_config_end(struct api_call *call)
{
    struct api_reload *waiter = call->state;

    list_remove(&waiter->node);
    free(waiter);
}

static const struct api_work reload_work = { .end = cmd_config_end };

static void cmd_config_reloaded(void *owner,
                                const struct api_config_report *report)
{
    json_t *json = show_report(report);
    struct err text;

    if (json == NULL || report->problems->count == 0) {
        if (json != NULL)
            json_object_set_new(json, "closed", json_integer(report->closed));
        api_answer_json(owner, 200, json);
        return;
    }
    err_set(&text, "nothing was changed: %.400s",
            report->problems->item[0].text);
    json_object_update_new(
        json, api_error_json(API_CONFLICT, text.text,
                             "mend it, and load it again; POST "
                             "/api/v1/config/check tells whether it is right"));
    api_answer_json(owner, api_error_status(API_CONFLICT), json);
}

static void run_reload(struct api_call *call)
{
    const struct api_means *means = api_means_of(call->api);
    struct api_reload *waiter;

    if (means->reload == NULL) {
        api_fail(call, API_UNAVAILABLE, NULL, "nothing can be loaded again");
        return;
    }
    waiter = xcalloc(1, sizeof *waiter);
    list_init(&waiter->node);
    waiter->on_done = cmd_config_reloaded;
    waiter->owner = call;
    api_work_on(call, &reload_work, waiter);
    means->reload(means->owner, waiter);
}

static const struct api_argument check_arguments[] = {
    { .name = "text",
      .type = API_BYTES,
      .place = API_IN_BODY,
      .max = CONFIG_TEXT_MAX,
      .help = "A configuration file; nothing: the one on vspcd's disk." },
    { .name = NULL },
};

const struct api_command api_config_commands[] = {
    {
        .name = "config.show",
        .verb = HTTP_VERB_GET,
        .path = "/config",
        .right = RIGHT_ADMIN,
        .summary = "Every setting with its value and where it comes from.",
        .returns = "Config",
        .run = run_show,
    },
    {
        .name = "config.check",
        .verb = HTTP_VERB_POST,
        .path = "/config/check",
        .right = RIGHT_ADMIN,
        .summary = "What a reload would do, without doing it.",
        .returns = "ConfigReport",
        .argument = check_arguments,
        .run = run_check,
    },
    {
        .name = "config.reload",
        .verb = HTTP_VERB_POST,
        .path = "/config/reload",
        .right = RIGHT_ADMIN,
        .is_change = true,
        .summary = "Loads configuration, certificates and rules again, as "
                   "SIGHUP does; if anything is wrong, nothing changes.",
        .returns = "ConfigReport",
        .run = run_reload,
    },
    { .name = NULL },
};
