/*
 * verb_table.h - all verbs of vspc, in the order of the help.
 */
#ifndef CLI_VERB_TABLE_H
#define CLI_VERB_TABLE_H

#include "cli/common/verb.h"

/* Ends with NULL. */
extern const struct verb *const verb_table[];

/*
 * The verb that words begin with; *ret_taken: how many of them it has. NULL:
 * there is none; *ret_near: a verb that may have been meant, or NULL.
 */
const struct verb *verb_table_find(int count, char *const *words,
                                   int *ret_taken, const char **ret_near);

#endif
