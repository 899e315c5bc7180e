/*
 * alert_settings.h - the rules of alerts, as texts: ready-made ones
 * (alert_sets.h) and the administrator's own.
 *
 * A rule has one of these causes:
 *
 *     pattern                     a line that it matches
 *     pattern, without, within    such a line, and none that matches without
 *                                 in this time
 *     after-silence               no output for this time, though there used to
 *                                 be: at least once in each such time, for four
 *                                 of them
 *     flood, within               more bytes than this in this time
 *
 * Patterns are regular expressions as Hyperscan knows them: PCRE without what
 * needs backtracking (back references, lookaround). So a byte costs about the
 * same whatever the rules and the output are.
 */
#ifndef ALERT_MATCH_ALERT_SETTINGS_H
#define ALERT_MATCH_ALERT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ALERT_RULES_MAX = 500,
    ALERT_NAME_MAX = 64,     /* bytes of a rule's name, with the NUL */
    ALERT_PATTERN_MAX = 512, /* bytes of a pattern, with the NUL */
    ALERT_WITHIN_MAX_S = 7 * 24 * 3600,
    ALERT_SILENCE_MIN_S = 10, /* far above a batch's time */
    ALERT_FLOOD_MIN = 1024,
    ALERT_FLOOD_MAX = 1024 * 1024 * 1024,
    ALERT_LINES_STANDARD = 3,
    ALERT_LINES_MAX = 10, /* before the line, and after it */
    ALERT_LINE_MAX = 512, /* bytes of a line, with the NUL; more is cut */
};

/* Why something was found. */
enum alert_cause {
    ALERT_OUTPUT,  /* a line that the pattern matches */
    ALERT_MISSING, /* a line did not come within the rule's time ("without") */
    ALERT_SILENCE, /* no output for the rule's time, though there used to be */
    ALERT_FLOOD,   /* more output than the rule allows in its time */
};

/* "output", "missing", "silence", "flood". */
const char *alert_cause_name(enum alert_cause cause);

enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };
enum { ALERT_SEVERITIES = ALERT_CRITICAL + 1 };

/* "info", "warning", "critical". */
const char *alert_severity_name(enum alert_severity severity);

struct alert_rule {
    char *name;
    char *set;            /* the ready-made set that it is of; NULL: none */
    char *where;          /* "FILE:LINE", for messages; NULL: nowhere */
    char *pattern;        /* NULL: none */
    char *without;        /* NULL: none */
    char **console;       /* patterns of access/pattern.h */
    size_t console_count; /* 0: all consoles */
    uint64_t silence_s;   /* after-silence; 0: none */
    uint64_t flood;       /* bytes; 0: none */
    uint64_t within_s;    /* of without, or of flood */
    enum alert_severity severity;
    uint32_t lines; /* before the line, and after it */
    bool is_case_ignored;
    bool is_off; /* while sections are read */
};

/* Owns all of it. All of it 0 has no rule. */
struct alert_settings {
    struct alert_rule *rule;
    size_t count;
};

/* The rule of this name; NULL: there is none. Valid until the next call that
 * adds or removes one. */
struct alert_rule *alert_settings_find(const struct alert_settings *settings,
                                       const char *name);

/* The same; if there is none, a new one: a warning with
 * ALERT_LINES_STANDARD lines, on all consoles, without a cause. Valid until the
 * next call. */
struct alert_rule *alert_settings_rule(struct alert_settings *settings,
                                       const char *name);
void alert_settings_remove(struct alert_settings *settings, const char *name);

/* For the texts of a rule, which it owns. */
void alert_rule_set_text(char **text, const char *value);
void alert_rule_add_console(struct alert_rule *rule, const char *pattern);
void alert_rule_clear_consoles(struct alert_rule *rule);

void alert_settings_copy(struct alert_settings *to,
                         const struct alert_settings *from);
void alert_settings_clear(struct alert_settings *settings);

/* Without regard to where. */
bool alert_settings_are_equal(const struct alert_settings *a,
                              const struct alert_settings *b);

/* Whether a rule is for consoles by what the inventory has about them. */
bool alert_settings_use_inventory(const struct alert_settings *settings);

#endif
