/*
 * service_manager.h - what systemd is told about us: sd_notify(3) with
 * Type=notify.
 *
 * Our own datagrams, and not libsystemd: they are a socket and some words, for
 * which a program need not be linked with a library of a megabyte. Nothing
 * waits: what is not taken is sent again, but for the status and the watchdog's
 * sign of life, of which there are always newer ones.
 *
 * Without NOTIFY_SOCKET all of it does nothing.
 */
#ifndef DAEMON_SERVICE_MANAGER_H
#define DAEMON_SERVICE_MANAGER_H

#include "base/deadline.h"
#include "net/loop.h"

#include <sys/socket.h>
#include <sys/un.h>

struct directory;

struct service_manager {
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
    struct loop_watch watches[2];
};

/* Takes what it needs out of the environment, so that no child has it. */
void service_manager_open(struct service_manager *m, struct loop *loop,
                          const struct directory *directory);

/* VMs may connect; again, after service_manager_reloading. */
void service_manager_ready(struct service_manager *m);
void service_manager_reloading(struct service_manager *m);
void service_manager_stopping(struct service_manager *m);

void service_manager_close(struct service_manager *m);

#endif
