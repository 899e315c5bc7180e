#include "core/told/vm_site.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

static struct vm_site *site_at(struct list *node)
{
    return CONTAINER_OF(node, struct vm_site, node);
}

static bool has_ip(const void *value, const void *key)
{
    const struct vm_site *site = value;
    const struct ip *ip = key;

    return ip_is_equal(site->ip, *ip);
}

static uint64_t hash_of(const struct vm_sites *sites, struct ip ip)
{
    return map_hash(&sites->all, slice_of(&ip, sizeof ip));
}

void vm_sites_init(struct vm_sites *sites, const uint64_t seed[2])
{
    map_init(&sites->all, seed);
    for (int i = 0; i < VM_SITE_CLASSES; i++)
        list_init(&sites->by_spares[i]);
}

void vm_sites_done(struct vm_sites *sites)
{
    assert(sites->all.count == 0);
    map_done(&sites->all);
}

static struct vm_site *find(const struct vm_sites *sites, struct ip site)
{
    return map_find(&sites->all, hash_of(sites, site), has_ip, &site);
}

struct vm_site *vm_site_join(struct vm_sites *sites, struct ip ip)
{
    struct ip key = ip_site(ip);
    struct vm_site *site = find(sites, key);

    if (site == NULL) {
        site = xcalloc(1, sizeof *site);
        site->ip = key;
        list_init(&site->spares);
        list_init(&site->node);
        map_add(&sites->all, hash_of(sites, key), site);
    }
    site->consoles++;
    return site;
}

void vm_site_leave(struct vm_sites *sites, struct vm_site *site)
{
    if (--site->consoles > 0)
        return;
    assert(site->spare_count == 0 && site->vms == 0 && site->new_consoles == 0);
    map_remove(&sites->all, hash_of(sites, site->ip), site);
    free(site);
}

static int class_of(uint32_t count)
{
    return count == 0 ? 0 : 32 - __builtin_clz(count);
}

/* A site that stays in its class keeps its place there. */
static void set_count(struct vm_sites *sites, struct vm_site *site,
                      uint32_t count)
{
    int before = class_of(site->spare_count);
    int now = class_of(count);

    site->spare_count = count;
    if (before == now)
        return;
    list_remove(&site->node);
    if (count > 0)
        list_add_tail(&sites->by_spares[now], &site->node);
}

void vm_site_add_spare(struct vm_sites *sites, struct vm_site *site,
                       struct list *spare)
{
    list_add_tail(&site->spares, spare);
    set_count(sites, site, site->spare_count + 1);
}

void vm_site_remove_spare(struct vm_sites *sites, struct vm_site *site,
                          struct list *spare)
{
    list_remove(spare);
    set_count(sites, site, site->spare_count - 1);
}

struct list *vm_sites_find_spare(const struct vm_sites *sites, struct ip ip)
{
    const struct vm_site *own = find(sites, ip_site(ip));

    if (own != NULL && own->spare_count > 0)
        return own->spares.next;
    for (int i = VM_SITE_CLASSES - 1; i > 0; i--) {
        if (!list_is_empty(&sites->by_spares[i]))
            return site_at(sites->by_spares[i].next)->spares.next;
    }
    return NULL;
}
