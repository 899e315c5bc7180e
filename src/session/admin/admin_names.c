/*
 * vSPC.py knows VMs by name and UUID, the kit by UUID and label. A VM with
 * several serial ports has several consoles here, so each is called as it is
 * shown everywhere, and its UUID has the label behind it.
 */
#include "base/text.h"
#include "session/admin/admin_session_private.h"

#include <stdio.h>

enum { HEX_DIGITS = 32 };

/* The digits of a UUID, without what stands between them. False: the VM has
 * given another text in place of a UUID. */
static bool digits_of(const char *uuid, char to[HEX_DIGITS + 1])
{
    size_t len = 0;

    if (!text_is_uuid(uuid))
        return false;
    for (; *uuid != '\0' && len < HEX_DIGITS; uuid++) {
        if (*uuid != '-')
            to[len++] = *uuid;
    }
    to[len] = '\0';
    return true;
}

static struct console_name join(const struct console *c, const char *uuid,
                                char between)
{
    struct console_name n;

    if (console_needs_label(c))
        snprintf(n.text, sizeof n.text, "%s%c%s", uuid, between, c->label);
    else
        snprintf(n.text, sizeof n.text, "%s", uuid);
    return n;
}

struct console_name admin_name_uuid(const struct console *c)
{
    char between = c->directory->settings.is_multi_console ? '_' : '/';
    char digits[HEX_DIGITS + 1];
    char uuid[HEX_DIGITS + 2];

    if (!digits_of(c->uuid, digits))
        return join(c, c->uuid, between);
    snprintf(uuid, sizeof uuid, "%.16s-%.16s", digits, digits + 16);
    return join(c, uuid, between);
}

struct console_name admin_name_port(const struct console *c)
{
    char digits[HEX_DIGITS + 1];

    if (!digits_of(c->uuid, digits))
        return join(c, c->uuid, '.');
    for (char *p = digits; *p != '\0'; p++) {
        if (*p >= 'a' && *p <= 'f')
            *p = (char)(*p - 'a' + 'A');
    }
    return join(c, digits, '.');
}

/* In whatever way it is written. */
static bool is_uuid_of(const struct console *c, struct slice text)
{
    char uuid[TEXT_ID_MAX + 1];

    return !console_needs_label(c) && text_uuid(uuid, text) &&
           text_is_uuid(uuid) && strcmp(uuid, c->uuid) == 0;
}

enum admin_name_match admin_name_matches(const struct console *c,
                                         struct slice text)
{
    if (slice_is_equal(text, slice_of_text(console_name(c).text)))
        return ADMIN_NAME_NAME;
    if (slice_is_equal(text, slice_of_text(admin_name_uuid(c).text)) ||
        slice_is_equal(text, slice_of_text(console_id(c).text)) ||
        is_uuid_of(c, text))
        return ADMIN_NAME_UUID;
    return ADMIN_NAME_OTHER;
}

/* Compared as a whole, exactly: small letters are none of the kit's. The digits
 * find the VM, which has few consoles. */
struct console *admin_name_find_port(const struct directory *d, struct slice id)
{
    char uuid[TEXT_ID_MAX + 1];
    struct console *c;

    if (!text_uuid(
            uuid, slice_of(id.data, id.len < HEX_DIGITS ? id.len : HEX_DIGITS)))
        return NULL;
    for (c = directory_find(d, uuid, NULL); c != NULL; c = c->next_of_vm) {
        if (slice_is_equal(id, slice_of_text(admin_name_port(c).text)))
            return c;
    }
    return NULL;
}
