/*
 * conlog_file.h - one log's file, and the jobs that are written to it.
 *
 * Blocks: all of it runs on one writer thread at a time (conlog_writers.h
 * decides which). What a failed write has left of a job is written by the next
 * try: no byte is lost or doubled by a failure. What the ring lost meanwhile is
 * in the job that comes next, and becomes a line of its own:
 *
 *     [vspcd: 12345 bytes are missing here: no space left on device]
 */
#ifndef CONLOG_FILE_CONLOG_FILE_H
#define CONLOG_FILE_CONLOG_FILE_H

#include "conlog/file/conlog_settings.h"
#include "conlog/file/conlog_stamp.h"

enum {
    /* What a stamped piece of a job is made in. */
    CONLOG_FILE_SCRATCH = 64 * 1024,
    /* What comes fast is written in blocks that begin and end at a multiple of
     * this: a file system takes them at half the price. */
    CONLOG_FILE_BLOCK = 256 * 1024,
};

/* Bytes of one console, in order. Made by the loop, then the writer's. */
struct conlog_job {
    struct conlog_job *next;
    uint64_t lost;   /* bytes that are missing before it */
    int lost_error;  /* why; 0: it took too long */
    uint32_t len;    /* of bytes */
    uint32_t done;   /* written of them */
    uint32_t skip;   /* written of what the next piece becomes */
    bool is_first;   /* to this path since the program started */
    bool is_stamped; /* so the piece was begun that skip is of */
    int64_t utc_ms;  /* when it came */
    uint8_t bytes[]; /* as the VM has printed them */
};

/* A file as it was when it was opened. That of the first time in this run is
 * where the log of this run begins. */
struct conlog_origin {
    dev_t device;
    ino_t inode;
    uint64_t size;
    bool is_known;
};

struct conlog_file {
    char *path;                /* relative */
    int fd;                    /* -1: closed */
    unsigned generation;       /* of the settings that it was opened with */
    struct conlog_stamp stamp; /* of raw files: is_in_line alone */
    uint64_t size;
    int64_t born_s;
    int64_t rotate_after_s;      /* not before, because the last one failed */
    struct conlog_origin opened; /* the last time, but for a rotation */
    bool was_open;               /* and stamp is what stands in the file */
};

/* The jobs that wait, from the one to be written on. */
struct conlog_file_batch {
    const struct conlog_job *last;
    bool is_whole; /* all of it is to be written; else whole blocks of it */
};

/* The path is copied. */
void conlog_file_init(struct conlog_file *f, const char *path);

/* Somebody else has made it shorter since it was opened; false: or it is not
 * open. */
bool conlog_file_is_cut(const struct conlog_file *f);

/* What it is in the midst of is known no more, and found in the file again. */
void conlog_file_close(struct conlog_file *f);

/* Closes it; frees what is its own. */
void conlog_file_done(struct conlog_file *f);

enum conlog_file_outcome {
    CONLOG_FILE_WRITTEN,
    CONLOG_FILE_KEPT, /* not all of the job: what is left makes no block yet */
    CONLOG_FILE_IS_DUE, /* it is to be rotated first; only if may_rotate */
};

/*
 * Writes the job, from where it was left; opens the file where that is closed
 * or of another generation. What of the batch behind it is best written in one
 * go with it is written, too, and little is left to do when its turn comes.
 * -errno: not all of it, to be tried again.
 */
int conlog_file_write(struct conlog_file *f, struct conlog_job *job,
                      const struct conlog_file_batch *batch,
                      const struct conlog_settings *settings,
                      unsigned generation, bool may_rotate, uint8_t *scratch);

/* Rotates it; the caller has the log's turn (conlog_rotation.h). -errno with
 * err filled: it goes on as it was, and is not due for a minute. */
int conlog_file_rotate(struct conlog_file *f,
                       const struct conlog_settings *settings, struct err *err);

#endif
