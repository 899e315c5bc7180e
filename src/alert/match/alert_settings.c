#include "alert/match/alert_settings.h"

#include "access/pattern.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *alert_severity_name(enum alert_severity severity)
{
    static const char *const names[ALERT_SEVERITIES] = {
        [ALERT_INFO] = "info",
        [ALERT_WARNING] = "warning",
        [ALERT_CRITICAL] = "critical",
    };

    return names[severity];
}

const char *alert_cause_name(enum alert_cause cause)
{
    static const char *const names[] = {
        [ALERT_OUTPUT] = "output",
        [ALERT_MISSING] = "missing",
        [ALERT_SILENCE] = "silence",
        [ALERT_FLOOD] = "flood",
    };

    return names[cause];
}

/* ---- keeping ------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

struct alert_rule *alert_settings_find(const struct alert_settings *settings,
                                       const char *name)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->rule[i].name, name) == 0)
            return &settings->rule[i];
    }
    return NULL;
}

static struct alert_rule *add(struct alert_settings *settings)
{
    struct alert_rule *rule;

    settings->rule =
        mem_grow(settings->rule, settings->count, sizeof *settings->rule);
    rule = &settings->rule[settings->count++];
    *rule = (struct alert_rule){ 0 };
    return rule;
}

struct alert_rule *alert_settings_rule(struct alert_settings *settings,
                                       const char *name)
{
    struct alert_rule *rule = alert_settings_find(settings, name);

    if (rule == NULL) {
        rule = add(settings);
        rule->name = xstrdup(name);
        rule->severity = ALERT_WARNING;
        rule->lines = ALERT_LINES_STANDARD;
    }
    return rule;
}

void alert_rule_clear_consoles(struct alert_rule *rule)
{
    for (size_t i = 0; i < rule->console_count; i++)
        free(rule->console[i]);
    free(rule->console);
    rule->console = NULL;
    rule->console_count = 0;
}

void alert_rule_add_console(struct alert_rule *rule, const char *pattern)
{
    rule->console =
        mem_grow(rule->console, rule->console_count, sizeof *rule->console);
    rule->console[rule->console_count++] = xstrdup(pattern);
}

void alert_rule_set_text(char **text, const char *value)
{
    free(*text);
    *text = copy_text(value);
}

static void clear(struct alert_rule *rule)
{
    alert_rule_clear_consoles(rule);
    free(rule->name);
    free(rule->set);
    free(rule->where);
    free(rule->pattern);
    free(rule->without);
}

void alert_settings_remove(struct alert_settings *settings, const char *name)
{
    struct alert_rule *rule = alert_settings_find(settings, name);
    size_t behind;

    if (rule == NULL)
        return;
    clear(rule);
    behind = settings->count - (size_t)(rule - settings->rule) - 1;
    memmove(rule, rule + 1, behind * sizeof *rule);
    settings->count--;
}

static void copy_rule(struct alert_rule *to, const struct alert_rule *from)
{
    *to = *from;
    to->name = copy_text(from->name);
    to->set = copy_text(from->set);
    to->where = copy_text(from->where);
    to->pattern = copy_text(from->pattern);
    to->without = copy_text(from->without);
    to->console = NULL;
    to->console_count = 0;
    for (size_t i = 0; i < from->console_count; i++)
        alert_rule_add_console(to, from->console[i]);
}

void alert_settings_copy(struct alert_settings *to,
                         const struct alert_settings *from)
{
    struct alert_settings all = { 0 };

    for (size_t i = 0; i < from->count; i++)
        copy_rule(add(&all), &from->rule[i]);
    alert_settings_clear(to);
    *to = all;
}

static bool are_texts_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_equal(const struct alert_rule *a, const struct alert_rule *b)
{
    if (a->console_count != b->console_count)
        return false;
    for (size_t i = 0; i < a->console_count; i++) {
        if (strcmp(a->console[i], b->console[i]) != 0)
            return false;
    }
    return are_texts_equal(a->name, b->name) &&
           are_texts_equal(a->set, b->set) &&
           are_texts_equal(a->pattern, b->pattern) &&
           are_texts_equal(a->without, b->without) &&
           a->silence_s == b->silence_s && a->flood == b->flood &&
           a->within_s == b->within_s && a->severity == b->severity &&
           a->lines == b->lines && a->is_case_ignored == b->is_case_ignored;
}

bool alert_settings_are_equal(const struct alert_settings *a,
                              const struct alert_settings *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!is_equal(&a->rule[i], &b->rule[i]))
            return false;
    }
    return a->count == b->count;
}

void alert_settings_clear(struct alert_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        clear(&settings->rule[i]);
    free(settings->rule);
    *settings = (struct alert_settings){ 0 };
}

bool alert_settings_use_inventory(const struct alert_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct alert_rule *rule = &settings->rule[i];

        for (size_t j = 0; j < rule->console_count; j++) {
            if (pattern_is_of_inventory(rule->console[j]))
                return true;
        }
    }
    return false;
}
