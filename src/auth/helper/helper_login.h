/*
 * helper_login.h - one login: PAM's questions to vspcd, a person's answers to
 * PAM, by messages of pam_wire.h.
 *
 * Blocks, and so has a process for itself. PAM's modules are other people's
 * code in its address space: they have what it has, and may block in whatever
 * way, so nothing less than SIGKILL bounds their time.
 *
 * Neither credentials (pam_setcred) nor a session (pam_open_session): nothing
 * runs as the person, no file is opened for them, and what the person may do is
 * vspcd's own rules' matter.
 */
#ifndef AUTH_HELPER_HELPER_LOGIN_H
#define AUTH_HELPER_HELPER_LOGIN_H

#include <stdbool.h>
#include <sys/types.h>

/* True: the process that has made this end of the connection is root's or the
 * user's, according to the kernel. */
bool helper_login_allows(int fd, uid_t user);

/* From the first message to the last; service: of /etc/pam.d. The process
 * should have nothing else to do: after 10 s of PAM's work it is killed. */
void helper_login_run(int fd, const char *service);

#endif
