/* alerts list, show, ack, rules, webhooks, test. */
#include "cli/alerts/alerts.h"
#include "cli/alerts/alerts_watch.h"
#include "cli/common/say.h"
#include "cli/output/out.h"
#include "cli/verbs/form_options.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct column alert_columns[] = {
    { .heading = "ID", .path = "id", .is_right = true, .is_firm = true },
    { .heading = "SEVERITY", .path = "severity", .is_firm = true },
    { .heading = "CONSOLE", .path = "console.name" },
    { .heading = "RULE", .path = "rule" },
    { .heading = "AGO", .path = "last_time", .kind = VALUE_AGO,
      .is_right = true, .is_firm = true },
    { .heading = "COUNT", .path = "count", .is_right = true },
    { .heading = "TEXT", .path = "text" },
    { .heading = "TIME", .path = "time", .kind = VALUE_TIME, .is_wide = true },
    { .heading = "STATE", .path = "state", .is_wide = true },
    { .heading = "BY", .path = "acknowledged_by", .is_wide = true },
    { .heading = "COMMENT", .path = "comment", .is_wide = true },
    { .heading = NULL },
};

static const struct column rule_columns[] = {
    { .heading = "RULE", .path = "name" },
    { .heading = "SEVERITY", .path = "severity", .is_firm = true },
    { .heading = "SET", .path = "set" },
    { .heading = "FOUND", .path = "found", .is_right = true },
    { .heading = "CONSOLES", .path = "consoles" },
    { .heading = "PATTERN", .path = "pattern" },
    { .heading = "WITHOUT", .path = "without", .is_wide = true },
    { .heading = "SILENCE", .path = "after_silence", .kind = VALUE_DURATION,
      .is_right = true, .is_wide = true },
    { .heading = "FLOOD", .path = "flood", .kind = VALUE_BYTES,
      .is_right = true, .is_wide = true },
    { .heading = "WITHIN", .path = "within", .kind = VALUE_DURATION,
      .is_right = true, .is_wide = true },
    { .heading = "WHERE", .path = "where", .is_wide = true },
    { .heading = NULL },
};

static const struct column webhook_columns[] = {
    { .heading = "WEBHOOK", .path = "name" },
    { .heading = "FORMAT", .path = "format" },
    { .heading = "STATE", .path = "state" },
    { .heading = "WAITING", .path = "waiting", .is_right = true },
    { .heading = "SENT", .path = "sent", .is_right = true },
    { .heading = "RETRIED", .path = "retried", .is_right = true },
    { .heading = "GIVEN-UP", .path = "given_up", .is_right = true },
    { .heading = "DROPPED", .path = "dropped", .is_right = true },
    { .heading = NULL },
};

static const struct option_row list_options[] = {
    { "state", 0, "STATE", "open, acknowledged or all [open]" },
    { "match", 0, "PATTERN", "only of consoles that match it" },
    { "rule", 0, "PATTERN", "only of rules whose name matches it" },
    { "since", 0, "TIME", "only those that were found since: 2h, 7d, or a time" },
    { "limit", 0, "COUNT", "so many at most, up to 1000 [100]" },
    { "watch", 'w', NULL, "go on with those that come, until ^C" },
    FORM_OPTION_OUTPUT,
    FORM_OPTION_HEADERS,
    { NULL, 0, NULL, NULL },
};
/* clang-format on */

static const struct listing alerts = { alert_columns, "id" };
static const struct listing rules = { rule_columns, "name" };
static const struct listing webhooks = { webhook_columns, "name" };

/* ---- list ---------------------------------------------------------------- */

static void make_list_target(const struct invocation *in, struct target *target)
{
    static const char *const names[] = { "state", "match", "rule", "since",
                                         "limit" };

    target_init(target, "/api/v1/alerts");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        target_add_query(target, names[i],
                         arguments_text(&in->arguments, names[i]));
}

static uint64_t newest_of(const json_t *answer)
{
    uint64_t newest = 0;
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(answer, "items"), i, item) {
        json_int_t id = json_integer_value(json_object_get(item, "id"));

        if (id > 0 && (uint64_t)id > newest)
            newest = (uint64_t)id;
    }
    return newest;
}

static enum exits show_list(struct invocation *in, uint64_t *ret_newest)
{
    enum listing_form form;
    struct target target;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    make_list_target(in, &target);
    if (exits == EXITS_DONE)
        exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    listing_print(&alerts, answer, form,
                  !arguments_has(&in->arguments, "no-headers"));
    out_flush();
    *ret_newest = newest_of(answer);
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_list(struct invocation *in)
{
    struct alerts_watch watch = {
        .match = arguments_text(&in->arguments, "match"),
        .rule = arguments_text(&in->arguments, "rule"),
        .show = show_list,
    };
    uint64_t newest;
    enum exits exits = form_options_read(in, &watch.form);

    if (exits != EXITS_DONE)
        return exits;
    if (arguments_has(&in->arguments, "watch"))
        return alerts_watch_run(in, &watch);
    return show_list(in, &newest);
}

/* ---- one ----------------------------------------------------------------- */

static void make_target(const struct invocation *in, struct target *target,
                        const char *behind)
{
    target_init(target, "/api/v1/alerts/");
    target_add_segment(target, invocation_word(in, 0));
    target_add(target, behind);
}

static void print_lines(const json_t *alert, const char *key,
                        const char *before)
{
    const json_t *lines = json_object_get(alert, key);
    const json_t *line;
    size_t i;

    json_array_foreach (lines, i, line) {
        out_format("%s%s\n", before, value_format(line, VALUE_TEXT, 0).text);
    }
}

/* The lines stand below, as on the console. */
static void print_alert(json_t *alert)
{
    json_t *copy = json_copy(alert);

    (void)json_object_del(copy, "before");
    (void)json_object_del(copy, "after");
    (void)json_object_del(copy, "text");
    listing_print_one(copy, LISTING_TABLE, "id");
    json_decref(copy);
    out_text("\n");
    print_lines(alert, "before", "  ");
    out_begin(OUT_NOTABLE);
    out_format(
        "> %s",
        value_format(json_object_get(alert, "text"), VALUE_TEXT, 0).text);
    out_end(OUT_NOTABLE);
    out_text("\n");
    print_lines(alert, "after", "  ");
}

static enum exits run_show(struct invocation *in)
{
    enum listing_form form;
    struct target target;
    json_t *answer;
    enum exits exits = form_options_read(in, &form);

    make_target(in, &target, "");
    if (exits == EXITS_DONE)
        exits = ask_get(in, &target, &answer);
    if (exits != EXITS_DONE)
        return exits;
    if (form == LISTING_TABLE || form == LISTING_WIDE)
        print_alert(answer);
    else
        listing_print_one(answer, form, "id");
    out_flush();
    json_decref(answer);
    return EXITS_DONE;
}

static enum exits run_ack(struct invocation *in)
{
    struct target target;
    json_t *body = json_object();
    char *comment = invocation_join_words(in, 1);

    if (comment != NULL && comment[0] != '\0')
        (void)json_object_set_new(body, "comment", json_string(comment));
    free(comment);
    make_target(in, &target, "/acknowledge");
    return ask_post(in, &target, body, NULL);
}

/* ---- rules and webhooks -------------------------------------------------- */

static enum exits run_rules(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/alerts/rules");
    return form_options_get_list(in, &target, &rules);
}

static enum exits run_webhooks(struct invocation *in)
{
    struct target target;

    target_init(&target, "/api/v1/alerts/webhooks");
    return form_options_get_list(in, &target, &webhooks);
}

static enum exits run_test(struct invocation *in)
{
    enum listing_form form;
    struct target target;
    json_t *answer;
    bool is_delivered;
    enum exits exits = form_options_read(in, &form);

    if (exits != EXITS_DONE)
        return exits;
    target_init(&target, "/api/v1/alerts/test");
    exits =
        ask_post(in, &target,
                 json_pack("{ss}", "webhook", invocation_word(in, 0)), &answer);
    if (exits != EXITS_DONE)
        return exits;
    is_delivered = json_is_true(json_object_get(answer, "delivered"));
    listing_print_one(answer, form, "webhook");
    out_flush();
    if (!is_delivered)
        say_error(
            "%.64s: %.200s", invocation_word(in, 0),
            value_format(json_object_get(answer, "message"), VALUE_TEXT, 0)
                .text);
    json_decref(answer);
    return is_delivered ? EXITS_DONE : EXITS_FAILED;
}

/* ---- rows ---------------------------------------------------------------- */

const struct verb verb_alerts_list = {
    .name = "alerts list",
    .alias = "alerts",
    .group = VERB_GROUP_CONSOLES,
    .words = "",
    .summary = "list what rules have found on consoles",
    .text = "The open ones: those that nobody has acknowledged. With --watch, "
            "those that come follow, a line each; a lost connection goes on "
            "where it was.",
    .example = "vspc alerts\n"
               "vspc alerts --watch --match 'web-*'\n"
               "vspc alerts --state all --since 7d -o jsonl\n",
    .option = list_options,
    .by_ssh = "state match rule since limit watch output no-headers",
    .run = run_list,
};

const struct verb verb_alerts_show = {
    .name = "alerts show",
    .group = VERB_GROUP_CONSOLES,
    .words = "ID",
    .words_min = 1,
    .words_max = 1,
    .summary = "show an alert, with the lines around it",
    .example = "vspc alerts show 17\n",
    .option = form_options_one,
    .by_ssh = "output",
    .run = run_show,
};

const struct verb verb_alerts_ack = {
    .name = "alerts ack",
    .group = VERB_GROUP_ACTING,
    .words = "ID [COMMENT...]",
    .words_min = 1,
    .words_max = VERB_MANY,
    .summary = "acknowledge an alert: somebody takes care of it",
    .text = "Needs the right to write on the alert's console.",
    .example = "vspc alerts ack 17 the disk is being replaced\n",
    .by_ssh = "",
    .run = run_ack,
};

const struct verb verb_alerts_rules = {
    .name = "alerts rules",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "list the rules of alerts, and how often each has found "
               "something",
    .example = "vspc alerts rules -o wide\n",
    .option = form_options_list,
    .by_ssh = "output no-headers",
    .run = run_rules,
};

const struct verb verb_alerts_webhooks = {
    .name = "alerts webhooks",
    .group = VERB_GROUP_SERVER,
    .words = "",
    .summary = "list the receivers of alerts, and how they do",
    .example = "vspc alerts webhooks\n",
    .option = form_options_list,
    .by_ssh = "output no-headers",
    .run = run_webhooks,
};

const struct verb verb_alerts_test = {
    .name = "alerts test",
    .group = VERB_GROUP_SERVER,
    .words = "WEBHOOK",
    .words_min = 1,
    .words_max = 1,
    .summary = "send a sample to a webhook, and show what comes back",
    .text = "Exits with 1 if the receiver has not taken it.",
    .example = "vspc alerts test ops\n",
    .option = form_options_one,
    .by_ssh = "output",
    .run = run_test,
};
