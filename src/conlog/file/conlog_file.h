/*
 * conlog_file.h - one log's file, and the jobs that are written to it.
 *
 * Blocks: runs on one writer thread at a time (conlog_writers.h decides which).
 * After a failed write, the next try writes the rest of the job: no byte is
 * lost or doubled by a failure. Bytes that the ring lost are counted in the
 * next job, and become a line:
 *
 *     [vspcd: 12345 bytes are missing here: no space left on device]
 */
#ifndef CONLOG_FILE_CONLOG_FILE_H
#define CONLOG_FILE_CONLOG_FILE_H

#include "conlog/file/conlog_settings.h"
#include "conlog/file/conlog_stamp.h"

#include <sys/stat.h>

enum {
    /* For a stamped piece of a job. */
    CONLOG_FILE_SCRATCH = 64 * 1024,
    /* Fast output is written in blocks that begin and end at a multiple of
     * this, at half the cost for a file system. */
    CONLOG_FILE_BLOCK = 256 * 1024,
};

/* Bytes of one console, in order. The loop makes it and gives it to the
 * writer. */
struct conlog_job {
    struct conlog_job *next;
    uint64_t lost;  /* bytes that are missing before it */
    int lost_error; /* why they are missing; 0: it took too long */
    uint32_t len;   /* length of bytes */
    uint32_t done;  /* how many bytes are written */
    uint32_t skip;  /* how much of the next piece's output is written */
    bool is_first;  /* the first job for this path since the program's start */
    /* whether the piece that skip counts was begun with stamps */
    bool is_stamped;
    int64_t utc_ms;  /* when its bytes came */
    uint64_t epoch;  /* whose output it is (conlog_positions.h); 0: nobody asks
                      * for its place */
    uint64_t at;     /* position of the first byte */
    uint8_t bytes[]; /* as the VM printed them */
};

/* A place in a file: which file, and how long it was. The log of this run
 * begins where its first file was opened; it goes on where it was left. */
struct conlog_origin {
    uint64_t identity; /* conlog_file_identity; or one of these: */
    uint64_t size;
};
enum {
    CONLOG_FILE_UNKNOWN = 0, /* not known yet */
    CONLOG_FILE_LOST = 1,    /* no file is it, and none will be */
};

/* Of device and inode; no other file that exists has it. */
uint64_t conlog_file_identity(const struct stat *st);

struct conlog_file {
    char *path;                /* relative to the log directory */
    int fd;                    /* -1: closed */
    unsigned generation;       /* of the settings with which it was opened */
    struct conlog_stamp stamp; /* for raw files, only is_in_line is used */
    uint64_t identity; /* of the open file, or the one that was; 0: none was */
    uint64_t size;     /* of that file */
    uint64_t epoch;    /* whose output goes on at its end; 0: it is not noted */
    uint64_t written;  /* bytes; the owner may set it to 0 */
    int64_t born_s;
    /* no rotation before this time, because one has failed */
    int64_t rotate_after_s;
    /* at the last opening that was not a rotation */
    struct conlog_origin opened;
    bool was_open;         /* stamp matches the file's end */
    bool is_noted_stamped; /* what is noted about its end says so */
};

/* The waiting jobs, from the one to be written on. */
struct conlog_file_batch {
    const struct conlog_job *last;
    bool is_whole; /* write all of it; otherwise whole blocks only */
};

/* Copies path. */
void conlog_file_init(struct conlog_file *f, const char *path);

/* Where the log was left when its file was last closed: if that file still ends
 * there, the output of this epoch goes on. Before the first write. */
void conlog_file_resume(struct conlog_file *f, const struct conlog_origin *left,
                        uint64_t epoch);

/* Notes in the open file that the output at its end was the last of its epoch,
 * and is complete. */
void conlog_file_end(struct conlog_file *f);

/* True if it is open and somebody has truncated it since. */
bool conlog_file_is_cut(const struct conlog_file *f);

/* Whether the file ends within a line must be read from it again. */
void conlog_file_close(struct conlog_file *f);

/* Closes it, and frees its memory. */
void conlog_file_done(struct conlog_file *f);

enum conlog_file_outcome {
    CONLOG_FILE_WRITTEN,
    CONLOG_FILE_KEPT,   /* in part: the rest makes no whole block */
    CONLOG_FILE_IS_DUE, /* must be rotated first; only if may_rotate */
};

/*
 * Writes the rest of the job. Opens the file if it is closed or of another
 * generation. Also writes parts of the batch behind the job, if one write can
 * take them; little or nothing is left when their turn comes. -errno: not all
 * of the job is written; to be retried.
 */
int conlog_file_write(struct conlog_file *f, struct conlog_job *job,
                      const struct conlog_file_batch *batch,
                      const struct conlog_settings *settings,
                      unsigned generation, bool may_rotate, uint8_t *scratch);

/* Rotates the file; the caller has the log's turn (conlog_rotation.h). -errno
 * with err filled: the present file continues, and is not due for a minute. */
int conlog_file_rotate(struct conlog_file *f,
                       const struct conlog_settings *settings, struct err *err);

#endif
