#include "access/lock.h"

const char *lock_mode_name(enum lock_mode mode)
{
    static const char *const names[LOCK_MODE_COUNT] = {
        [LOCK_FALLBACK] = "free-for-all-fallback",
        [LOCK_FREE_FOR_ALL] = "free-for-all",
        [LOCK_WRITE] = "write",
        [LOCK_EXCLUSIVE] = "exclusive",
        [LOCK_READ_ONLY] = "read-only",
    };

    return (unsigned)mode < LOCK_MODE_COUNT ? names[mode] : "?";
}

/* What there is, the strongest first. */
enum presence { NOBODY, READERS, WRITERS, ONE_WRITER, ONE_ALONE };
enum { PRESENCE_COUNT = ONE_ALONE + 1 };

static enum presence presence_of(const struct lock_counts *there)
{
    if (there->of[LOCK_EXCLUSIVE] > 0)
        return ONE_ALONE;
    if (there->of[LOCK_WRITE] > 0)
        return ONE_WRITER;
    if (there->of[LOCK_FREE_FOR_ALL] > 0)
        return WRITERS;
    return there->of[LOCK_READ_ONLY] > 0 ? READERS : NOBODY;
}

bool lock_grant(const struct lock_counts *there, enum lock_mode asked,
                enum lock_mode *ret)
{
    /* FALLBACK: refused, for it is granted to nobody. */
    static const enum lock_mode granted[LOCK_MODE_COUNT][PRESENCE_COUNT] = {
        [LOCK_EXCLUSIVE] = { LOCK_EXCLUSIVE },
        [LOCK_WRITE] = { LOCK_WRITE, LOCK_WRITE },
        [LOCK_FREE_FOR_ALL] = { LOCK_FREE_FOR_ALL, LOCK_FREE_FOR_ALL,
                                LOCK_FREE_FOR_ALL },
        [LOCK_FALLBACK] = { LOCK_FREE_FOR_ALL, LOCK_FREE_FOR_ALL,
                            LOCK_FREE_FOR_ALL, LOCK_READ_ONLY },
        [LOCK_READ_ONLY] = { LOCK_READ_ONLY, LOCK_READ_ONLY, LOCK_READ_ONLY,
                             LOCK_READ_ONLY },
    };
    enum lock_mode mode = granted[asked][presence_of(there)];

    if (mode == LOCK_FALLBACK)
        return false;
    *ret = mode;
    return true;
}
