/*
 * event_hub.h - all that happens, in a ring, and those who listen to it.
 *
 * A listener is a place in the ring and a wish. It takes one event at a time,
 * at its own pace, and holds nobody: whoever is too slow is told how many
 * events are gone. What it may see is judged when it takes the event, by the
 * rules of that moment: an event of a console needs the right to read it (one
 * that has gone is judged by the name that it had), an audit event the right to
 * administer the server.
 *
 * An event has an id, "EPOCH-NUMBER", with which a listener that comes again
 * continues. The epoch is another one in each run of the program.
 *
 * Audit lines become events only while somebody listens to them, and for
 * EVENT_AUDIT_LINGER_US after that, so that whoever comes again has missed
 * none; one that comes later is told of a gap.
 *
 * On the loop's thread. Opened once; outlives all listeners.
 */
#ifndef API_EVENTS_EVENT_HUB_H
#define API_EVENTS_EVENT_HUB_H

#include "access/principal.h"
#include "api/events/event_ring.h"
#include "base/deadline.h"
#include "base/err.h"

struct event_hub;
struct event_listener;
struct session_context;

enum {
    EVENT_LISTENERS_MAX = 512,
    EVENT_ID_MAX = 48, /* bytes with the NUL */
    EVENT_BEAT_US = 15 * 1000 * 1000,
    EVENT_AUDIT_LINGER_US = 5 * 60 * 1000 * 1000,
};

struct event_hub *event_hub_open(struct session_context *ctx);
/* Takes NULL. */
void event_hub_close(struct event_hub *hub);

/* The event is the hub's from now on. From anywhere: whoever listens is only
 * told that there is something. */
void event_hub_add(struct event_hub *hub, struct event *e);

/* Texts are borrowed for the call. */
struct event_wish {
    const char *kinds; /* "vm-up,vm-down"; NULL: all but audit */
    const char *match; /* a pattern for consoles; NULL: all */
    const char *after; /* an id; "0": from the oldest one that is kept on; NULL:
                        * what comes from now on */
    bool has_audit;    /* audit events, too */
};

enum event_outcome {
    EVENT_LISTENS,
    EVENT_BAD_WISH,
    EVENT_TOO_MANY, /* EVENT_LISTENERS_MAX */
    EVENT_NO_RIGHT, /* for audit events */
};

struct event_listener_ops {
    /* There is something to take. Notes it, and takes nothing. Not called again
     * before event_listener_take has said EVENT_NONE. */
    void (*on_news)(struct event_listener *l);
};

struct event_listener {
    const struct event_listener_ops *ops;
    struct event_hub *hub;       /* NULL: it does not listen */
    const struct principal *who; /* its owner's */
    struct list node;            /* in hub->waiting, while it has taken all */
    struct deadline beat;
    char *match;
    uint64_t next;     /* the number of the event to be taken */
    uint32_t kinds;    /* bits 1 << enum event_kind */
    bool is_foreign;   /* it has come with an id of another run, or one that
                        * was never given */
    bool misses_audit; /* not all of them became events */
    bool is_beat_due;
};

/* who must last as long as the listener. Anything but LISTENS: err says why
 * not, and the listener needs no end. */
enum event_outcome event_listener_begin(struct event_listener *l,
                                        struct event_hub *hub,
                                        const struct principal *who,
                                        const struct event_listener_ops *ops,
                                        const struct event_wish *wish,
                                        struct err *ret);
/* Takes one that does not listen. */
void event_listener_end(struct event_listener *l);

enum event_taken {
    EVENT_NONE,   /* on_news will tell */
    EVENT_SHOWN,  /* json, id */
    EVENT_HIDDEN, /* one that it does not want, or may not see */
    EVENT_GAP,    /* events are gone: json says how many; id */
    EVENT_BEAT,   /* nothing has come for EVENT_BEAT_US: id */
};

struct event_item {
    char id[EVENT_ID_MAX]; /* to continue behind it */
    char head[EVENT_ID_MAX + 128];
    struct slice json[2]; /* an object, in two parts; good until the next event
                           * is added */
};

enum event_taken event_listener_take(struct event_listener *l,
                                     struct event_item *ret);

/* Continues where the listener is. */
void event_listener_id(const struct event_listener *l, char to[EVENT_ID_MAX]);

#endif
