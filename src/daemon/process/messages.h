/*
 * messages.h - where the program's own messages (base/log.h) go: stderr,
 * stdout, syslog or the journal, and that they get there.
 *
 * Nothing here waits. A socket whose reader is away is tried again, however
 * long that takes; a reader that takes nothing is tried again after a pause,
 * not every turn. Meanwhile lines are kept and then dropped as log.h says.
 *
 * Not syslog(3): it blocks while its socket is full, and holds up all consoles
 * for a log that is stuck. Not libsystemd either: the two formats are a few
 * lines (log_format.c), and a library of its size is no price for them. And no
 * file: a disk that hangs would hold up the loop, and a reader with a disk of
 * its own is what syslog and the journal are.
 */
#ifndef DAEMON_PROCESS_MESSAGES_H
#define DAEMON_PROCESS_MESSAGES_H

#include "base/deadline.h"
#include "conf/program_settings.h"
#include "net/loop.h"

#include <sys/un.h>

struct messages {
    int fd;         /* of the socket; -1: none is connected */
    bool is_stream; /* and not datagrams */
    bool is_open;
    bool is_json;
    enum messages_place place;
    struct sockaddr_un socket; /* its path; "": none */
    struct deadline_queue pauses;
    struct deadline pause; /* the reader takes nothing */
    uint64_t pause_us;     /* the next one */
};

/* From now on lines go where the settings say; *m must last as long. What
 * cannot be reached now is tried again; then false, with err filled: why. */
bool messages_open(struct messages *m, const struct settings *s,
                   struct err *err);

/* The settings may have changed; it is open. */
void messages_set(struct messages *m, const struct settings *s);

/* A loop is there, and will be called every turn: messages_flush. False: there
 * is more, and nobody takes it now. */
void messages_watch(struct messages *m, struct loop *loop);
bool messages_flush(struct messages *m);

/* The loop is about to be closed. */
void messages_unwatch(struct messages *m);

/* What can still be written is; back to stderr. */
void messages_close(struct messages *m);

#endif
