#include "access/places.h"

void places_init(struct places *p, const uint64_t seed[2])
{
    *p = (struct places){ 0 };
    sites_init(&p->sites, seed);
}

void places_done(struct places *p)
{
    sites_done(&p->sites);
}

/* A client with proof is judged by the number of all clients alone, and counts
 * for that number alone: behind one address (a jump host, a program that reads
 * every console) it neither loses its place to strangers, nor takes theirs. */
static enum admission_verdict judge(const struct places *p, const struct ip *ip,
                                    uint32_t present, bool has_proof)
{
    const struct places_limits *l = &p->limits;

    if (l->all != 0 && present >= l->all)
        return ADMISSION_TOO_MANY;
    if (has_proof)
        return ADMITTED;
    if (l->all != 0 && l->all - present <= l->reserve)
        return ADMISSION_RESERVED;
    if (ip != NULL && l->of_site != 0 &&
        sites_count(&p->sites, *ip) >= l->of_site)
        return ADMISSION_TOO_MANY_OF_SITE;
    return ADMITTED;
}

enum admission_verdict places_take(struct places *p, struct site_member *m,
                                   const struct ip *ip, uint32_t present,
                                   bool has_proof)
{
    enum admission_verdict verdict = judge(p, ip, present, has_proof);

    if (verdict == ADMITTED && ip != NULL && !has_proof)
        (void)sites_join(&p->sites, m, *ip);
    return verdict;
}

void places_leave(struct places *p, struct site_member *m)
{
    sites_leave(&p->sites, m);
}
