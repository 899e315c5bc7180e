/*
 * Alerts, and the rules that find them.
 *
 * Whoever may read a console sees its alerts. Whoever may type into it
 * acknowledges them: that tells the others that somebody takes care of the VM,
 * and a mere reader cannot.
 */
#include "api/alerts/alert_call.h"
#include "api/api_commands.h"
#include "api/api_means.h"
#include "api/show/show_items.h"
#include "base/mem.h"
#include "core/directory.h"
#include "session/session_context.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIST_STEP = 8, /* alerts that are shown in one piece, some KiB each */
    LOOK_STEP = 64,
    LIMIT_MAX = 1000,
};

/* ---- the list ------------------------------------------------------------ */

struct listed {
    uint64_t before; /* the id that is looked at next is below */
    int64_t since_ms;
    const char *state;        /* NULL: any */
    const char *match, *rule; /* patterns of the call; NULL: any */
    struct show_items items;
};

static bool is_wanted(const struct api_call *call,
                      const struct alert_item *item)
{
    const struct listed *l = call->state;
    const struct access_console console =
        directory_view(api_sessions(call->api)->directory, item->name,
                       item->uuid, item->label);
    const struct pattern_console forms = pattern_console_of(&console);

    return item->last_ms >= l->since_ms &&
           (l->state == NULL ||
            strcmp(l->state, alert_item_state(item)) == 0) &&
           (l->rule == NULL || pattern_matches(l->rule, item->rule)) &&
           (l->match == NULL || pattern_matches_console(l->match, &forms));
}

static enum api_more cmd_alerts_produce(struct api_call *call, struct buf *to)
{
    const struct alert_book *book = api_means_of(call->api)->alerts->book;
    struct listed *l = call->state;
    int shown = 0;

    for (int i = 0; i < LOOK_STEP && shown < LIST_STEP; i++) {
        const struct alert_item *item = alert_book_before(book, l->before);

        if (item == NULL) {
            return show_items_end(&l->items, to) ? API_END : API_CUT;
        }
        l->before = item->id;
        if (alert_right(call, item) < RIGHT_READ) {
            l->items.hidden++;
        } else if (is_wanted(call, item) && show_items_count(&l->items)) {
            if (!show_items_put(&l->items, to, alert_item_json(item, false)))
                return API_CUT;
            shown++;
        }
    }
    return API_MORE;
}

static void cmd_alerts_end(struct api_call *call)
{
    free(call->state);
}

static void run_list(struct api_call *call)
{
    static const struct api_work work = { cmd_alerts_produce, cmd_alerts_end };
    const char *state = api_text(call, "state");
    const char *match, *rule;
    struct listed *l;

    if (alert_means(call) == NULL ||
        !alert_take_pattern(call, "match", &match) ||
        !alert_take_pattern(call, "rule", &rule))
        return;
    l = xcalloc(1, sizeof *l);
    l->before = UINT64_MAX;
    l->since_ms = (int64_t)api_number(call, "since");
    l->state = strcmp(state, "all") != 0 ? state : NULL;
    l->match = match;
    l->rule = rule;
    l->items.limit = api_number(call, "limit");
    l->items.offset = api_number(call, "offset");
    api_answer_stream(call, "application/json", &work, l);
}

/* ---- one ----------------------------------------------------------------- */

/* The alert that the path names, on whose console the caller has this right;
 * NULL: it was answered. One that may not be read is not there. */
static const struct alert_item *find(struct api_call *call,
                                     const struct alerts_means *means,
                                     enum right needs)
{
    const struct alert_item *item =
        alert_book_find(means->book, api_number(call, "alert"));
    enum right has = item != NULL ? alert_right(call, item) : RIGHT_NONE;

    if (has < RIGHT_READ) {
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/alerts lists the alerts that you may see",
                 "there is no such alert");
        return NULL;
    }
    if (has >= needs)
        return item;
    api_fail(call,
             call->who->proof == PROOF_ADDRESS ? API_UNAUTHENTICATED
                                               : API_FORBIDDEN,
             "an access section of vspcd.conf can give it",
             "%s needs the right \"%s\" on the alert's console; %s has \"%s\"",
             call->command->name, right_name(needs),
             principal_format(call->who).text, right_name(has));
    return NULL;
}

static void run_show(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    const struct alert_item *item =
        means != NULL ? find(call, means, RIGHT_READ) : NULL;

    if (item != NULL)
        api_answer_json(call, 200, alert_item_json(item, false));
}

static void run_acknowledge(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    const struct alert_item *item =
        means != NULL ? find(call, means, RIGHT_WRITE) : NULL;

    if (item == NULL)
        return;
    means->acknowledge(means->owner, item->id, alert_caller(call),
                       api_text(call, "comment"));
    api_answer_json(call, 200, alert_item_json(item, false));
}

/* ---- rules --------------------------------------------------------------- */

static json_t *show_rule(const struct alert_rule_state *state)
{
    const struct alert_rule *rule = state->rule;
    json_t *consoles = json_array();

    for (size_t i = 0; i < rule->console_count; i++)
        (void)json_array_append_new(consoles, json_string(rule->console[i]));
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:i, s:o, s:I, "
        "s:I}",
        "name", rule->name, "severity", alert_severity_name(rule->severity),
        "set", show_text(rule->set), "where", show_text(rule->where), "pattern",
        show_text(rule->pattern), "without", show_text(rule->without), "within",
        (json_int_t)rule->within_s, "after_silence",
        (json_int_t)rule->silence_s, "flood", (json_int_t)rule->flood,
        "ignores_case", rule->is_case_ignored, "lines", (int)rule->lines,
        "consoles", consoles, "found", (json_int_t)state->found, "left_out",
        (json_int_t)state->others);
}

static void run_rules(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    json_t *items;
    struct alert_rule_state state;

    if (means == NULL)
        return;
    items = json_array();
    for (size_t i = 0;
         means->rule != NULL && means->rule(means->owner, i, &state); i++)
        (void)json_array_append_new(items, show_rule(&state));
    api_answer_json(call, 200, show_items_all(items));
}

/* ---- rows ---------------------------------------------------------------- */

static const struct api_argument list_arguments[] = {
    { .name = "state",
      .type = API_WORD,
      .words = "open|acknowledged|all",
      .standard = "open",
      .help = "Those that nobody has acknowledged, those that somebody has, or "
              "both." },
    { .name = "match",
      .type = API_TEXT,
      .max = PATTERN_MAX - 1,
      .help = "A glob: only of consoles whose name, UUID or UUID/LABEL "
              "matches." },
    { .name = "rule",
      .type = API_TEXT,
      .max = PATTERN_MAX - 1,
      .help = "A glob: only of rules whose name matches." },
    { .name = "since",
      .type = API_TIME,
      .help = "Only those that were found at this time or later." },
    { .name = "limit",
      .type = API_NUMBER,
      .max = LIMIT_MAX,
      .standard = "100",
      .help = "So many at most." },
    { .name = "offset",
      .type = API_NUMBER,
      .max = ALERT_BOOK_MAX,
      .help = "So many are left out at the beginning." },
    { .name = NULL },
};

#define ALERT_ARGUMENT                                                         \
    {                                                                          \
        .name = "alert", .type = API_NUMBER, .max = INT64_MAX,                 \
        .is_required = true, .help = "The alert's id."                         \
    }

static const struct api_argument show_arguments[] = {
    ALERT_ARGUMENT,
    { .name = NULL },
};

static const struct api_argument acknowledge_arguments[] = {
    ALERT_ARGUMENT,
    { .name = "comment",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = ALERT_COMMENT_MAX - 1,
      .help = "What is being done about it." },
    { .name = NULL },
};

const struct api_command api_alerts_commands[] = {
    {
        .name = "alerts.list",
        .verb = HTTP_VERB_GET,
        .path = "/alerts",
        .right = RIGHT_NONE,
        .summary = "The alerts of consoles that may be read, the newest first.",
        .returns = "Alerts",
        .argument = list_arguments,
        .run = run_list,
    },
    {
        .name = "alerts.rules",
        .verb = HTTP_VERB_GET,
        .path = "/alerts/rules",
        .right = RIGHT_READ,
        .summary = "The rules that are in force, and how often each has found "
                   "something.",
        .returns = "AlertRules",
        .run = run_rules,
    },
    {
        .name = "alerts.show",
        .verb = HTTP_VERB_GET,
        .path = "/alerts/{alert}",
        .right = RIGHT_NONE,
        .summary = "One alert; its console must be readable.",
        .returns = "Alert",
        .argument = show_arguments,
        .run = run_show,
    },
    {
        .name = "alerts.acknowledge",
        .verb = HTTP_VERB_POST,
        .path = "/alerts/{alert}/acknowledge",
        .right = RIGHT_NONE,
        .is_change = true,
        .summary = "Somebody takes care of it; needs the right to write on its "
                   "console.",
        .returns = "Alert",
        .argument = acknowledge_arguments,
        .run = run_acknowledge,
    },
    { .name = NULL },
};
