/*
 * doctor.h - the verb that looks for faults: gathers facts (gather.h), judges
 * them (judge/checks.h), reports (report.h).
 */
#ifndef CLI_DOCTOR_DOCTOR_H
#define CLI_DOCTOR_DOCTOR_H

#include "cli/common/verb.h"

extern const struct verb verb_doctor;

#endif
