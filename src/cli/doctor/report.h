/*
 * report.h - findings for a person: a line each for what is well, more for what
 * is not, in 80 columns.
 */
#ifndef CLI_DOCTOR_REPORT_H
#define CLI_DOCTOR_REPORT_H

#include "cli/doctor/judge/remedies.h"

#include <jansson.h>
#include <stdbool.h>

/* is_whole: also what to do where all is well. is_short: wrong ones alone. */
void report_findings(const json_t *items, bool is_whole, bool is_short);

/* What a text of an error means. */
void report_remedy(const struct remedy *remedy);

#endif
