/*
 * daemon_private.h - what the files of daemon/ share.
 */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include "core/directory.h"
#include "core/ports.h"
#include "daemon/daemon.h"
#include "net/listener.h"
#include "session/session_context.h"

struct daemon {
    const struct settings *settings; /* borrowed */
    struct loop *loop;
    struct directory directory;
    struct ports ports;
    struct session_context sessions;
    struct listener *proxy; /* where VMs connect */
    struct address proxy_address;
    struct address interface; /* of the consoles' ports; port not set */
    struct loop_watch watches[6];
    struct deadline_queue shutdowns;
    struct deadline shutdown;
    bool is_ending;
};

#endif
