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

/* What a member of a section or a group stands for, without groups: one person
 * or one kind of persons. */
struct rules_grant {
    const char *name; /* borrowed of the member that it comes from */
    enum member_kind kind;
    struct member_from from;          /* of all members on the way to it */
    uint8_t right;                    /* enum right; of a section's grants */
    const struct rules_member *given; /* the section's, or the group's */
    const struct rules_member *found; /* the same, or another group's */
};

struct rules_grants {
    struct rules_grant *item;
    size_t count;
    size_t room; /* entries of item */
};

struct rules_group {
    char *name;
    unsigned line;
    struct rules_member *member;
    size_t count;
    struct rules_grants grants; /* once is_done */
    struct rules_group *next;   /* in the order of grants: members first */
    bool is_done;
    bool is_used; /* by a section */
};

struct rules_section {
    char *pattern;
    unsigned line;
    struct network *host;
    size_t host_count; /* 0: any host */
    enum access_keyboard keyboard;
    struct access_recording recording;
    struct rules_member *member; /* the greatest right first */
    size_t count;
    struct rules_grants grants; /* the greatest right first */
};

struct access_rules {
    struct rules_group *group;
    size_t group_count;
    struct rules_section *section;
    size_t section_count;
    size_t grant_count; /* of all sections and groups */
    bool is_standard;
    bool has_recordings; /* of any section */
    bool uses_inventory; /* a section's pattern does */
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

/*
 * The sections of which nobody knows whether they decide, as long as the
 * inventory could not be read: those of the console's host, by the inventory,
 * before the one that decides. section: the one before, first NULL. NULL: there
 * are no more.
 */
const struct rules_section *rules_next_undecided(
    const struct access_rules *rules, const struct access_console *console,
    const struct pattern_console *texts, const struct rules_section *section);

/* The greatest of the section's grants that is for who, which may be the owner
 * of a token that connects from the address of at. NULL: none. */
const struct rules_grant *rules_find_grant(const struct rules_section *section,
                                           const struct principal *who,
                                           const struct principal *at);

#endif
