#include "daemon/alerts/alert_sections.h"

#include "alert/match/alert_rules.h"
#include "alert/match/alert_sets.h"
#include "base/text.h"

/* ---- what is wrong ------------------------------------------------------- */

/* A section that is read. */
struct reading {
    const struct settings *settings;
    struct problems *problems; /* NULL: nobody wants to know */
    const struct access_section *section;
    struct alert_rule *rule;
    bool is_wrong;
};

static void complain(struct reading *r, unsigned line, const char *name,
                     const char *what)
{
    r->is_wrong = true;
    if (r->problems != NULL)
        problems_add(r->problems, line, "%.200s:%u: alert \"%s\": %s%s%s",
                     r->settings->file != NULL ? r->settings->file : "", line,
                     r->section->title, name != NULL ? name : "",
                     name != NULL ? ": " : "", what);
}

static void complain_of_set(const struct settings *s, uint64_t index,
                            struct problems *problems)
{
    struct options_place place = options_where(s, "alerts", index);

    if (problems != NULL)
        problems_add(problems, place.line,
                     "%s: '%s' is not valid: expected linux, windows, network, "
                     "raid or console",
                     place.text, text_show(s->alerts.text[index]).text);
}

/* ---- the texts of a section ---------------------------------------------- */

static const char *name_of(enum access_section_list list)
{
    return access_section_list_name(SECTION_ALERT, list);
}

static const struct section_text *text_of(const struct reading *r,
                                          enum access_section_list list)
{
    return access_section_text(r->section, list);
}

/* A value that is not given stays as it is. */
static void read_number(struct reading *r, enum access_section_list list,
                        const struct options_form *form, uint64_t *ret)
{
    const struct section_text *text = text_of(r, list);
    struct err err;

    if (text != NULL && options_parse(form, text->text, ret, &err) < 0)
        complain(r, text->line, name_of(list), err.text);
}

static void read_text(struct reading *r, enum access_section_list list,
                      char **to)
{
    const struct section_text *text = text_of(r, list);

    if (text != NULL)
        alert_rule_set_text(to, text->text);
}

static void read_consoles(struct reading *r)
{
    const struct section_texts *texts =
        &r->section->list[SECTION_ALERT_CONSOLES];

    if (texts->count == 0)
        return;
    alert_rule_clear_consoles(r->rule);
    for (size_t i = 0; i < texts->count; i++)
        alert_rule_add_console(r->rule, texts->item[i].text);
}

static bool is_enabled(struct reading *r)
{
    static const struct options_form form = { OPTIONS_WORD, "no|yes", 0, 0 };
    uint64_t enabled = 1;

    read_number(r, SECTION_ALERT_ENABLED, &form, &enabled);
    return enabled != 0;
}

static void read_texts(struct reading *r)
{
    static const struct options_form within = { OPTIONS_SECONDS, NULL, 1,
                                                ALERT_WITHIN_MAX_S };
    static const struct options_form silence = { OPTIONS_SECONDS, NULL,
                                                 ALERT_SILENCE_MIN_S,
                                                 ALERT_WITHIN_MAX_S };
    static const struct options_form flood = { OPTIONS_SIZE, NULL,
                                               ALERT_FLOOD_MIN,
                                               ALERT_FLOOD_MAX };
    static const struct options_form lines = { OPTIONS_NUMBER, NULL, 0,
                                               ALERT_LINES_MAX };
    static const struct options_form severities = { OPTIONS_WORD,
                                                    "info|warning|critical", 0,
                                                    0 };
    static const struct options_form cases = { OPTIONS_WORD, "exact|ignore", 0,
                                               0 };
    struct alert_rule *rule = r->rule;
    uint64_t severity = rule->severity, count = rule->lines;
    uint64_t is_case_ignored = rule->is_case_ignored;

    read_text(r, SECTION_ALERT_PATTERN, &rule->pattern);
    read_text(r, SECTION_ALERT_WITHOUT, &rule->without);
    read_number(r, SECTION_ALERT_WITHIN, &within, &rule->within_s);
    read_number(r, SECTION_ALERT_SILENCE, &silence, &rule->silence_s);
    read_number(r, SECTION_ALERT_FLOOD, &flood, &rule->flood);
    read_number(r, SECTION_ALERT_SEVERITY, &severities, &severity);
    read_number(r, SECTION_ALERT_LINES, &lines, &count);
    read_number(r, SECTION_ALERT_CASE, &cases, &is_case_ignored);
    read_consoles(r);
    rule->severity = (enum alert_severity)severity;
    rule->lines = (uint32_t)count;
    rule->is_case_ignored = is_case_ignored != 0;
}

/* ---- sections ------------------------------------------------------------ */

/* A section of a ready-made rule whose set is not wanted would be one without a
 * pattern, or one that is taken for the ready-made rule. */
static bool is_name_good(struct reading *r, const struct alert_rule *former)
{
    const char *set = alert_sets_find(r->section->title);
    struct err err;

    if (former != NULL && former->where != NULL) {
        complain(r, r->section->line, NULL,
                 "there is a section of this name already");
        return false;
    }
    if (former == NULL && set != NULL) {
        err_set(&err,
                "this is a ready-made rule of the set %s: name the set in "
                "alerts, or call the rule something else",
                set);
        complain(r, r->section->line, NULL, err.text);
        return false;
    }
    return true;
}

static void note_place(struct reading *r)
{
    struct err where;

    err_set(&where, "%.200s:%u",
            r->settings->file != NULL ? r->settings->file : "",
            r->section->line);
    alert_rule_set_text(&r->rule->where, where.text);
}

static void read_section(struct reading *r, struct alert_settings *all)
{
    struct err err;

    if (!is_name_good(r, alert_settings_find(all, r->section->title)))
        return;
    r->rule = alert_settings_rule(all, r->section->title);
    note_place(r);
    read_texts(r);
    if (!is_enabled(r)) {
        r->rule->is_off = true;
        return;
    }
    if (!r->is_wrong && alert_rules_check(r->rule, &err) < 0)
        complain(r, r->section->line, NULL, err.text);
    r->rule->is_off = r->is_wrong;
}

/* Rules that are off are kept until all sections are read, so that a name is
 * not given twice. */
static void remove_off(struct alert_settings *all)
{
    for (size_t i = all->count; i > 0; i--) {
        if (all->rule[i - 1].is_off)
            alert_settings_remove(all, all->rule[i - 1].name);
    }
}

static void read_sets(const struct settings *s, struct alert_settings *ret,
                      struct problems *problems)
{
    for (uint64_t i = 0; i < s->alerts.count; i++) {
        if (!alert_sets_add(ret, s->alerts.text[i]))
            complain_of_set(s, i, problems);
    }
}

void alert_sections_read(const struct settings *s, struct alert_settings *ret,
                         struct problems *problems)
{
    const struct access_section_group *all = &s->sections.of[SECTION_ALERT];

    *ret = (struct alert_settings){ 0 };
    read_sets(s, ret, problems);
    for (size_t i = 0; i < all->count; i++) {
        struct reading r = {
            .settings = s,
            .problems = problems,
            .section = &all->item[i],
        };

        if (ret->count == ALERT_RULES_MAX) {
            complain(&r, r.section->line, NULL, "too many rules");
            break;
        }
        read_section(&r, ret);
    }
    remove_off(ret);
}

void alert_sections_check(const struct settings *s, struct problems *problems)
{
    struct alert_settings rules;

    alert_sections_read(s, &rules, problems);
    alert_settings_clear(&rules);
}

void alert_sections_compile(const struct settings *s, struct problems *problems)
{
    struct alert_rules *compiled = NULL;
    struct alert_settings rules;
    struct err err;

    alert_sections_read(s, &rules, NULL);
    if (alert_rules_make(&rules, &compiled, &err) < 0)
        problems_add(problems, 0, "%s", err.text);
    alert_rules_leave(compiled);
    alert_settings_clear(&rules);
}
