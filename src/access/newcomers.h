/*
 * newcomers.h - connections that are not known yet: on the VMs' port those that
 * have not identified their VM, on consoles' ports those that are not served.
 * How many there are, in all and of each address, and which one is closed when
 * there are too many.
 *
 * The oldest is closed, of the new connection's own address first. A host
 * identifies its VM within milliseconds, and a client's program answers as
 * fast; an attacker who wants to take the room from others stays silent until
 * the time limit. So the oldest connection is
 * the least likely to be honest, and to push an honest one out, the attacker
 * must fill the whole limit within those milliseconds. To refuse the newest
 * would do the attacker's work.
 *
 * The cost of each operation does not depend on how many there are, and nothing
 * is allocated. One for each side; reads no clock.
 */
#ifndef ACCESS_NEWCOMERS_H
#define ACCESS_NEWCOMERS_H

#include "access/sites.h"

/* Embedded in its owner's struct for the connection. */
struct newcomer {
    struct list node; /* in newcomers.all */
    struct site_member member;
    uint64_t since_us;
    uint32_t kept; /* bytes of newcomers_keep */
};

/* Whether it is between newcomers_add and newcomers_remove. */
static inline bool newcomer_is_counted(const struct newcomer *n)
{
    return n->member.is_in;
}

struct newcomers {
    struct list all; /* the oldest first */
    struct sites sites;
    uint32_t count;
    uint32_t limit;      /* 0: no limit */
    uint32_t site_limit; /* of one site; 0: no limit */
    uint64_t kept;       /* bytes of all newcomers together */
    uint64_t closed; /* how many were closed to make room, since the start */
};

void newcomers_init(struct newcomers *all, const uint64_t seed[2]);

/* Every newcomer must have been removed. */
void newcomers_done(struct newcomers *all);

/* Whether there is memory for one more. */
bool newcomers_have_room(struct newcomers *all);

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
