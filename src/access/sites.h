/*
 * sites.h - how many of a kind of connection each site has (base/network.h: an
 * IPv4 address, or a /64 of IPv6).
 *
 * The members of a site are a ring, the oldest first, and the map has only the
 * oldest of each, which has their number. So nothing is allocated for a member,
 * and no operation costs more for many members. Reads no clock.
 */
#ifndef ACCESS_SITES_H
#define ACCESS_SITES_H

#include "base/list.h"
#include "base/map.h"
#include "base/network.h"

/* Embedded in its owner's struct for the connection; all of it 0 at first. */
struct site_member {
    struct list same; /* the members of one site, the oldest first */
    struct ip site;   /* ip_site */
    uint64_t hash;    /* of site */
    uint32_t count;   /* of the site's members; valid in its oldest only */
    bool is_in;       /* between sites_join and sites_leave */
};

struct sites {
    struct map oldest; /* of each site */
};

void sites_init(struct sites *sites, const uint64_t seed[2]);

/* Every member must have left. */
void sites_done(struct sites *sites);

/* Whether there is memory for the first member of another site. */
bool sites_have_room(struct sites *sites);

/* m becomes the newest member of its site. Returns the site's oldest. */
struct site_member *sites_join(struct sites *sites, struct site_member *m,
                               struct ip ip);

/* May be called twice, and for one that has not joined. */
void sites_leave(struct sites *sites, struct site_member *m);

/* How many members the site of this address has. */
uint32_t sites_count(const struct sites *sites, struct ip ip);

#endif
