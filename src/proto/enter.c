#include "proto/enter.h"

#include "proto/telnet.h"

static struct slice take(struct slice *in, size_t len)
{
    struct slice taken = slice_of(in->data, len);

    *in = slice_after(*in, len);
    return taken;
}

struct slice enter_next(bool *is_behind_cr, struct slice *in, uint8_t *to,
                        size_t room)
{
    size_t used = 0, len = 0;

    if (in->len == 0)
        return *in;
    if (memchr(in->data, TELNET_LF, in->len) == NULL) {
        *is_behind_cr = in->data[in->len - 1] == TELNET_CR;
        return take(in, in->len);
    }
    for (; used < in->len && len < room; used++) {
        uint8_t byte = in->data[used];

        if (byte != TELNET_LF)
            to[len++] = byte;
        else if (!*is_behind_cr)
            to[len++] = TELNET_CR;
        *is_behind_cr = byte == TELNET_CR;
    }
    (void)take(in, used);
    return slice_of(to, len);
}

void enter_skip_rest(bool *is_behind_cr, struct slice *in)
{
    if (in->len == 0)
        return;
    if (*is_behind_cr && (in->data[0] == TELNET_LF || in->data[0] == '\0'))
        (void)take(in, 1);
    *is_behind_cr = false;
}
