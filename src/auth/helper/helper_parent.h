/*
 * helper_parent.h - vspcd-pam as a child of vspcd: a process for each
 * connection that comes over the control, the socket pair between both.
 *
 * At most HELPER_AT_ONCE processes run; connections beyond that wait in the
 * control. Ends when the control is closed, and ends all of them with it.
 *
 * A program that a module leaves behind, such as one that hangs when its login
 * is killed, is ended with the login: it would count for none otherwise.
 */
#ifndef AUTH_HELPER_HELPER_PARENT_H
#define AUTH_HELPER_HELPER_PARENT_H

enum { HELPER_AT_ONCE = 3 };

/* Returns in each process for a login with the connection, and in the parent at
 * the end with -1. */
int helper_parent_run(int control);

#endif
