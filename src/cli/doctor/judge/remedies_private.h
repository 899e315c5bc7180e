/*
 * remedies_private.h - the table of remedies_table.c, which remedies.c
 * searches.
 */
#ifndef CLI_DOCTOR_JUDGE_REMEDIES_PRIVATE_H
#define CLI_DOCTOR_JUDGE_REMEDIES_PRIVATE_H

#include "cli/doctor/judge/remedies.h"

/* Ends with a row without words. */
extern const struct remedy remedies[];

#endif
