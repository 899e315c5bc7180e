/*
 * conlog_rotation.h - when a log file must be rotated, and the rotation.
 *
 * As logrotate does: NAME is the file that is written, NAME.1 (or NAME.1.gz)
 * the one before it, NAME.2 (NAME.2.gz) the one before that, up to the number
 * that is kept. Only NAME is ever written. With keep 0, a rotation deletes
 * NAME.
 *
 * A rotation blocks on the disk. It is for the thread that writes the log:
 *
 *     if (conlog_rotation_turn_take(&log->turn)) {
 *         r = conlog_rotation_rotate(directory, path, rules, &err);
 *         new_fd = r >= 0 ? open NAME with O_CREAT : -1;
 *         if (r == CONLOG_ROTATION_DONE && new_fd < 0)
 *             conlog_rotation_undo(directory, path, rules, &err);
 *         conlog_rotation_turn_give(&log->turn);
 *     }
 *
 * After a failure the open descriptor is still good, and its file is still
 * NAME. If conlog_rotation_undo fails too, the file is NAME.1, or with keep 0
 * has no name; then it is enough to open NAME later. No byte of any file
 * changes in any case.
 *
 * After a kill at any instant, a number may be missing, and NAME too, because
 * files are renamed from the oldest to the newest. The next rotation moves only
 * the files below the first missing number; nothing is lost or overwritten. The
 * oldest file is deleted first, so one fewer than keep may be left. A rotation
 * also repairs what conlog_compress.h left incomplete: a NAME.N beside a
 * NAME.N.gz of equal mtime is a copy and is deleted; if their mtimes differ,
 * both are kept and moved together.
 *
 * path is relative to directory, a descriptor, and no longer than
 * CONLOG_ROTATION_PATH_MAX. No other program may rotate these files.
 */
#ifndef CONLOG_FILE_CONLOG_ROTATION_H
#define CONLOG_FILE_CONLOG_ROTATION_H

#include "base/err.h"
#include "conlog/file/conlog_name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CONLOG_ROTATION_KEEP_MAX = 999, /* conlog_name.c keeps these numbers free */
    CONLOG_ROTATION_PATH_MAX = CONLOG_NAME_MAX,
};

struct conlog_rotation_rules {
    uint64_t size_max; /* bytes; 0: any size */
    uint64_t age_s;    /* 0: any age */
    unsigned keep;     /* at most CONLOG_ROTATION_KEEP_MAX */
    /* for the caller: call conlog_compress.h after each rotation */
    bool compresses;
};

/* True if a file of this size and birth must be rotated. Never for an empty
 * file; never for the age of a file from the future. */
bool conlog_rotation_is_due(const struct conlog_rotation_rules *rules,
                            uint64_t size, int64_t born_s, int64_t now_s);

/* When it becomes due by its age, if it is not empty then. INT64_MAX: never. */
int64_t conlog_rotation_due_s(const struct conlog_rotation_rules *rules,
                              int64_t born_s);

/*
 * When the file was begun, in seconds since 1970, for after a restart. It is
 * the birth time, which most file systems have (ext4, xfs, btrfs, tmpfs) and
 * nobody can lose: it needs no file of ours beside the log, and no attribute
 * that a backup drops. Without a birth time (NFS), when NAME.1 was last
 * written, about when NAME was begun. Without NAME.1, when NAME was last
 * written: until its first rotation, its age then begins anew with each
 * restart. 0 or -errno.
 */
int conlog_rotation_born(int directory, const char *path, int64_t *ret_born_s);

enum conlog_rotation_outcome {
    CONLOG_ROTATION_DONE, /* NAME is gone; the caller makes a new one */
    /* NAME did not exist, and nothing was moved; the caller makes it */
    CONLOG_ROTATION_NO_FILE,
};

/*
 * Renames NAME to NAME.1 after making room for it, or deletes it (keep 0).
 * Deletes files above keep, which was higher before. Negative: -errno with err
 * filled; NAME has not moved. -EINVAL: it is no regular file.
 */
int conlog_rotation_rotate(int directory, const char *path,
                           const struct conlog_rotation_rules *rules,
                           struct err *err);

/* After CONLOG_ROTATION_DONE, in the same turn, if the new NAME could not be
 * made: renames NAME.1 to NAME. 0 or -errno; -EEXIST if there is a NAME. With
 * keep 0 nothing can be restored: 0. */
int conlog_rotation_undo(int directory, const char *path,
                         const struct conlog_rotation_rules *rules,
                         struct err *err);

/* The lowest number whose file exists uncompressed, also above a missing
 * number; 0: none. */
unsigned conlog_rotation_uncompressed(int directory, const char *path,
                                      unsigned keep);

/*
 * Deletes NAME.number and NAME.number.gz, of which one or none may exist; adds
 * their bytes to *freed. The caller has the log's turn. 0 or -errno.
 */
int conlog_rotation_delete(int directory, const char *path, unsigned number,
                           uint64_t *freed);

/*
 * The length of NAME in NAME.N, NAME.N.gz and NAME.gz.tmp, with the number;
 * in any other path all of it, with 0.
 */
size_t conlog_rotation_base(const char *path, unsigned *ret_number);

/*
 * A log's rotation and its compression must not run at one time: either takes
 * the log's turn first, and gives it back afterwards. The turn is a flag that
 * nobody waits for: a rotation without the turn happens a little later (the
 * file grows meanwhile), or compression is asked to stop. One thread may take
 * the turn, and another give it back.
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

/* NAME.N or NAME.N.gz, and the temporary file of conlog_compress.h. Number 0:
 * NAME or NAME.gz. */
enum { CONLOG_ROTATION_NAME_MAX = CONLOG_ROTATION_PATH_MAX + 8 };
struct conlog_rotation_name {
    char text[CONLOG_ROTATION_NAME_MAX];
};
struct conlog_rotation_name conlog_rotation_name(const char *path,
                                                 unsigned number,
                                                 bool is_compressed);
struct conlog_rotation_name conlog_rotation_temporary_name(const char *path);

#endif
