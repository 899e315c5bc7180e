/*
 * pam_helper.h - a vspcd-pam of our own, for a vspcd that is started as root,
 * where no service manager has one.
 *
 * It is root and stays it, so it is started before vspcd becomes another user.
 * It waits at the other end of a socket pair, the control, for connections, has
 * a process for each of them, and ends when the control is closed: with us, in
 * whatever way we end. So nothing in the file system has to be made, protected
 * and removed.
 */
#ifndef AUTH_PAM_HELPER_H
#define AUTH_PAM_HELPER_H

#include "base/err.h"

#include <sys/types.h>

struct pam_helper {
    pid_t pid;   /* 0: none was started */
    int control; /* -1: none */
};

/*
 * Starts the program vspcd-pam that stands beside our own; only while the
 * process has one thread. user: name or number of the user that vspcd
 * becomes, "0" if it stays root. 0, or negative with err filled and none
 * started.
 */
int pam_helper_start(const char *user, struct pam_helper *ret, struct err *err);

/* Closes the control, and waits for the end that follows, for a second at most.
 * Nothing happens if none was started. */
void pam_helper_end(struct pam_helper *helper);

/* A new connection to it, close-on-exec, or -errno; -EPIPE: it has ended. Never
 * blocks. */
int pam_helper_connect(int control);

#endif
