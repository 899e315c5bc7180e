/*
 * hook_spec.h - a hook as the setting has it: PROGRAM[,events=EVENT+EVENT...].
 */
#ifndef HOOK_HOOK_SPEC_H
#define HOOK_HOOK_SPEC_H

#include "base/err.h"
#include "hook/hook_event.h"

struct hook_spec {
    char program[HOOK_PROGRAM_MAX]; /* absolute */
    unsigned events;                /* a bit each: 1 << enum hook_kind */
};

/* Without events= it is all of them. 0, or -EINVAL with err filled. */
int hook_spec_parse(const char *text, struct hook_spec *ret_spec,
                    struct err *err);

/* Whether the program is there and may be run, now. 0, or -errno with err
 * filled. Looks at the disk. */
int hook_spec_check(const struct hook_spec *spec, struct err *err);

#endif
