/*
 * dial.h - an outgoing connection: looks a name up (resolver.h), tries
 * its addresses one after the other, and hands over a stream.
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

/*
 * Whether a connection may be made to this address, which the name has led to:
 * asked for each address right before it is tried, so that nothing can change
 * between the answer and the connection. is_own: it is of an interface of this
 * host. False: why has the reason, as err of dial_done_fn.
 */
typedef bool dial_allows_fn(void *owner, const struct address *to, bool is_own,
                            struct err *why);

struct dial_target {
    const char *host; /* copied */
    uint16_t port;
    enum dial_family family;
    unsigned timeout_ms; /* for the name, and for each address */
    /* NULL: every address may be tried */
    dial_allows_fn *allows;
    /* Kept by the owner from dial to dial, as long as the dial at least: its
     * lookups are slow, and wait behind others'. NULL: not kept. */
    bool *is_slow;
};

/* on_done is always called in a later turn, even if dialling fails at once. */
struct dial *dial_tcp(struct loop *loop, const struct dial_target *target,
                      dial_done_fn *on_done, void *owner);
struct dial *dial_unix(struct loop *loop, const char *path,
                       dial_done_fn *on_done, void *owner);

/* Before on_done: on_done will not be called. */
void dial_cancel(struct dial *d);

#endif
