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

#include "access/access_rules.h"
#include "core/told/history.h"
#include "record/record_name.h"
#include "record/record_reason.h"

enum {
    RECORD_DIRECTORY_MAX = 1024,
    RECORD_BY_MAX = 192, /* with its NUL; longer ones are cut */
};

struct client;
struct console;
struct deadline_queue;
struct fact_client;
struct recorder;

/* ---- all recordings ---------------------------------------------------- */

struct record_settings {
    char directory[RECORD_DIRECTORY_MAX]; /* "": there are no recordings */
    uint64_t rotate_size; /* bytes of a part; 0: any; a part ends with the first
                           * batch behind it */
    uint64_t keep_s;      /* 0: for ever */
    uint64_t keep_size;   /* bytes of all files; 0: any */
    uint64_t keep_free;   /* bytes of the file system that stay free; 0: any */
    uint32_t open_max;    /* files kept open; at least 1 */
    bool is_v3;
    /* What stands in front where somebody begins to look: a VM that hangs has
     * printed its last before. */
    struct history_wish history;
};

struct record_info;

/*
 * The callbacks must call nothing of record/, but may tell people. error: as in
 * conlog/file/conlog_error.h, 0 if it is over.
 */
struct record_callbacks {
    /* What the rules say of the console. */
    struct access_recording (*rules)(void *owner, const struct console *c);
    void (*on_started)(void *owner, const struct record_info *info);
    /* why: as in the file. */
    void (*on_ended)(void *owner, const struct record_info *info,
                     const char *why);
    /* console: NULL if it is gone. */
    void (*on_state)(void *owner, const struct console *c, const char *path,
                     int error);
    void (*on_gap)(void *owner, const struct console *c, const char *path,
                   uint64_t bytes, int error);
    void (*on_compression)(void *owner, const struct console *c,
                           const char *path, const char *reason);
    /* Old files were deleted; path: of the first. */
    void (*on_deletion)(void *owner, const char *path, uint32_t files,
                        uint64_t bytes);
    /* record_wake must be called on the loop. Called on any thread. */
    void (*wake)(void *owner);
    void *owner;
};

/* seed: random. Threads start with the first recording, or at once if files are
 * kept for a time only. */
struct recorder *record_open(const struct record_settings *settings,
                             const struct record_callbacks *callbacks,
                             const uint64_t seed[2]);

/* Calls watch with each queue of deadlines. */
void record_watch(struct recorder *r,
                  void (*watch)(void *owner, struct deadline_queue *queue),
                  void *owner);
void record_wake(struct recorder *r, uint64_t now_us);

/* Other settings, but not another directory: what was put for one must not go
 * to another. A format is that of the next part. */
void record_set(struct recorder *r, const struct record_settings *settings,
                uint64_t now_us);

/*
 * Ends all recordings, and waits until they are written, for at most wait_us.
 * The queues must be out of the loop's list. Returns how many files are
 * incomplete. Takes NULL.
 */
unsigned record_close(struct recorder *r, uint64_t wait_us);

/*
 * How many recordings sessions make, and how many are begun on demand, each in
 * all: so many at once, and one in RECORD_OFTEN_S. Where more end, one of
 * sessions goes on for RECORD_LINGER_US behind the last client, or with the
 * next one.
 */
enum {
    RECORD_OFTEN_BURST = 600,
    RECORD_OFTEN_S = 6,
    RECORD_LINGER_US = 60 * 1000 * 1000,
};

/* The console is new, or has another name; its clients, the rules or the
 * settings have changed: begins and ends what is by rule. has_come: its VM has
 * come, so output from before counts as well. */
void record_judge(struct recorder *r, struct console *c, bool has_come,
                  uint64_t now_us);

/* The console is about to be removed. */
void record_forget(struct recorder *r, const struct console *c,
                   uint64_t now_us);

/* Puts a marker into the console's recordings: words of record_cast.h, and what
 * they are about. Does nothing if there is none. */
void record_mark(struct recorder *r, const struct console *c, const char *words,
                 const char *about, uint64_t now_us);

/* A client has attached or detached: a marker; and the client is told if what
 * it types is recorded. */
void record_mark_client(struct recorder *r, const struct console *c,
                        const struct fact_client *client, bool is_attached,
                        uint64_t now_us);

/* Since record_open. */
struct record_counts {
    uint64_t live;
    uint64_t started;
    uint64_t taken;   /* bytes of VMs, written or to be written */
    uint64_t missing; /* bytes */
    uint64_t gaps;
    uint64_t held;    /* bytes of memory that now wait for the disk */
    uint64_t failing; /* files that are not written now */
};
struct record_counts record_count(const struct recorder *r);

/* ---- one recording ----------------------------------------------------- */

/* A recording that goes on. */
struct record_info {
    struct record_id id;
    struct record_folder folder;
    const struct console *console; /* good while the call lasts */
    char by[RECORD_BY_MAX];        /* who has asked for it; "": a rule */
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
    RECORD_GOES_ON,   /* one on demand is there already; ret has it */
    RECORD_IS_OFF,    /* no directory for recordings is set, or it fails */
    RECORD_NO_INPUT,  /* the rules do not allow to record what is typed */
    RECORD_TOO_OFTEN, /* very many were begun lately */
};

/* On demand. ret_info is filled for the first two outcomes. The caller asks
 * what the rules say of the person, and writes the audit line. */
enum record_outcome record_start(struct recorder *r, struct console *console,
                                 const struct record_wish *wish,
                                 struct record_info *ret_info);

/* Ends the console's recording on demand; by: who. False: there is none. */
bool record_stop(struct recorder *r, const struct console *console,
                 const char *by, struct record_info *ret_info);

/* The recording that goes on with this id, or the console's on demand: false,
 * there is none. */
bool record_find(const struct recorder *r, const char *id,
                 struct record_info *ret_info);
bool record_find_on_demand(const struct recorder *r,
                           const struct console *console,
                           struct record_info *ret_info);

/* Where all files are; NULL: there are no recordings. Borrowed. */
const char *record_directory(const struct recorder *r);

#endif
