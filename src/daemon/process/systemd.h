/*
 * systemd.h - notifies systemd of our state: sd_notify(3) with Type=notify.
 *
 * Sends datagrams itself, without libsystemd: a socket and some words are no
 * reason to link a library of a megabyte. Nothing waits. Messages that are not
 * taken are sent again, except the status and the watchdog's signs of life,
 * which newer ones replace.
 *
 * Without NOTIFY_SOCKET, nothing happens.
 */
#ifndef DAEMON_PROCESS_SYSTEMD_H
#define DAEMON_PROCESS_SYSTEMD_H

#include "base/deadline.h"
#include "net/loop.h"

#include <sys/socket.h>
#include <sys/un.h>

struct directory;

struct systemd {
    int fd; /* -1: not connected */
    struct sockaddr_un address;
    socklen_t address_len;
    const struct directory *directory; /* borrowed: the status describes it */
    char unsent[256];                  /* messages that must still be sent */
    char status[96];                   /* as it was last sent */
    struct deadline_queue signs; /* of life, at half the watchdog's time */
    struct deadline_queue ticks; /* for the status, and for what is unsent */
    struct deadline sign;
    struct deadline tick;
};

/* Takes its variables out of the environment, so that no child inherits
 * them. */
void systemd_open(struct systemd *m, struct loop *loop,
                  const struct directory *directory);

/* VMs may connect. Called again after systemd_reloading. */
void systemd_ready(struct systemd *m);
void systemd_reloading(struct systemd *m);
void systemd_stopping(struct systemd *m);

void systemd_close(struct systemd *m);

#endif
