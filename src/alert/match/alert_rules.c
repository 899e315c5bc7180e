#include "alert/match/alert_rules.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned flags_of(const struct alert_rule *rule)
{
    return HS_FLAG_MULTILINE | (rule->is_case_ignored ? HS_FLAG_CASELESS : 0);
}

static bool is_timed(const struct alert_rule *rule)
{
    return rule->without != NULL || rule->silence_s != 0 || rule->flood != 0;
}

/* ---- checking ------------------------------------------------------------ */

/* What libhs says ends with a full stop, and may end with a place. */
static void refuse_pattern(const char *name, const hs_compile_error_t *error,
                           struct err *err)
{
    size_t len = strlen(error->message);

    if (len > 0 && error->message[len - 1] == '.')
        len--;
    err_set(err, "%s: %.*s", name, (int)len, error->message);
}

static const char *problem_of(const hs_expr_info_t *info)
{
    if (info->min_width == 0)
        return "it matches where there is nothing: expected a pattern that "
               "needs a character";
    if (info->matches_only_at_eod)
        return "it matches at the end of all output alone: use $, the end of "
               "a line";
    return NULL;
}

static int check_pattern(const char *name, const char *pattern, unsigned flags,
                         struct err *err)
{
    hs_compile_error_t *error = NULL;
    hs_expr_info_t *info = NULL;
    const char *problem;

    if (strlen(pattern) >= ALERT_PATTERN_MAX) {
        err_set(err, "%s: too long: the limit is %d bytes", name,
                ALERT_PATTERN_MAX - 1);
        return -EINVAL;
    }
    if (hs_expression_info(pattern, flags, &info, &error) != HS_SUCCESS) {
        refuse_pattern(name, error, err);
        hs_free_compile_error(error);
        return -EINVAL;
    }
    problem = problem_of(info);
    free(info);
    if (problem == NULL)
        return 0;
    err_set(err, "%s: %s", name, problem);
    return -EINVAL;
}

static int check_patterns(const struct alert_rule *rule, struct err *err)
{
    int r = 0;

    if (rule->pattern != NULL)
        r = check_pattern("pattern", rule->pattern, flags_of(rule), err);
    if (r == 0 && rule->without != NULL)
        r = check_pattern("without", rule->without, flags_of(rule), err);
    return r;
}

/* NULL: the rule has one cause, and what that needs. */
static const char *cause_problem(const struct alert_rule *rule)
{
    int causes =
        (rule->pattern != NULL) + (rule->silence_s != 0) + (rule->flood != 0);

    if (causes == 0)
        return "nothing to look for: expected pattern, after-silence or flood";
    if (causes > 1)
        return "expected one of pattern, after-silence and flood";
    if (rule->without != NULL && rule->pattern == NULL)
        return "without is for rules with a pattern";
    if (rule->without != NULL && rule->within_s == 0)
        return "without needs within: for how long to wait";
    if (rule->flood != 0 && rule->within_s == 0)
        return "flood needs within: the time for this many bytes";
    if (rule->within_s != 0 && rule->without == NULL && rule->flood == 0)
        return "within is for rules with without or flood";
    return NULL;
}

static int check_name(const char *name, struct err *err)
{
    if (name[0] != '\0' && strlen(name) < ALERT_NAME_MAX)
        return 0;
    err_set(err, "expected a name of 1 to %d bytes", ALERT_NAME_MAX - 1);
    return -EINVAL;
}

int alert_rules_check(const struct alert_rule *rule, struct err *err)
{
    const char *problem = cause_problem(rule);
    int r = check_name(rule->name, err);

    if (r == 0 && problem != NULL) {
        err_set(err, "%s", problem);
        return -EINVAL;
    }
    for (size_t i = 0; r == 0 && i < rule->console_count; i++)
        r = pattern_check(rule->console[i], err);
    return r == 0 ? check_patterns(rule, err) : r;
}

/* ---- compiling ----------------------------------------------------------- */

/* Parallel arrays, as hs_compile_multi wants them. */
struct patterns {
    const char **text;
    unsigned *flags;
    unsigned *id;
    unsigned count;
};

static void add(struct patterns *all, const struct alert_rules *rules,
                size_t rule, bool is_without)
{
    const struct alert_rule *from = &rules->settings.rule[rule];
    const char *text = is_without ? from->without : from->pattern;

    if (text == NULL)
        return;
    all->text[all->count] = text;
    all->flags[all->count] = flags_of(from);
    all->id[all->count++] = alert_rules_id(rule, is_without);
}

static struct patterns patterns_of(const struct alert_rules *rules)
{
    size_t max = 2 * rules->settings.count;
    struct patterns all = {
        .text = xcalloc(max + 1, sizeof *all.text),
        .flags = xcalloc(max + 1, sizeof *all.flags),
        .id = xcalloc(max + 1, sizeof *all.id),
    };

    for (size_t i = 0; i < rules->settings.count; i++) {
        add(&all, rules, i, false);
        add(&all, rules, i, true);
    }
    return all;
}

static void patterns_done(struct patterns *all)
{
    free(all->text);
    free(all->flags);
    free(all->id);
}

static void refuse_one(const struct alert_rules *rules, unsigned id,
                       const hs_compile_error_t *error, struct err *err)
{
    const struct alert_rule *rule = &rules->settings.rule[id / 2];
    struct err what;

    refuse_pattern(id % 2 == 0 ? "pattern" : "without", error, &what);
    err_set(err, "%.200s%salert %s: %.250s",
            rule->where != NULL ? rule->where : "",
            rule->where != NULL ? ": " : "", rule->name, what.text);
}

/* Which pattern cannot be compiled even alone; false: each can. */
static bool refuse_culprit(const struct alert_rules *rules,
                           const struct patterns *all, struct err *err)
{
    for (unsigned i = 0; i < all->count; i++) {
        hs_compile_error_t *error = NULL;
        hs_database_t *one = NULL;
        hs_error_t r = hs_compile(all->text[i], all->flags[i], HS_MODE_STREAM,
                                  NULL, &one, &error);

        if (r != HS_SUCCESS)
            refuse_one(rules, all->id[i], error, err);
        hs_free_compile_error(error);
        hs_free_database(one);
        if (r != HS_SUCCESS)
            return true;
    }
    return false;
}

/* error->expression is an index of the patterns; negative: it is about all of
 * them, or libhs does not say. */
static void refuse(const struct alert_rules *rules, const struct patterns *all,
                   const hs_compile_error_t *error, struct err *err)
{
    if (error->expression >= 0)
        refuse_one(rules, all->id[error->expression], error, err);
    else if (!refuse_culprit(rules, all, err))
        refuse_pattern("alerts", error, err);
}

static int check_size(const struct alert_rules *rules, struct err *err)
{
    size_t size;

    if (hs_stream_size(rules->database, &size) == HS_SUCCESS &&
        size <= ALERT_STREAM_MAX)
        return 0;
    err_set(err,
            "alerts: the patterns need %zu bytes for each console, and the "
            "limit is %d: use smaller repeats than .{1,1000}",
            size, ALERT_STREAM_MAX);
    return -EINVAL;
}

static int compile(struct alert_rules *rules, struct err *err)
{
    struct patterns all = patterns_of(rules);
    hs_compile_error_t *error = NULL;
    hs_error_t r = HS_SUCCESS;

    if (all.count > 0)
        r = hs_compile_multi(all.text, all.flags, all.id, all.count,
                             HS_MODE_STREAM, NULL, &rules->database, &error);
    if (r != HS_SUCCESS)
        refuse(rules, &all, error, err);
    hs_free_compile_error(error);
    patterns_done(&all);
    if (r != HS_SUCCESS)
        return -EINVAL;
    return rules->database != NULL ? check_size(rules, err) : 0;
}

/* libhs uses instructions that old processors do not have. */
static int check_platform(struct err *err)
{
    if (hs_valid_platform() == HS_SUCCESS)
        return 0;
    err_set(err, "alerts: this processor cannot run libhs: it needs SSE 4.2 or "
                 "the like; set no alerts");
    return -EINVAL;
}

static void note_timed(struct alert_rules *rules)
{
    rules->timed = xcalloc(rules->settings.count + 1, sizeof *rules->timed);
    for (size_t i = 0; i < rules->settings.count; i++) {
        if (is_timed(&rules->settings.rule[i]))
            rules->timed[rules->timed_count++] = i;
    }
}

int alert_rules_make(const struct alert_settings *settings,
                     struct alert_rules **ret_rules, struct err *err)
{
    struct alert_rules *rules = xcalloc(1, sizeof *rules);
    int r = settings->count > 0 ? check_platform(err) : 0;

    atomic_init(&rules->users, 1);
    alert_settings_copy(&rules->settings, settings);
    note_timed(rules);
    if (r == 0)
        r = compile(rules, err);
    if (r < 0) {
        alert_rules_leave(rules);
        return r;
    }
    *ret_rules = rules;
    return 0;
}

struct alert_rules *alert_rules_share(struct alert_rules *rules)
{
    if (rules != NULL)
        atomic_fetch_add(&rules->users, 1);
    return rules;
}

void alert_rules_leave(struct alert_rules *rules)
{
    if (rules == NULL || atomic_fetch_sub(&rules->users, 1) > 1)
        return;
    hs_free_database(rules->database);
    alert_settings_clear(&rules->settings);
    free(rules->timed);
    free(rules);
}

/* ---- consoles ------------------------------------------------------------ */

size_t alert_rules_bits_len(const struct alert_rules *rules)
{
    return (rules->settings.count + 7) / 8;
}

static bool applies(const struct alert_rule *rule,
                    const struct pattern_console *console)
{
    for (size_t i = 0; i < rule->console_count; i++) {
        if (pattern_matches_console(rule->console[i], console))
            return true;
    }
    return rule->console_count == 0;
}

bool alert_rules_apply(const struct alert_rules *rules,
                       const struct access_console *console, uint8_t *bits)
{
    struct pattern_console texts = pattern_console_of(console);
    bool any = false;

    memset(bits, 0, alert_rules_bits_len(rules));
    for (size_t i = 0; i < rules->settings.count; i++) {
        if (!applies(&rules->settings.rule[i], &texts))
            continue;
        bits[i / 8] = (uint8_t)(bits[i / 8] | 1 << i % 8);
        any = true;
    }
    return any;
}
