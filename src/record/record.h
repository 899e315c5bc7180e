/*
 * record.h - recordings: what a console shows and who came and went, with the
 * time of each, as asciicast files that are replayed.
 *
 * A recording begins by a rule (access sections: record = always, or sessions,
 * from the first client's attach to the last one's detach), or on demand. A
 * console has at most one by rule and one on demand at a time.
 *
 * Each is a lossless reader of its console's ring (core/reader.h), waited for
 * as a console log is and for as long: a disk that is slow for a moment must
 * not leave holes in what may be evidence, and one that is stuck must not stop
 * a vMotion. Threads write (conlog/conlog_writers.h); the loop never waits for
 * a disk. Output that the ring loses is a gap, and a marker says so.
 *
 * Files: record_name.h has their names, record_cast.h their content.
 *
 * Called by one thread, the loop's. Does not log: it calls back.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/deadline.h"
#include "base/err.h"
#include "base/limits.h"
#include "record/record_name.h"
#include "record/record_reason.h"

struct client;
struct console;
struct recorder;

/* A recording that goes on. */
struct record_info {
    struct record_id id;
    struct record_folder folder;
    const struct console *console; /* good while the call lasts */
    const char *by;                /* the same; "": a rule */
    int64_t started_ms;            /* UTC */
    uint64_t bytes;   /* of all its files, before compression; what waits for
                       * the disk is not in it yet */
    uint64_t missing; /* bytes of output */
    uint64_t ends_us; /* when it ends by itself; 0: it does not */
    uint32_t gaps;
    uint32_t part; /* the present one, from 1 on */
    enum record_reason reason;
    bool is_v3;
    bool has_input;
};

struct record_wish {
    const char *by;     /* who wants it, as shown: "alice" */
    uint64_t length_us; /* 0: until it is stopped */
    bool has_input;     /* what is typed, too, if the rules allow that */
};

enum record_outcome {
    RECORD_STARTED,
    RECORD_GOES_ON,  /* one on demand is there already; ret has it */
    RECORD_IS_OFF,   /* no directory for recordings is set, or it fails */
    RECORD_NO_INPUT, /* the rules do not allow to record what is typed */
};

/* On demand. ret_info is filled for the first two outcomes. The caller asks
 * what the rules say of the person, and writes the audit line. */
enum record_outcome record_start(struct recorder *r, struct console *console,
                                 const struct record_wish *wish,
                                 struct record_info *ret_info);

/* Ends the console's recording on demand; by: who. False: there is none. */
bool record_stop(struct recorder *r, const struct console *console,
                 const char *by, struct record_info *ret_info);

/* Each recording that goes on, or the one with this id: false, there is
 * none. */
void record_each(struct recorder *r,
                 void (*each)(void *owner, const struct record_info *info),
                 void *owner);
bool record_find(struct recorder *r, const char *id,
                 struct record_info *ret_info);

/* Where all files are; NULL: there are no recordings. Borrowed. */
const char *record_directory(const struct recorder *r);

#endif
