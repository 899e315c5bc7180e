/*
 * record_reading.h - the events of a recording, over all of its files, packed
 * or not, with times that go on from one to the next.
 *
 * Blocks: for a thread, one call at a time. The recording may be written
 * meanwhile: what was there when it was found is read. Memory: a block, what
 * zlib needs, and a line of CAST_LINE_MAX twice, however large the files are.
 *
 * Files may hold anything. What cannot be read is passed over and counted; a
 * file of another console is not read. Only regular files with one name are
 * opened, and no symbolic link is followed (conlog_place.h).
 */
#ifndef RECORD_READING_RECORD_READING_H
#define RECORD_READING_RECORD_READING_H

#include "conlog/file/conlog_settings.h"
#include "proto/cast/cast_reader.h"
#include "record/reading/record_facts.h"
#include "record/reading/record_scan.h"

enum {
    RECORD_READING_BLOCK = 64 * 1024, /* of output, unpacked */
    /* Of one file, unpacked; what is behind it is passed over. */
    RECORD_READING_PART_MAX = 2000 * 1000 * 1000,
};

struct record_reading_part {
    uint32_t number;
    bool is_compressed;
};

struct record_reading {
    char directory[CONLOG_DIRECTORY_MAX];
    struct record_folder folder;
    struct record_id id;
    struct record_reading_part *part;
    uint32_t count;
    uint32_t at; /* the one that is read, or is opened next */
    /* Of the first file that could be read, and of the present one. */
    struct record_facts first;
    struct record_facts facts;
    bool has_first;
    struct buf header; /* the line that first is read of */

    void *file; /* gzFile; NULL: none is open */
    struct cast_reader cast;
    struct slice rest; /* of the block */
    uint8_t *block;
    uint64_t part_bytes; /* of the present file */
    uint64_t time_us;    /* of the last event */
    uint64_t bytes;      /* read in all, unpacked */
    uint64_t damages;    /* files and lines that could not be read */
    bool has_ended; /* the last event is the marker of the recording's end */
    char note[96];
};

enum record_reading_item {
    RECORD_READING_EVENT,
    RECORD_READING_AGAIN, /* a block or a file is done; there is more */
    RECORD_READING_END,
};

/* The files of found from part first on; the first of all: 0. False: there is
 * no memory. */
bool record_reading_open(struct record_reading *r, const char *directory,
                         const struct record_found *found, uint32_t first);
/* Takes one that is all zeros. */
void record_reading_close(struct record_reading *r);

/*
 * Events of all files, as of one recording that begins at time 0 with the first
 * file that is there; the markers of a file's continuation are left out, and
 * one tells of a file that is not there. Texts are good until the next call.
 */
enum record_reading_item record_reading_next(struct record_reading *r,
                                             struct cast_event *ret_event);

/* Reads the first header: first is known then. False: none could be read. The
 * first call of all, if it is made. */
bool record_reading_begin(struct record_reading *r);

/* All files from part 1 on were there, all of their lines could be read, and
 * the last one has its end. After RECORD_READING_END. */
bool record_reading_was_whole(const struct record_reading *r);

/* Opens one of its files for reading; -1: it cannot be opened. One that was
 * written when it was found may have been packed since. */
int record_reading_file(const struct record_reading *r,
                        const struct record_reading_part *part,
                        bool *ret_is_compressed);

/* Whether it is a marker with these words. */
bool record_reading_is_marker(const struct cast_event *event,
                              const char *words);

#endif
