/*
 * A null modem to the console of another VM, which the service URI names.
 */
#include "core/directory.h"
#include "log/log_words.h"
#include "session/service/service_private.h"

#include <string.h>

static bool is_meant(const struct service *s, const char *uuid,
                     const struct console *c)
{
    const struct uri *uri = &s->uri;

    if (c == s->console ||
        (strcmp(c->uuid, uuid) != 0 && strcmp(c->name, uri->console) != 0))
        return false;
    return uri->console_label[0] == '\0' ||
           strcmp(c->label, uri->console_label) == 0;
}

/* NULL: there is none, or more than one; why says which. Looked for at each
 * try: the other VM may come, go or be renamed. A walk over all consoles, since
 * names are not a key; tries are seconds apart. */
static struct console *find_console(const struct service *s, const char **why)
{
    struct directory_cursor cursor = { 0 };
    struct console *found = NULL;
    struct console *c;
    char uuid[TEXT_ID_MAX + 1] = "";

    (void)text_uuid(uuid, slice_of_text(s->uri.console));
    *why = "no other console has that name or UUID";
    while ((c = directory_next(s->ctx->directory, &cursor)) != NULL) {
        if (!is_meant(s, uuid, c))
            continue;
        if (found != NULL) {
            *why = "several consoles have that name or UUID; use "
                   "vspc://UUID/LABEL";
            return NULL;
        }
        found = c;
    }
    return found;
}

static void service_modem_on_end(void *owner, const char *reason)
{
    struct service *s = owner;

    s->modem = NULL;
    if (console_has_vm(s->console))
        service_try_later(s, reason);
}

/* Both VMs may ask for a cable to each other; two would carry each byte twice.
 * The one that comes second looks again later, for the other may unplug its
 * own. */
static bool is_plugged_in_by(const struct console *other,
                             const struct console *c)
{
    const struct service *s = other->service;

    return s != NULL && s->modem != NULL && null_modem_is_at(s->modem, c);
}

static void service_modem_open(struct service *s)
{
    struct console_name name = console_name(s->console);
    const char *why;
    struct console *other = find_console(s, &why);

    if (other == NULL) {
        service_try_later(s, why);
        return;
    }
    if (is_plugged_in_by(other, s->console)) {
        service_look_again(s);
        return;
    }
    s->modem =
        null_modem_connect(s->ctx, s->console, other, service_modem_on_end, s);
    if (s->modem == NULL) {
        service_try_later(
            s, "one of the two consoles has reached its limit of clients");
        return;
    }
    log_audit(service_is_open(s), service_peer(s), console_id(s->console).text,
              LOG_NULL_MODEM " console=%s id=%s other=%s other-id=%s",
              LOG_TEXT(name.text), LOG_TEXT(console_id(s->console).text),
              LOG_TEXT(console_name(other).text),
              LOG_TEXT(console_id(other).text));
}

static void unplug(struct service *s)
{
    null_modem_disconnect(s->modem);
    s->modem = NULL;
}

static void service_modem_close(struct service *s, const char *reason)
{
    (void)reason; /* a null modem has no line in the log at its end */
    unplug(s);
}

static enum service_state service_modem_state(const struct service *s)
{
    return s->modem != NULL ? SERVICE_CONNECTED : SERVICE_IDLE;
}

const struct service_ops service_modem_ops = {
    .open = service_modem_open,
    .pause = unplug,
    .close = service_modem_close,
    .state = service_modem_state,
};
