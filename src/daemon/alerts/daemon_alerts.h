/*
 * daemon_alerts.h - what is done about what rules find: the book of alerts
 * (alert/book/alert_book.h), and everybody who is told of a new one: the log,
 * events, hooks, webhooks. What must survive a restart goes to the state.
 */
#ifndef DAEMON_ALERTS_DAEMON_ALERTS_H
#define DAEMON_ALERTS_DAEMON_ALERTS_H

#include "alert/book/alert_book.h"
#include "api/alerts_means.h"
#include "base/err.h"
#include "conf/options.h"
#include "core/census/census.h"
#include "webhook/webhooks.h"

struct event_hub;
struct loop;
struct store_note;
struct waker;

/* All borrowed. */
struct alerts_links {
    const struct settings *settings; /* always the present ones */
    struct loop *loop;
    struct event_hub *events;
    const struct directory *directory;
    /* url: of the line in the page; NULL: not known. */
    void (*tell_hooks)(void *owner, const struct alert_item *item,
                       const char *url);
    /* Keeps a note over a restart; the state, which is opened after the alerts
     * and closed before them. */
    void (*put_note)(void *owner, const struct store_note *note);
    /* The rule in force at this index, of alert_engine_rule. */
    bool (*rule)(void *owner, size_t index, struct alert_rule_state *ret);
    void *owner;
    uint64_t seed[2]; /* random; for map_hash */
};

struct daemon_alerts {
    struct alerts_links links;
    struct alert_book book;
    struct webhooks *webhooks;
    struct waker *waker; /* webhooks have results */
    struct list tests;   /* struct alerts_test.node */
    struct alerts_means means;
    bool is_ending; /* nobody is told any more */
};

/* 0, or negative with err filled. a must not move. */
int daemon_alerts_open(struct daemon_alerts *a,
                       const struct alerts_links *links, struct err *err);
void daemon_alerts_close(struct daemon_alerts *a);

/* The settings have changed; they are valid. */
void daemon_alerts_use(struct daemon_alerts *a);

/* The engine has found something: its callback on_found. */
void daemon_alerts_found(struct daemon_alerts *a,
                         const struct alert_found *found);

/* For the state: what it has kept; and that it has lost what it had. */
void daemon_alerts_load(struct daemon_alerts *a, const struct store_note *note);
void daemon_alerts_keep_all(struct daemon_alerts *a);

/* The program's end has begun. */
void daemon_alerts_end(struct daemon_alerts *a);

/* Logs what was loaded. */
void daemon_alerts_log(const struct daemon_alerts *a);

void daemon_alerts_count(const struct daemon_alerts *a, struct census *census);

#endif
