#include "net/dial/resolver.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop_private.h"
#include "net/queries.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum lane { LANE_NUMERIC, LANE_USUAL, LANE_SLOW, LANE_COUNT };

struct resolver_query {
    struct query query;
    uint32_t hash; /* of host */
    int family;
    char host[ADDRESS_HOST_MAX + 1];
    struct resolver_answer answer;
};

struct lookup {
    struct asker asker;
    uint16_t port;
    resolver_done_fn *on_done;
    void *owner;
};

static struct resolver_query *resolver_query_of(struct query *q)
{
    return CONTAINER_OF(q, struct resolver_query, query);
}

/* ---- a thread ----------------------------------------------------------- */

static bool is_own(const struct ifaddrs *own, const struct address *a)
{
    struct ip ip;
    struct ip other;

    if (!address_ip(a, &ip))
        return false;
    for (; own != NULL; own = own->ifa_next) {
        struct address address = { 0 };

        if (own->ifa_addr == NULL || (own->ifa_addr->sa_family != AF_INET &&
                                      own->ifa_addr->sa_family != AF_INET6))
            continue;
        address.any.sa_family = own->ifa_addr->sa_family;
        memcpy(&address, own->ifa_addr, address_len(&address));
        if (address_ip(&address, &other) && ip_is_equal(other, ip))
            return true;
    }
    return false;
}

/* Which addresses are this host's own is found out at each lookup: they come
 * and go, and asking the kernel costs little beside a name server. */
static void mark_own(struct resolver_answer *answer)
{
    struct ifaddrs *own;

    if (getifaddrs(&own) != 0) {
        answer->own_error = -errno;
        return;
    }
    for (size_t i = 0; i < answer->count; i++)
        answer->item[i].is_own = is_own(own, &answer->item[i].address);
    freeifaddrs(own);
}

static void keep_addresses(struct resolver_answer *answer,
                           const struct addrinfo *found)
{
    for (; found != NULL && answer->count < RESOLVER_ADDRESSES_MAX;
         found = found->ai_next) {
        if (found->ai_addrlen > sizeof answer->item[0].address)
            continue;
        memcpy(&answer->item[answer->count++].address, found->ai_addr,
               found->ai_addrlen);
    }
    if (answer->count == 0)
        err_set(&answer->err, "the name has no address");
    else
        mark_own(answer);
}

static void look_up(struct query *query)
{
    struct resolver_query *q = resolver_query_of(query);
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_family = q->family,
        .ai_flags = query->lane == LANE_NUMERIC ? AI_NUMERICHOST : 0,
    };
    uint64_t began_us = clock_now_us();
    struct addrinfo *found = NULL;
    int r = getaddrinfo(q->host, NULL, &hints, &found);

    if (r == 0)
        keep_addresses(&q->answer, found);
    else
        err_set(&q->answer.err, "%s",
                r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
    if (found != NULL)
        freeaddrinfo(found);
    q->answer.was_slow = clock_now_us() - began_us >= RESOLVER_SLOW_US;
}

/* ---- the loop ----------------------------------------------------------- */

static bool is_same(const struct query *a, const struct query *b)
{
    const struct resolver_query *q = (const struct resolver_query *)a;
    const struct resolver_query *like = (const struct resolver_query *)b;

    return q->hash == like->hash && q->family == like->family &&
           strcmp(q->host, like->host) == 0;
}

static void tell(struct asker *a, struct query *query)
{
    struct lookup *l = CONTAINER_OF(a, struct lookup, asker);
    struct resolver_answer *answer = &resolver_query_of(query)->answer;
    resolver_done_fn *on_done = l->on_done;
    void *owner = l->owner;

    for (size_t i = 0; i < answer->count; i++)
        address_set_port(&answer->item[i].address, l->port);
    free(l);
    on_done(owner, answer);
}

static void resolver_query_free(struct query *q)
{
    free(resolver_query_of(q));
}

static void drop(void *owner, struct query *q)
{
    (void)owner;
    resolver_query_free(q);
}

static const struct queries_kind kind = {
    .lanes = LANE_COUNT,
    .threads_max = {
        [LANE_NUMERIC] = RESOLVER_THREADS_MAX,
        [LANE_USUAL] = RESOLVER_THREADS_MAX - 1,
        [LANE_SLOW] = (RESOLVER_THREADS_MAX - 1) / 2,
    },
    .is_same = is_same,
    .answer = look_up,
    .tell = tell,
    .on_told = drop,
    .free = resolver_query_free,
};

/* FNV-1a: tells most names apart, and strcmp the others. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static enum lane lane_of(const struct resolver_question *question)
{
    struct in_addr v4;

    if (strchr(question->host, ':') != NULL ||
        inet_pton(AF_INET, question->host, &v4) == 1)
        return LANE_NUMERIC;
    return question->is_slow ? LANE_SLOW : LANE_USUAL;
}

static struct query *new_query(const struct resolver_question *question)
{
    struct resolver_query *q = xcalloc(1, sizeof *q);
    size_t len = strnlen(question->host, sizeof q->host - 1);

    memcpy(q->host, question->host, len);
    q->hash = hash_of(q->host);
    q->family = question->family;
    query_init(&q->query, lane_of(question));
    return &q->query;
}

struct lookup *resolver_ask(struct loop *loop,
                            const struct resolver_question *question,
                            resolver_done_fn *on_done, void *owner,
                            struct err *err)
{
    struct lookup *l = xcalloc(1, sizeof *l);
    int r = 0;

    l->port = question->port;
    l->on_done = on_done;
    l->owner = owner;
    if (loop->names == NULL)
        r = queries_open(&loop->names, loop, &kind, NULL);
    if (r == 0)
        r = queries_ask(loop->names, new_query(question), &l->asker);
    if (r == 0)
        return l;
    free(l);
    err_set(err, "no thread to look up the name: %s", strerror(-r));
    return NULL;
}

void resolver_cancel(struct lookup *l)
{
    queries_cancel(&l->asker);
    free(l);
}

void resolver_close(struct queries *names)
{
    queries_close(names);
}
