/*
 * reader.h - whatever takes a console's output from its ring: a position, and
 * whether the VM waits for it.
 *
 * The user embeds struct reader and owns it (struct client, a console's log).
 * A reader is only a position, so it costs the console no memory, however far
 * behind it is.
 *
 * Pace. The VM waits for a reader that FOLLOWS: when the reader is nearly a
 * ring behind, the VM is not read. The VM does not wait for a reader that LAGS:
 * the reader loses the bytes that fall off the ring's end, and is told how
 * many.
 *
 * The kind of a reader (struct reader_kind) is data, and core guesses nothing:
 *
 * - A reader that is not waited for always lags. It takes what it finds.
 * - A reader that is waited for and paces others is a client. It starts to lag
 *   when, for longer than the hold time, it has stalled the VM without taking
 *   half a ring or has kept caught-up clients waiting; or at once, when output
 *   that cannot wait needs its room (console_make_room). It follows again when
 *   it has caught up, or when no other client follows and it takes something.
 *   So a console runs at the pace of its fastest client, and no client loses a
 *   byte in the ordinary jitter of a network.
 * - A reader that is waited for and paces nobody is a console log. A slow log
 *   holds the VM for as long as it goes on. A log that takes next to nothing
 *   for the hold time lags, because a stuck disk must not stop a vMotion. It
 *   follows again with the first bytes that it takes. Clients are paced as they
 *   would be without it.
 *
 * A client is waited for on trust until it has proved that it takes anything
 * after it has held the VM. The console has little of that trust for all of
 * them together.
 *
 * core/console_pace.c decides, and says why it is done so.
 */
#ifndef CORE_READER_H
#define CORE_READER_H

#include "base/list.h"
#include "base/ring.h"

struct client;
struct console;
struct reader;

enum reader_pace { READER_FOLLOWS, READER_LAGS, READER_PACE_COUNT };

/* "follows", "lags". */
const char *reader_pace_name(enum reader_pace pace);

struct reader_kind {
    /* There is output to take; may be called when there is none. Called by
     * directory_settle alone (console.h). */
    void (*pull)(struct reader *reader);
    /* The reader has started to lag. Called in the middle of core's work: the
     * operation notes it, and calls nothing of core/ but fact_add. NULL: nobody
     * is told; the reader learns it from the bytes that it loses. */
    void (*lags)(struct reader *reader);
    /* The console goes away, and the reader was detached. It notes that, and
     * calls nothing of core/. NULL: its owner detaches it before. */
    void (*gone)(struct reader *reader);
    /* Of a console with a VM: a client has typed these bytes; a break begins,
     * the client's or, with NULL, the VM's own. Called in the middle of core's
     * work, as lags is. NULL: the reader does not want to know. */
    void (*typed)(struct reader *reader, const struct client *client,
                  struct slice bytes);
    void (*broke)(struct reader *reader, const struct client *client);
    bool is_waited_for; /* such a reader can follow */
    bool paces_others;  /* such readers are measured against each other */
};

struct reader {
    struct list node; /* in console->readers */
    struct console *console;
    const struct reader_kind *kind;
    uint64_t at;      /* position of the next byte it gets */
    uint32_t held_us; /* how long caught-up clients have waited for this reader
                       * since it had last caught up itself */
    uint8_t pace;     /* enum reader_pace */
    bool is_proven;   /* it has taken something after it had held the VM */
};

/* node: of struct console.readers. */
static inline struct reader *reader_at(struct list *node)
{
    return CONTAINER_OF(node, struct reader, node);
}

/* Attached to no console yet. The kind must last as long as the reader. */
void reader_init(struct reader *reader, const struct reader_kind *kind);

/*
 * A reader gets the output from now on; the caller may set at further back. A
 * console stays for its clients but not for its other readers: they detach
 * before the console is removed, or are told (gone). reader_detach accepts a
 * reader that is not attached.
 */
void reader_attach(struct reader *reader, struct console *console);
void reader_detach(struct reader *reader, uint64_t now_us);

/* The bytes that the reader can take now; the span is good until the next call
 * of core/. Returns how many bytes the reader has lost since the last call. */
uint64_t reader_peek(struct reader *reader, struct ring_span *ret);

/* The reader took len bytes (may be 0) of the span that reader_peek gave. */
void reader_took(struct reader *reader, size_t len, uint64_t now_us);

bool reader_has_caught_up(const struct reader *reader);

/* Tells the console's readers that want to know. */
void reader_tell_typed(struct console *console, const struct client *client,
                       struct slice bytes);
void reader_tell_break(struct console *console, const struct client *client);

/* Whether the VM waits for it on trust alone. */
static inline bool reader_is_on_trust(const struct reader *reader)
{
    return reader->kind->paces_others && !reader->is_proven;
}

#endif
