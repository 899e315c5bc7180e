/*
 * arrival.h - connections of balancers, between accept and the header of the
 * PROXY protocol (proto/first/proxy_header.h): what the balancer says about
 * whose connection it is, in front of everything else.
 *
 * Only networks that the settings name are believed; their connections wait
 * here, on each port where peers come, and nothing of them is served or counted
 * as theirs. When the header has come, the stream has the real peer, and goes
 * on as if it had just been accepted: the guard judges the real address, which
 * logs, hooks and listings show.
 *
 * A balancer that only looks whether somebody is there says so (LOCAL, UNKNOWN,
 * or its own end of the connection as the peer), or says nothing at all: it
 * never becomes a client or a VM, and is closed without a line of its own.
 *
 * Bounds: ARRIVAL_US, PROXY_HEADER_MAX bytes, and so many connections that
 * wait; the oldest is closed for a newer one.
 */
#ifndef SESSION_ARRIVAL_H
#define SESSION_ARRIVAL_H

#include "net/listener.h"
#include "session/session_context.h"

/* Long enough for a segment that TCP sends again twice. A balancer sends the
 * header with or right behind its SYN. */
enum { ARRIVAL_US = 3000 * 1000 };

void arrival_open_all(struct session_context *ctx);
void arrival_close_all(struct session_context *ctx);

#endif
