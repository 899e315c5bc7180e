#include "pattern.h"

#include "measure.h"

enum { IAC = 255 };

/* A linear congruential generator (Knuth's MMIX constants); high bits only. */
static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 40);
}

void pattern_init(struct pattern *p, bool is_telnet, unsigned iac_percent)
{
    uint64_t seed = 1;

    p->is_telnet = is_telnet;
    p->bytes = zalloc(2 * PATTERN_USER_PERIOD + PATTERN_RUN, 1);
    p->period = 0;
    for (unsigned i = 0; i < PATTERN_USER_PERIOD; i++) {
        /* The first byte is no 255: pattern_is_split relies on that. */
        if (i > 0 && next_random(&seed) % 100 < iac_percent) {
            p->bytes[p->period++] = IAC;
            if (is_telnet)
                p->bytes[p->period++] = IAC;
        } else {
            p->bytes[p->period++] = (uint8_t)(next_random(&seed) % IAC);
        }
    }
    for (size_t i = 0; i < PATTERN_RUN; i++)
        p->bytes[p->period + i] = p->bytes[i];
}

bool pattern_is_split(const struct pattern *p, size_t offset)
{
    size_t run = 0;

    if (!p->is_telnet)
        return false;
    while (offset > run && p->bytes[offset - run - 1] == IAC)
        run++;
    return run % 2 == 1;
}

size_t pattern_start(const struct pattern *p, unsigned n)
{
    size_t offset = (size_t)n * 4099 % p->period;

    return pattern_is_split(p, offset) ? offset - 1 : offset;
}

uint64_t pattern_user_bytes(const struct pattern *p, size_t start,
                            uint64_t wire)
{
    uint64_t user = wire / p->period * PATTERN_USER_PERIOD;
    size_t rest = (size_t)(wire % p->period);

    for (size_t i = 0; i < rest; i++) {
        user++;
        if (p->is_telnet && p->bytes[(start + i) % p->period] == IAC)
            i++;
    }
    return user;
}

uint64_t pattern_wire_bytes(const struct pattern *p, uint64_t user)
{
    uint64_t periods = (user + PATTERN_USER_PERIOD - 1) / PATTERN_USER_PERIOD;

    return periods * p->period;
}
