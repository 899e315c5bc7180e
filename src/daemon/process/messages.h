/*
 * messages.h - sends the program's own messages (log/log.h) to stderr, stdout,
 * syslog or the journal, and makes sure that they arrive.
 *
 * Nothing here waits. A socket without a reader is retried without limit; a
 * reader that takes nothing is retried after a pause, not every turn. Meanwhile
 * lines are kept, and dropped above the limit of log.h.
 *
 * Not syslog(3): it blocks while its socket is full, and would hold all
 * consoles for a hanging log. Not libsystemd: the two formats are a few lines
 * (log_format.c), for which such a large library is too high a price. Not a
 * file: a hanging disk would hold the loop, and syslog and the journal exist to
 * write files.
 */
#ifndef DAEMON_PROCESS_MESSAGES_H
#define DAEMON_PROCESS_MESSAGES_H

#include "base/deadline.h"
#include "conf/program_settings.h"
#include "net/loop.h"

#include <sys/un.h>

struct messages {
    int fd;         /* of the socket; -1: not connected */
    bool is_stream; /* not a datagram socket */
    bool is_open;
    bool is_json;
    enum messages_place place;
    struct sockaddr_un socket; /* path of the socket; "": none */
    struct deadline_queue pauses;
    struct deadline pause; /* runs while the reader takes nothing */
    uint64_t pause_us;     /* the next pause */
};

/* Sends lines where the settings say from now on; *m must live until
 * messages_close. False with err filled: the place cannot be reached now, and
 * is retried. */
bool messages_open(struct messages *m, const struct settings *s,
                   struct err *err);

/* Uses changed settings; m is open. */
void messages_set(struct messages *m, const struct settings *s);

/* With a loop, which calls messages_flush every turn: from now on lines that
 * peers can cause are limited (log/log_gate.h). messages_flush returns false if
 * lines are left that nobody takes now. seed: random (log_open_gate). */
void messages_watch(struct messages *m, struct loop *loop,
                    const uint64_t seed[2]);
bool messages_flush(struct messages *m);

/* Must precede the closing of the loop. */
void messages_unwatch(struct messages *m);

/* Writes what can still be written; later lines go to stderr. */
void messages_close(struct messages *m);

#endif
