/*
 * daemon.h - the program's parts joined: loop, directory, sessions, ports;
 * signals and the order of ending.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/err.h"
#include "conf/options.h"

struct daemon;
struct messages;

/* Opens everything: on return VMs may connect. 0, or negative with err filled.
 * settings and messages, which are open, must outlive the daemon; a reload
 * changes their content. pam_control: of our own vspcd-pam (auth/pam_helper.h),
 * open until daemon_close; -1: none. */
int daemon_open(struct daemon **ret_daemon, struct settings *settings,
                struct messages *messages, int pam_control, struct err *err);

/* Runs until SIGTERM or SIGINT, and then until the clients have received
 * their remaining output, for at most a few seconds. A second signal ends it
 * at once. */
void daemon_run(struct daemon *d);

void daemon_close(struct daemon *d);

#endif
