/*
 * privileges.h - what the process does without, so that whoever takes it over,
 * or runs beside it, gains less.
 *
 * Called while the process has one thread: capabilities are a thread's own, and
 * later threads inherit them.
 */
#ifndef DAEMON_PROCESS_PRIVILEGES_H
#define DAEMON_PROCESS_PRIVILEGES_H

#include "base/err.h"

/* Programs that are started get none of our capabilities. Other processes of
 * our user cannot look into our memory, which has keys and what people type,
 * and it is written into no core file. */
void privileges_lower(void);

/*
 * Becomes the user that the setting names, USER[:GROUP]; NULL: stays. The group
 * is the user's own if none is given; the user's other groups come along. Of
 * root's capabilities, the one for ports below 1024 stays, because such ports
 * may be opened later. If state is to be in the default directory, that is made
 * first, as the user's own; and /run/vspcd is, for the API's socket.
 *
 * 0, or negative with err filled: the process must end, since some of it may be
 * done.
 */
int privileges_drop(const char *user, struct err *err);

/* 0, or -EINVAL with err filled: there is no such user or group. */
int privileges_check(const char *user, struct err *err);

#endif
