/*
 * verify_audit.h - --verify-audit: whether an audit log has all of its events
 * (audit/audit_check.h), in words.
 */
#ifndef DAEMON_ASK_VERIFY_AUDIT_H
#define DAEMON_ASK_VERIFY_AUDIT_H

#include "base/err.h"

#include <stdio.h>

/* Reads the file, or standard input for "-", and prints what is wrong and a
 * summary. 0: nothing is wrong; 1: something is; -errno with err filled: the
 * file cannot be read. */
int verify_audit(const char *path, FILE *to, struct err *err);

#endif
