/*
 * findings.h - what the doctor has found, as JSON: an array of
 *
 *     {"code": "D102", "title": "...", "weight": "ok|note|unknown|wrong",
 *      "subject": "192.0.2.5:13370", "found": "...",
 *      "steps": ["a sentence", "$ a command"],
 *      "page": "docs/doctor.md#d102"}
 *
 * subject may be null. found and steps are for people, in their order: what
 * begins with "$ " is to be typed where the step before says. Texts of others
 * are cleaned when they come in. Pure.
 */
#ifndef CLI_DOCTOR_JUDGE_FINDINGS_H
#define CLI_DOCTOR_JUDGE_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>

enum finding_weight {
    FINDING_OK,
    FINDING_NOTE,    /* worth knowing; nothing has to be done */
    FINDING_UNKNOWN, /* could not be looked at from here */
    FINDING_WRONG,
};
const char *finding_weight_name(enum finding_weight weight);

/* False: no such name. */
bool finding_parse_weight(const char *name, enum finding_weight *ret);

/* What one check has found. code and title are borrowed. */
struct findings {
    json_t *items; /* borrowed */
    const char *code;
    const char *title;
    json_t *last;   /* the newest of items, of this check; NULL: none yet */
    unsigned count; /* of this check */
};

/* subject NULL: none. */
void findings_add(struct findings *f, enum finding_weight weight,
                  const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* More of what was added last. */
void findings_advise(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void findings_command(struct findings *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
