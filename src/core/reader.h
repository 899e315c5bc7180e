/*
 * reader.h - somebody who takes a console's output from its ring: a cursor,
 * and what has to be known to be fair to everybody else.
 *
 * Whoever reads embeds struct reader and owns it (struct client, a console's
 * log). The cursor is nothing but a position, so a reader costs the console no
 * memory, however far behind it is.
 *
 * Pace. A reader that FOLLOWS is waited for: when it is nearly a ring behind,
 * the VM is no longer read. One that LAGS is not: what falls off the ring's end
 * is lost to it, and it is told how much.
 *
 * What a reader is, its kind says (struct reader_kind), and nobody guesses:
 *
 * - Not every reader is waited for. One that is not always lags: it takes what
 *   it finds, and what it loses is its own affair.
 * - Readers that pace others are people. One that holds the VM back without
 *   taking anything, or keeps others waiting who have caught up, for longer
 *   than the hold time, lags. It follows again when it has caught up, or when
 *   it is the fastest that there is and takes something. So a console runs at
 *   the pace of its fastest client, and nobody loses a byte in the ordinary
 *   jitter of a network.
 * - Readers that are waited for and pace nobody write down what there was (a
 *   console log). One that is slow holds the VM back for as long as it goes on.
 *   One that takes next to nothing for the hold time lags, because a stuck disk
 *   must not stop a vMotion, and follows again with the first bytes that it
 *   takes. The pace of clients is what it would be without it.
 */
#ifndef CORE_READER_H
#define CORE_READER_H

#include "base/list.h"
#include "base/ring.h"

struct console;
struct reader;

enum reader_pace { READER_FOLLOWS, READER_LAGS, READER_PACE_COUNT };

/* "follows", "lags". */
const char *reader_pace_name(enum reader_pace pace);

struct reader_kind {
    /* There is output to take; may be called when there is none. Called by
     * directory_settle alone: see console.h. */
    void (*pull)(struct reader *reader);
    /* It is not waited for any more. Called in the middle of core's work: it
     * notes that, and calls nothing of core/ but fact_add. NULL: that is no
     * news, for the reader finds out by what it loses. */
    void (*lags)(struct reader *reader);
    bool is_waited_for; /* while it follows */
    bool paces_others;  /* readers of this kind do, among each other */
};

struct reader {
    struct list node; /* in console->readers */
    struct console *console;
    const struct reader_kind *kind;
    uint64_t at;      /* position of the next byte it gets */
    uint32_t held_us; /* how long others have waited for it since it had last
                       * caught up */
    uint8_t pace;     /* enum reader_pace */
};

/* Not attached to anything yet. The kind must last as long as the reader. */
void reader_init(struct reader *reader, const struct reader_kind *kind);

/*
 * Its output is what comes from now on; at may be set further back. A console
 * does not stay for its readers, unlike for its clients: who is attached
 * detaches before the console is removed. Detaching takes one that is not.
 */
void reader_attach(struct reader *reader, struct console *console);
void reader_detach(struct reader *reader, uint64_t now_us);

/* What it can take now, good until the next call of anything in core/.
 * Returns how many bytes it has lost since the last time. */
uint64_t reader_peek(struct reader *reader, struct ring_span *ret);

/* It took len bytes (may be 0) of what reader_peek showed. */
void reader_took(struct reader *reader, size_t len, uint64_t now_us);

bool reader_has_caught_up(const struct reader *reader);

#endif
