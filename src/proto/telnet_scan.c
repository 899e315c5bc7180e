#include "proto/telnet_scan.h"

#include <string.h>

/* A fixed size without an exit: compilers turn such loops into vector
 * instructions. */
enum { BLOCK = 32 };

static bool block_has_special(const uint8_t *p)
{
    uint8_t found = 0;

    for (int i = 0; i < BLOCK; i++)
        found |= (uint8_t)((p[i] == TELNET_IAC) | (p[i] == TELNET_CR));
    return found != 0;
}

/* Two calls of memchr would be quadratic, because the rarer byte would be
 * searched for again and again. */
const uint8_t *telnet_scan_find(const uint8_t *p, const uint8_t *end,
                                bool with_cr)
{
    if (p == end)
        return NULL;
    if (!with_cr)
        return memchr(p, TELNET_IAC, (size_t)(end - p));
    while (end - p >= BLOCK && !block_has_special(p))
        p += BLOCK;
    while (p < end && *p != TELNET_IAC && *p != TELNET_CR)
        p++;
    return p < end ? p : NULL;
}

typedef uint8_t block __attribute__((vector_size(16)));

static inline block load(const uint8_t *from)
{
    block b;

    memcpy(&b, from, sizeof b);
    return b;
}

static inline void store(uint8_t *to, block b)
{
    memcpy(to, &b, sizeof b);
}

/* All ones where b has an IAC or other, 0 elsewhere. */
static inline block find_hits(block b, uint8_t other)
{
    return (block)(b == TELNET_IAC) | (block)(b == other);
}

/* One bit for each byte; the lowest bit is the first byte's. */
static inline unsigned hit_bits(block hits)
{
#ifdef __SSE2__
    typedef char chars __attribute__((vector_size(16)));

    return (unsigned)__builtin_ia32_pmovmskb128((chars)hits);
#else
    const uint64_t low = UINT64_C(0x0101010101010101);
    const uint64_t gather = UINT64_C(0x0102040810204080);
    uint64_t half[2];

    memcpy(half, &hits, sizeof half);
    if ((half[0] | half[1]) == 0)
        return 0;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half[0] = __builtin_bswap64(half[0]);
    half[1] = __builtin_bswap64(half[1]);
#endif
    /* The product's highest byte collects the low bit of each byte, in that
     * byte's place. */
    return (unsigned)((half[0] & low) * gather >> 56 |
                      (half[1] & low) * gather >> 56 << 8);
#endif
}

/* Bytes behind the first len stay: in a ring they are the oldest that are kept.
 * Without branches, because len cannot be predicted. */
static inline void store_front(uint8_t *to, block a, block b, size_t len)
{
    static const uint8_t masks[4 * sizeof(block)] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    const uint8_t *mask = masks + 2 * sizeof(block) - len;
    block mask_a = load(mask);
    block mask_b = load(mask + sizeof(block));

    store(to, (a & mask_a) | (load(to) & ~mask_a));
    to += sizeof(block);
    store(to, (b & mask_b) | (load(to) & ~mask_b));
}

static inline __attribute__((always_inline)) size_t copy_until(
    uint8_t *to, const uint8_t *from, size_t len, uint8_t other)
{
    enum { SIZE = sizeof(block) };
    size_t at = 0;

    /* One branch for two blocks, because each hit makes it a mispredicted
     * one. */
    for (; len - at >= (size_t)2 * SIZE; at += (size_t)2 * SIZE) {
        block a = load(from + at);
        block b = load(from + at + SIZE);
        block in_a = find_hits(a, other);
        block in_b = find_hits(b, other);

        if (hit_bits(in_a | in_b) != 0) {
            size_t first =
                (size_t)__builtin_ctz(hit_bits(in_a) | hit_bits(in_b) << SIZE);

            store_front(to + at, a, b, first);
            return at + first;
        }
        store(to + at, a);
        store(to + at + SIZE, b);
    }
    for (; at < len && from[at] != TELNET_IAC && from[at] != other; at++)
        to[at] = from[at];
    return at;
}

/* Two loops, because searching for two bytes takes longer. */
size_t telnet_scan_copy(uint8_t *to, const uint8_t *from, size_t len,
                        bool with_cr)
{
    return with_cr ? copy_until(to, from, len, TELNET_CR)
                   : copy_until(to, from, len, TELNET_IAC);
}

/* Without a branch for each IAC, unlike telnet_scan_find. */
size_t telnet_scan_count(const uint8_t *p, const uint8_t *end)
{
    size_t count = 0;

    while (end - p >= (ptrdiff_t)sizeof(block)) {
        size_t blocks = (size_t)(end - p) / sizeof(block);
        block sum = { 0 };

        /* A byte of the sum overflows above 255. */
        for (size_t i = 0; i < blocks && i < 255; i++) {
            block b;

            memcpy(&b, p, sizeof b);
            sum -= (block)(b == TELNET_IAC); /* all ones is -1 */
            p += sizeof b;
        }
        for (size_t i = 0; i < sizeof sum; i++)
            count += sum[i];
    }
    for (; p < end; p++)
        count += *p == TELNET_IAC;
    return count;
}
