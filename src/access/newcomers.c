#include "access/newcomers.h"

#include <assert.h>

static struct newcomer *newcomer_of(struct site_member *m)
{
    return CONTAINER_OF(m, struct newcomer, member);
}

static struct newcomer *first_of(const struct newcomers *all)
{
    return CONTAINER_OF(all->all.next, struct newcomer, node);
}

void newcomers_init(struct newcomers *all, const uint64_t seed[2])
{
    *all = (struct newcomers){ 0 };
    list_init(&all->all);
    sites_init(&all->sites, seed);
}

void newcomers_done(struct newcomers *all)
{
    assert(all->count == 0);
    sites_done(&all->sites);
}

bool newcomers_have_room(struct newcomers *all)
{
    return sites_have_room(&all->sites);
}

struct newcomer *newcomers_add(struct newcomers *all, struct newcomer *n,
                               struct ip ip, uint64_t now_us)
{
    struct site_member *oldest;

    *n = (struct newcomer){ .since_us = now_us };
    list_init(&n->node);
    list_add_tail(&all->all, &n->node);
    all->count++;
    oldest = sites_join(&all->sites, &n->member, ip);
    if (all->site_limit != 0 && oldest->count > all->site_limit &&
        oldest != &n->member)
        return newcomer_of(oldest);
    if (all->limit != 0 && all->count > all->limit && all->all.next != &n->node)
        return first_of(all);
    return NULL;
}

struct newcomer *newcomers_find_old(const struct newcomers *all,
                                    uint64_t age_us, uint64_t now_us)
{
    struct newcomer *n;

    if (all->count == 0)
        return NULL;
    n = first_of(all);
    return n->since_us + age_us <= now_us ? n : NULL;
}

void newcomers_remove(struct newcomers *all, struct newcomer *n)
{
    if (!newcomer_is_counted(n))
        return;
    sites_leave(&all->sites, &n->member);
    list_remove(&n->node);
    all->count--;
    all->kept -= n->kept;
    n->kept = 0;
}

uint32_t newcomers_of_site(const struct newcomers *all, struct ip ip)
{
    return sites_count(&all->sites, ip);
}

bool newcomers_keep(struct newcomers *all, struct newcomer *n, size_t len,
                    uint64_t max)
{
    if (!newcomer_is_counted(n))
        return true;
    if (len > max || all->kept > max - len)
        return false;
    n->kept += (uint32_t)len;
    all->kept += len;
    return true;
}
