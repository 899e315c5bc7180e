#include "hook/hook_event.h"

#include "base/mem.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[HOOK_KINDS] = {
    [HOOK_VM_NEW] = "vm-new",
    [HOOK_VM_UP] = "vm-up",
    [HOOK_VM_DOWN] = "vm-down",
    [HOOK_VM_RENAMED] = "vm-renamed",
    [HOOK_VM_EXPIRED] = "vm-expired",
    [HOOK_VM_MOVED] = "vm-moved",
    [HOOK_VM_MOVE_FAILED] = "vm-move-failed",
    [HOOK_VM_TAKEN_OVER] = "vm-taken-over",
    [HOOK_VM_TAKEOVER_REFUSED] = "vm-takeover-refused",
    [HOOK_CLIENT_ATTACHED] = "client-attached",
    [HOOK_CLIENT_DETACHED] = "client-detached",
    [HOOK_ALERT] = "alert",
};

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_YES_NO };

static const struct {
    const char *variable;
    const char *key;
    enum field_type type;
} fields[HOOK_FIELDS] = {
    [HOOK_UUID] = { "VSPCD_UUID", "uuid", FIELD_TEXT },
    [HOOK_LABEL] = { "VSPCD_LABEL", "label", FIELD_TEXT },
    [HOOK_NAME] = { "VSPCD_NAME", "name", FIELD_TEXT },
    [HOOK_OLD_NAME] = { "VSPCD_OLD_NAME", "old_name", FIELD_TEXT },
    [HOOK_CONSOLE] = { "VSPCD_CONSOLE", "console", FIELD_TEXT },
    [HOOK_PORT] = { "VSPCD_PORT", "port", FIELD_NUMBER },
    [HOOK_PEER] = { "VSPCD_PEER", "peer", FIELD_TEXT },
    [HOOK_TLS] = { "VSPCD_TLS", "tls", FIELD_YES_NO },
    [HOOK_CLIENT] = { "VSPCD_CLIENT", "client", FIELD_TEXT },
    [HOOK_FROM] = { "VSPCD_FROM", "from", FIELD_TEXT },
    [HOOK_TO] = { "VSPCD_TO", "to", FIELD_TEXT },
    [HOOK_MS] = { "VSPCD_MS", "ms", FIELD_NUMBER },
    [HOOK_REASON] = { "VSPCD_REASON", "reason", FIELD_TEXT },
    [HOOK_ALERT_ID] = { "VSPCD_ALERT", "alert", FIELD_NUMBER },
    [HOOK_RULE] = { "VSPCD_RULE", "rule", FIELD_TEXT },
    [HOOK_SEVERITY] = { "VSPCD_SEVERITY", "severity", FIELD_TEXT },
    [HOOK_TEXT] = { "VSPCD_TEXT", "text", FIELD_TEXT },
    [HOOK_PLACE] = { "VSPCD_PLACE", "place", FIELD_TEXT },
    [HOOK_LINK] = { "VSPCD_LINK", "link", FIELD_TEXT },
    [HOOK_FOLDER] = { "VSPCD_FOLDER", "folder", FIELD_TEXT },
    [HOOK_OWNER] = { "VSPCD_OWNER", "owner", FIELD_TEXT },
};

/* Nothing of vspcd's own environment: it differs between a shell and systemd,
 * and may hold secrets. */
static const char *const usual_variables[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
};

enum {
    USUAL_COUNT = sizeof usual_variables / sizeof usual_variables[0],
    VARIABLES_MAX = USUAL_COUNT + 2 + HOOK_FIELDS,
    VARIABLE_NAME_MAX = 24, /* with = and the NUL */
};

const char *hook_kind_name(enum hook_kind kind)
{
    return kind < HOOK_KINDS ? kind_names[kind] : "?";
}

enum hook_kind hook_kind_find(const char *name, size_t len)
{
    int kind = 0;

    while (kind < HOOK_KINDS && (strlen(kind_names[kind]) != len ||
                                 memcmp(kind_names[kind], name, len) != 0))
        kind++;
    return (enum hook_kind)kind;
}

struct hook_event *hook_event_copy(const struct hook_event *event)
{
    char clean[HOOK_FIELDS][HOOK_TEXT_MAX];
    size_t size[HOOK_FIELDS] = { 0 };
    size_t total = 0;
    struct hook_event *copy;
    char *at;

    for (int i = 0; i < HOOK_FIELDS; i++) {
        if (event->text[i] == NULL)
            continue;
        size[i] = text_clean(clean[i], sizeof clean[i],
                             slice_of_text(event->text[i])) +
                  1;
        total += size[i];
    }
    copy = xmalloc(sizeof *copy + total);
    *copy = *event;
    at = (char *)(copy + 1);
    for (int i = 0; i < HOOK_FIELDS; i++) {
        if (size[i] == 0)
            continue;
        copy->text[i] = memcpy(at, clean[i], size[i]);
        at += size[i];
    }
    return copy;
}

static json_t *json_of(enum field_type type, const char *text)
{
    switch (type) {
    case FIELD_NUMBER:
        return json_integer(strtoll(text, NULL, 10));
    case FIELD_YES_NO:
        return json_boolean(strcmp(text, "yes") == 0);
    case FIELD_TEXT:
        break;
    }
    return json_string(text);
}

char *hook_event_json(const struct hook_event *event)
{
    json_t *object = json_object();
    char *json;
    char *line;
    size_t len;

    json_object_set_new(object, "event",
                        json_string(hook_kind_name(event->kind)));
    json_object_set_new(object, "time", json_string(event->time));
    for (int i = 0; i < HOOK_FIELDS; i++) {
        if (event->text[i] != NULL)
            json_object_set_new(object, fields[i].key,
                                json_of(fields[i].type, event->text[i]));
    }
    json = json_dumps(object, 0);
    json_decref(object);
    /* It can only fail for want of memory. */
    len = json != NULL ? strlen(json) : 0;
    line = xmalloc(len + 2);
    if (len > 0)
        memcpy(line, json, len);
    memcpy(line + len, "\n", 2);
    free(json);
    return line;
}

/* The place of the variables: pointers, then the texts that they point to. */
struct writer {
    char **next;
    char *at;
    char *end;
};

static void add_variable(struct writer *w, const char *name,
                         const char *between, const char *value)
{
    int len = snprintf(w->at, (size_t)(w->end - w->at), "%s%s%s", name, between,
                       value);

    *w->next++ = w->at;
    w->at += len + 1;
}

char **hook_event_environment(const struct hook_event *event)
{
    size_t size = (VARIABLES_MAX + 1) * sizeof(char *);
    struct writer w;
    char **variables;

    for (int i = 0; i < USUAL_COUNT; i++)
        size += strlen(usual_variables[i]) + 1;
    size += (size_t)2 * (VARIABLE_NAME_MAX + CLOCK_TEXT_LEN);
    for (int i = 0; i < HOOK_FIELDS; i++) {
        if (event->text[i] != NULL)
            size += VARIABLE_NAME_MAX + strlen(event->text[i]);
    }
    variables = xcalloc(1, size);
    w = (struct writer){
        .next = variables,
        .at = (char *)(variables + VARIABLES_MAX + 1),
        .end = (char *)variables + size,
    };
    for (int i = 0; i < USUAL_COUNT; i++)
        add_variable(&w, usual_variables[i], "", "");
    add_variable(&w, "VSPCD_EVENT", "=", hook_kind_name(event->kind));
    add_variable(&w, "VSPCD_TIME", "=", event->time);
    for (int i = 0; i < HOOK_FIELDS; i++) {
        if (event->text[i] != NULL)
            add_variable(&w, fields[i].variable, "=", event->text[i]);
    }
    return variables;
}
