/*
 * record_scan.h - which recordings there are: a walk over their folders, in
 * steps, the newest recording first.
 *
 * Blocks: for a thread. The folders may hold anything: what is no recording's
 * file by its name (record_name.h) is passed over, no symbolic link is
 * followed. Memory: RECORD_SCAN_FILES_MAX files of some 50 bytes, and
 * RECORD_SCAN_FOLDERS_MAX bytes of folders' names; where there are more, the
 * oldest files are left out, and counted.
 */
#ifndef RECORD_READING_RECORD_SCAN_H
#define RECORD_READING_RECORD_SCAN_H

#include "base/buf.h"
#include "record/record_name.h"

enum {
    RECORD_SCAN_FILES_MAX = 200 * 1000,
    RECORD_SCAN_FOLDERS_MAX = 8 * 1024 * 1024,
    RECORD_SCAN_STEP = 64, /* folders of VMs at a time */
};

struct record_scan_file {
    struct record_id id;
    uint32_t folder; /* where its name begins in folders */
    uint32_t part;
    bool is_compressed;
};

struct record_scan {
    const char *directory; /* the caller's */
    const char *wanted;    /* the same: only the recording with this id; NULL:
                            * all */
    void *walk;            /* NULL: not begun, or done */
    struct record_scan_file *file;
    size_t count;
    size_t room;
    size_t at;          /* files before it were given out */
    struct buf folders; /* "UUID/LABEL", each with its NUL */
    uint64_t left_out;  /* files */
    int error;          /* -errno: the directory cannot be read */
};

/* One recording; good while the scan is. */
struct record_found {
    struct record_id id;
    const char *folder;
    const struct record_scan_file *file; /* by their parts; one has each once */
    uint32_t file_count;
};

void record_scan_init(struct record_scan *s, const char *directory,
                      const char *wanted);
void record_scan_done(struct record_scan *s);

/* True: there is more to do. False: all was found, or error says why not. */
bool record_scan_step(struct record_scan *s);

/* After the last step. False: there are no more. */
bool record_scan_next(struct record_scan *s, struct record_found *ret);

#endif
