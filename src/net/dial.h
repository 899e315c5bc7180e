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
 * Called once: with a stream, which the owner gets, or with NULL and the
 * reason. The dial no longer exists when on_done is called.
 */
typedef void dial_done_fn(void *owner, struct stream *stream,
                          const struct err *err);

enum dial_family { DIAL_ANY_FAMILY, DIAL_IPV4, DIAL_IPV6 };

/* Each address has timeout_ms to answer. on_done is always called in a later
 * turn, even if dialling fails at once. */
struct dial *dial_tcp(struct loop *loop, const char *host, uint16_t port,
                      enum dial_family family, unsigned timeout_ms,
                      dial_done_fn *on_done, void *owner);
struct dial *dial_unix(struct loop *loop, const char *path,
                       dial_done_fn *on_done, void *owner);

/* Before on_done: on_done will not be called. */
void dial_cancel(struct dial *d);

#endif
