/*
 * groups_answer.h - what the name service says about an account: groups.h.
 */
#ifndef AUTH_GROUPS_ANSWER_H
#define AUTH_GROUPS_ANSWER_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

enum groups_outcome {
    GROUPS_FOUND,
    GROUPS_NO_ACCOUNT,
    GROUPS_FAILED, /* the name service did not answer; err has the reason */
};

struct groups_answer {
    enum groups_outcome outcome;
    const char *name; /* of the account; NULL if there is none */
    uid_t uid;
    char *const *group; /* names; at most PRINCIPAL_GROUPS_MAX */
    size_t count;
    struct err err;
};

#endif
