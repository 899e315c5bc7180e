/*
 * Mutes: which alerts are not told for a while.
 *
 * A mute is for consoles of a pattern, which may be anybody's: to make and end
 * one needs the right to control on the server, and to see them the right to
 * read there. Without either, an alert can still be acknowledged.
 */
#include "api/alerts/alert_call.h"
#include "api/api_commands.h"
#include "api/show/show_items.h"
#include "base/clock.h"

#include <stdint.h>

enum { SECONDS_MAX = 366 * 24 * 3600 };

static void run_list(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    const struct alert_mutes *mutes;
    json_t *items;

    if (means == NULL)
        return;
    means->expire(means->owner);
    mutes = &means->book->mutes;
    items = json_array();
    for (size_t i = 0; i < mutes->count; i++)
        (void)json_array_append_new(items,
                                    alert_mute_json(mutes->item[i], false));
    api_answer_json(call, 200, show_items_all(items));
}

static void run_mute(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    uint64_t seconds = api_number(call, "seconds");
    const char *match, *rule;
    const struct alert_mute *made;
    struct alert_mute wish;

    if (means == NULL || !alert_take_pattern(call, "match", &match) ||
        !alert_take_pattern(call, "rule", &rule))
        return;
    if (match == NULL && rule == NULL) {
        api_fail(call, API_BAD_REQUEST, "a match of \"*\" mutes all consoles",
                 "alerts.mute needs match or rule");
        return;
    }
    /* Borrowed for the call. */
    wish = (struct alert_mute){
        .match = (char *)(uintptr_t)match,
        .rule = (char *)(uintptr_t)rule,
        .reason = (char *)(uintptr_t)api_text(call, "reason"),
        .by = (char *)(uintptr_t)alert_caller(call),
        .until_ms = seconds != 0 ? clock_utc_ms() + (int64_t)seconds * 1000 : 0,
    };
    made = means->mute(means->owner, &wish);
    if (made != NULL)
        api_answer_json(call, 200, alert_mute_json(made, false));
    else
        api_fail(call, API_TOO_MANY, "end those that nobody needs",
                 "there are %d mutes already", ALERT_MUTES_MAX);
}

static void run_unmute(struct api_call *call)
{
    const struct alerts_means *means = alert_means(call);
    struct alert_mute *ended;

    if (means == NULL)
        return;
    ended = means->unmute(means->owner, api_number(call, "mute"),
                          alert_caller(call));
    if (ended != NULL)
        api_answer_json(call, 200, alert_mute_json(ended, false));
    else
        api_fail(call, API_NOT_FOUND,
                 "GET /api/v1/alerts/mutes lists the mutes",
                 "there is no such mute");
    alert_mute_free(ended);
}

static const struct api_argument mute_arguments[] = {
    { .name = "match",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = PATTERN_MAX - 1,
      .help = "A glob: of consoles whose name, UUID or UUID/LABEL matches; "
              "nothing: of all." },
    { .name = "rule",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = PATTERN_MAX - 1,
      .help = "A glob: of rules whose name matches; nothing: of all." },
    { .name = "seconds",
      .type = API_NUMBER,
      .place = API_IN_BODY,
      .max = SECONDS_MAX,
      .standard = "3600",
      .help = "For so long; 0: until somebody ends it." },
    { .name = "reason",
      .type = API_TEXT,
      .place = API_IN_BODY,
      .max = ALERT_COMMENT_MAX - 1,
      .help = "Why, for others to read." },
    { .name = NULL },
};

static const struct api_argument unmute_arguments[] = {
    { .name = "mute",
      .type = API_NUMBER,
      .max = INT64_MAX,
      .is_required = true,
      .help = "The mute's id." },
    { .name = NULL },
};

const struct api_command api_mutes_commands[] = {
    {
        .name = "alerts.mutes",
        .verb = HTTP_VERB_GET,
        .path = "/alerts/mutes",
        .right = RIGHT_READ,
        .summary = "Which alerts are muted, until when, why, and by whom.",
        .returns = "AlertMutes",
        .run = run_list,
    },
    {
        .name = "alerts.mute",
        .verb = HTTP_VERB_POST,
        .path = "/alerts/mutes",
        .right = RIGHT_CONTROL,
        .is_change = true,
        .summary = "What these rules find on these consoles is no alert for a "
                   "while.",
        .returns = "AlertMute",
        .argument = mute_arguments,
        .run = run_mute,
    },
    {
        .name = "alerts.unmute",
        .verb = HTTP_VERB_DELETE,
        .path = "/alerts/mutes/{mute}",
        .right = RIGHT_CONTROL,
        .is_change = true,
        .summary = "Ends a mute.",
        .returns = "AlertMute",
        .argument = unmute_arguments,
        .run = run_unmute,
    },
    { .name = NULL },
};
