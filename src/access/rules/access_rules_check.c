/*
 * What is strange about rules that are valid: most of it is a slip, and some of
 * it leaves a console open that was meant to be closed.
 */
#include "access/rules/access_rules_private.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static void warn(struct rules_problems *problems, unsigned line,
                 const char *what, const char *name, const char *why)
{
    rules_problem_add(problems, line, false, "%s '%s' %s", what,
                      text_show(name).text, why);
}

/* ---- members ------------------------------------------------------------- */

static void check_members(const struct rules_member *member, size_t count,
                          struct rules_problems *problems)
{
    for (size_t i = 0; i < count; i++) {
        const char *doubt = member_doubt(&member[i].member);

        if (doubt != NULL)
            warn(problems, member[i].line, "member", member[i].member.name,
                 doubt);
    }
}

static void check_group(const struct rules_group *group,
                        struct rules_problems *problems)
{
    check_members(group->member, group->count, problems);
    if (group->count == 0)
        warn(problems, group->line, "group", group->name, "has no members");
    if (!group->is_used)
        warn(problems, group->line, "group", group->name,
             "is used by no access section");
    if (strcmp(group->name, "root") == 0)
        warn(problems, group->line, "group", group->name,
             "has the name of a person, who is user:root now");
}

/* ---- sections ------------------------------------------------------------ */

static bool has_network(const struct rules_section *section,
                        const struct network *n)
{
    for (size_t i = 0; i < section->host_count; i++) {
        const struct network *wide = &section->host[i];

        if (network_is_within(n, wide))
            return true;
    }
    return false;
}

static bool covers_hosts(const struct rules_section *outer,
                         const struct rules_section *inner)
{
    if (outer->host_count == 0)
        return true;
    for (size_t i = 0; i < inner->host_count; i++) {
        if (!has_network(outer, &inner->host[i]))
            return false;
    }
    return inner->host_count > 0;
}

static void check_reach(const struct access_rules *rules, size_t index,
                        struct rules_problems *problems)
{
    const struct rules_section *section = &rules->section[index];

    for (size_t i = 0; i < index; i++) {
        const struct rules_section *former = &rules->section[i];

        if (!pattern_covers(former->pattern, section->pattern) ||
            !covers_hosts(former, section))
            continue;
        rules_problem_add(problems, section->line, false,
                          "access '%s' never decides: '%s' in line %u matches "
                          "all its consoles before",
                          text_show(section->pattern).text,
                          text_show(former->pattern).text, former->line);
        return;
    }
}

static void check_grants(const struct rules_section *section,
                         struct rules_problems *problems)
{
    if (section->grants.count == 0)
        warn(problems, section->line, "access", section->pattern,
             "gives nobody a right: its consoles are closed to all");
    for (size_t i = 0; i < section->grants.count; i++) {
        const struct rules_grant *grant = &section->grants.item[i];

        if (grant->from.is_nowhere)
            warn(problems, grant->given->line, "a member of", section->pattern,
                 "can come from nowhere: two networks on the way to it have "
                 "no address in common");
    }
}

/* A UUID as a VMX file has it, with blanks, is in no console's texts. */
static void check_uuid(const struct rules_section *section,
                       struct rules_problems *problems)
{
    size_t len = strcspn(section->pattern, "/");
    char uuid[TEXT_ID_MAX + 1];

    if (text_uuid(uuid, slice_of(section->pattern, len)) &&
        strlen(uuid) == TEXT_UUID_LEN &&
        (len != TEXT_UUID_LEN || strncasecmp(uuid, section->pattern, len) != 0))
        rules_problem_add(problems, section->line, false,
                          "access '%s' is for no UUID: write it as '%s'",
                          text_show(section->pattern).text, uuid);
}

void rules_check(const struct access_rules *rules,
                 struct rules_problems *problems)
{
    for (size_t i = 0; i < rules->group_count; i++)
        check_group(&rules->group[i], problems);
    for (size_t i = 0; i < rules->section_count; i++) {
        const struct rules_section *section = &rules->section[i];

        check_members(section->member, section->count, problems);
        check_uuid(section, problems);
        check_reach(rules, i, problems);
        check_grants(section, problems);
    }
}
