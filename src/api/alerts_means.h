/*
 * alerts_means.h - what commands on alerts need of the daemon, as functions.
 */
#ifndef API_ALERTS_MEANS_H
#define API_ALERTS_MEANS_H

#include "alert/book/alert_book.h"
#include "webhook/webhooks.h"

/* Somebody who waits for the end of a test. list_remove cancels that. */
struct alerts_test {
    struct list node;
    uint64_t ticket;
    /* Once, in a later turn, when the node is in no list any more. The result
     * is borrowed. */
    void (*on_done)(void *owner, const struct webhook_result *result);
    void *owner;
};

struct alerts_means {
    void *owner;
    const struct alert_book *book; /* borrowed */
    /* The alert is in the book. */
    void (*acknowledge)(void *owner, uint64_t id, const char *by,
                        const char *comment);
    /* The new mute; NULL: there are too many. Copies the wish. */
    const struct alert_mute *(*mute)(void *owner,
                                     const struct alert_mute *wish);
    /* The mute that has ended, for alert_mute_free; NULL: there is none. */
    struct alert_mute *(*unmute)(void *owner, uint64_t id, const char *by);
    /* Mutes that are over go. */
    void (*expire)(void *owner);
    /* The rule at this index; false: there are no more. NULL: no engine. */
    bool (*rule)(void *owner, size_t index, struct alert_rule_state *ret);
    bool (*webhook)(void *owner, size_t index, struct webhook_state *ret);
    enum webhook_asked (*test)(void *owner, const char *webhook,
                               struct alerts_test *waiter);
};

#endif
