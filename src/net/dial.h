/*
 * dial.h - an outgoing connection: resolves a name on libuv's pool, tries its
 * addresses one after the other, and hands over a stream.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/err.h"
#include "net/loop.h"
#include "net/stream.h"

struct dial;

/*
 * Called once: with a stream that is the owner's, or with NULL and why. The
 * dial is gone when it returns.
 */
typedef void dial_done_fn(void *owner, struct stream *stream,
                          const struct err *err);

enum dial_family { DIAL_ANY_FAMILY, DIAL_IPV4, DIAL_IPV6 };

/* Each address is given timeout_ms to answer. Never fails at once: on_done
 * tells, in a later turn. */
struct dial *dial_tcp(struct loop *loop, const char *host, uint16_t port,
                      enum dial_family family, unsigned timeout_ms,
                      dial_done_fn *on_done, void *owner);
struct dial *dial_unix(struct loop *loop, const char *path,
                       dial_done_fn *on_done, void *owner);

/* Before on_done was called: it never will be. */
void dial_cancel(struct dial *d);

#endif
