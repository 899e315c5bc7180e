#include "webhook/webhook_body.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Lines, each of their bytes escaped as Slack wants it, and words. */
    TEXT_MAX = 64 * 1024,
    SUMMARY_MAX = 1024, /* PagerDuty cuts what is longer */
    URL_MAX = WEBHOOK_URL_MAX + ALERT_LINK_MAX,
};

/* What the forms have in common. */
struct subject {
    enum webhook_event event;
    const struct alert_item *item;
    int64_t now_ms;
    char url[URL_MAX]; /* of the line in the page; "": not known */
};

static json_t *time_of(int64_t utc_ms)
{
    return alert_item_time(utc_ms != 0 ? utc_ms : 1);
}

static json_t *url_of(const struct subject *s)
{
    return s->url[0] != '\0' ? json_string(s->url) : json_null();
}

/* ---- texts --------------------------------------------------------------- */

/* A text that grows up to its size, and is cut there. */
struct text {
    char *at;
    size_t len;
    bool is_for_slack;
};

static void put(struct text *t, const char *text)
{
    size_t len = strlen(text);

    if (t->len + len >= TEXT_MAX)
        return;
    memcpy(t->at + t->len, text, len + 1);
    t->len += len;
}

/* What Slack's own marks begin with is escaped; a ` would end the block of
 * lines, and has no escape. */
static void put_foreign(struct text *t, const char *text)
{
    char one[2] = { 0 };

    for (; t->is_for_slack && *text != '\0'; text++) {
        one[0] = *text;
        if (*text == '&')
            put(t, "&amp;");
        else if (*text == '<')
            put(t, "&lt;");
        else if (*text == '>')
            put(t, "&gt;");
        else
            put(t, *text == '`' ? "'" : one);
    }
    put(t, text);
}

static void put_lines(struct text *t, const char *const *line, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put_foreign(t, line[i]);
        put(t, "\n");
    }
}

static void put_all_lines(struct text *t, const struct alert_item *item)
{
    put_lines(t, item->before, item->before_count);
    put_lines(t, &item->text, 1);
    put_lines(t, item->after, item->after_count);
}

/* "critical: kernel-panic on web-01", "alice has acknowledged ...". */
static void put_heading(struct text *t, const struct subject *s)
{
    const struct alert_item *item = s->item;

    if (s->event == WEBHOOK_ACKNOWLEDGED) {
        put_foreign(t, item->by);
        put(t, " has acknowledged ");
    } else {
        put(t, s->event == WEBHOOK_TEST ? "test, " : "");
        put(t, alert_severity_name(item->severity));
        put(t, ": ");
    }
    put_foreign(t, item->rule);
    put(t, " on ");
    put_foreign(t, item->shown);
}

static struct text text_begin(bool is_for_slack)
{
    return (struct text){ xcalloc(1, TEXT_MAX), 0, is_for_slack };
}

static json_t *text_end(struct text *t)
{
    json_t *json = json_string(t->at);

    free(t->at);
    return json;
}

static json_t *heading_of(const struct subject *s)
{
    struct text t = text_begin(false);

    put_heading(&t, s);
    return text_end(&t);
}

static json_t *lines_of(const struct subject *s)
{
    struct text t = text_begin(false);

    put_all_lines(&t, s->item);
    return text_end(&t);
}

/* ---- forms --------------------------------------------------------------- */

static json_t *plain_body(const struct subject *s)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "event",
                     webhook_event_name(s->event), "time", time_of(s->now_ms),
                     "url", url_of(s), "alert",
                     alert_item_json(s->item, false));
}

static json_t *slack_body(const struct subject *s)
{
    struct text t = text_begin(true);

    put(&t, "*");
    put_heading(&t, s);
    put(&t, "*\n");
    if (s->item->comment != NULL) {
        put_foreign(&t, s->item->comment);
        put(&t, "\n");
    }
    if (s->event != WEBHOOK_ACKNOWLEDGED) {
        put(&t, "```");
        put_all_lines(&t, s->item);
        put(&t, "```\n");
    }
    if (s->url[0] != '\0') {
        put(&t, "<");
        put_foreign(&t, s->url);
        put(&t, "|Open the console>");
    }
    return json_pack("{s:o}", "text", text_end(&t));
}

/* Rich text has no markup; a text block would make links of what a VM prints.
 */
static json_t *rich_text(json_t *text, const char *weight, const char *font)
{
    return json_pack("{s:s, s:[{s:s, s:o, s:s, s:s}]}", "type", "RichTextBlock",
                     "inlines", "type", "TextRun", "text", text, "weight",
                     weight, "fontType", font);
}

static json_t *card_of(const struct subject *s)
{
    json_t *body = json_array();
    json_t *card =
        json_pack("{s:s, s:s, s:s, s:o}", "$schema",
                  "http://adaptivecards.io/schemas/adaptive-card.json", "type",
                  "AdaptiveCard", "version", "1.4", "body", body);

    (void)json_array_append_new(body,
                                rich_text(heading_of(s), "Bolder", "Default"));
    if (s->item->comment != NULL)
        (void)json_array_append_new(
            body,
            rich_text(json_string(s->item->comment), "Default", "Default"));
    if (s->event != WEBHOOK_ACKNOWLEDGED)
        (void)json_array_append_new(
            body, rich_text(lines_of(s), "Default", "Monospace"));
    if (s->url[0] != '\0')
        (void)json_object_set_new(card, "actions",
                                  json_pack("[{s:s, s:s, s:s}]", "type",
                                            "Action.OpenUrl", "title",
                                            "Open the console", "url", s->url));
    return card;
}

static json_t *teams_body(const struct subject *s)
{
    return json_pack("{s:s, s:[{s:s, s:o}]}", "type", "message", "attachments",
                     "contentType", "application/vnd.microsoft.card.adaptive",
                     "content", card_of(s));
}

/* An alert is known by its labels there: so the labels are what does not change
 * while it repeats. */
static json_t *alertmanager_body(const struct subject *s)
{
    const struct alert_item *item = s->item;
    json_t *alert =
        json_pack("{s:{s:s, s:s, s:s, s:s, s:s}, s:{s:o, s:o}, s:o}", "labels",
                  "alertname", item->rule, "severity",
                  alert_severity_name(item->severity), "console", item->shown,
                  "uuid", item->uuid, "label", item->label, "annotations",
                  "summary", heading_of(s), "description", lines_of(s),
                  "startsAt", time_of(item->time_ms));

    if (s->event == WEBHOOK_ACKNOWLEDGED)
        (void)json_object_set_new(alert, "endsAt", time_of(s->now_ms));
    if (s->url[0] != '\0')
        (void)json_object_set_new(alert, "generatorURL", json_string(s->url));
    return json_pack("[o]", alert);
}

/* "vspcd-UUID/LABEL-17": the incident of this alert. */
static json_t *incident_of(const struct alert_item *item)
{
    char text[2 * TEXT_ID_MAX + 40];

    snprintf(text, sizeof text, "vspcd-%s/%s-%llu", item->uuid, item->label,
             (unsigned long long)item->id);
    return json_string(text);
}

static json_t *summary_of(const struct subject *s)
{
    char cut[SUMMARY_MAX];
    struct text t = text_begin(false);

    put_heading(&t, s);
    put(&t, ": ");
    put(&t, s->item->text);
    (void)text_clean(cut, sizeof cut, slice_of(t.at, t.len));
    free(t.at);
    return json_string(cut);
}

static json_t *pagerduty_body(const struct subject *s)
{
    const struct alert_item *item = s->item;
    json_t *body =
        json_pack("{s:s, s:s, s:o, s:s}", "routing_key", "", "event_action",
                  s->event == WEBHOOK_ACKNOWLEDGED ? "acknowledge" : "trigger",
                  "dedup_key", incident_of(item), "client", "vspcd");

    if (s->event == WEBHOOK_ACKNOWLEDGED)
        return body;
    (void)json_object_set_new(
        body, "payload",
        json_pack("{s:o, s:s, s:s, s:o, s:s, s:s, s:o}", "summary",
                  summary_of(s), "source", item->shown, "severity",
                  alert_severity_name(item->severity), "timestamp",
                  time_of(item->time_ms), "component", "serial console",
                  "class", item->rule, "custom_details",
                  alert_item_json(item, false)));
    if (s->url[0] != '\0')
        (void)json_object_set_new(body, "links",
                                  json_pack("[{s:s, s:s}]", "href", s->url,
                                            "text", "Open the console"));
    return body;
}

/* jansson would leave the key in memory. It stands at the very front, and has
 * no character that JSON escapes (webhook_secret_check). */
static char *with_routing_key(char *text, const char *key)
{
    static const char before[] = "{\"routing_key\":\"";
    size_t size = strlen(text) + strlen(key) + 1;
    char *whole = xmalloc(size);

    snprintf(whole, size, "%s%s%s", before, key, text + sizeof before - 1);
    free(text);
    return whole;
}

char *webhook_body(const struct webhook_spec *spec, enum webhook_event event,
                   const struct alert_item *item, const char *web_url,
                   int64_t now_ms)
{
    static json_t *(*const forms[WEBHOOK_FORMATS])(const struct subject *s) = {
        [WEBHOOK_JSON] = plain_body,
        [WEBHOOK_SLACK] = slack_body,
        [WEBHOOK_TEAMS] = teams_body,
        [WEBHOOK_ALERTMANAGER] = alertmanager_body,
        [WEBHOOK_PAGERDUTY] = pagerduty_body,
    };
    struct subject s = {
        .event = event,
        .item = item,
        .now_ms = now_ms,
    };
    char link[ALERT_LINK_MAX];
    json_t *json;
    char *text;

    if (web_url != NULL) {
        alert_item_link(item, link);
        snprintf(s.url, sizeof s.url, "%s%s", web_url, link);
    }
    json = forms[spec->format](&s);
    text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (text != NULL && spec->format == WEBHOOK_PAGERDUTY)
        text = with_routing_key(text, spec->secret);
    return text;
}
