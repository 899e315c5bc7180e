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
 * Lossy readers are people. Who holds the VM back without taking anything, or
 * holds up others who have caught up, for longer than the hold time lags. Who
 * has caught up, or is the fastest that there is and takes something, follows
 * (again). So a console runs at the pace of its fastest client, and nobody
 * loses a byte in the ordinary jitter of a network.
 *
 * Lossless readers write down what there was. One that is slow holds the VM
 * back for as long as it goes on. One that takes next to nothing for the hold
 * time lags, because a stuck disk must not stop a vMotion, and follows again
 * with the first bytes that it takes. It waits for nobody: the pace of clients
 * is what it would be without it.
 */
#ifndef CORE_READER_H
#define CORE_READER_H

#include "base/list.h"
#include "base/ring.h"

struct console;
struct reader;

enum reader_pace { READER_FOLLOWS, READER_LAGS };

struct reader_ops {
    /* There is output to take; may be called when there is none. */
    void (*pull)(struct reader *reader);
};

struct reader {
    struct list node; /* in console->readers */
    struct console *console;
    const struct reader_ops *ops;
    uint64_t at;      /* position of the next byte it gets */
    uint32_t held_us; /* how long others have waited for it since it had last
                       * caught up */
    uint8_t pace;     /* enum reader_pace */
    bool is_lossless;
};

/* Not attached to anything yet. */
void reader_init(struct reader *reader, const struct reader_ops *ops,
                 bool is_lossless);

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
