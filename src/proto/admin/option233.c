/* Body: a command, then its payload. LIST's is "id NUL name NUL uri" for each
 * port, with NULs between the ports and none at the end. */
#include "proto/admin/option233.h"

#include "base/text.h"

#include <errno.h>

enum command {
    GET_LIST = 0x10,
    LIST = 0x11,
    SET_CONNECTION = 0x20,
    CONNECTED = 0x21,
    DISCONNECTED = 0x22,
};

static bool is_utf8(struct slice s)
{
    while (s.len > 0) {
        uint32_t code;
        size_t len = text_character(s, &code);

        if (len == 0)
            return false;
        s = slice_after(s, len);
    }
    return true;
}

static struct option233_message parse_set_connection(struct slice payload)
{
    struct option233_message m = { .kind = OPTION233_WRONG };

    if (payload.len == 0) {
        m.kind = OPTION233_DISCONNECT;
        return m;
    }
    m.mode = payload.data[0];
    m.id = slice_after(payload, 1);
    if (m.id.len > 0 && is_utf8(m.id))
        m.kind = OPTION233_CONNECT;
    return m;
}

struct option233_message option233_parse(struct slice body)
{
    struct option233_message m = { .kind = OPTION233_WRONG };

    if (body.len == 0)
        return m;
    if (body.data[0] == GET_LIST && body.len == 1)
        m.kind = OPTION233_GET_LIST;
    if (body.data[0] == SET_CONNECTION)
        return parse_set_connection(slice_after(body, 1));
    return m;
}

struct slice option233_state(bool is_connected)
{
    static const uint8_t states[2] = { DISCONNECTED, CONNECTED };

    return slice_of(&states[is_connected], 1);
}

int option233_put_list(struct buf *to)
{
    static const uint8_t list = LIST;

    return buf_append(to, slice_of(&list, 1));
}

int option233_put_port(struct buf *to, const char *id, const char *name,
                       const char *uri)
{
    static const char none[] = "";
    /* Behind the command alone there is no port to be set apart from. */
    const struct slice pieces[] = { slice_of(none, to->len > 1 ? 1 : 0),
                                    slice_of(id, strlen(id) + 1),
                                    slice_of(name, strlen(name) + 1),
                                    slice_of_text(uri) };
    size_t len = 0;
    uint8_t *room;

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        len += pieces[i].len;
    if (len > to->max - to->len)
        return -ENOBUFS;
    room = buf_reserve(to, len);
    if (room == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        memcpy(room, pieces[i].data, pieces[i].len);
        room += pieces[i].len;
    }
    buf_added(to, len);
    return 0;
}
