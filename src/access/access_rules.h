/*
 * access_rules.h - who may do what with which console: the rules of the
 * configuration, and the one function that answers.
 *
 *     group ops { members = {"alice", "unix:wheel",
 *                            "certificate:*.example.org"} }
 *     access "web-*" { write = {"ops"}  read = {"anybody from 192.0.2.0/24"} }
 *     access "*"     { admin = {"unix:vspc-admin", "root"}  break = {"ops"} }
 *
 * The first section whose pattern (and hosts, if it has any) match the console
 * decides, and the greatest right in it that is for the principal holds. No
 * section matches: nobody may anything.
 *
 * A section also says how its consoles are used: keyboard = WORD, record =
 * WORD, record-input = yes.
 *
 * Patterns are globs over name, name/label, UUID, UUID/label of a console;
 * UUIDs regardless of case; or, with a prefix, over what the inventory has
 * about the VM (pattern.h). As long as the inventory, or its line of the VM,
 * could not be read, a section by it may be the one that decides, or not: then
 * the least right holds of all sections that may decide. A VM that is not
 * connected has the host of its last connection; of an IPv6 address only the
 * first 64 bits count then.
 *
 * Members, in groups and in sections:
 *
 *     ops               the group of this name, if there is one; else the
 *                       person
 *     user:alice        the person of this name: proven by uid, password, proxy
 *     unix:wheel        persons in this group of their account (uid, password)
 *     proxy:staff       persons of whom a trusted proxy says this group
 *     certificate:GLOB  by the name in a TLS client certificate
 *     token:GLOB        by the name of a token
 *     anybody           whoever connects, proven or not
 *     MEMBER from NET   only from this network, or from "local": this machine
 *
 * A group can have other groups as members, in no circle. Each "from" on the
 * way to a member holds.
 *
 * A token has the right that the rules give to it (token:NAME) or to its owner,
 * whichever is more; never more than its owner's (unless the owner is a
 * keeper), never more than its own bound, and none on a console that its own
 * pattern does not match. What the owner may is asked for the address from
 * which the token comes. A token without an owner may nothing.
 *
 * Immutable once compiled; a reload compiles others. Pure.
 */
#ifndef ACCESS_ACCESS_RULES_H
#define ACCESS_ACCESS_RULES_H

#include "access/pattern.h"
#include "access/principal.h"

struct access_rules;

/* How many may type at once into a console. */
enum access_keyboard {
    KEYBOARD_FREE_FOR_ALL,
    KEYBOARD_ONE_WRITER,
};

/* Which output of a console is recorded. */
enum access_record {
    ACCESS_RECORD_OFF,
    ACCESS_RECORD_SESSIONS, /* while it has a client */
    ACCESS_RECORD_ALWAYS,
};

/* "off", "sessions", "always". */
const char *access_record_name(enum access_record record);

/* What the rules say about a member or a section, and where that stands. */
struct access_text {
    const char *text;
    unsigned line; /* of the configuration file */
};

struct access_texts {
    const struct access_text *item;
    size_t count;
};

struct access_group_source {
    struct access_text name;
    struct access_texts members;
};

struct access_section_source {
    struct access_text pattern;
    struct access_texts members[RIGHT_COUNT]; /* by right; none of NONE */
    struct access_texts hosts;                /* networks; none: any host */
    struct access_text record;       /* an access_record_name; NULL: "off" */
    struct access_text record_input; /* "yes" or "no"; NULL: "no" */
    enum access_keyboard keyboard;
};

/* All that rules are made of; borrowed during access_rules_compile alone. */
struct access_source {
    const struct access_group_source *group;
    size_t group_count;
    const struct access_section_source *section;
    size_t section_count;
};

/* What is wrong, or strange, about the rules: told one at a time, in the order
 * of the file. is_error: such rules are not compiled; else it is a warning. */
typedef void access_problem_fn(void *owner, unsigned line, bool is_error,
                               const char *text);

/* NULL: there was an error, which was told. */
struct access_rules *access_rules_compile(const struct access_source *source,
                                          access_problem_fn *tell, void *owner);

/*
 * The rules without any section in the configuration. keeper: name of vspcd's
 * own user. Root and the keeper are admin; connections from this machine may
 * break. is_open: everybody may write besides (as vSPC.py).
 */
struct access_rules *access_rules_standard(const char *keeper, bool is_open,
                                           enum access_keyboard keyboard);

void access_rules_free(struct access_rules *rules);

/* Whether a section's pattern is one of the inventory. */
bool access_rules_use_inventory(const struct access_rules *rules);

/* Made by access_rules_standard: there are no sections. */
bool access_rules_are_standard(const struct access_rules *rules);

struct access_verdict {
    enum right right;
    enum access_keyboard keyboard;
    unsigned line;   /* of the section's member that gave the right, or of the
                      * section that decided; 0: no section matches, or standard
                      * rules */
    bool is_matched; /* a section decided */
};

struct access_verdict access_rules_judge(const struct access_rules *rules,
                                         const struct principal *who,
                                         const struct access_console *console);

/* False: whatever consoles there are, the principal may read none of them, so
 * there is nothing to look for. Of a token it is not known. */
bool access_rules_may_read_any(const struct access_rules *rules,
                               const struct principal *who);

/* What is recorded of the console; standard rules: nothing. */
struct access_recording {
    enum access_record record;
    bool has_input; /* what is typed may be recorded, too */
};
struct access_recording access_rules_recording(
    const struct access_rules *rules, const struct access_console *console);

/* Whether somebody at this principal's address who proves a name by password or
 * token may have more of this console than the principal has now: whether it is
 * worth asking for a login. console NULL: of any console that the principal
 * may not type into. */
bool access_rules_may_gain(const struct access_rules *rules,
                           const struct principal *who,
                           const struct access_console *console);

/* Explains a verdict in sentences for a person, each line with its end: which
 * section, which member, or why none. file: the configuration file's name for
 * "FILE:LINE". Appends to what is in to, up to size bytes with the NUL. */
void access_rules_explain(const struct access_rules *rules, const char *file,
                          const struct principal *who,
                          const struct access_console *console, char *to,
                          size_t size);

#endif
