/*
 * service_tls.h - what service URIs demand of the TLS of what we connect to.
 *
 * A context for every set of parameters, shared by all services that have the
 * same: one takes 13 KiB, and most VMs of a site have the same. All that check
 * signatures share the system's CAs, which take 20 ms and 800 KiB where they
 * are in one file; they are read again when they are older than
 * SERVICE_CAS_US.
 */
#ifndef SESSION_SERVICE_SERVICE_TLS_H
#define SESSION_SERVICE_SERVICE_TLS_H

#include "base/list.h"
#include "net/tls/tls_context.h"
#include "proto/uri/uri.h"

enum { SERVICE_CAS_US = 600 * 1000 * 1000 };

struct service_tls;

/* Those that are in use; one for a context. */
struct service_tls_pool {
    struct list used;        /* struct service_tls.node */
    struct tls_context *cas; /* NULL: not read yet */
    uint64_t cas_us;         /* when they were read */
};

void service_tls_pool_init(struct service_tls_pool *pool);

/* All of them were released. */
void service_tls_pool_done(struct service_tls_pool *pool);

/* minimum: the oldest version, as tls_context.h has it. NULL with err filled:
 * which parameter, what is wrong with it. Released once for each time. */
struct service_tls *service_tls_take(struct service_tls_pool *pool,
                                     const struct uri_parameters *parameters,
                                     const char *minimum, struct err *err);
void service_tls_release(struct service_tls *t); /* takes NULL */

struct tls_context *service_tls_context(const struct service_tls *t);

#endif
