/*
 * vm_site.h - the sites that consoles' VMs connect from: what each has, and
 * which consoles may make room for new ones.
 *
 * A site is an IPv4 address or a /64 of IPv6 (ip_site). VMs without such an
 * address (a Unix socket, a list that was imported) share one site, whose
 * address is all zeros.
 *
 * A console is *spare* while it is new (console_life.c says when that ends) and
 * has neither VM nor client. When there is no room, the oldest spare console of
 * the new one's own site goes, or else the oldest of a site that has most: so
 * whoever makes consoles up pushes out their own first, and to have ten times
 * as many does not help against a site with a few. "Most" is by powers of two,
 * which costs a list operation where an exact order would cost a heap.
 *
 * Allocates a struct for each site, which lives while the site has a console.
 * Every operation takes the same time, however many consoles and sites there
 * are.
 */
#ifndef CORE_TOLD_VM_SITE_H
#define CORE_TOLD_VM_SITE_H

#include "base/list.h"
#include "base/map.h"
#include "base/network.h"

#include <stdint.h>

/* A site's class is the number of bits of its count of spare consoles. */
enum { VM_SITE_CLASSES = 33 };

struct vm_site {
    struct ip ip;
    struct list spares; /* struct console.spare, the oldest first */
    struct list node;   /* in the list of its class; none without a spare */
    uint32_t spare_count;
    uint32_t consoles;
    uint32_t new_consoles;
    uint32_t vms; /* consoles whose VM is connected */
};

struct vm_sites {
    struct map all; /* ip -> struct vm_site */
    struct list by_spares[VM_SITE_CLASSES];
};

void vm_sites_init(struct vm_sites *sites, const uint64_t seed[2]);

/* Every console must have left. */
void vm_sites_done(struct vm_sites *sites);

/* The site of this address, with one more console. */
struct vm_site *vm_site_join(struct vm_sites *sites, struct ip ip);

/* One console less; the last one frees the site. */
void vm_site_leave(struct vm_sites *sites, struct vm_site *site);

void vm_site_add_spare(struct vm_sites *sites, struct vm_site *site,
                       struct list *spare);
void vm_site_remove_spare(struct vm_sites *sites, struct vm_site *site,
                          struct list *spare);

/* The spare console that makes room for a console of this address; NULL: there
 * is none. It stays what it is. */
struct list *vm_sites_find_spare(const struct vm_sites *sites, struct ip ip);

#endif
