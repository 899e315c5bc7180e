/*
 * print_vm_key.h - vspcd --vm-key: the key for a VM's port URI.
 */
#ifndef DAEMON_ASK_PRINT_VM_KEY_H
#define DAEMON_ASK_PRINT_VM_KEY_H

#include "base/err.h"
#include "conf/options.h"

#include <stdio.h>

/* Prints one line, and a warning of what is no UUID. 0, or a negative errno
 * with err filled. */
int print_vm_key(const struct settings *settings, FILE *to, FILE *warnings,
                 struct err *err);

#endif
