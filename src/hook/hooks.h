/*
 * hooks.h - programs that are run on events, off the loop.
 *
 * Each hook has a queue of its own and a limit of programs at once, so that one
 * that hangs delays itself and no other. A thread starts the programs and waits
 * for them; it is there once there is a hook. It keeps results for the loop,
 * wakes it, and does not log.
 *
 * All functions are the loop's; none of them waits but hooks_close.
 */
#ifndef HOOK_HOOKS_H
#define HOOK_HOOKS_H

#include "hook/hook_process.h"
#include "hook/hook_queue.h"
#include "hook/hook_spec.h"

enum {
    HOOKS_MAX = 8,
    HOOKS_LIMIT_MAX = 100, /* programs of one hook at once */
};

struct hooks;

struct hooks_settings {
    struct hook_spec specs[HOOKS_MAX];
    size_t count;
    unsigned limit; /* programs of one hook at once */
    uint64_t timeout_us;
    bool wants_all; /* results of programs that did not fail, too */
};

enum hook_outcome {
    HOOK_ENDED,       /* end.status says how */
    HOOK_NOT_STARTED, /* error */
    HOOK_DROPPED,     /* count events, for which there was no room */
};

struct hook_result {
    struct list node;
    enum hook_outcome outcome;
    char program[HOOK_PROGRAM_MAX];
    enum hook_kind kind;         /* of ENDED and NOT_STARTED */
    char console[HOOK_TEXT_MAX]; /* of ENDED and NOT_STARTED: as it is shown */
    struct hook_end end;
    int error;       /* errno */
    uint64_t count;  /* DROPPED */
    uint32_t others; /* failures of this hook that were not told of: one a
                      * second is */
    bool is_cut;     /* it was ended because vspcd ends */
};

/* seed is for a hash. on_news, on the hooks' thread, may only wake the loop; it
 * is not called any more once hooks_close has begun. */
struct hooks *hooks_open(const uint64_t seed[2], void (*on_news)(void *owner),
                         void *owner);

/*
 * What is to be run from now on. A hook whose program stays keeps what waits
 * for it; what waits for others is dropped, and what runs of them goes on. 0,
 * or -errno: there is no thread, and nothing is run. *ret_dropped: events.
 */
int hooks_set(struct hooks *h, const struct hooks_settings *settings,
              size_t *ret_dropped);

/* Whether any hook wants to be told of it: else it costs nothing. */
bool hooks_want(const struct hooks *h, enum hook_kind kind);

/* Copied, with its texts. */
void hooks_tell(struct hooks *h, const struct hook_event *event);

/* Since hooks_open, but for what is under way now. */
struct hooks_counts {
    uint64_t running; /* programs, now */
    uint64_t waiting; /* events, now */
    uint64_t run;     /* programs that have ended with status 0 */
    uint64_t failed;  /* others, and those that could not be started */
    uint64_t dropped; /* events */
};
void hooks_count(struct hooks *h, struct hooks_counts *ret);

/* The oldest one, for free(). NULL: no more. */
struct hook_result *hooks_take_result(struct hooks *h);

/*
 * The end has come: what waits is dropped, nothing is started any more; what
 * runs has so long to end by itself, then SIGTERM, and SIGKILL after half a
 * second. May be called again, with less.
 */
void hooks_end(struct hooks *h, uint64_t grace_us);

/* Nothing of it runs any more. on_news is called when that comes true. */
bool hooks_have_ended(struct hooks *h);

/*
 * Waits for that, for at most so long, with results left to take until
 * hooks_free. Returns how many events were dropped at the end. */
size_t hooks_close(struct hooks *h, uint64_t wait_us);

/* After hooks_close. Takes NULL. */
void hooks_free(struct hooks *h);

#endif
