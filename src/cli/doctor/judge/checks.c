#include "cli/doctor/judge/checks.h"

#include "cli/output/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct check *const tables[] = {
    checks_of_reach,  checks_of_certificate, checks_of_machine, checks_of_names,
    checks_of_access, checks_of_vms,         checks_of_parts,   NULL,
};

const struct check *checks_next(size_t *at)
{
    size_t left = *at;

    for (size_t t = 0; tables[t] != NULL; t++) {
        for (const struct check *c = tables[t]; c->code != NULL; c++) {
            if (left-- == 0) {
                ++*at;
                return c;
            }
        }
    }
    return NULL;
}

const struct check *checks_find(const char *code)
{
    const struct check *c;
    size_t at = 0;

    while ((c = checks_next(&at)) != NULL) {
        if (strcasecmp(c->code, code) == 0)
            break;
    }
    return c;
}

static void judge(const json_t *facts, const struct check *c, json_t *items)
{
    struct findings f = {
        .items = items,
        .code = c->code,
        .title = c->title,
    };
    const char *why;

    if (c->needs != NULL && json_object_get(facts, c->needs) == NULL) {
        why = json_string_value(
            json_object_get(json_object_get(facts, "missing"), c->needs));
        findings_add(&f, FINDING_UNKNOWN, NULL, "%s",
                     why != NULL ? why : CHECKS_NO_ANSWER);
        return;
    }
    c->judge(facts, &f);
    if (f.count == 0)
        findings_add(&f, FINDING_OK, NULL, "%s", c->title);
}

json_t *checks_judge(const json_t *facts, const struct check *const *only)
{
    json_t *items = json_array();
    const struct check *c;
    size_t at = 0;

    if (only != NULL && only[0] != NULL) {
        for (; *only != NULL; only++)
            judge(facts, *only, items);
        return items;
    }
    while ((c = checks_next(&at)) != NULL)
        judge(facts, c, items);
    return items;
}

enum finding_weight checks_worst(const json_t *items)
{
    enum finding_weight worst = FINDING_OK;
    enum finding_weight weight;

    for (size_t i = 0; i < json_array_size(items); i++) {
        if (finding_parse_weight(json_string_value(json_object_get(
                                     json_array_get(items, i), "weight")),
                                 &weight) &&
            weight > worst)
            worst = weight;
    }
    return worst;
}

/* ---- facts --------------------------------------------------------------- */

const char *checks_text(const json_t *facts, const char *path)
{
    const char *text = json_string_value(value_at(facts, path));

    return text != NULL ? text : "";
}

double checks_number(const json_t *facts, const char *path, double fallback)
{
    const json_t *value = value_at(facts, path);

    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool checks_flag(const json_t *facts, const char *path)
{
    return json_is_true(value_at(facts, path));
}

const char *checks_word(const char *text, const char *otherwise)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._:/@%+[]-";

    return text[0] != '\0' && text[0] != '-' &&
                   text[strspn(text, plain)] == '\0'
               ? text
               : otherwise;
}

/* ---- words --------------------------------------------------------------- */

enum { LIST_SHOWN = 5, LIST_NAME = 40 };

void checks_list_add(struct checks_list *list, const char *name)
{
    int len;

    if (list->count++ >= LIST_SHOWN)
        return;
    len = snprintf(list->text + list->len, sizeof list->text - list->len,
                   "%s%.*s", list->shown > 0 ? ", " : "", LIST_NAME, name);
    list->len += (size_t)len;
    list->shown++;
}

const char *checks_list_text(struct checks_list *list)
{
    if (list->count > list->shown)
        snprintf(list->text + list->len, sizeof list->text - list->len,
                 " and %u more", list->count - list->shown);
    return list->text;
}

struct checks_count checks_times(double count)
{
    struct checks_count words = { "once" };

    if (count > 1)
        snprintf(words.text, sizeof words.text, "%.0f times", count);
    return words;
}

struct checks_size checks_bytes(double bytes)
{
    static const char units[] = "KMGTP";
    struct checks_size size;
    int unit = -1;

    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    if (unit < 0)
        snprintf(size.text, sizeof size.text, "%.0f bytes", bytes);
    else
        snprintf(size.text, sizeof size.text, "%.1f %ciB", bytes, units[unit]);
    return size;
}
