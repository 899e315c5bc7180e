/*
 * account_lookup.h - asks the system's name service for an account and its
 * groups. Blocks for as long as a directory server does not answer; any thread.
 * Private to groups.c, and its tests.
 */
#ifndef AUTH_ACCOUNT_LOOKUP_H
#define AUTH_ACCOUNT_LOOKUP_H

#include "auth/groups_answer.h"

/* name NULL: by uid. Texts and lists of the answer belong to the caller:
 * account_lookup_done. */
void account_lookup(const char *name, uid_t uid, struct groups_answer *ret);

void account_lookup_done(struct groups_answer *answer);

#endif
