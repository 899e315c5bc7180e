#include "access/sites.h"

static struct site_member *member_at(struct list *node)
{
    return CONTAINER_OF(node, struct site_member, same);
}

static bool has_site(const void *value, const void *key)
{
    const struct site_member *m = value;
    const struct ip *site = key;

    return ip_is_equal(m->site, *site);
}

static uint64_t hash_of(const struct sites *sites, const struct ip *site)
{
    return map_hash(&sites->oldest, slice_of(site, sizeof *site));
}

void sites_init(struct sites *sites, const uint64_t seed[2])
{
    map_init(&sites->oldest, seed);
}

void sites_done(struct sites *sites)
{
    map_done(&sites->oldest);
}

bool sites_have_room(struct sites *sites)
{
    return map_reserve(&sites->oldest);
}

struct site_member *sites_join(struct sites *sites, struct site_member *m,
                               struct ip ip)
{
    struct site_member *oldest;

    *m = (struct site_member){ .site = ip_site(ip), .is_in = true };
    m->hash = hash_of(sites, &m->site);
    list_init(&m->same);
    oldest = map_find(&sites->oldest, m->hash, has_site, &m->site);
    if (oldest == NULL) {
        map_add(&sites->oldest, m->hash, m);
        oldest = m;
    } else {
        list_add_tail(&oldest->same, &m->same);
    }
    oldest->count++;
    return oldest;
}

/* m may be its site's oldest, which has the count; the next one then takes
 * over. */
void sites_leave(struct sites *sites, struct site_member *m)
{
    struct site_member *oldest, *next;

    if (!m->is_in)
        return;
    m->is_in = false;
    next = member_at(m->same.next);
    oldest = map_find(&sites->oldest, m->hash, has_site, &m->site);
    oldest->count--;
    list_remove(&m->same);
    if (oldest != m)
        return;
    map_remove(&sites->oldest, m->hash, m);
    if (next == m)
        return;
    next->count = m->count;
    map_add(&sites->oldest, m->hash, next);
}

uint32_t sites_count(const struct sites *sites, struct ip ip)
{
    struct ip site = ip_site(ip);
    const struct site_member *oldest =
        map_find(&sites->oldest, hash_of(sites, &site), has_site, &site);

    return oldest != NULL ? oldest->count : 0;
}
