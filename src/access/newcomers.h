/*
 * newcomers.h - the unidentified connections on the VMs' port: how many there
 * are, in all and of each address, and which one is closed when there are too
 * many.
 *
 * The oldest is closed, of the new connection's own address first. A host
 * identifies its VM within milliseconds; an attacker who wants to take the room
 * from others stays silent until the time limit. So the oldest connection is
 * the least likely to be honest, and to push an honest one out, the attacker
 * must fill the whole limit within those milliseconds. To refuse the newest
 * would do the attacker's work.
 *
 * The cost of each operation does not depend on how many there are, and nothing
 * is allocated: the map has only the oldest connection of each site, and that
 * one has their number. One for the program; reads no clock.
 */
#ifndef ACCESS_NEWCOMERS_H
#define ACCESS_NEWCOMERS_H

#include "base/list.h"
#include "base/map.h"
#include "base/network.h"

/* Embedded in its owner's struct for the connection. */
struct newcomer {
    struct list node; /* in newcomers.all */
    struct list same; /* ring of the newcomers of one site, the oldest first */
    struct ip site;   /* ip_site */
    uint64_t hash;    /* of site */
    uint64_t since_us;
    uint32_t kept; /* bytes of newcomers_keep */
    /* how many its site has; valid in the site's oldest only */
    uint32_t of_site;
    bool is_counted; /* between newcomers_add and newcomers_remove */
};

struct newcomers {
    struct list all;   /* the oldest first */
    struct map oldest; /* of each site */
    uint32_t count;
    uint32_t limit;      /* 0: no limit */
    uint32_t site_limit; /* of one site; 0: no limit */
    uint64_t kept;       /* bytes of all newcomers together */
    uint64_t closed; /* how many were closed to make room, since the start */
};

void newcomers_init(struct newcomers *all, const uint64_t seed[2]);

/* Every newcomer must have been removed. */
void newcomers_done(struct newcomers *all);

/* Adds n. Returns the connection that must be closed to make room; the caller
 * ends it, which removes it. NULL: there is room. Never returns n. */
struct newcomer *newcomers_add(struct newcomers *all, struct newcomer *n,
                               struct ip ip, uint64_t now_us);

/* The oldest newcomer, if it is at least this old; else NULL. */
struct newcomer *newcomers_find_old(const struct newcomers *all,
                                    uint64_t age_us, uint64_t now_us);

/* n is identified or gone. May be called twice. */
void newcomers_remove(struct newcomers *all, struct newcomer *n);

/* How many the site of this address has. */
uint32_t newcomers_of_site(const struct newcomers *all, struct ip ip);

/* Counts len more bytes as kept for n, until n is removed. False: all newcomers
 * together would exceed max; nothing was counted. */
bool newcomers_keep(struct newcomers *all, struct newcomer *n, size_t len,
                    uint64_t max);

#endif
