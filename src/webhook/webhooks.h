/*
 * webhooks.h - tells receivers of alerts, by HTTP, off the loop.
 *
 * Each webhook has a queue of its own, sends one delivery after the other, in
 * order, and waits longer and longer between tries. A receiver that hangs, or
 * fails, delays only itself. A delivery is given up when it is
 * WEBHOOK_AGE_S old, or refused; what comes while WEBHOOK_QUEUE_MAX wait is
 * dropped.
 *
 * A delivery that the receiver may have had, although its answer did not come,
 * is sent again, with the same id: receivers get each alert at least once, or
 * not at all.
 *
 * One thread, which exists once there is a webhook, has all connections. It
 * keeps results for the loop, wakes the loop, and does not log.
 *
 * All functions are the loop's; only webhooks_close waits.
 */
#ifndef WEBHOOK_WEBHOOKS_H
#define WEBHOOK_WEBHOOKS_H

#include "base/list.h"
#include "webhook/webhook_spec.h"

enum {
    WEBHOOK_QUEUE_MAX = 256, /* deliveries of one webhook */
    WEBHOOK_AGE_S = 30 * 60,
    WEBHOOK_TESTS_MAX = 8, /* at a time, of all webhooks */
};

struct webhooks;

/* Owns its specs. */
struct webhooks_settings {
    struct webhook_spec spec[WEBHOOKS_MAX];
    size_t count;
};
void webhooks_settings_clear(struct webhooks_settings *settings);

enum webhook_outcome {
    WEBHOOK_ANSWERS,  /* it had failed, and has had a delivery */
    WEBHOOK_FAILS,    /* the first time since it answered, will retry */
    WEBHOOK_GIVEN_UP, /* a delivery: refused, or too old */
    WEBHOOK_DROPPED,  /* count deliveries, for want of room */
    WEBHOOK_TESTED,   /* a test has ended */
};

struct webhook_result {
    struct list node;
    enum webhook_outcome outcome;
    char webhook[WEBHOOK_NAME_MAX];
    uint64_t alert;    /* its id, of GIVEN_UP */
    unsigned tries;    /* of GIVEN_UP */
    uint64_t count;    /* of DROPPED */
    uint64_t ticket;   /* of TESTED */
    bool is_delivered; /* of TESTED */
    unsigned status;   /* of the answer; 0: there was none */
    uint64_t took_us;  /* of TESTED */
    char reason[256];
};

/* on_news, called on the thread, may only wake the loop; it is not called after
 * webhooks_close has begun. */
struct webhooks *webhooks_open(void (*on_news)(void *owner), void *owner);

/*
 * Sets the webhooks from now on, and takes over the settings, which are empty
 * then. A webhook whose name and form stay keeps what waits for it; what waits
 * for others is dropped. 0, or -errno: there is no thread, and nothing is sent.
 * *ret_dropped: deliveries.
 */
int webhooks_set(struct webhooks *w, struct webhooks_settings *settings,
                 size_t *ret_dropped);

/* Tells each webhook that wants it. console: the item's, as it is now. web_url:
 * as in webhook_body.h. */
void webhooks_tell(struct webhooks *w, enum webhook_event event,
                   const struct alert_item *item,
                   const struct access_console *console, const char *web_url);

enum webhook_asked {
    WEBHOOK_ASKED,
    WEBHOOK_NO_SUCH,
    WEBHOOK_BUSY, /* WEBHOOK_TESTS_MAX are under way */
};

/* Sends a test, once, past what waits; a result TESTED with the ticket, which
 * is not 0, follows. */
enum webhook_asked webhooks_test(struct webhooks *w, const char *name,
                                 const struct alert_item *sample,
                                 const char *web_url, uint64_t *ret_ticket);

/* A webhook's counts, since it is there. False: there are no more. */
struct webhook_state {
    char name[WEBHOOK_NAME_MAX];
    enum webhook_format format;
    bool is_failing;
    unsigned waiting;
    uint64_t sent, retried, given_up, dropped;
};
bool webhooks_state(struct webhooks *w, size_t index,
                    struct webhook_state *ret);

/* Totals since webhooks_open, but for waiting. */
struct webhooks_counts {
    uint64_t waiting; /* deliveries, now */
    uint64_t sent;
    uint64_t retried; /* tries that are tried again */
    uint64_t given_up;
    uint64_t dropped;
};
void webhooks_count(struct webhooks *w, struct webhooks_counts *ret);

/* The oldest result, for free(). NULL: none. */
struct webhook_result *webhooks_take_result(struct webhooks *w);

/* Ends: nothing more is sent, and what is on its way has wait_us. Returns how
 * many deliveries were not made. Results can be taken until webhooks_free. */
size_t webhooks_close(struct webhooks *w, uint64_t wait_us);

/* After webhooks_close. Takes NULL. */
void webhooks_free(struct webhooks *w);

#endif
