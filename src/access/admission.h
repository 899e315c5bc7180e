/*
 * admission.h - which connections are admitted: decided before anything is read
 * from a connection or kept for it.
 *
 * A connection is refused because its address is in no allowed network, or its
 * address connects too often. Admission counts the answers, and those of
 * places.h and session/gate.h.
 *
 * One for the program, one thread. Costs some tens of nanoseconds and no memory
 * for each connection; the table of rates is 256 KiB, touched as it is used.
 * Knows no sockets and reads no clock.
 */
#ifndef ACCESS_ADMISSION_H
#define ACCESS_ADMISSION_H

#include "base/map.h"
#include "base/network.h"
#include "base/rates.h"

enum admission_side { ADMISSION_VM, ADMISSION_CLIENT, ADMISSION_SIDES };

enum admission_verdict {
    ADMITTED,
    ADMISSION_NOT_ALLOWED, /* in none of the networks */
    ADMISSION_TOO_OFTEN,
    /* Of places.h, for clients: */
    ADMISSION_TOO_MANY, /* in all */
    ADMISSION_TOO_MANY_OF_SITE,
    ADMISSION_RESERVED, /* the places that are left are kept for others */
    /* Of session/gate.h, for clients: */
    ADMISSION_CLOSED, /* no client is served at present */
    /* Of the rules (access_rules.h): */
    ADMISSION_NO_RIGHT,
    ADMISSION_VERDICTS,
};

/* "admitted", "not-allowed", "too-often", "too-many", ...; "?" for an unknown
 * verdict. */
const char *admission_verdict_name(enum admission_verdict verdict);

/* Of one side. */
struct admission_rules {
    struct network_list allowed; /* borrowed; empty: all */
    struct rate rate; /* of each site: an IPv4 address, or a /64 of IPv6 */
};

struct admission_settings {
    uint64_t seed[2]; /* random; must not change after admission_init */
    struct admission_rules rules[ADMISSION_SIDES];
    struct rate new_consoles; /* of each site */
};

struct admission {
    struct admission_settings settings;
    struct map hasher; /* holds the seed for map_hash */
    struct rates rates;
    uint64_t counts[ADMISSION_SIDES][ADMISSION_VERDICTS];
    uint64_t refused_consoles; /* new ones */
};

void admission_init(struct admission *a, const struct admission_settings *s);
void admission_done(struct admission *a);

/* Changes the rules for later connections. Counts and rates are kept. */
void admission_set(struct admission *a, const struct admission_settings *s);

/* Whether the networks of this side allow the address; counts nothing. */
bool admission_is_allowed(const struct admission *a, enum admission_side side,
                          struct ip ip);

/* Whether a connection that has just come is let in. */
enum admission_verdict admission_judge(struct admission *a,
                                       enum admission_side side, struct ip ip,
                                       uint64_t now_us);

/* Counts the verdict of another module about a connection. */
void admission_count(struct admission *a, enum admission_side side,
                     enum admission_verdict verdict);

/* A VM from this address needs a console that is not known yet. False: its site
 * brings too many. */
bool admission_admits_console(struct admission *a, struct ip ip,
                              uint64_t now_us);

#endif
