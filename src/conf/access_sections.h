/*
 * access_sections.h - the sections of the configuration file, as texts with
 * their lines: "group" and "access" say who may do what, and
 * access/access_rules.h gives them their meaning; "alert" is a rule of
 * alert/match/alert_settings.h; "alert-webhook" is a receiver of
 * webhook/webhook_spec.h.
 *
 *     group NAME { members = {MEMBER, ...} }
 *     access PATTERN { admin = {MEMBER, ...}  control = ...  break = ...
 *                      write = ...  read = ...
 *                      hosts = {NETWORK, ...}  keyboard = WORD
 *                      record = WORD  record-input = WORD }
 *     alert NAME { pattern = TEXT  consoles = {PATTERN, ...}  ... }
 *     alert-webhook NAME { url = TEXT  format = WORD  ... }
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

enum access_section_kind {
    SECTION_GROUP,
    SECTION_ACCESS,
    SECTION_ALERT,
    SECTION_WEBHOOK,
};
enum { SECTION_KINDS = SECTION_WEBHOOK + 1 };

/* What a section has, each of one kind. A single one has one text. */
enum access_section_list {
    SECTION_MEMBERS, /* of a group */
    SECTION_ADMIN,   /* of access */
    SECTION_CONTROL,
    SECTION_BREAK,
    SECTION_WRITE,
    SECTION_READ,
    SECTION_HOSTS,
    SECTION_RECORD, /* this and the next one are single */
    SECTION_RECORD_INPUT,
    SECTION_ALERT_ENABLED, /* of an alert; all but the last one are single */
    SECTION_ALERT_PATTERN,
    SECTION_ALERT_CASE,
    SECTION_ALERT_WITHOUT,
    SECTION_ALERT_WITHIN,
    SECTION_ALERT_SILENCE,
    SECTION_ALERT_FLOOD,
    SECTION_ALERT_SEVERITY,
    SECTION_ALERT_LINES,
    SECTION_ALERT_CONSOLES,
    SECTION_WEBHOOK_URL, /* of a webhook; all but the last one are single */
    SECTION_WEBHOOK_URL_FILE,
    SECTION_WEBHOOK_SECRET_FILE,
    SECTION_WEBHOOK_FORMAT,
    SECTION_WEBHOOK_SEVERITY,
    SECTION_WEBHOOK_RULE,
    SECTION_WEBHOOK_ACKNOWLEDGED,
    SECTION_WEBHOOK_TIMEOUT,
    SECTION_WEBHOOK_CA_FILE,
    SECTION_WEBHOOK_PROXY,
    SECTION_WEBHOOK_CONSOLES,
};
enum { SECTION_LISTS = SECTION_WEBHOOK_CONSOLES + 1 };

struct section_text {
    char *text;
    unsigned line; /* of the file, from 1 */
};

struct section_texts {
    struct section_text *item;
    size_t count;
};

struct access_section {
    char *title;   /* a group's or alert's name, or a pattern */
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

/* "group", "access", "alert", "alert-webhook". */
const char *access_section_name(enum access_section_kind kind);

/* "members", "admin", ...; NULL: sections of this kind do not have the list. */
const char *access_section_list_name(enum access_section_kind kind,
                                     enum access_section_list list);

/* Whether it has one text, and not a list of them. */
bool access_section_list_is_single(enum access_section_list list);

/* The text of a single one; NULL: it was not given. */
static inline const struct section_text *access_section_text(
    const struct access_section *section, enum access_section_list list)
{
    return section->list[list].count > 0 ? section->list[list].item : NULL;
}

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
