/*
 * newcomers.h - connections on the VMs' port that have not said which VM they
 * are: how many, in all and of each address, and who has to go when there are
 * too many.
 *
 * The oldest goes, of its own address first. A host that is there for a VM
 * says who it is in milliseconds; who is there to take the room away from
 * others says nothing until the time for it is over. So the oldest is the one
 * that is least likely to be honest, and to push an honest one out somebody
 * would have to fill the whole limit anew in those milliseconds. Refusing the
 * newest would be just what that somebody wants.
 *
 * Every operation costs the same however many there are, and allocates
 * nothing: of the newcomers of an address the oldest one is in the map and has
 * their number. One for the program; reads no clock.
 */
#ifndef CORE_NEWCOMERS_H
#define CORE_NEWCOMERS_H

#include "base/list.h"
#include "base/map.h"
#include "base/network.h"

/* Embedded in what its owner has of the connection. */
struct newcomer {
    struct list node; /* in struct newcomers.all */
    struct list same; /* ring of those of its site, the oldest first */
    struct ip site;   /* ip_site */
    uint64_t hash;    /* of site */
    uint64_t since_us;
    uint32_t kept;    /* bytes kept for it, newcomers_keep */
    uint32_t of_site; /* of the oldest of a site: how many there are */
    bool is_counted;  /* it is here; false before and after */
};

struct newcomers {
    struct list all; /* the oldest first */
    struct map oldest;
    uint32_t count;
    uint32_t limit;      /* 0: no limit */
    uint32_t site_limit; /* the same of one site */
    uint64_t kept;       /* bytes of all of them */
    uint64_t closed;     /* that had to go, since the start */
};

void newcomers_init(struct newcomers *all, const uint64_t seed[2]);

/* Nobody is in it any more. */
void newcomers_done(struct newcomers *all);

/* Counts it. Returns the one that has to go for it, which the caller ends,
 * and with that takes out; NULL: there is room. n is never the one. */
struct newcomer *newcomers_add(struct newcomers *all, struct newcomer *n,
                               struct ip ip, uint64_t now_us);

/* The oldest, if it is there for so long; else NULL. */
struct newcomer *newcomers_find_old(const struct newcomers *all,
                                    uint64_t age_us, uint64_t now_us);

/* It has said who it is, or is gone. May be called twice. */
void newcomers_remove(struct newcomers *all, struct newcomer *n);

/* So many more bytes are kept for it, until it leaves. False, and they are not
 * counted: all of them together would be more than max. */
bool newcomers_keep(struct newcomers *all, struct newcomer *n, size_t len,
                    uint64_t max);

#endif
