/*
 * places.h - who gets a place among the clients.
 *
 * A place is taken by a client that is served, and not by a connection that is
 * there (newcomers.h). One address does not get all of them, and some are kept
 * for clients that have proved who they are, so that whoever is trusted gets in
 * when strangers have taken the others.
 *
 * One for the program; reads no clock.
 */
#ifndef ACCESS_PLACES_H
#define ACCESS_PLACES_H

#include "access/admission.h"
#include "access/sites.h"

struct places_limits {
    uint32_t all;     /* 0: no limit */
    uint32_t of_site; /* of clients without proof of one site; 0: no limit */
    uint32_t reserve; /* of all: the last ones, for clients with proof */
};

struct places {
    struct sites sites; /* of the clients without proof */
    struct places_limits limits;
};

void places_init(struct places *p, const uint64_t seed[2]);

/* Every place must have been left. */
void places_done(struct places *p);

/*
 * Whether one more client is served: ADMITTED, ADMISSION_TOO_MANY,
 * ADMISSION_RESERVED, or ADMISSION_TOO_MANY_OF_SITE. m is its place, until
 * places_leave. ip NULL: it has no address. present: how many clients there
 * are, whatever they came by. has_proof: it has proved who it is.
 */
enum admission_verdict places_take(struct places *p, struct site_member *m,
                                   const struct ip *ip, uint32_t present,
                                   bool has_proof);

/* May be called twice, and without places_take (all of m is 0 then). */
void places_leave(struct places *p, struct site_member *m);

#endif
