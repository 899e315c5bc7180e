/*
 * access_sections.h - the sections "group" and "access" of the configuration
 * file: who may do what, as texts with their lines. access/access_rules.h gives
 * them their meaning.
 *
 *     group NAME { members = {MEMBER, ...} }
 *     access PATTERN { admin = {MEMBER, ...}  control = ...  break = ...
 *                      write = ...  read = ...
 *                      hosts = {NETWORK, ...}  keyboard = WORD }
 *
 * Sections stand in the file alone: no other source has them. Their order
 * counts. All is owned by struct access_sections; all of it 0 has no section.
 */
#ifndef CONF_ACCESS_SECTIONS_H
#define CONF_ACCESS_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of each kind. Each pair of sections is compared when they are checked. */
enum { ACCESS_SECTIONS_MAX = 1000 };

enum access_section_kind { SECTION_GROUP, SECTION_ACCESS };
enum { SECTION_KINDS = SECTION_ACCESS + 1 };

enum access_section_list {
    SECTION_MEMBERS, /* of a group; the others are of access */
    SECTION_ADMIN,
    SECTION_CONTROL,
    SECTION_BREAK,
    SECTION_WRITE,
    SECTION_READ,
    SECTION_HOSTS,
};
enum { SECTION_LISTS = SECTION_HOSTS + 1 };

struct section_text {
    char *text;
    unsigned line; /* of the file, from 1 */
};

struct section_texts {
    struct section_text *item;
    size_t count;
};

struct access_section {
    char *title;   /* a group's name, or a pattern */
    unsigned line; /* of the title */
    struct section_texts list[SECTION_LISTS];
    uint64_t keyboard; /* index in option "keyboard"; valid if it has one */
    bool has_keyboard;
};

struct access_section_group {
    struct access_section *item;
    size_t count;
};

struct access_sections {
    struct access_section_group of[SECTION_KINDS];
};

/* "group", "access". */
const char *access_section_name(enum access_section_kind kind);

/* "members", "admin", ...; NULL: sections of this kind do not have the list. */
const char *access_section_list_name(enum access_section_kind kind,
                                     enum access_section_list list);

void access_section_add_text(struct access_section *section,
                             enum access_section_list list, const char *text,
                             unsigned line);

/* Takes over what the section owns; *section is all 0 then. */
void access_sections_add(struct access_sections *sections,
                         enum access_section_kind kind,
                         struct access_section *section);

void access_section_clear(struct access_section *section);
void access_sections_clear(struct access_sections *sections);
void access_sections_copy(struct access_sections *to,
                          const struct access_sections *from);

/* Without regard to lines. */
bool access_sections_are_equal(const struct access_sections *a,
                               const struct access_sections *b,
                               enum access_section_kind kind);

#endif
