/*
 * record_reason.h - why a console is recorded. Pure.
 */
#ifndef RECORD_RECORD_REASON_H
#define RECORD_RECORD_REASON_H

enum record_reason { RECORD_RULE, RECORD_SESSION, RECORD_DEMAND };

/* "rule", "session", "demand". */
const char *record_reason_name(enum record_reason reason);

#endif
