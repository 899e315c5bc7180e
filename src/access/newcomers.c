#include "access/newcomers.h"

#include <assert.h>

static struct newcomer *same_at(struct list *node)
{
    return CONTAINER_OF(node, struct newcomer, same);
}

static struct newcomer *first_of(const struct newcomers *all)
{
    return CONTAINER_OF(all->all.next, struct newcomer, node);
}

static bool has_site(const void *value, const void *key)
{
    const struct newcomer *n = value;
    const struct ip *site = key;

    return n->site.high == site->high && n->site.low == site->low;
}

void newcomers_init(struct newcomers *all, const uint64_t seed[2])
{
    *all = (struct newcomers){ 0 };
    list_init(&all->all);
    map_init(&all->oldest, seed);
}

void newcomers_done(struct newcomers *all)
{
    assert(all->count == 0);
    map_done(&all->oldest);
}

struct newcomer *newcomers_add(struct newcomers *all, struct newcomer *n,
                               struct ip ip, uint64_t now_us)
{
    struct newcomer *oldest;

    *n = (struct newcomer){
        .site = ip_site(ip),
        .since_us = now_us,
        .is_counted = true,
    };
    n->hash = map_hash(&all->oldest, slice_of(&n->site, sizeof n->site));
    list_init(&n->node);
    list_init(&n->same);
    list_add_tail(&all->all, &n->node);
    all->count++;
    oldest = map_find(&all->oldest, n->hash, has_site, &n->site);
    if (oldest == NULL) {
        map_add(&all->oldest, n->hash, n);
        oldest = n;
    } else {
        list_add_tail(&oldest->same, &n->same);
    }
    oldest->of_site++;
    if (all->site_limit != 0 && oldest->of_site > all->site_limit &&
        oldest != n)
        return oldest;
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

/* n may be its site's oldest, which has the count; the next one then takes
 * over. */
static void leave_site(struct newcomers *all, struct newcomer *n)
{
    struct newcomer *next = same_at(n->same.next);
    struct newcomer *oldest =
        map_find(&all->oldest, n->hash, has_site, &n->site);

    oldest->of_site--;
    list_remove(&n->same);
    if (oldest != n)
        return;
    map_remove(&all->oldest, n->hash, n);
    if (next == n)
        return;
    next->of_site = n->of_site;
    map_add(&all->oldest, n->hash, next);
}

void newcomers_remove(struct newcomers *all, struct newcomer *n)
{
    if (!n->is_counted)
        return;
    n->is_counted = false;
    leave_site(all, n);
    list_remove(&n->node);
    all->count--;
    all->kept -= n->kept;
    n->kept = 0;
}

uint32_t newcomers_of_site(const struct newcomers *all, struct ip ip)
{
    struct ip site = ip_site(ip);
    uint64_t hash = map_hash(&all->oldest, slice_of(&site, sizeof site));
    const struct newcomer *oldest =
        map_find(&all->oldest, hash, has_site, &site);

    return oldest != NULL ? oldest->of_site : 0;
}

bool newcomers_keep(struct newcomers *all, struct newcomer *n, size_t len,
                    uint64_t max)
{
    if (!n->is_counted)
        return true;
    if (len > max || all->kept > max - len)
        return false;
    n->kept += (uint32_t)len;
    all->kept += len;
    return true;
}
