/*
 * help.h - help, and the part of vspc(1) that the rows of verbs have.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/common/verb.h"

#include <stdio.h>

extern const struct verb verb_help;

/* table ends with NULL. */
void help_print(FILE *to, const struct verb *const *table);
void help_print_verb(FILE *to, const struct verb *verb);

/* For scripts/make-docs: sections VERBS and OPTIONS, in mdoc. */
void help_print_manual(FILE *to, const struct verb *const *table);

#endif
