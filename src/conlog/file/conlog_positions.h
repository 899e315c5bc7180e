/*
 * conlog_positions.h - which output is where in a log's file, beside the file:
 * in its extended attribute user.vspcd.positions.
 *
 * An entry says: at this offset stands the output of this epoch from this
 * position on (core/console.h, console_epoch), and it goes on without a hole up
 * to the next entry's line or the file's end. It is written before the first
 * byte that it is about, so that what a kill leaves behind is true at any
 * instant. An entry is made where a run, a file or a console begins, and behind
 * a line about a gap; a log that goes on costs nothing.
 *
 * A file's last CONLOG_POSITIONS_MAX entries are kept. A file system without
 * such attributes has none, and then no place is known. Where an entry cannot
 * be written, the attribute goes: it would be wrong about what follows.
 *
 * Whoever else shortens a file (copytruncate) while it is open, and then has
 * vspcd killed, makes entries lie. Otherwise it is noticed.
 */
#ifndef CONLOG_FILE_CONLOG_POSITIONS_H
#define CONLOG_FILE_CONLOG_POSITIONS_H

#include "base/slice.h"

enum {
    CONLOG_POSITIONS_MAX = 16,
    CONLOG_POSITION_LEN = 32, /* of an entry on the disk */
    CONLOG_POSITIONS_LEN = 4 + CONLOG_POSITIONS_MAX * CONLOG_POSITION_LEN,
};

struct conlog_position {
    uint64_t epoch; /* 0: not known whose */
    uint64_t position;
    uint64_t offset;   /* of the byte with that position */
    uint32_t inserted; /* bytes before it that are a line of ours */
    bool is_stamped;   /* its lines have times (conlog_stamp.h) */
    bool is_in_line;   /* the byte continues a line */
    bool is_end;       /* the epoch has ended in order: nothing is missing */
};

struct conlog_positions {
    unsigned count;
    struct conlog_position at[CONLOG_POSITIONS_MAX]; /* in order of offset */
};

/* Pure. Adds an entry at the end; of those before it, goes what has nothing in
 * the file any more, and the oldest one if there is no room. */
void conlog_positions_add(struct conlog_positions *p,
                          const struct conlog_position *entry);

/* Where the output of entry i ends, in a file of this size; its offset if there
 * is none. */
uint64_t conlog_positions_end(const struct conlog_positions *p, unsigned i,
                              uint64_t size);

/* As it stands on the disk. Returns the length. False: it is not ours. */
size_t conlog_positions_encode(const struct conlog_positions *p,
                               uint8_t to[CONLOG_POSITIONS_LEN]);
bool conlog_positions_decode(struct slice bytes, struct conlog_positions *ret);

/* Of an open file; may block. read: without an attribute, or if it is not ours,
 * no entries. write: on a failure there is no attribute. */
void conlog_positions_read(int fd, struct conlog_positions *ret);
void conlog_positions_write(int fd, const struct conlog_positions *p);
void conlog_positions_forget(int fd);

#endif
