/*
 * remedies.h - texts of errors, what each means, and what to do: sentences of
 * vCenter and ESXi, and vspcd's own reasons and log messages.
 *
 * Texts are compared by their words: case, quotes, punctuation and names in
 * between do not matter. Pure.
 */
#ifndef CLI_DOCTOR_JUDGE_REMEDIES_H
#define CLI_DOCTOR_JUDGE_REMEDIES_H

#include <stddef.h>

enum { REMEDY_WORDS = 3, REMEDY_STEPS = 4, REMEDY_TEXT_MAX = 65536 };

struct remedy {
    /* Groups of words, in small letters with single blanks, that all stand in
     * the text, in this order, with whatever between them. Unused ones are
     * NULL. */
    const char *words[REMEDY_WORDS];
    const char *subject; /* "the host's firewall" */
    const char *cause;   /* a sentence or two */
    /* What to do; a command begins with "$ ". Unused ones are NULL. */
    const char *steps[REMEDY_STEPS];
    const char *code; /* of the check that looks at it; NULL: none does */
};

/*
 * The remedy of an entry that is in the text, the first one in the order of the
 * table; *at begins with 0. NULL: there are no more. Longer texts than
 * REMEDY_TEXT_MAX are read as far.
 */
const struct remedy *remedies_next(const char *text, size_t *at);

#endif
