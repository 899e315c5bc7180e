#include "access/admission.h"

#include "base/limits.h"

/* Beside the sides, for key_of. */
enum { NEW_CONSOLES = ADMISSION_SIDES };

/* Up to 16,384 sites at a time. */
enum { RATE_SETS = LIMIT_OF(4096) };

const char *admission_verdict_name(enum admission_verdict verdict)
{
    static const char *const names[ADMISSION_VERDICTS] = {
        [ADMITTED] = "admitted",
        [ADMISSION_NOT_ALLOWED] = "not-allowed",
        [ADMISSION_TOO_OFTEN] = "too-often",
        [ADMISSION_TOO_MANY] = "too-many",
        [ADMISSION_TOO_MANY_OF_SITE] = "too-many-of-site",
        [ADMISSION_RESERVED] = "reserved",
        [ADMISSION_CLOSED] = "closed",
        [ADMISSION_NO_RIGHT] = "no-right",
    };

    return (unsigned)verdict < ADMISSION_VERDICTS ? names[verdict] : "?";
}

void admission_init(struct admission *a, const struct admission_settings *s)
{
    *a = (struct admission){ .settings = *s };
    map_init(&a->hasher, s->seed);
    rates_init(&a->rates, RATE_SETS);
}

void admission_done(struct admission *a)
{
    rates_done(&a->rates);
}

void admission_set(struct admission *a, const struct admission_settings *s)
{
    a->settings = *s;
}

/* what: an enum admission_side, or NEW_CONSOLES. */
static uint64_t key_of(const struct admission *a, struct ip ip, unsigned what)
{
    struct ip site = ip_site(ip);
    uint64_t words[3] = { site.high, site.low, what };

    return map_hash(&a->hasher, slice_of(words, sizeof words));
}

bool admission_is_allowed(const struct admission *a, enum admission_side side,
                          struct ip ip)
{
    const struct network_list *allowed = &a->settings.rules[side].allowed;

    return allowed->count == 0 || network_list_has(allowed, ip);
}

/* The order matters: an address outside the networks takes no entry in the
 * table of rates. */
static enum admission_verdict judge(struct admission *a,
                                    enum admission_side side, struct ip ip,
                                    uint64_t now_us)
{
    const struct admission_rules *rules = &a->settings.rules[side];

    if (!admission_is_allowed(a, side, ip))
        return ADMISSION_NOT_ALLOWED;
    if (rules->rate.interval_ns != 0 &&
        !rates_take(&a->rates, key_of(a, ip, side), &rules->rate, now_us))
        return ADMISSION_TOO_OFTEN;
    return ADMITTED;
}

enum admission_verdict admission_judge(struct admission *a,
                                       enum admission_side side, struct ip ip,
                                       uint64_t now_us)
{
    enum admission_verdict verdict = judge(a, side, ip, now_us);

    admission_count(a, side, verdict);
    return verdict;
}

bool admission_admits_console(struct admission *a, struct ip ip,
                              uint64_t now_us)
{
    if (rates_take(&a->rates, key_of(a, ip, NEW_CONSOLES),
                   &a->settings.new_consoles, now_us))
        return true;
    a->refused_consoles++;
    return false;
}

void admission_count(struct admission *a, enum admission_side side,
                     enum admission_verdict verdict)
{
    a->counts[side][verdict]++;
}
