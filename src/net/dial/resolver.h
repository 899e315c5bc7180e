/*
 * resolver.h - host names to addresses, on threads of its own.
 *
 * getaddrinfo(3) waits for name servers, half a minute for dead ones, and
 * cannot be interrupted. So a lookup that waits must hold up nobody else: the
 * threads are this module's alone, RESOLVER_THREADS_MAX at most, and each
 * lookup waits in one of three lanes (queries.h):
 *
 *   numeric   the host is an address: no name server is asked, and one thread
 *             is always left to this lane
 *   usual     the host is a name
 *   slow      the last lookup of whoever asks took long (RESOLVER_SLOW_US):
 *             gets less than half of the threads, behind the usual lane
 *
 * All who ask for a name at a time share one lookup of it. Whoever asks has one
 * lookup at a time, and gives up by itself (resolver_cancel).
 *
 * There is one resolver for a loop, opened with the first lookup, and closed
 * with the loop: nobody may have a lookup any more then.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

enum {
    RESOLVER_THREADS_MAX = 16,
    /* An answer with more addresses is cut: each may take a time-out to try. */
    RESOLVER_ADDRESSES_MAX = 16,
    RESOLVER_SLOW_US = 1000 * 1000,
};

struct lookup;

struct resolver_question {
    const char *host; /* copied */
    uint16_t port;    /* of the addresses in the answer */
    int family;       /* AF_UNSPEC, AF_INET, AF_INET6 */
    bool is_slow;     /* the last lookup of whoever asks took long */
};

struct resolver_answer {
    size_t count; /* of addresses; 0: err has the reason */
    struct {
        struct address address;
        bool is_own; /* of an interface of this host */
    } item[RESOLVER_ADDRESSES_MAX];
    /* 0; -errno: the addresses of this host are not known, and is_own says
     * nothing */
    int own_error;
    bool was_slow;
    struct err err;
};

/* Called once, in a later turn; the lookup no longer exists. */
typedef void resolver_done_fn(void *owner,
                              const struct resolver_answer *answer);

/* NULL: there is no thread for it; err has the reason. */
struct lookup *resolver_ask(struct loop *loop,
                            const struct resolver_question *question,
                            resolver_done_fn *on_done, void *owner,
                            struct err *err);

/* Before on_done, which will not be called. */
void resolver_cancel(struct lookup *l);

#endif
