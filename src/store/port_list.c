#include "store/port_list.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { UUID_DIGITS = 32, PORT_MAX = 65535, PORT_DIGITS = 5 };

static struct slice trim(struct slice s)
{
    while (s.len > 0 && isspace(s.data[0]))
        s = slice_after(s, 1);
    while (s.len > 0 && isspace(s.data[s.len - 1]))
        s.len--;
    return s;
}

/* The length of the UUID at the front of s; 0: none. */
static size_t uuid_len(struct slice s)
{
    int digits = 0;
    size_t i;

    for (i = 0; i < s.len && digits < UUID_DIGITS; i++) {
        if (isxdigit(s.data[i]))
            digits++;
        else if (s.data[i] != '-' || digits == 0)
            return 0;
    }
    if (digits < UUID_DIGITS || (i < s.len && s.data[i] != '_'))
        return 0;
    return i;
}

/* The place of the last colon before at; s.len: none. */
static size_t colon_before(struct slice s, size_t at)
{
    while (at > 0) {
        if (s.data[--at] == ':')
            return at;
    }
    return s.len;
}

/* The place of the colon in "NAME:UUID" or "NAME:UUID_LABEL". The form of a
 * UUID tells this colon from those in name and label. */
static size_t find_uuid(struct slice s)
{
    size_t at = colon_before(s, s.len);

    while (at < s.len && uuid_len(slice_after(s, at + 1)) == 0) {
        size_t next = colon_before(s, at);

        if (next == s.len)
            break;
        at = next;
    }
    if (at < s.len && uuid_len(slice_after(s, at + 1)) > 0)
        return at;
    /* Not a VMware UUID: it has no label, and no colon. */
    return colon_before(s, s.len);
}

/* False: text is no port. */
static bool read_port(struct slice text, uint16_t *ret)
{
    char digits[PORT_DIGITS + 1] = "";
    unsigned long port;

    if (text.len == 0 || text.len > PORT_DIGITS)
        return false;
    memcpy(digits, text.data, text.len);
    if (!text_number(digits, PORT_MAX, &port) || port == 0)
        return false;
    *ret = (uint16_t)port;
    return true;
}

/* The name without the label behind it. */
static struct slice bare_name(struct slice name, struct slice label)
{
    size_t tail = label.len + 1;

    if (label.len > 0 && name.len > tail && name.data[name.len - tail] == '_' &&
        memcmp(name.data + name.len - label.len, label.data, label.len) == 0)
        name.len -= tail;
    return name;
}

static int fail(struct err *err, const char *what)
{
    err_set(err, "%s: expected NAME:UUID:PORT", what);
    return -EINVAL;
}

int port_list_parse(struct slice line, struct port_list_entry *ret_entry,
                    struct err *err)
{
    struct port_list_entry entry = { 0 };
    struct slice head = trim(line);
    struct slice name, uuid, label = { 0 };
    size_t colon, len;

    if (head.len == 0 || head.data[0] == '#')
        return PORT_LIST_EMPTY;
    colon = colon_before(head, head.len);
    if (colon == head.len)
        return fail(err, "has no colon");
    if (!read_port(slice_after(head, colon + 1), &entry.port))
        return fail(err, uuid_len(slice_after(head, colon + 1)) > 0
                             ? "has no port"
                             : "ends with no port from 1 to 65535");
    head.len = colon;
    colon = find_uuid(head);
    if (colon == head.len)
        return fail(err, "has no UUID");
    name = (struct slice){ head.data, colon };
    uuid = slice_after(head, colon + 1);
    len = uuid_len(uuid);
    if (len > 0 && len < uuid.len) {
        label = slice_after(uuid, len + 1);
        uuid.len = len;
    }
    if (!text_uuid(entry.uuid, uuid))
        return fail(err, "has no UUID");
    text_clean(entry.label, sizeof entry.label, label);
    if (text_clean(entry.name, sizeof entry.name, bare_name(name, label)) == 0)
        memcpy(entry.name, entry.uuid, sizeof entry.name);
    *ret_entry = entry;
    return 0;
}
