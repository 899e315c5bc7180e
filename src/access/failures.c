#include "access/failures.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdlib.h>

/* 8,192 entries, 256 KiB. */
enum { SETS = LIMIT_OF(2048), WAYS = 4 };

/* More failures change nothing: the wait has reached its maximum long ago. */
enum { COUNT_MAX = FAILURES_FREE + 16 };

/* What is counted. */
enum kind { OF_SITE, OF_NAME, OF_BOTH, KINDS };

/* What a key is made of; the rest of the name is 0. Longer names share their
 * beginning, which does no harm: none of them is an account's. */
struct key {
    struct ip site;
    uint64_t kind;
    char name[64];
};

void failures_init(struct failures *f, const uint64_t seed[2])
{
    map_init(&f->hasher, seed);
    f->entries = xcalloc((size_t)SETS * WAYS, sizeof *f->entries);
}

void failures_done(struct failures *f)
{
    free(f->entries);
    *f = (struct failures){ 0 };
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint64_t key_of(const struct failures *f, enum kind kind, struct ip ip,
                       const char *name)
{
    struct key key = { .kind = kind };

    if (kind != OF_NAME)
        key.site = ip_site(ip);
    if (kind != OF_SITE) {
        for (size_t i = 0; i < sizeof key.name && name[i] != '\0'; i++)
            key.name[i] = lower(name[i]);
    }
    return map_hash(&f->hasher, slice_of(&key, sizeof key));
}

/* Without a name there is nothing to count but the site. */
static bool counts(enum kind kind, const char *name)
{
    return kind == OF_SITE || name[0] != '\0';
}

static struct failures_entry *set_of(const struct failures *f, uint64_t key)
{
    return &f->entries[(key % SETS) * WAYS];
}

/* NULL: it has no failures, or none that count any more. */
static struct failures_entry *find(const struct failures *f, uint64_t key,
                                   uint64_t now_us)
{
    struct failures_entry *set = set_of(f, key);

    for (int i = 0; i < WAYS; i++) {
        if (set[i].count > 0 && set[i].key == key)
            return now_us < set[i].last_us + FAILURES_QUIET_US ? &set[i] : NULL;
    }
    return NULL;
}

/* Whether a is a smaller loss than b: free, then forgotten, then with fewer
 * failures, then older. */
static bool is_less(const struct failures_entry *a,
                    const struct failures_entry *b, uint64_t now_us)
{
    bool a_is_over = now_us >= a->last_us + FAILURES_QUIET_US;
    bool b_is_over = now_us >= b->last_us + FAILURES_QUIET_US;

    if (a_is_over != b_is_over)
        return a_is_over;
    if (a->count != b->count)
        return a->count < b->count;
    return a->last_us < b->last_us;
}

static struct failures_entry *make(struct failures *f, uint64_t key,
                                   uint64_t now_us)
{
    struct failures_entry *set = set_of(f, key);
    struct failures_entry *least = &set[0];

    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            least = &set[i];
            break;
        }
        if (is_less(&set[i], least, now_us))
            least = &set[i];
    }
    *least = (struct failures_entry){ .key = key };
    return least;
}

static uint64_t wait_of(enum kind kind, uint32_t count)
{
    uint64_t most = kind == OF_NAME ? FAILURES_NAME_MAX_US : FAILURES_MAX_US;
    uint64_t wait;

    if (count < FAILURES_FREE)
        return 0;
    wait = (uint64_t)FAILURES_FIRST_US << (count - FAILURES_FREE);
    return wait < most ? wait : most;
}

uint64_t failures_wait(const struct failures *f, const char *name,
                       uint64_t now_us)
{
    const struct failures_entry *e =
        find(f, key_of(f, OF_NAME, (struct ip){ 0 }, name), now_us);

    return e != NULL ? wait_of(OF_NAME, e->count) : 0;
}

/* Somebody waits: the time of the next one is later than a failure would have
 * made it. */
static bool is_taken(const struct failures_entry *e, uint64_t now_us)
{
    return e->next_us > now_us + wait_of(OF_SITE, e->count);
}

enum failures_turn failures_take_turn(struct failures *f, struct ip ip,
                                      const char *name, uint64_t now_us,
                                      uint64_t patience_us, uint64_t *ret_us)
{
    static const enum kind kinds[] = { OF_SITE, OF_BOTH };
    struct failures_entry *failed[KINDS];
    uint64_t at_us = now_us;
    bool is_free = true;
    size_t count = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct failures_entry *e =
            find(f, key_of(f, kinds[i], ip, name), now_us);

        if (e == NULL || wait_of(kinds[i], e->count) == 0)
            continue;
        if (e->next_us > at_us)
            at_us = e->next_us;
        is_free &= !is_taken(e, now_us);
        failed[count++] = e;
    }
    *ret_us = at_us - now_us;
    if (!is_free || *ret_us > patience_us)
        return FAILURES_NO_TURN;
    /* As if this one had failed. */
    for (size_t i = 0; i < count; i++)
        failed[i]->next_us = at_us + wait_of(OF_SITE, failed[i]->count);
    return count > 0 ? FAILURES_TAKEN : FAILURES_FEW;
}

bool failures_has(const struct failures *f, struct ip ip, uint64_t now_us)
{
    return find(f, key_of(f, OF_SITE, ip, ""), now_us) != NULL;
}

void failures_add(struct failures *f, struct ip ip, const char *name,
                  uint64_t now_us)
{
    for (enum kind kind = OF_SITE; kind < KINDS; kind++) {
        uint64_t key = key_of(f, kind, ip, name);
        struct failures_entry *e;
        uint64_t next_us;

        if (!counts(kind, name))
            continue;
        e = find(f, key, now_us);
        if (e == NULL)
            e = make(f, key, now_us);
        if (e->count < COUNT_MAX)
            e->count++;
        e->last_us = now_us;
        next_us = now_us + wait_of(kind, e->count);
        if (next_us > e->next_us)
            e->next_us = next_us;
    }
}

void failures_forget(struct failures *f, struct ip ip, const char *name)
{
    uint64_t key = key_of(f, OF_BOTH, ip, name);
    struct failures_entry *set = set_of(f, key);

    for (int i = 0; i < WAYS; i++) {
        if (set[i].count > 0 && set[i].key == key)
            set[i] = (struct failures_entry){ 0 };
    }
}
