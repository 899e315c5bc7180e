/*
 * gather.h - the facts that the doctor judges (judge/checks.h): asked from the
 * server, and found out here.
 */
#ifndef CLI_DOCTOR_GATHER_H
#define CLI_DOCTOR_GATHER_H

#include "cli/doctor/judge/checks.h"
#include "cli/invocation/invocation.h"

#include <jansson.h>

/* only: the checks that they are for, ended by NULL; none: all. What takes its
 * time (ports, names, the firewall) is looked at where a check needs it. tell
 * is called with what is looked at next. DONE: *ret_facts is the caller's; a
 * server that is not reached is a fact, too. Another code: the command line is
 * wrong, and that was told. */
enum exits gather_facts(struct invocation *in, const struct check *const *only,
                        void (*tell)(const char *what), json_t **ret_facts);

#endif
