/*
 * Rules are made in three steps, each for all of the file: members are read,
 * names become groups or persons, and groups are replaced by their members,
 * those without other groups first. What is wrong with members is told at once;
 * circles are looked for when nothing else is wrong.
 */
#include "access/rules/access_rules_private.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than anybody writes. Groups in groups in groups are short, and can mean
 * very many members. */
enum { GRANTS_MAX = 65536 };

/* ---- problems ----------------------------------------------------------- */

void rules_problem_add(struct rules_problems *problems, unsigned line,
                       bool is_error, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        mem_end();
    va_end(args);
    problems->item =
        mem_grow(problems->item, problems->count, sizeof *problems->item);
    problems->item[problems->count++] =
        (struct rules_problem){ line, is_error, text };
    problems->has_error |= is_error;
}

/* Problems of one line stay in the order in which they were found: there are
 * few, and qsort does not keep it. */
static void sort_problems(struct rules_problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        struct rules_problem moved = problems->item[i];
        size_t to = i;

        for (; to > 0 && problems->item[to - 1].line > moved.line; to--)
            problems->item[to] = problems->item[to - 1];
        problems->item[to] = moved;
    }
}

static void tell_problems(struct rules_problems *problems,
                          access_problem_fn *tell, void *owner)
{
    sort_problems(problems);
    for (size_t i = 0; i < problems->count; i++) {
        struct rules_problem *p = &problems->item[i];

        if (tell != NULL)
            tell(owner, p->line, p->is_error, p->text);
        free(p->text);
    }
    free(problems->item);
}

/* ---- groups' names ------------------------------------------------------ */

static const char *wrong_in_group_name(const char *name)
{
    enum right right;

    if (!principal_is_name(name) || strchr(name, ' ') != NULL)
        return "is empty, too long, or has blanks or characters that nobody "
               "sees";
    if (strchr(name, ':') != NULL || pattern_is_glob(name))
        return "has a character with a meaning (: * ? [)";
    if (strcmp(name, "anybody") == 0 || strcmp(name, "local") == 0 ||
        strcmp(name, "from") == 0 || right_parse(name, &right))
        return "is a word with a meaning in rules";
    return NULL;
}

static struct rules_group *find_group(const struct access_rules *rules,
                                      const char *name)
{
    for (size_t i = 0; i < rules->group_count; i++) {
        if (strcmp(rules->group[i].name, name) == 0)
            return &rules->group[i];
    }
    return NULL;
}

static void check_group_name(const struct access_rules *rules,
                             const struct rules_group *group,
                             struct rules_problems *problems)
{
    const struct rules_group *first = find_group(rules, group->name);
    const char *wrong = wrong_in_group_name(group->name);
    struct text_shown shown = text_show(group->name);

    if (wrong != NULL)
        rules_problem_add(problems, group->line, true,
                          "group '%s': the name %s; expected another",
                          shown.text, wrong);
    else if (first != group)
        rules_problem_add(problems, group->line, true,
                          "group '%s' is in line %u already", shown.text,
                          first->line);
}

/* ---- reading members ---------------------------------------------------- */

/* Appends what is valid. to has room for all. */
static void read_members(const struct access_texts *texts, enum right right,
                         struct rules_member *to, size_t *count,
                         struct rules_problems *problems)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct rules_member m = { .line = texts->item[i].line,
                                  .right = (uint8_t)right };
        struct err err = { "" };

        if (member_parse(texts->item[i].text, &m.member, &err) < 0)
            rules_problem_add(problems, m.line, true, "%s", err.text);
        else
            to[(*count)++] = m;
    }
}

static void read_group(const struct access_group_source *from,
                       struct rules_group *to, struct rules_problems *problems)
{
    to->name = xstrdup(from->name.text);
    to->line = from->name.line;
    to->member = xcalloc(from->members.count + 1, sizeof *to->member);
    read_members(&from->members, RIGHT_NONE, to->member, &to->count, problems);
}

static void read_hosts(const struct access_texts *texts,
                       struct rules_section *to,
                       struct rules_problems *problems)
{
    to->host = xcalloc(texts->count + 1, sizeof *to->host);
    for (size_t i = 0; i < texts->count; i++) {
        struct err err = { "" };

        if (network_parse(texts->item[i].text, &to->host[to->host_count],
                          &err) < 0)
            rules_problem_add(problems, texts->item[i].line, true, "hosts: %s",
                              err.text);
        else
            to->host_count++;
    }
}

static void read_recording(const struct access_section_source *from,
                           struct access_recording *to,
                           struct rules_problems *problems)
{
    const char *record = from->record.text;
    const char *input = from->record_input.text;
    bool is_known = record == NULL;

    for (int i = ACCESS_RECORD_OFF; i <= ACCESS_RECORD_ALWAYS && !is_known;
         i++) {
        to->record = (enum access_record)i;
        is_known = strcmp(record, access_record_name(to->record)) == 0;
    }
    if (!is_known)
        rules_problem_add(problems, from->record.line, true,
                          "record: '%s' is not valid: expected always, "
                          "sessions or off",
                          text_show(record).text);
    to->has_input = input != NULL && strcmp(input, "yes") == 0;
    if (input != NULL && !to->has_input && strcmp(input, "no") != 0)
        rules_problem_add(problems, from->record_input.line, true,
                          "record-input: '%s' is not valid: expected yes or no",
                          text_show(input).text);
}

static void read_section(const struct access_section_source *from,
                         struct rules_section *to,
                         struct rules_problems *problems)
{
    struct err err = { "" };
    size_t count = 0;

    to->pattern = xstrdup(from->pattern.text);
    to->line = from->pattern.line;
    to->keyboard = from->keyboard;
    read_recording(from, &to->recording, problems);
    if (pattern_check(to->pattern, &err) < 0)
        rules_problem_add(problems, to->line, true, "access: %s", err.text);
    for (int i = RIGHT_READ; i < RIGHT_COUNT; i++)
        count += from->members[i].count;
    to->member = xcalloc(count + 1, sizeof *to->member);
    for (int i = RIGHT_ADMIN; i >= RIGHT_READ; i--)
        read_members(&from->members[i], (enum right)i, to->member, &to->count,
                     problems);
    read_hosts(&from->hosts, to, problems);
}

static void read_source(const struct access_source *source,
                        struct access_rules *rules,
                        struct rules_problems *problems)
{
    rules->group = xcalloc(source->group_count + 1, sizeof *rules->group);
    rules->section = xcalloc(source->section_count + 1, sizeof *rules->section);
    for (size_t i = 0; i < source->group_count; i++) {
        rules->group_count++;
        read_group(&source->group[i], &rules->group[i], problems);
        check_group_name(rules, &rules->group[i], problems);
    }
    for (size_t i = 0; i < source->section_count; i++) {
        rules->section_count++;
        read_section(&source->section[i], &rules->section[i], problems);
        rules->uses_inventory =
            rules->uses_inventory ||
            pattern_is_of_inventory(rules->section[i].pattern);
        rules->has_recordings =
            rules->has_recordings || rules->section[i].recording.has_input ||
            rules->section[i].recording.record != ACCESS_RECORD_OFF;
    }
}

/* ---- names become groups or persons ------------------------------------- */

static void resolve_members(const struct access_rules *rules,
                            struct rules_member *member, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct member *m = &member[i].member;

        if (m->kind != MEMBER_PLAIN)
            continue;
        member[i].group = find_group(rules, m->name);
        if (member[i].group == NULL)
            m->kind = MEMBER_PERSON;
    }
}

static void resolve_names(struct access_rules *rules)
{
    for (size_t i = 0; i < rules->group_count; i++)
        resolve_members(rules, rules->group[i].member, rules->group[i].count);
    for (size_t i = 0; i < rules->section_count; i++)
        resolve_members(rules, rules->section[i].member,
                        rules->section[i].count);
}

/* ---- groups are replaced by their members -------------------------------- */

/* False: there is no room for this one. */
static bool add_grant(struct access_rules *rules, struct rules_grants *to,
                      const struct rules_grant *grant)
{
    if (rules->grant_count == GRANTS_MAX)
        return false;
    if (to->count == to->room) {
        size_t room = 2 * to->room + 4;
        struct rules_grant *more = realloc(to->item, room * sizeof *more);

        if (more == NULL)
            mem_end();
        to->item = more;
        to->room = room;
    }
    to->item[to->count++] = *grant;
    rules->grant_count++;
    return true;
}

/* Adds what a member stands for. Its group, if it means one, is done. */
static bool add_member(struct access_rules *rules, struct rules_grants *to,
                       const struct rules_member *given)
{
    const struct rules_group *group = given->group;
    struct rules_grant grant = {
        .name = given->member.name,
        .kind = given->member.kind,
        .from = given->member.from,
        .right = given->right,
        .given = given,
        .found = given,
    };

    if (group == NULL)
        return add_grant(rules, to, &grant);
    for (size_t i = 0; i < group->grants.count; i++) {
        const struct rules_grant *inner = &group->grants.item[i];

        grant.name = inner->name;
        grant.kind = inner->kind;
        grant.from = member_from_both(&given->member.from, &inner->from);
        grant.found = inner->found;
        if (!add_grant(rules, to, &grant))
            return false;
    }
    return true;
}

static void add_members(struct access_rules *rules, struct rules_grants *to,
                        const struct rules_member *member, size_t count,
                        struct rules_problems *problems)
{
    for (size_t i = 0; i < count; i++) {
        if (add_member(rules, to, &member[i]))
            continue;
        rules_problem_add(problems, member[i].line, true,
                          "these are too many members: the limit is %d in all, "
                          "and those of a group count wherever it is a member",
                          GRANTS_MAX);
        return;
    }
}

/* A member that is a group which is not done; NULL: there is none. */
static const struct rules_member *waits_for(const struct rules_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct rules_member *m = &group->member[i];

        if (m->group != NULL && !m->group->is_done)
            return m;
    }
    return NULL;
}

/* All groups that are not done wait for others, so whoever goes from one to the
 * next, often enough, is in a circle. */
static void tell_circle(const struct access_rules *rules,
                        const struct rules_group *group,
                        struct rules_problems *problems)
{
    const struct rules_member *m = waits_for(group);

    for (size_t i = 0; i < rules->group_count && m != NULL; i++)
        m = waits_for(m->group);
    if (m != NULL)
        rules_problem_add(problems, m->line, true,
                          "group '%s' is a member of itself, directly or by "
                          "other groups",
                          m->group->name);
}

/* In the order of the file as far as possible, but members first. last: of the
 * groups that are done. False: none was found. */
static bool do_next_group(struct access_rules *rules, struct rules_group **last,
                          struct rules_problems *problems)
{
    for (size_t i = 0; i < rules->group_count; i++) {
        struct rules_group *group = &rules->group[i];

        if (group->is_done || waits_for(group) != NULL)
            continue;
        add_members(rules, &group->grants, group->member, group->count,
                    problems);
        group->is_done = true;
        group->next = *last;
        *last = group;
        return !problems->has_error;
    }
    return false;
}

static void mark_used(const struct rules_member *member, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (member[i].group != NULL)
            member[i].group->is_used = true;
    }
}

/* Users come before what they use: last is the last group that was done. */
static void mark_used_groups(const struct access_rules *rules,
                             const struct rules_group *last)
{
    for (size_t i = 0; i < rules->section_count; i++)
        mark_used(rules->section[i].member, rules->section[i].count);
    for (; last != NULL; last = last->next) {
        if (last->is_used)
            mark_used(last->member, last->count);
    }
}

/* Without errors so far: all names are resolved. */
static void replace_groups(struct access_rules *rules,
                           struct rules_problems *problems)
{
    struct rules_group *last = NULL;

    while (do_next_group(rules, &last, problems)) {
        /* one after the other */
    }
    for (size_t i = 0; i < rules->group_count && !problems->has_error; i++) {
        if (!rules->group[i].is_done)
            tell_circle(rules, &rules->group[i], problems);
    }
    for (size_t i = 0; i < rules->section_count && !problems->has_error; i++)
        add_members(rules, &rules->section[i].grants, rules->section[i].member,
                    rules->section[i].count, problems);
    if (!problems->has_error)
        mark_used_groups(rules, last);
}

struct access_rules *access_rules_compile(const struct access_source *source,
                                          access_problem_fn *tell, void *owner)
{
    struct access_rules *rules = xcalloc(1, sizeof *rules);
    struct rules_problems problems = { .count = 0 };

    read_source(source, rules, &problems);
    resolve_names(rules);
    if (!problems.has_error)
        replace_groups(rules, &problems);
    if (!problems.has_error && tell != NULL)
        rules_check(rules, &problems);
    if (problems.has_error) {
        access_rules_free(rules);
        rules = NULL;
    }
    tell_problems(&problems, tell, owner);
    return rules;
}
