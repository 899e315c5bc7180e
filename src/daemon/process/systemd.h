/*
 * systemd.h - what systemd is told about us: sd_notify(3) with
 * Type=notify.
 *
 * Our own datagrams, and not libsystemd: they are a socket and some words, for
 * which a program need not be linked with a library of a megabyte. Nothing
 * waits: what is not taken is sent again, but for the status and the watchdog's
 * sign of life, of which there are always newer ones.
 *
 * Without NOTIFY_SOCKET all of it does nothing.
 */
#ifndef DAEMON_PROCESS_SYSTEMD_H
#define DAEMON_PROCESS_SYSTEMD_H

#include "base/deadline.h"
#include "net/loop.h"

#include <sys/socket.h>
#include <sys/un.h>

struct directory;

struct systemd {
    int fd; /* -1: there is none */
    struct sockaddr_un address;
    socklen_t address_len;
    const struct directory *directory; /* borrowed: what the status is about */
    char unsent[256];                  /* what must be said */
    char status[96];                   /* as it was said last */
    struct deadline_queue signs; /* of life, at half of the watchdog's time */
    struct deadline_queue ticks; /* status, and what is unsent */
    struct deadline sign;
    struct deadline tick;
};

/* Takes what it needs out of the environment, so that no child has it. */
void systemd_open(struct systemd *m, struct loop *loop,
                  const struct directory *directory);

/* VMs may connect; again, after systemd_reloading. */
void systemd_ready(struct systemd *m);
void systemd_reloading(struct systemd *m);
void systemd_stopping(struct systemd *m);

void systemd_close(struct systemd *m);

#endif
