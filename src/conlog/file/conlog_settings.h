/*
 * conlog_settings.h - how console logs are to be written.
 */
#ifndef CONLOG_FILE_CONLOG_SETTINGS_H
#define CONLOG_FILE_CONLOG_SETTINGS_H

#include "base/slice.h"
#include "conlog/file/conlog_name.h"
#include "conlog/file/conlog_rotation.h"

#include <stdbool.h>
#include <sys/types.h>

enum { CONLOG_DIRECTORY_MAX = 1024 }; /* with its NUL */

/*
 * Makes the bytes of a file of the bytes of a job: takes whole pieces off the
 * front of *in, at least one, writes what becomes of them to `to`, and returns
 * the length. `to` has CONLOG_FILE_SCRATCH bytes, enough for any piece. Depends
 * on *in alone, so that a write that failed can be continued. Called on any
 * thread.
 */
typedef size_t conlog_render_fn(struct slice *in, uint8_t *to, size_t size);

struct conlog_settings {
    char directory[CONLOG_DIRECTORY_MAX];
    char pattern[CONLOG_PATTERN_MAX + 1];
    struct conlog_rotation_rules rotation;
    uint64_t keep_free; /* bytes of the file system that stay free; 0: any */
    uint64_t total;     /* bytes that all files may take; 0: any number */
    mode_t mode;
    uid_t uid;                /* (uid_t)-1: not changed */
    gid_t gid;                /* (gid_t)-1: not changed */
    uint32_t open_max;        /* files kept open; at least 1 */
    bool is_stamped;          /* a time before each line */
    conlog_render_fn *render; /* NULL: bytes are written as they are */
    /* Files are parts of something: each is written once, under a name of its
     * own with this end, and compressed when it has ended in order. The oldest
     * files are deleted, not those of who takes most. NULL: they are not.
     * Static. */
    const char *part_end;
    uint64_t keep_s; /* of parts: how long a file is kept; 0: for ever */
};

#endif
