#include "base/rates.h"

#include "base/mem.h"

#include <stdlib.h>

enum { NS_PER_US = 1000 };

static const uint64_t ns_per_s = UINT64_C(1000) * 1000 * 1000;

struct rate rate_per_second(uint32_t per_second, uint32_t burst)
{
    return (struct rate){
        .interval_ns = per_second != 0 ? ns_per_s / per_second : 0,
        .burst = burst > 0 ? burst : 1,
    };
}

void rates_init(struct rates *r, size_t set_count)
{
    r->set_count = set_count;
    r->entries = xcalloc(set_count * RATES_WAYS, sizeof *r->entries);
}

void rates_done(struct rates *r)
{
    free(r->entries);
    *r = (struct rates){ 0 };
}

bool rate_take(uint64_t *empty_ns, const struct rate *rate, uint64_t now_us)
{
    uint64_t now_ns = now_us * NS_PER_US;
    uint64_t full_ns = rate->interval_ns * rate->burst;
    uint64_t level_ns = *empty_ns > now_ns ? *empty_ns - now_ns : 0;

    if (rate->interval_ns == 0)
        return true;
    /* The clock went back, or the rate was changed. */
    if (level_ns > full_ns)
        level_ns = full_ns;
    if (level_ns + rate->interval_ns > full_ns)
        return false;
    *empty_ns = now_ns + level_ns + rate->interval_ns;
    return true;
}

/* The key's own entry, or else the entry of its set that is nearest to
 * empty. */
static struct rates_entry *find(struct rates *r, uint64_t key)
{
    struct rates_entry *set =
        &r->entries[(key & (r->set_count - 1)) * RATES_WAYS];
    struct rates_entry *least = set;

    for (int i = 0; i < RATES_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].empty_ns < least->empty_ns)
            least = &set[i];
    }
    *least = (struct rates_entry){ .key = key };
    return least;
}

bool rates_take(struct rates *r, uint64_t key, const struct rate *rate,
                uint64_t now_us)
{
    if (rate->interval_ns == 0)
        return true;
    return rate_take(&find(r, key)->empty_ns, rate, now_us);
}
