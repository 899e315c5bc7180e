/*
 * account.h - users and groups of the system, as settings name them:
 * USER[:GROUP], each a name or a number.
 *
 * Asks the name service, which may wait for a directory server: at the start
 * and at SIGHUP only. A number is used directly, and nobody is asked.
 */
#ifndef DAEMON_PROCESS_ACCOUNT_H
#define DAEMON_PROCESS_ACCOUNT_H

#include "base/err.h"

#include <sys/types.h>

enum { ACCOUNT_NAME_MAX = 63 };

struct account {
    uid_t uid;                       /* (uid_t)-1: not given */
    gid_t gid;                       /* (gid_t)-1: not given */
    char user[ACCOUNT_NAME_MAX + 1]; /* as given */
};

/* 0, or -EINVAL with err filled. */
int account_parse(const char *text, struct account *ret, struct err *err);

#endif
