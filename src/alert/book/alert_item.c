#include "alert/book/alert_item.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/console.h"
#include "core/told/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making ------------------------------------------------------------- */

/* The parts of an item, before they have a place of their own. Borrowed. */
struct texts {
    const char *rule, *uuid, *label, *name, *shown, *text;
    const char *const *before;
    const char *const *after;
    uint32_t before_count, after_count;
};

static size_t size_of(const struct texts *t)
{
    size_t size = strlen(t->rule) + strlen(t->uuid) + strlen(t->label) +
                  strlen(t->name) + strlen(t->shown) + strlen(t->text) + 6;

    for (uint32_t i = 0; i < t->before_count; i++)
        size += strlen(t->before[i]) + 1;
    for (uint32_t i = 0; i < t->after_count; i++)
        size += strlen(t->after[i]) + 1;
    return size;
}

/* Returns the copy, and moves *at behind it. */
static const char *copy(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *to = memcpy(*at, text, size);

    *at += size;
    return to;
}

/* One allocation. The numbers are the caller's. */
static struct alert_item *make(const struct texts *t)
{
    size_t size = sizeof(struct alert_item) + size_of(t);
    struct alert_item *item = xcalloc(1, size);
    char *at = (char *)(item + 1);

    item->size = size;
    item->count = 1;
    item->rule = copy(&at, t->rule);
    item->uuid = copy(&at, t->uuid);
    item->label = copy(&at, t->label);
    item->name = copy(&at, t->name);
    item->shown = copy(&at, t->shown);
    item->text = copy(&at, t->text);
    item->before_count = t->before_count;
    item->after_count = t->after_count;
    for (uint32_t i = 0; i < t->before_count; i++)
        item->before[i] = copy(&at, t->before[i]);
    for (uint32_t i = 0; i < t->after_count; i++)
        item->after[i] = copy(&at, t->after[i]);
    return item;
}

struct alert_item *alert_item_new(const struct alert_found *found)
{
    const struct console_name shown = console_name(found->console);
    const struct texts texts = {
        .rule = found->rule,
        .uuid = found->console->uuid,
        .label = found->console->label,
        .name = found->console->name,
        .shown = shown.text,
        .text = found->text,
        .before = found->before,
        .after = found->after,
        .before_count = found->before_count,
        .after_count = found->after_count,
    };
    struct alert_item *item = make(&texts);

    item->severity = found->severity;
    item->cause = found->cause;
    item->host = console_host(found->console);
    item->epoch = found->epoch;
    item->position = found->position;
    item->time_ms = item->last_ms = found->time_ms;
    return item;
}

struct alert_item *alert_item_sample(int64_t now_ms)
{
    static const char *const before[] = { "the line before it" };
    static const char *const after[] = { "the line after it" };
    const struct texts texts = {
        .rule = "test",
        .uuid = "00000000-0000-0000-0000-000000000000",
        .label = "sample",
        .name = "sample",
        .shown = "sample",
        .text = "This is a test of vspcd: a line that a VM might have printed",
        .before = before,
        .after = after,
        .before_count = 1,
        .after_count = 1,
    };
    struct alert_item *item = make(&texts);

    item->severity = ALERT_INFO;
    item->time_ms = item->last_ms = now_ms;
    return item;
}

void alert_item_free(struct alert_item *item)
{
    if (item == NULL)
        return;
    free(item->by);
    free(item->comment);
    free(item);
}

char *alert_item_copy_text(const char *text, size_t size)
{
    char *clean;

    if (text == NULL || text[0] == '\0')
        return NULL;
    clean = xmalloc(size);
    (void)text_clean(clean, size, slice_of_text(text));
    return clean;
}

void alert_item_acknowledge(struct alert_item *item, const char *by,
                            const char *comment, int64_t now_ms)
{
    free(item->by);
    free(item->comment);
    item->acknowledged_ms = now_ms > 0 ? now_ms : 1;
    item->by = alert_item_copy_text(by, ALERT_BY_MAX);
    item->comment = alert_item_copy_text(comment, ALERT_COMMENT_MAX);
}

const char *alert_item_state(const struct alert_item *item)
{
    return item->acknowledged_ms != 0 ? "acknowledged" : "open";
}

/* ---- places ------------------------------------------------------------- */

void alert_item_place(const struct alert_item *item, char to[ALERT_PLACE_MAX])
{
    snprintf(to, ALERT_PLACE_MAX, "%016llx:%llu",
             (unsigned long long)item->epoch,
             (unsigned long long)item->position);
}

/* As RFC 3986 has it: what is not unreserved is escaped. */
static size_t put_escaped(char *to, size_t size, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t len = 0;

    for (; *text != '\0' && len + 4 <= size; text++) {
        if (strchr(plain, *text) != NULL)
            to[len++] = *text;
        else
            len += (size_t)snprintf(to + len, 4, "%%%02X", (uint8_t)*text);
    }
    to[len] = '\0';
    return len;
}

/* Room for both parts of an id with each byte escaped. */
static_assert((int)ALERT_LINK_MAX > 3 * 2 * (int)TEXT_ID_MAX + 64,
              "a link has room for each console");

void alert_item_link(const struct alert_item *item, char to[ALERT_LINK_MAX])
{
    char place[ALERT_PLACE_MAX];
    size_t len = (size_t)snprintf(to, ALERT_LINK_MAX, "/#/console/");

    len += put_escaped(to + len, ALERT_LINK_MAX - len, item->uuid);
    len += (size_t)snprintf(to + len, ALERT_LINK_MAX - len, "%%2F");
    len += put_escaped(to + len, ALERT_LINK_MAX - len, item->label);
    alert_item_place(item, place);
    snprintf(to + len, ALERT_LINK_MAX - len, "?at=%s", place);
}

/* ---- JSON --------------------------------------------------------------- */

json_t *alert_item_time(int64_t utc_ms)
{
    char text[CLOCK_TEXT_LEN];

    if (utc_ms == 0)
        return json_null();
    clock_format_ms(text, utc_ms);
    return json_string_nocheck(text);
}

static json_t *lines_json(const char *const *line, uint32_t count)
{
    json_t *lines = json_array();

    for (uint32_t i = 0; i < count; i++)
        (void)json_array_append_new(lines, json_string(line[i]));
    return lines;
}

static json_t *console_json(const struct alert_item *item)
{
    char id[2 * TEXT_ID_MAX + 2];

    snprintf(id, sizeof id, "%s/%s", item->uuid, item->label);
    return json_pack("{s:s, s:s, s:s, s:s}", "id", id, "uuid", item->uuid,
                     "label", item->label, "name", item->shown);
}

/* What only the state file has: what the texts above are made of. */
static json_t *kept_json(const struct alert_item *item)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", item->name, "host",
                     ip_is_none(item->host) ? "" : ip_format(item->host).text,
                     "time", (json_int_t)item->time_ms, "last_time",
                     (json_int_t)item->last_ms, "acknowledged",
                     (json_int_t)item->acknowledged_ms);
}

json_t *alert_item_json(const struct alert_item *item, bool is_whole)
{
    char place[ALERT_PLACE_MAX];
    char link[ALERT_LINK_MAX];
    json_t *json;

    alert_item_place(item, place);
    alert_item_link(item, link);
    json = json_pack(
        "{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:s, s:o, s:o, s:s, s:s, "
        "s:s?, s:o, s:s?, s:s}",
        "id", (json_int_t)item->id, "rule", item->rule, "severity",
        alert_severity_name(item->severity), "cause",
        alert_cause_name(item->cause), "console", console_json(item), "time",
        alert_item_time(item->time_ms), "last_time",
        alert_item_time(item->last_ms), "count", (json_int_t)item->count,
        "text", item->text, "before",
        lines_json(item->before, item->before_count), "after",
        lines_json(item->after, item->after_count), "place", place, "state",
        alert_item_state(item), "acknowledged_by", item->by, "acknowledged_at",
        alert_item_time(item->acknowledged_ms), "comment", item->comment,
        "link", link);
    if (json != NULL && is_whole)
        (void)json_object_set_new(json, "kept", kept_json(item));
    return json;
}

/* ---- reading ------------------------------------------------------------ */

static bool read_severity(const char *name, enum alert_severity *ret)
{
    for (int i = 0; i < ALERT_SEVERITIES; i++) {
        *ret = (enum alert_severity)i;
        if (strcmp(name, alert_severity_name(*ret)) == 0)
            return true;
    }
    return false;
}

static bool read_cause(const char *name, enum alert_cause *ret)
{
    for (int i = 0; i <= ALERT_FLOOD; i++) {
        *ret = (enum alert_cause)i;
        if (strcmp(name, alert_cause_name(*ret)) == 0)
            return true;
    }
    return false;
}

/* The file is ours; a text that is none of ours shall still harm nobody. */
static bool is_text(const char *text, size_t size)
{
    return strlen(text) < size && text_is_visible(text);
}

static bool read_lines(const json_t *json, const char **line, uint32_t *count)
{
    size_t all = json_array_size(json);

    if (all > ALERT_LINES_MAX)
        return false;
    for (size_t i = 0; i < all; i++) {
        line[i] = json_string_value(json_array_get(json, i));
        if (line[i] == NULL || strlen(line[i]) >= ALERT_LINE_MAX)
            return false;
    }
    *count = (uint32_t)all;
    return true;
}

static bool are_good(const struct texts *t)
{
    return t->rule[0] != '\0' && is_text(t->rule, ALERT_NAME_MAX) &&
           t->uuid[0] != '\0' && is_text(t->uuid, TEXT_ID_MAX + 1) &&
           is_text(t->label, TEXT_ID_MAX + 1) &&
           is_text(t->name, TEXT_ID_MAX + 1) &&
           is_text(t->shown, sizeof(struct console_name)) &&
           strlen(t->text) < ALERT_LINE_MAX;
}

static bool read_place(const char *text, struct past_place *ret)
{
    return strchr(text, ':') != NULL && past_place_read(text, 0, ret);
}

struct alert_item *alert_item_read(const json_t *json)
{
    const char *before[ALERT_LINES_MAX], *after[ALERT_LINES_MAX];
    struct texts t = { .before = before, .after = after };
    struct alert_item *item;
    enum alert_severity level;
    enum alert_cause why;
    const char *severity, *cause, *text_place, *host;
    struct past_place place;
    const char *by =
        json_string_value(json_object_get(json, "acknowledged_by"));
    json_int_t id, count, time, last, acknowledged;
    json_t *lines_before, *lines_after;

    if (json_unpack((json_t *)(uintptr_t)json,
                    "{s:I, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:I, s:s, s:o, "
                    "s:o, s:s, s:{s:s, s:s, s:I, s:I, s:I}}",
                    "id", &id, "rule", &t.rule, "severity", &severity, "cause",
                    &cause, "console", "uuid", &t.uuid, "label", &t.label,
                    "name", &t.shown, "count", &count, "text", &t.text,
                    "before", &lines_before, "after", &lines_after, "place",
                    &text_place, "kept", "name", &t.name, "host", &host, "time",
                    &time, "last_time", &last, "acknowledged",
                    &acknowledged) < 0)
        return NULL;
    if (id <= 0 || count <= 0 || !are_good(&t) ||
        !read_severity(severity, &level) || !read_cause(cause, &why) ||
        !read_place(text_place, &place) ||
        !read_lines(lines_before, before, &t.before_count) ||
        !read_lines(lines_after, after, &t.after_count) ||
        (acknowledged != 0 && by == NULL))
        return NULL;
    item = make(&t);
    item->id = (uint64_t)id;
    item->severity = level;
    item->cause = why;
    item->epoch = place.epoch;
    item->position = place.position;
    item->time_ms = time;
    item->last_ms = last;
    item->count = (uint64_t)count;
    if (!ip_parse(host, &item->host))
        item->host = (struct ip){ 0 };
    if (acknowledged != 0)
        alert_item_acknowledge(
            item, by, json_string_value(json_object_get(json, "comment")),
            acknowledged);
    return item;
}
