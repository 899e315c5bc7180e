/*
 * store.h - what is known of the consoles, kept over a restart.
 *
 * A thread of its own writes what it is given, all that has come in a few
 * milliseconds in one transaction; nothing here waits for the disk but
 * store_open and store_close. Where the disk does not take it the changes stay
 * here, one a console, and are tried again until it does.
 *
 * Called by one thread, the loop's. It owns the file, the thread and copies of
 * all it is given, and does not log: it has news.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "store/database.h"

enum { STORE_PATH_MAX = 1100 };

struct store;

struct store_settings {
    const char *path;  /* copied */
    bool is_own_place; /* a file there that is no state file is damaged; else
                        * it may be anything, and is left alone */
    /* Makes the directory that the file stands in; NULL: it has to be there.
     * Also on the store's thread. 0 or -errno. */
    int (*make_place)(const char *path);
    uint64_t seed[2];   /* random; for a hash */
    size_t pending_max; /* changes kept while the disk takes none */
    /* There is news. On the store's thread, with its lock: it may only wake
     * the loop. Not called any more once store_close has begun. */
    void (*on_news)(void *owner);
    void *owner;
};

struct store_news {
    uint64_t written; /* all changes with a number up to this are on the disk */
    uint64_t dropped; /* changes that there was no room for, ever */
    size_t waiting;   /* changes not written yet */
    bool is_failing;
    bool wants_all; /* what was written is not there any more: put every
                     * console again; since the last store_news */
    char trouble[sizeof(struct err)]; /* is_failing, or aside: why */
    /* Where a damaged file was moved, since the last store_news; or "". */
    char aside[STORE_PATH_MAX + 64];
};

/*
 * Reads the file, made where there is none, and hands its consoles to each,
 * before it returns. 0 also where the disk does not work (is_failing: what
 * could be read was) or the file was damaged and moved aside. Else -errno, or
 * an outcome that a person has to deal with, with err filled:
 * DATABASE_NEWER, DATABASE_FOREIGN or DATABASE_BUSY.
 */
int store_open(struct store **ret_store, const struct store_settings *settings,
               database_each_fn *each, void *owner, struct err *err);

/* Writes what is waiting, for at most so long. False: not all of it; news then
 * says why. Takes NULL. */
bool store_close(struct store *s, uint64_t wait_us,
                 struct store_news *ret_news);

/* Returns the change's number. */
uint64_t store_put(struct store *s, const struct store_record *record);
uint64_t store_forget(struct store *s, const char *uuid, const char *label);

void store_take_news(struct store *s, struct store_news *ret_news);

#endif
