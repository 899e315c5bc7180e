#include "conlog/file/conlog_space.h"

#include "conlog/file/conlog_error.h"

enum {
    US_PER_S = 1000 * 1000,
    /* How long a look is good for; without room, how long until the next. */
    LOOK_US = US_PER_S,
    LOOK_AGAIN_US = US_PER_S / 10,
    /* A count of many files is work for the disk: it takes at most this part of
     * the time. */
    COUNT_PART = 20,
    COUNT_AGAIN_US = US_PER_S / 100,
    /* Files go this part of their time too late, at most. */
    EXPIRY_PART = 16,
};

static const uint64_t expiry_most_us = 3600ull * US_PER_S;

void conlog_space_reset(struct conlog_space *space, unsigned generation)
{
    *space = (struct conlog_space){
        .generation = generation,
        .is_looking = space->is_looking,
        .is_counting = space->is_counting,
    };
}

bool conlog_space_begin_look(struct conlog_space *space,
                             const struct conlog_settings *settings,
                             uint64_t bytes, uint64_t now_us)
{
    uint64_t good_us = bytes > space->room ? LOOK_AGAIN_US : LOOK_US;

    if (settings->keep_free == 0 || space->is_looking)
        return false;
    if (space->looked_us != 0 && now_us < space->looked_us + good_us)
        return false;
    space->is_looking = true;
    return true;
}

void conlog_space_looked(struct conlog_space *space,
                         const struct conlog_settings *settings,
                         unsigned generation, uint64_t free, uint64_t now_us)
{
    space->is_looking = false;
    if (generation != space->generation)
        return;
    space->looked_us = now_us;
    space->room = free > settings->keep_free ? free - settings->keep_free : 0;
}

/* The marks leave time to count and delete before writing has to pause, and
 * make each count worth its work. */
uint64_t conlog_space_mark(const struct conlog_settings *settings)
{
    if (settings->total == 0)
        return UINT64_MAX;
    return settings->total - settings->total / 16;
}

uint64_t conlog_space_target(const struct conlog_settings *settings)
{
    if (settings->total == 0)
        return UINT64_MAX;
    return settings->total - settings->total / 8;
}

uint64_t conlog_space_expiry_us(const struct conlog_settings *settings)
{
    uint64_t us = UINT64_MAX;

    if (settings->keep_s == 0)
        return 0;
    if (settings->keep_s < UINT64_MAX / US_PER_S)
        us = settings->keep_s * US_PER_S / EXPIRY_PART;
    if (us < US_PER_S)
        us = US_PER_S;
    return us < expiry_most_us ? us : expiry_most_us;
}

static bool is_count_due(const struct conlog_space *space,
                         const struct conlog_settings *settings,
                         uint64_t now_us)
{
    if (settings->keep_s > 0 && now_us >= space->next_expiry_us)
        return true;
    return settings->total > 0 &&
           (!space->is_counted || space->used >= conlog_space_mark(settings));
}

bool conlog_space_begin_count(struct conlog_space *space,
                              const struct conlog_settings *settings,
                              uint64_t now_us)
{
    if (space->is_counting || now_us < space->next_count_us ||
        !is_count_due(space, settings, now_us))
        return false;
    space->is_counting = true;
    space->since = 0;
    return true;
}

/* What was written meanwhile may have been counted or not. */
void conlog_space_counted(struct conlog_space *space,
                          const struct conlog_settings *settings,
                          unsigned generation, uint64_t used, uint64_t took_us,
                          uint64_t now_us)
{
    uint64_t pause_us = took_us * COUNT_PART;

    space->is_counting = false;
    if (generation != space->generation)
        return;
    space->is_counted = true;
    space->used = used + space->since;
    space->next_count_us =
        now_us + (pause_us > COUNT_AGAIN_US ? pause_us : COUNT_AGAIN_US);
    space->next_expiry_us = now_us + conlog_space_expiry_us(settings);
}

int conlog_space_error(const struct conlog_space *space,
                       const struct conlog_settings *settings, uint64_t bytes)
{
    if (settings->keep_free > 0 && space->looked_us != 0 && bytes > space->room)
        return CONLOG_ERROR_KEEP_FREE;
    if (settings->total > 0 && space->is_counted &&
        space->used + bytes > settings->total)
        return CONLOG_ERROR_TOTAL;
    return 0;
}

void conlog_space_wrote(struct conlog_space *space, uint64_t bytes)
{
    space->room -= bytes < space->room ? bytes : space->room;
    space->used += bytes;
    space->since += bytes;
}
