/*
 * store.h - what is known of the consoles, kept over a restart.
 *
 * A thread writes the changes, those of a few milliseconds in one transaction.
 * Only store_open and store_close wait for the disk. If the disk fails, changes
 * stay in memory, one for each console, and are retried until they are written.
 *
 * Called by one thread, the loop's. Owns the file, the thread and copies of all
 * changes. Does not log: it reports news.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "store/database.h"

enum { STORE_PATH_MAX = 1100 };

struct store;

struct store_settings {
    const char *path; /* copied */
    /* a file there that is no state file is damaged; otherwise it may be any
     * file, and is left alone */
    bool is_own_place;
    /* Makes the directory of the file; NULL: it must exist. Also called on the
     * store's thread. 0 or -errno. */
    int (*make_place)(const char *path);
    uint64_t seed[2];   /* random; for map_hash */
    size_t pending_max; /* changes kept while the disk takes none */
    /* Gets the notes at the start, behind the consoles and with their owner;
     * NULL: nobody keeps any. */
    database_note_fn *each_note;
    /* There is news. Called on the store's thread, with its lock: it may only
     * wake the loop. Not called after store_close has begun. */
    void (*on_news)(void *owner);
    void *owner;
};

struct store_news {
    uint64_t written; /* changes up to this number are on the disk */
    uint64_t dropped; /* changes without room, since the start */
    size_t waiting;   /* changes that are not written */
    bool is_failing;
    /* since the last store_take_news, earlier changes were lost: put every
     * console and note again */
    bool wants_all;
    char trouble[sizeof(struct err)]; /* reason of is_failing or aside */
    /* Where a damaged file was moved since the last store_take_news; or "". */
    char aside[STORE_PATH_MAX + 64];
};

/*
 * Opens or creates the file, and hands its consoles to each before it returns.
 * 0 also if the disk does not work (is_failing; consoles that could be read
 * were handed over), or if the file was damaged and moved aside. Otherwise
 * -errno, or an outcome that a person must handle, with err filled:
 * DATABASE_NEWER, DATABASE_FOREIGN or DATABASE_BUSY.
 */
int store_open(struct store **ret_store, const struct store_settings *settings,
               database_each_fn *each, void *owner, struct err *err);

/* Writes the waiting changes, for at most wait_us. False: not all are written;
 * *ret_news has the reason. Takes NULL. */
bool store_close(struct store *s, uint64_t wait_us,
                 struct store_news *ret_news);

/* Returns the change's number. */
uint64_t store_put(struct store *s, const struct store_record *record);
uint64_t store_forget(struct store *s, const char *uuid, const char *label);

/* Text NULL: it is forgotten. */
uint64_t store_put_note(struct store *s, const struct store_note *note);

void store_take_news(struct store *s, struct store_news *ret_news);

#endif
