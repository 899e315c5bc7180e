/*
 * admin_session.h - a connection on the admin port, until it is known what it
 * is and has its console: vSPC.py's client, which speaks first, in pickles, or
 * that of VMware's Python kit, which waits for the offer of telnet option 233.
 *
 * A short silence decides between them, because an offer would break the
 * pickles: ADMIN_SILENCE_US, longer than a round trip. Where clients may use
 * TLS, the first byte may also begin TLS, and then all this is inside it.
 *
 * What attaches to a console is a client session from there on, and everything
 * that clients have is theirs. The session owns itself (session.h).
 */
#ifndef SESSION_ADMIN_ADMIN_SESSION_H
#define SESSION_ADMIN_ADMIN_SESSION_H

#include "net/stream.h"
#include "session/session_context.h"

enum {
    /* The first byte of vSPC.py's client comes a round trip after its SYN was
     * answered, and a segment that TCP sends again comes within a second. */
    ADMIN_SILENCE_US = 1000 * 1000,
    /* What a conversation in pickles may take up to its answer; and what a
     * client may take to read a list. */
    ADMIN_TALK_US = 10 * 1000 * 1000,
    /* Lists that are made, or wait for their client to read them, at a time:
     * each has all consoles in it. More wait. */
    ADMIN_LISTS = 4,
    /* Bytes of a list: some 300,000 consoles. */
    ADMIN_LIST_MAX = LIMIT_OF(64 * 1024 * KIB),
};

/* Once for a context, before the first session, and after the last one. */
void admin_session_open_all(struct session_context *ctx);
void admin_session_close_all(struct session_context *ctx);

/* Takes the stream over. A session that cannot go on ends at the end of the
 * turn. */
void admin_session_start(struct session_context *ctx, struct stream *stream);

#endif
