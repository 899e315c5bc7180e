#include "alert/book/alert_mutes.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct alert_mute *alert_mute_new(const struct alert_mute *from)
{
    struct alert_mute *mute = xcalloc(1, sizeof *mute);

    mute->id = from->id;
    mute->match = from->match != NULL ? xstrdup(from->match) : NULL;
    mute->rule = from->rule != NULL ? xstrdup(from->rule) : NULL;
    mute->reason = alert_item_copy_text(from->reason, ALERT_COMMENT_MAX);
    mute->by = alert_item_copy_text(from->by, ALERT_BY_MAX);
    mute->made_ms = from->made_ms;
    mute->until_ms = from->until_ms;
    return mute;
}

void alert_mute_free(struct alert_mute *mute)
{
    if (mute == NULL)
        return;
    free(mute->match);
    free(mute->rule);
    free(mute->reason);
    free(mute->by);
    free(mute);
}

bool alert_mute_is_over(const struct alert_mute *mute, int64_t now_ms)
{
    return mute->until_ms != 0 && now_ms >= mute->until_ms;
}

struct alert_mute *alert_mutes_find(const struct alert_mutes *mutes,
                                    const char *rule,
                                    const struct access_console *console,
                                    int64_t now_ms)
{
    struct pattern_console forms;

    if (mutes->count == 0)
        return NULL;
    forms = pattern_console_of(console);
    for (size_t i = 0; i < mutes->count; i++) {
        struct alert_mute *mute = mutes->item[i];

        if (!alert_mute_is_over(mute, now_ms) &&
            (mute->rule == NULL || pattern_matches(mute->rule, rule)) &&
            (mute->match == NULL ||
             pattern_matches_console(mute->match, &forms)))
            return mute;
    }
    return NULL;
}

/* ---- JSON --------------------------------------------------------------- */

json_t *alert_mute_json(const struct alert_mute *mute, bool is_whole)
{
    json_t *json = json_pack("{s:I, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:I}",
                             "id", (json_int_t)mute->id, "match", mute->match,
                             "rule", mute->rule, "reason", mute->reason, "by",
                             mute->by, "since", alert_item_time(mute->made_ms),
                             "until", alert_item_time(mute->until_ms), "count",
                             (json_int_t)mute->count);

    if (json != NULL && is_whole)
        (void)json_object_set_new(json, "kept",
                                  json_pack("{s:I, s:I}", "since",
                                            (json_int_t)mute->made_ms, "until",
                                            (json_int_t)mute->until_ms));
    return json;
}

/* NULL also for what is no text. */
static char *text_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return (char *)(uintptr_t)text;
}

struct alert_mute *alert_mute_read(const json_t *json)
{
    struct alert_mute mute = {
        .match = text_at(json, "match"),
        .rule = text_at(json, "rule"),
        .reason = text_at(json, "reason"),
        .by = text_at(json, "by"),
    };
    json_int_t id, count, made, until;
    struct alert_mute *read;

    if (json_unpack((json_t *)(uintptr_t)json, "{s:I, s:I, s:{s:I, s:I}}", "id",
                    &id, "count", &count, "kept", "since", &made, "until",
                    &until) < 0 ||
        id <= 0 || count < 0 || until < 0 ||
        (mute.match == NULL && mute.rule == NULL) ||
        (mute.match != NULL && pattern_check(mute.match, NULL) < 0) ||
        (mute.rule != NULL && pattern_check(mute.rule, NULL) < 0))
        return NULL;
    mute.id = (uint64_t)id;
    mute.made_ms = made;
    mute.until_ms = until;
    read = alert_mute_new(&mute);
    read->count = (uint64_t)count;
    return read;
}
