#include "proto/naws.h"

#include "proto/telnet_encode.h"

/* RFC 1073: two 16-bit numbers, the more significant byte first. */
bool naws_parse(struct slice body, struct window *ret)
{
    const uint8_t *p = body.data;

    if (body.len != NAWS_LEN)
        return false;
    *ret = (struct window){
        .columns = (uint16_t)(p[0] << 8 | p[1]),
        .rows = (uint16_t)(p[2] << 8 | p[3]),
    };
    return true;
}

int naws_put(struct buf *out, struct window window)
{
    const uint8_t body[NAWS_LEN] = {
        (uint8_t)(window.columns >> 8),
        (uint8_t)window.columns,
        (uint8_t)(window.rows >> 8),
        (uint8_t)window.rows,
    };

    return telnet_put_suboption(out, TELNET_OPTION_NAWS,
                                slice_of(body, sizeof body));
}
