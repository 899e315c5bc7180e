/*
 * hook_spec.h - a hook's setting: PROGRAM[,events=EVENT+EVENT...].
 */
#ifndef HOOK_HOOK_SPEC_H
#define HOOK_HOOK_SPEC_H

#include "base/err.h"
#include "hook/hook_event.h"

struct hook_spec {
    char program[HOOK_PROGRAM_MAX]; /* absolute */
    unsigned events;                /* 1 << enum hook_kind for each */
};

/* Without events=, all events. 0, or -EINVAL with err filled. */
int hook_spec_parse(const char *text, struct hook_spec *ret_spec,
                    struct err *err);

/* Checks on disk that the program exists and may be run. 0, or -errno with err
 * filled. */
int hook_spec_check(const struct hook_spec *spec, struct err *err);

#endif
