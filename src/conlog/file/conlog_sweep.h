/*
 * conlog_sweep.h - counts what all files below the log directory take, and
 * deletes rotated ones.
 *
 * Blocks for long; for a thread. Every regular file counts, whatever it is
 * called: logs of former names, of consoles that are gone and of other patterns
 * are the directory's as well. Only rotated files (NAME.1 to NAME.999, also
 * with .gz) are deleted: always the oldest of the log that takes most. So a VM
 * that prints without end loses its own output first, and nobody else's.
 *
 * Of parts (conlog_settings.h), whole files are deleted instead, those that
 * were written last longest ago first. A part that is written at present stays:
 * it is not compressed, and was written in this run.
 *
 * Memory: some 100 bytes for each file, and only if something has to be
 * deleted; of more than CONLOG_SWEEP_FILES_MAX files, some are left alone.
 */
#ifndef CONLOG_FILE_CONLOG_SWEEP_H
#define CONLOG_FILE_CONLOG_SWEEP_H

#include "conlog/file/conlog_name.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { CONLOG_SWEEP_FILES_MAX = 256 * 1024 };

struct conlog_sweep {
    const char *directory;
    uint64_t mark;        /* bytes; if there are more, files are deleted */
    uint64_t target;      /* until there are at most these */
    const char *part_end; /* of parts: the end of their names; else NULL */
    uint64_t keep_s;      /* of parts: older ones are deleted anyway; 0: none */
    int64_t begun_s;      /* UTC: this run's beginning */
    /* Takes the log's turn (conlog_rotation.h). False: it is taken, and the
     * sweep ends. path: of the live file, relative to the directory. */
    bool (*take_turn)(void *owner, const char *path);
    void (*give_turn)(void *owner, const char *path);
    void *owner;
    const atomic_bool *stop; /* any thread may set it */
};

struct conlog_sweep_result {
    uint64_t bytes; /* that are left */
    uint64_t freed;
    uint32_t files;             /* how many were deleted */
    char path[CONLOG_NAME_MAX]; /* the log of the first one */
};

/* 0 or -errno: the directory cannot be read. What cannot be read in it does not
 * count. */
int conlog_sweep(const struct conlog_sweep *sweep,
                 struct conlog_sweep_result *ret_result);

#endif
