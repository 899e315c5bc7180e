/*
 * hook_event.h - an event of a console, as texts, and the forms in which a
 * hook's program gets it: the environment and JSON.
 *
 * Names come from VMs. In an event that hook_event_copy has made, they are
 * valid UTF-8 without control characters, and bounded; they may still mean
 * something to a shell.
 */
#ifndef HOOK_HOOK_EVENT_H
#define HOOK_HOOK_EVENT_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

enum hook_kind {
    HOOK_VM_NEW,
    HOOK_VM_UP,
    HOOK_VM_DOWN,
    HOOK_VM_RENAMED,
    HOOK_VM_EXPIRED,
    HOOK_VM_MOVED,
    HOOK_VM_MOVE_FAILED,
    HOOK_VM_TAKEN_OVER,
    HOOK_VM_TAKEOVER_REFUSED,
    HOOK_CLIENT_ATTACHED,
    HOOK_CLIENT_DETACHED,
    HOOK_ALERT,
    HOOK_KINDS,
};

/* In the order of the JSON. */
enum hook_field {
    HOOK_UUID,
    HOOK_LABEL,
    HOOK_NAME,
    HOOK_OLD_NAME,
    HOOK_CONSOLE, /* the console's name as shown */
    HOOK_PORT,
    HOOK_PEER,
    HOOK_TLS,    /* "yes" or "no" */
    HOOK_CLIENT, /* its name: the subject of its certificate */
    HOOK_FROM,
    HOOK_TO,
    HOOK_MS,
    HOOK_REASON,
    HOOK_ALERT_ID,
    HOOK_RULE,
    HOOK_SEVERITY,
    HOOK_TEXT, /* of the line */
    HOOK_PLACE,
    HOOK_LINK,   /* URL of the line in the page */
    HOOK_FOLDER, /* of the VM in the inventory */
    HOOK_OWNER,
    HOOK_FIELDS,
};

enum {
    HOOK_TEXT_MAX = 384, /* bytes of a field; a longer text is cut */
    HOOK_PROGRAM_MAX = 1024,
};

struct hook_event {
    enum hook_kind kind;
    char time[CLOCK_TEXT_LEN];
    /* NULL: not in this event. UUID and LABEL are never NULL */
    const char *text[HOOK_FIELDS];
};

/* "vm-up" */
const char *hook_kind_name(enum hook_kind kind);

/* HOOK_KINDS: no kind has this name (len bytes). */
enum hook_kind hook_kind_find(const char *name, size_t len);

/* One allocation, for free(): owns all texts, which are clean. */
struct hook_event *hook_event_copy(const struct hook_event *event);

/* One object in one line, with the line's end; for free(). */
char *hook_event_json(const struct hook_event *event);

/* "VSPCD_EVENT=vm-up", ..., the variables that every program needs, NULL; one
 * allocation, for free(). */
char **hook_event_environment(const struct hook_event *event);

#endif
