/*
 * The JSON is written here and not by a library, because each event of each VM
 * passes, whether somebody listens or not. A value that has no room is left
 * out; EVENT_JSON_MAX has room for all that an event has.
 */
#include "api/events/event.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/console.h"
#include "session/client/console_port.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_VM_NEW] = "vm-new",
    [EVENT_VM_UP] = "vm-up",
    [EVENT_VM_DOWN] = "vm-down",
    [EVENT_VM_RENAMED] = "vm-renamed",
    [EVENT_VM_EXPIRED] = "vm-expired",
    [EVENT_VM_MOVED] = "vm-moved",
    [EVENT_VM_MOVE_FAILED] = "vm-move-failed",
    [EVENT_VM_TAKEN_OVER] = "vm-taken-over",
    [EVENT_VM_TAKEOVER_REFUSED] = "vm-takeover-refused",
    [EVENT_CLIENT_ATTACHED] = "client-attached",
    [EVENT_CLIENT_DETACHED] = "client-detached",
    [EVENT_CLIENT_LAGS] = "client-lags",
    [EVENT_OUTPUT_LOST] = "output-lost",
    [EVENT_MOVE_DESTINATION] = "move-destination",
    [EVENT_KEYBOARD_TAKEN] = "keyboard-taken",
    [EVENT_KEYBOARD_LOCKED] = "keyboard-locked",
    [EVENT_KEYBOARD_UNLOCKED] = "keyboard-unlocked",
    [EVENT_LOG_GAP] = "log-gap",
    [EVENT_LIMIT_REACHED] = "limit-reached",
    [EVENT_ALERT] = "alert",
    [EVENT_ALERT_ACKNOWLEDGED] = "alert-acknowledged",
    [EVENT_ALERT_MUTED] = "alert-muted",
    [EVENT_RECORDING_STARTED] = "recording-started",
    [EVENT_RECORDING_ENDED] = "recording-ended",
    [EVENT_AUDIT] = "audit",
};

const char *event_kind_name(enum event_kind kind)
{
    return (unsigned)kind < EVENT_KIND_COUNT ? kind_names[kind] : "?";
}

static bool find_kind(struct slice name, uint32_t *ret_kind)
{
    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        if (slice_is_equal(name, slice_of_text(kind_names[i]))) {
            *ret_kind = UINT32_C(1) << i;
            return true;
        }
    }
    return false;
}

bool event_kinds_parse(const char *names, uint32_t *ret_kinds,
                       struct slice *ret_bad)
{
    uint32_t kinds = 0;

    for (;;) {
        size_t len = strcspn(names, ",");
        uint32_t kind;

        if (!find_kind(slice_of(names, len), &kind)) {
            *ret_bad = slice_of(names, len);
            return false;
        }
        kinds |= kind;
        if (names[len] == '\0')
            break;
        names += len + 1;
    }
    *ret_kinds = kinds;
    return true;
}

/* ---- JSON --------------------------------------------------------------- */

/* Room for the bracket at the end stays. */
static bool has_room(const struct event_draft *d, size_t len)
{
    return len < sizeof d->json - d->len;
}

static void put(struct event_draft *d, const void *bytes, size_t len)
{
    memcpy(d->json + d->len, bytes, len);
    d->len += len;
}

static void put_key(struct event_draft *d, const char *key)
{
    if (d->len > 0)
        put(d, ",", 1);
    put(d, "\"", 1);
    put(d, key, strlen(key));
    put(d, "\":", 2);
}

enum { AROUND = 8 }; /* comma, quotes, colon */

void event_draft_json(struct event_draft *d, const char *key, struct slice json)
{
    if (!has_room(d, AROUND + strlen(key) + json.len))
        return;
    put_key(d, key);
    put(d, json.data, json.len);
}

/* Nearly every text is: it is as text_clean would have it. */
static bool is_plain(const char *text, size_t *ret_len)
{
    size_t len = 0;

    while (text[len] >= ' ' && text[len] <= '~' && len < EVENT_TEXT_MAX - 1)
        len++;
    *ret_len = len;
    return text[len] == '\0';
}

/* Of what text_clean leaves, only these two mean something to JSON. */
static void put_escaped(struct event_draft *d, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            d->json[d->len++] = '\\';
        d->json[d->len++] = text[i];
    }
}

void event_draft_text(struct event_draft *d, const char *key, const char *text)
{
    char clean[EVENT_TEXT_MAX];
    size_t len;

    if (text == NULL || text[0] == '\0' ||
        !has_room(d, AROUND + strlen(key) + 2 * sizeof clean))
        return;
    put_key(d, key);
    put(d, "\"", 1);
    if (is_plain(text, &len)) {
        put_escaped(d, text, len);
    } else {
        len = text_clean(clean, sizeof clean, slice_of_text(text));
        put_escaped(d, clean, len);
    }
    put(d, "\"", 1);
}

void event_draft_number(struct event_draft *d, const char *key, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);

    event_draft_json(d, key, slice_of(text, (size_t)len));
}

void event_draft_flag(struct event_draft *d, const char *key, bool flag)
{
    event_draft_json(d, key, slice_of_text(flag ? "true" : "false"));
}

/* ---- events ------------------------------------------------------------- */

void event_draft_begin(struct event_draft *d, enum event_kind kind,
                       int64_t utc_ms)
{
    char time[CLOCK_TEXT_LEN];

    d->kind = kind;
    d->host = (struct ip){ 0 };
    d->uuid = d->label = d->name = "";
    d->len = 0;
    clock_format_ms(time, utc_ms);
    event_draft_text(d, "event", event_kind_name(kind));
    event_draft_text(d, "time", time);
}

/* The members that hooks have, and the id by which the API finds it. */
static void put_console(struct event_draft *d, const char *id,
                        const char *shown, unsigned port)
{
    event_draft_text(d, "console_id", id);
    event_draft_text(d, "uuid", d->uuid);
    event_draft_text(d, "label", d->label);
    event_draft_text(d, "name", d->name);
    event_draft_text(d, "console", shown);
    if (port != 0)
        event_draft_number(d, "port", port);
}

void event_draft_console(struct event_draft *d, const struct console *c)
{
    d->uuid = c->uuid;
    d->label = c->label;
    d->name = c->name;
    d->host = console_host(c);
    put_console(d, console_id(c).text, console_name(c).text,
                c->port != NULL ? console_port_number(c->port) : 0);
}

void event_draft_identity(struct event_draft *d, const char *uuid,
                          const char *label, const char *name, uint16_t port)
{
    char id[2 * LIMIT_NAME + 2];

    d->uuid = uuid;
    d->label = label;
    d->name = name;
    snprintf(id, sizeof id, "%s/%s", uuid, label);
    put_console(d, id, name, port);
}

static const char *copy(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *to = memcpy(*at, text, size);

    *at += size;
    return to;
}

struct event *event_draft_end(struct event_draft *d)
{
    size_t texts = strlen(d->uuid) + strlen(d->label) + strlen(d->name) + 3;
    struct event *e;
    char *at;

    assert(d->len < sizeof d->json);
    d->json[d->len++] = '}';
    e = xmalloc(sizeof *e + texts + d->len);
    at = (char *)(e + 1);
    *e = (struct event){ .kind = (uint8_t)d->kind, .host = d->host };
    e->uuid = copy(&at, d->uuid);
    e->label = copy(&at, d->label);
    e->name = copy(&at, d->name);
    e->json = slice_of(memcpy(at, d->json, d->len), d->len);
    return e;
}
