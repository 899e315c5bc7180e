/*
 * service_tls.h - the TLS of remote systems, as service URIs demand it.
 *
 * There is one context for each set of parameters and oldest version, shared by
 * all services that have this set: a context takes 13 KiB, and most VMs of a
 * site have equal parameters. All contexts that check signatures share the
 * system's CAs, which take 20 ms and 800 KiB where they are in one file. The
 * CAs are read again when they are older than SERVICE_CAS_US.
 */
#ifndef SESSION_SERVICE_SERVICE_TLS_H
#define SESSION_SERVICE_SERVICE_TLS_H

#include "base/list.h"
#include "net/tls/tls_context.h"
#include "proto/uri/uri.h"

enum { SERVICE_CAS_US = 600 * 1000 * 1000 };

struct service_tls;

/* The contexts in use; one pool for a session context. */
struct service_tls_pool {
    struct list used;   /* struct service_tls.node */
    struct list unused; /* struct service_tls.node; the oldest first */
    unsigned unused_count;
    uint64_t made_ns;        /* for rate_take */
    struct tls_context *cas; /* NULL: not read yet */
    uint64_t cas_us;         /* when they were read */
};

void service_tls_pool_init(struct service_tls_pool *pool);

/* All contexts must have been released. */
void service_tls_pool_done(struct service_tls_pool *pool);

/* Whether a context for these parameters may be made now, or is there. False:
 * too many were made just now. Each answer counts as making one that is not
 * there. */
bool service_tls_is_affordable(struct service_tls_pool *pool,
                               const struct uri_parameters *parameters,
                               const char *minimum);

/* minimum: the oldest version of TLS (tls_context.h). NULL: err says which
 * parameter is wrong, and why. Each take needs one release. */
struct service_tls *service_tls_take(struct service_tls_pool *pool,
                                     const struct uri_parameters *parameters,
                                     const char *minimum, struct err *err);
void service_tls_release(struct service_tls *t); /* accepts NULL */

struct tls_context *service_tls_context(const struct service_tls *t);

#endif
