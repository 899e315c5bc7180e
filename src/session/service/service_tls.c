/* Contexts by their parameters in canonical form and the oldest version:
 * services with equal ones share one. Reading the system's CAs for each VM
 * would take 20 ms and 800 KiB. */
#include "session/service/service_tls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "proto/uri/uri_format.h"

#include <stdlib.h>
#include <string.h>

struct service_tls {
    struct list node; /* in struct service_tls_pool.used */
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

static struct service_tls *find(const struct service_tls_pool *pool,
                                const char *parameters, const char *minimum)
{
    LIST_EACH (node, after, &pool->used) {
        struct service_tls *t = CONTAINER_OF(node, struct service_tls, node);

        if (strcmp(t->parameters, parameters) == 0 &&
            strcmp(t->minimum, minimum) == 0)
            return t;
    }
    return NULL;
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

struct service_tls *service_tls_take(struct service_tls_pool *pool,
                                     const struct uri_parameters *parameters,
                                     const char *minimum, struct err *err)
{
    char *text = write_parameters(parameters);
    struct service_tls *t = find(pool, text, minimum != NULL ? minimum : "");
    struct tls_context *context;

    if (t != NULL) {
        t->users++;
        free(text);
        return t;
    }
    if (open_context(pool, parameters, minimum, &context, err) < 0) {
        free(text);
        return NULL;
    }
    t = xcalloc(1, sizeof *t);
    t->context = context;
    t->users = 1;
    t->parameters = text;
    t->minimum = xstrdup(minimum != NULL ? minimum : "");
    list_add_tail(&pool->used, &t->node);
    return t;
}

void service_tls_release(struct service_tls *t)
{
    if (t == NULL || --t->users > 0)
        return;
    list_remove(&t->node);
    tls_context_close(t->context);
    free(t->parameters);
    free(t->minimum);
    free(t);
}

struct tls_context *service_tls_context(const struct service_tls *t)
{
    return t->context;
}

void service_tls_pool_init(struct service_tls_pool *pool)
{
    *pool = (struct service_tls_pool){ 0 };
    list_init(&pool->used);
}

void service_tls_pool_done(struct service_tls_pool *pool)
{
    tls_context_close(pool->cas);
    pool->cas = NULL;
}
