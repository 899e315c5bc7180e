/*
 * conlog_rotation.h - when a log file is rotated, and doing it.
 *
 * As logrotate does: NAME is the file that is written, NAME.1 (or NAME.1.gz)
 * the one before it, NAME.2 (NAME.2.gz) the one before that, up to the number
 * that is kept. Only NAME is ever written to. With keep 0 nothing is kept: a
 * rotation deletes NAME.
 *
 * The act blocks on the disk. It is for the thread that writes the log:
 *
 *     if (conlog_rotation_turn_take(&log->turn)) {
 *         r = conlog_rotation_rotate(directory, path, rules, &err);
 *         new_fd = r >= 0 ? open NAME with O_CREAT : -1;
 *         if (r == CONLOG_ROTATION_DONE && new_fd < 0)
 *             conlog_rotation_undo(directory, path, rules, &err);
 *         conlog_rotation_turn_give(&log->turn);
 *     }
 *
 * After a failure the open descriptor is still good, and the file that it
 * writes is still NAME; or NAME.1, if conlog_rotation_undo fails too, or none
 * that has a name, with keep 0: then opening NAME later is all there is to do.
 * No byte of any file is changed in any case.
 *
 * Killed at any instant: files are renamed from the oldest to the newest, so
 * there may be a number that is missing, and no NAME. The next rotation moves
 * only what is below the first missing number; nothing is lost or overwritten.
 * The oldest file is deleted first, so one fewer than keep may be left. What
 * conlog_compress.h leaves half-done it puts right, too: a NAME.N beside a
 * NAME.N.gz of the same mtime is a copy, and goes; if their mtimes differ, both
 * are kept and are moved together.
 *
 * path is relative to directory, a descriptor. It must be no longer than
 * CONLOG_ROTATION_PATH_MAX. No other program may rotate the same files.
 */
#ifndef CONLOG_FILE_CONLOG_ROTATION_H
#define CONLOG_FILE_CONLOG_ROTATION_H

#include "base/err.h"
#include "conlog/file/conlog_name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CONLOG_ROTATION_KEEP_MAX = 999, /* conlog_name.c spares these numbers */
    CONLOG_ROTATION_PATH_MAX = CONLOG_NAME_MAX,
};

struct conlog_rotation_rules {
    uint64_t size_max; /* bytes; 0: whatever the size */
    uint64_t age_s;    /* 0: whatever the age */
    unsigned keep;     /* at most CONLOG_ROTATION_KEEP_MAX */
    bool compresses; /* for the caller: conlog_compress.h after each rotation */
};

/* A file of that size, born then, is to be rotated. Never an empty one; nor one
 * that is from the future, for its age. */
bool conlog_rotation_is_due(const struct conlog_rotation_rules *rules,
                            uint64_t size, int64_t born_s, int64_t now_s);

/* When it becomes due by its age, should something be in it. INT64_MAX: never.
 */
int64_t conlog_rotation_due_s(const struct conlog_rotation_rules *rules,
                              int64_t born_s);

/*
 * When the file was begun, in seconds since 1970, for after a restart. That is
 * its birth, which most file systems keep (ext4, xfs, btrfs, tmpfs) and nobody
 * can lose: it needs no file of ours beside the log, and no attribute that a
 * backup forgets. Where there is none (NFS): when NAME.1 was last written,
 * which is about when NAME was begun. Without NAME.1: when NAME was last
 * written, so that its age begins anew with each restart until it was rotated
 * once. 0 or -errno.
 */
int conlog_rotation_born(int directory, const char *path, int64_t *ret_born_s);

enum conlog_rotation_outcome {
    CONLOG_ROTATION_DONE, /* there is no NAME any more; the caller makes it */
    CONLOG_ROTATION_NO_FILE, /* there was no NAME, and nothing was moved; the
                              * caller makes it */
};

/*
 * Moves NAME to NAME.1 after having made room for it, or deletes it (keep 0).
 * What is above keep (it was higher before) is deleted. Negative: -errno with
 * err filled; NAME is where it was. -EINVAL: it is no regular file.
 */
int conlog_rotation_rotate(int directory, const char *path,
                           const struct conlog_rotation_rules *rules,
                           struct err *err);

/* Behind CONLOG_ROTATION_DONE, in the same turn: the new NAME could not be
 * made, so NAME.1 is NAME again. 0 or -errno; -EEXIST if there is a NAME. With
 * keep 0 there is nothing that could come back: 0. */
int conlog_rotation_undo(int directory, const char *path,
                         const struct conlog_rotation_rules *rules,
                         struct err *err);

/* The lowest number whose file is there and is not compressed; 0: none. Files
 * above the first missing number, too, have their turn. */
unsigned conlog_rotation_uncompressed(int directory, const char *path,
                                      unsigned keep);

/*
 * A log's rotation and its compression must not run at the same time: whoever
 * does either takes the log's turn before, and gives it back after. It is one
 * flag, so nobody waits: a rotation that does not get it is done a little
 * later (the file grows meanwhile), or compression is told to stop.
 * May be taken in one thread and given back in another.
 */
struct conlog_rotation_turn {
    atomic_bool is_taken;
};

static inline bool conlog_rotation_turn_take(struct conlog_rotation_turn *t)
{
    return !atomic_exchange_explicit(&t->is_taken, true, memory_order_acquire);
}

static inline bool conlog_rotation_turn_is_taken(
    const struct conlog_rotation_turn *t)
{
    return atomic_load_explicit(&t->is_taken, memory_order_acquire);
}

static inline void conlog_rotation_turn_give(struct conlog_rotation_turn *t)
{
    atomic_store_explicit(&t->is_taken, false, memory_order_release);
}

/* NAME.N or NAME.N.gz, and what conlog_compress.h writes first. */
enum { CONLOG_ROTATION_NAME_MAX = CONLOG_ROTATION_PATH_MAX + 8 };
struct conlog_rotation_name {
    char text[CONLOG_ROTATION_NAME_MAX];
};
struct conlog_rotation_name conlog_rotation_name(const char *path,
                                                 unsigned number,
                                                 bool is_compressed);
struct conlog_rotation_name conlog_rotation_temporary_name(const char *path);

#endif
