/*
 * conlog_space.h - the room on the disk that console logs have: what
 * --log-keep-free leaves of the file system's free bytes, and what --log-total
 * leaves of what the logs may take together.
 *
 * Pure: time is an argument. The threads look and count, which blocks, and
 * report the results here. Between two looks, what the logs write is
 * subtracted. Writing goes on with the last result while a thread looks, so
 * a look that hangs in a dead disk keeps no other thread.
 *
 * If nothing is known yet, or the system does not tell, there is room.
 */
#ifndef CONLOG_FILE_CONLOG_SPACE_H
#define CONLOG_FILE_CONLOG_SPACE_H

#include "conlog/file/conlog_settings.h"

/* The least settings.total: a sixteenth of it is more than the jobs of a log,
 * so a log that does not fit below total is above the mark, and counted. */
enum { CONLOG_SPACE_TOTAL_MIN = 8 * 1024 * 1024 };

struct conlog_space {
    uint64_t room;      /* free bytes above keep_free, by the last look */
    uint64_t looked_us; /* 0: never */
    uint64_t used;      /* bytes of all logs, by the last count */
    uint64_t next_count_us;
    uint64_t next_expiry_us;
    uint64_t since;      /* bytes that were written since the count has begun */
    unsigned generation; /* of the settings */
    bool is_looking;
    bool is_counted;
    bool is_counting;
};

/* Other settings, maybe another directory: nothing is known. The result of a
 * look or count with former settings does not count, but no other one begins
 * before it is there: it may hang in a dead disk, and must not take one thread
 * after the other with it. */
void conlog_space_reset(struct conlog_space *space, unsigned generation);

/* Whether a thread that is to write these bytes must look first. It calls
 * conlog_space_looked afterwards, with the generation of its settings; free:
 * UINT64_MAX if the system does not tell. */
bool conlog_space_begin_look(struct conlog_space *space,
                             const struct conlog_settings *settings,
                             uint64_t bytes, uint64_t now_us);
void conlog_space_looked(struct conlog_space *space,
                         const struct conlog_settings *settings,
                         unsigned generation, uint64_t free, uint64_t now_us);

/*
 * Whether a thread must count what the logs take: once, and then when they near
 * total, and, if files are kept for a time only, each conlog_space_expiry_us.
 * If there is more than the mark, it deletes files down to the target
 * (conlog_sweep.h), and reports the rest. Without a total nothing is above the
 * mark.
 */
bool conlog_space_begin_count(struct conlog_space *space,
                              const struct conlog_settings *settings,
                              uint64_t now_us);
uint64_t conlog_space_mark(const struct conlog_settings *settings);
uint64_t conlog_space_target(const struct conlog_settings *settings);
void conlog_space_counted(struct conlog_space *space,
                          const struct conlog_settings *settings,
                          unsigned generation, uint64_t used, uint64_t took_us,
                          uint64_t now_us);

/* How often files are looked at that are kept for a time only; 0: never. */
uint64_t conlog_space_expiry_us(const struct conlog_settings *settings);

/* 0: these bytes may be written; or an enum conlog_error. */
int conlog_space_error(const struct conlog_space *space,
                       const struct conlog_settings *settings, uint64_t bytes);

void conlog_space_wrote(struct conlog_space *space, uint64_t bytes);

#endif
