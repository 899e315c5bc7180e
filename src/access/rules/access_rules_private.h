/*
 * access_rules_private.h - what compiled rules are made of. Private to
 * access_rules*.c.
 */
#ifndef ACCESS_RULES_ACCESS_RULES_PRIVATE_H
#define ACCESS_RULES_ACCESS_RULES_PRIVATE_H

#include "access/access_rules.h"
#include "access/rules/member.h"

/* A member as it stands in the file. */
struct rules_member {
    struct member member;
    unsigned line;
    uint8_t right;             /* enum right; of a section's members */
    struct rules_group *group; /* that a plain name means; NULL: a person */
};

struct rules_group {
    char *name;
    unsigned line;
    struct rules_member *member;
    size_t count;
    bool is_open; /* on the way to a member that is looked at */
    bool is_done; /* has been looked at, and is in no circle */
    bool is_used; /* by a section */
};

/* A member of a section, without groups: one person or one kind of persons. */
struct rules_grant {
    const char *name; /* borrowed of the member that it comes from */
    enum member_kind kind;
    struct member_from from; /* of it and of the groups on the way to it */
    uint8_t right;           /* enum right */
    const struct rules_member *given; /* the section's member */
    const struct rules_member *found; /* the same, or a group's */
};

struct rules_section {
    char *pattern;
    unsigned line;
    struct network *host;
    size_t host_count; /* 0: any host */
    enum access_keyboard keyboard;
    struct rules_member *member; /* the greatest right first */
    size_t count;
    struct rules_grant *grant; /* the greatest right first */
    size_t grant_count;
};

struct access_rules {
    struct rules_group *group;
    size_t group_count;
    struct rules_section *section;
    size_t section_count;
    size_t grant_count; /* of all sections */
    bool is_standard;
};

/* Collects what is wrong or strange; told in the order of the file. */
struct rules_problem {
    unsigned line;
    bool is_error;
    char *text;
};
struct rules_problems {
    struct rules_problem *item;
    size_t count;
    bool has_error;
};
void rules_problem_add(struct rules_problems *problems, unsigned line,
                       bool is_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Warnings about rules that were compiled (access_rules_check.c). */
void rules_check(const struct access_rules *rules,
                 struct rules_problems *problems);

/* Whether the section is for this console's host. */
bool rules_section_has_host(const struct rules_section *section,
                            struct ip host);

/* The section that decides; NULL: none. */
const struct rules_section *rules_find_section(
    const struct access_rules *rules, const struct access_console *console,
    const struct pattern_console *texts);

/* The greatest of the section's grants that is for who, which may be the owner
 * of a token that connects from the address of at. NULL: none. */
const struct rules_grant *rules_find_grant(const struct rules_section *section,
                                           const struct principal *who,
                                           const struct principal *at);

#endif
