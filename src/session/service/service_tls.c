/* Contexts by their parameters in canonical form and the oldest version:
 * services with equal ones share one. Reading the system's CAs for each VM
 * would take 20 ms and 800 KiB.
 *
 * A context that nobody uses any more is kept for a while, and contexts are
 * made at a bounded rate: a VM may ask again and again, for something else each
 * time, and each answer would be worth half a millisecond of all others. */
#include "session/service/service_tls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rates.h"
#include "proto/uri/uri_format.h"

#include <stdlib.h>
#include <string.h>

enum { UNUSED_MAX = 16 };

/* How often a context is made. */
static const struct rate making = { .interval_ns = 50 * 1000 * 1000,
                                    .burst = 64 };

struct service_tls {
    struct list node; /* in struct service_tls_pool.used or .unused */
    struct service_tls_pool *pool;
    struct tls_context *context;
    unsigned users;
    char *parameters; /* in their canonical form */
    char *minimum;    /* "": none given */
};

/* The canonical form of a URI with these parameters; the caller frees it. */
static char *write_parameters(const struct uri_parameters *parameters)
{
    /* The rest stands for any address. */
    const struct uri uri = {
        .kind = URI_ADDRESS,
        .tls = URI_TLS_FIRST,
        .host = "any",
        .host_kind = URI_HOST_NAME,
        .port = 1,
        .parameters = *parameters,
    };
    size_t size = uri_format(&uri, NULL, 0) + 1;
    char *text = xmalloc(size);

    uri_format(&uri, text, size);
    return text;
}

static struct service_tls *find_in(const struct list *list,
                                   const char *parameters, const char *minimum)
{
    LIST_EACH (node, after, list) {
        struct service_tls *t = CONTAINER_OF(node, struct service_tls, node);

        if (strcmp(t->parameters, parameters) == 0 &&
            strcmp(t->minimum, minimum) == 0)
            return t;
    }
    return NULL;
}

static struct service_tls *find(const struct service_tls_pool *pool,
                                const char *parameters, const char *minimum)
{
    struct service_tls *t;

    if (minimum == NULL)
        minimum = "";
    t = find_in(&pool->used, parameters, minimum);
    return t != NULL ? t : find_in(&pool->unused, parameters, minimum);
}

/* The system's CAs; NULL: they cannot be read now. */
static const struct tls_context *known_cas(struct service_tls_pool *pool,
                                           struct err *err)
{
    static const struct tls_client_settings settings = { .verify = true };
    uint64_t now_us = clock_now_us();
    struct tls_context *cas;

    if (pool->cas != NULL && now_us - pool->cas_us < SERVICE_CAS_US)
        return pool->cas;
    if (tls_context_open_client(&cas, &settings, err) < 0)
        return NULL;
    tls_context_close(pool->cas);
    pool->cas = cas;
    pool->cas_us = now_us;
    return cas;
}

/* 0, or -errno with err filled. */
static int open_context(struct service_tls_pool *pool,
                        const struct uri_parameters *p, const char *minimum,
                        struct tls_context **ret, struct err *err)
{
    char pem[URI_PEM_MAX + 1];
    char thumbprint[URI_THUMBPRINT_MAX + 1];
    struct tls_client_settings settings = {
        .thumbprint = thumbprint,
        .peer_name = p->peer_name,
        .verify = p->has_verify,
        .ciphers = p->ciphers,
        .minimum = minimum,
    };

    if (uri_get_certificate(p, pem) > 0)
        settings.certificate = pem;
    uri_get_thumbprint(p, thumbprint);
    if (p->has_verify || p->peer_name[0] != '\0') {
        settings.ca_from = known_cas(pool, err);
        if (settings.ca_from == NULL)
            return -1;
    }
    return tls_context_open_client(ret, &settings, err);
}

bool service_tls_is_affordable(struct service_tls_pool *pool,
                               const struct uri_parameters *parameters,
                               const char *minimum)
{
    char *text = write_parameters(parameters);
    bool is_there = find(pool, text, minimum) != NULL;

    free(text);
    return is_there || rate_take(&pool->made_ns, &making, clock_now_us());
}

static struct service_tls *use(struct service_tls *t)
{
    if (t->users == 0) {
        t->pool->unused_count--;
        list_remove(&t->node);
        list_add_tail(&t->pool->used, &t->node);
    }
    t->users++;
    return t;
}

struct service_tls *service_tls_take(struct service_tls_pool *pool,
                                     const struct uri_parameters *parameters,
                                     const char *minimum, struct err *err)
{
    char *text = write_parameters(parameters);
    struct service_tls *t = find(pool, text, minimum);
    struct tls_context *context;

    if (t != NULL) {
        free(text);
        return use(t);
    }
    if (open_context(pool, parameters, minimum, &context, err) < 0) {
        free(text);
        return NULL;
    }
    t = xcalloc(1, sizeof *t);
    t->pool = pool;
    t->context = context;
    t->users = 1;
    t->parameters = text;
    t->minimum = xstrdup(minimum != NULL ? minimum : "");
    list_add_tail(&pool->used, &t->node);
    return t;
}

static void close_unused(struct service_tls_pool *pool, struct list *node)
{
    struct service_tls *t = CONTAINER_OF(node, struct service_tls, node);

    pool->unused_count--;
    list_remove(&t->node);
    tls_context_close(t->context);
    free(t->parameters);
    free(t->minimum);
    free(t);
}

void service_tls_release(struct service_tls *t)
{
    struct service_tls_pool *pool;

    if (t == NULL || --t->users > 0)
        return;
    pool = t->pool;
    list_remove(&t->node);
    list_add_tail(&pool->unused, &t->node);
    if (++pool->unused_count > UNUSED_MAX)
        close_unused(pool, pool->unused.next);
}

struct tls_context *service_tls_context(const struct service_tls *t)
{
    return t->context;
}

void service_tls_pool_init(struct service_tls_pool *pool)
{
    *pool = (struct service_tls_pool){ 0 };
    list_init(&pool->used);
    list_init(&pool->unused);
}

void service_tls_pool_done(struct service_tls_pool *pool)
{
    LIST_EACH (node, after, &pool->unused)
        close_unused(pool, node);
    tls_context_close(pool->cas);
    pool->cas = NULL;
}
