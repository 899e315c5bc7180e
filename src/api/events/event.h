/*
 * event.h - what has happened, as programs are told of it: a kind, the console
 * that it is about, and a JSON object in one line.
 *
 * An event is made of a draft, once, when it happens, and never changes. All
 * texts in its JSON are valid UTF-8 without control characters, and bounded.
 */
#ifndef API_EVENTS_EVENT_H
#define API_EVENTS_EVENT_H

#include "base/limits.h"
#include "base/network.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct console;

/* The first ones are those that hooks are run on, by the same names. */
enum event_kind {
    EVENT_VM_NEW,
    EVENT_VM_UP,
    EVENT_VM_DOWN,
    EVENT_VM_RENAMED,
    EVENT_VM_EXPIRED,
    EVENT_VM_MOVED,
    EVENT_VM_MOVE_FAILED,
    EVENT_VM_TAKEN_OVER,
    EVENT_VM_TAKEOVER_REFUSED,
    EVENT_CLIENT_ATTACHED,
    EVENT_CLIENT_DETACHED,
    EVENT_CLIENT_LAGS,
    EVENT_OUTPUT_LOST,
    EVENT_MOVE_DESTINATION,
    EVENT_KEYBOARD_TAKEN,
    EVENT_KEYBOARD_LOCKED,
    EVENT_KEYBOARD_UNLOCKED,
    EVENT_LOG_GAP,
    EVENT_LIMIT_REACHED,
    EVENT_ALERT,
    EVENT_ALERT_ACKNOWLEDGED,
    EVENT_ALERT_MUTED, /* or not any more; about no console */
    EVENT_RECORDING_STARTED,
    EVENT_RECORDING_ENDED,
    EVENT_AUDIT, /* a line of the audit log; about no console */
};
enum { EVENT_KIND_COUNT = EVENT_AUDIT + 1 };

/* "vm-up" */
const char *event_kind_name(enum event_kind kind);

/* Bits 1 << kind of names separated by commas. False: bad is the first one that
 * is no name. */
bool event_kinds_parse(const char *names, uint32_t *ret_kinds,
                       struct slice *ret_bad);

enum {
    EVENT_TEXT_MAX = 384, /* bytes of a value with its NUL; longer ones are
                           * cut */
    EVENT_JSON_MAX = 16 * KIB,
};

struct event {
    uint64_t number; /* its owner's: event_ring.h */
    struct ip host;  /* of its console, for the rules; all zeros: none */
    const char *uuid, *label, *name; /* of its console; "": none */
    struct slice json; /* members, and the bracket that closes the object */
    uint8_t kind;      /* enum event_kind */
};

/* On the stack of whoever makes an event. Texts that it borrows must last until
 * its end. */
struct event_draft {
    enum event_kind kind;
    struct ip host;
    const char *uuid, *label, *name;
    size_t len;
    char json[EVENT_JSON_MAX];
};

/* utc_ms: when it has happened. */
void event_draft_begin(struct event_draft *d, enum event_kind kind,
                       int64_t utc_ms);

/* What there is to say of a console: its id, names and port; of one that is
 * known by these texts alone, port 0: none. */
void event_draft_console(struct event_draft *d, const struct console *c);
void event_draft_identity(struct event_draft *d, const char *uuid,
                          const char *label, const char *name, uint16_t port);

/* key is plain. A text of NULL or "" is left out. */
void event_draft_text(struct event_draft *d, const char *key, const char *text);
void event_draft_number(struct event_draft *d, const char *key,
                        uint64_t number);
void event_draft_flag(struct event_draft *d, const char *key, bool flag);
void event_draft_json(struct event_draft *d, const char *key,
                      struct slice json);

/* One allocation, for free(). */
struct event *event_draft_end(struct event_draft *d);

#endif
