/*
 * hooks.h - runs programs on events, off the loop.
 *
 * Each hook has its own queue and limit of concurrent programs, so that a hook
 * that hangs delays only itself. A thread, which exists once there is a hook,
 * starts the programs and waits for them. It keeps results for the loop, wakes
 * the loop, and does not log.
 *
 * All functions are the loop's; only hooks_close waits.
 */
#ifndef HOOK_HOOKS_H
#define HOOK_HOOKS_H

#include "hook/hook_process.h"
#include "hook/hook_queue.h"
#include "hook/hook_spec.h"

enum {
    HOOKS_MAX = 8,
    HOOKS_LIMIT_MAX = 100, /* concurrent programs of one hook */
};

struct hooks;

struct hooks_settings {
    struct hook_spec specs[HOOKS_MAX];
    size_t count;
    unsigned limit; /* concurrent programs of one hook */
    uint64_t timeout_us;
    bool wants_all; /* also results of programs that did not fail */
};

enum hook_outcome {
    HOOK_ENDED,       /* see end.status */
    HOOK_NOT_STARTED, /* error */
    HOOK_DROPPED,     /* count events, for want of room */
};

struct hook_result {
    struct list node;
    enum hook_outcome outcome;
    char program[HOOK_PROGRAM_MAX];
    enum hook_kind kind; /* of ENDED and NOT_STARTED */
    /* of ENDED and NOT_STARTED: the name as shown */
    char console[HOOK_TEXT_MAX];
    struct hook_end end;
    int error;      /* errno */
    uint64_t count; /* DROPPED */
    /* failures of this hook without a result: there is one result a second */
    uint32_t others;
    bool is_cut; /* it was killed because vspcd ends */
};

/* seed: random, for map_hash. on_news, called on the hooks' thread, may only
 * wake the loop; it is not called after hooks_close has begun. */
struct hooks *hooks_open(const uint64_t seed[2], void (*on_news)(void *owner),
                         void *owner);

/*
 * Sets the hooks from now on. A hook whose program stays keeps its waiting
 * events; those of other hooks are dropped, while their running programs
 * continue. 0, or -errno: there is no thread, and nothing is run. *ret_dropped:
 * events.
 */
int hooks_set(struct hooks *h, const struct hooks_settings *settings,
              size_t *ret_dropped);

/* True if any hook wants events of this kind; otherwise the caller saves the
 * work of making one. */
bool hooks_want(const struct hooks *h, enum hook_kind kind);

/* Copies event and its texts. */
void hooks_tell(struct hooks *h, const struct hook_event *event);

/* Totals since hooks_open, except running and waiting. */
struct hooks_counts {
    uint64_t running; /* programs, now */
    uint64_t waiting; /* events, now */
    uint64_t run;     /* programs that ended with status 0 */
    uint64_t failed;  /* other programs, and those that could not be started */
    uint64_t dropped; /* events */
};
void hooks_count(struct hooks *h, struct hooks_counts *ret);

/* The oldest result, for free(). NULL: none. */
struct hook_result *hooks_take_result(struct hooks *h);

/*
 * Begins the end: waiting events are dropped, and no program is started.
 * Running programs have grace_us to end; then SIGTERM, and SIGKILL after half a
 * second. May be called again, with less.
 */
void hooks_end(struct hooks *h, uint64_t grace_us);

/* True when no program runs and the thread has ended. on_news is called when
 * that happens. */
bool hooks_have_ended(struct hooks *h);

/*
 * Waits for the end, for at most wait_us. Results can be taken until
 * hooks_free. Returns how many events were dropped at the end.
 */
size_t hooks_close(struct hooks *h, uint64_t wait_us);

/* After hooks_close. Takes NULL. */
void hooks_free(struct hooks *h);

#endif
