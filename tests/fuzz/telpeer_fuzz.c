/*
 * Whatever a peer sends: the same events and answers however it is cut, and
 * never more answers than questions. The first byte of the input seeds the
 * cuts.
 */
#include "proto/telpeer.h"

#include <stdlib.h>

enum { MAX = 1 << 24 };

static const struct telpeer_policy policy = {
    .options = { { TELNET_OPTION_BINARY, true, true },
                 { TELNET_OPTION_SGA, true, true },
                 { TELNET_OPTION_ECHO, true, false },
                 { TELNET_OPTION_COM_PORT, false, true },
                 { TELNET_OPTION_VMWARE, false, true } },
    .count = 5,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void add(struct buf *to, struct slice bytes)
{
    require(buf_append(to, bytes) == 0);
}

/* Data is a run of bytes whatever its slices; the rest stands between. */
static void add_event(struct buf *to, enum telpeer_event event,
                      const struct telpeer_item *item)
{
    uint8_t head[5] = { TELNET_IAC, (uint8_t)event };

    if (event == TELPEER_COMMAND)
        head[2] = item->verb;
    else if (event != TELPEER_DATA)
        head[2] = item->option;
    if (event == TELPEER_OPTION) {
        head[3] = item->side;
        head[4] = item->is_on;
    }
    if (event != TELPEER_DATA)
        add(to, slice_of(head, sizeof head));
    if (event == TELPEER_DATA || event == TELPEER_SUBOPTION)
        add(to, item->body);
}

/* copying: data goes the fast way where there is one. */
static void take_events(struct telpeer *p, struct slice in, bool copying,
                        struct buf *events, struct buf *out)
{
    struct telpeer_item item;
    enum telpeer_event event = TELPEER_NEED_MORE;

    for (;;) {
        uint8_t to[64];

        if (copying)
            add(events, slice_of(to, telpeer_copy_data(p, &in, to, sizeof to)));
        require(telpeer_next(p, &in, out, &event, &item) == 0);
        if (event == TELPEER_NEED_MORE)
            break;
        add_event(events, event, &item);
    }
    require(in.len == 0);
}

/* seed NULL: in one piece. Pieces lie in memory of their own. */
static void run(struct slice in, uint32_t *seed, struct buf *events,
                struct buf *out)
{
    struct telpeer p;

    telpeer_init(&p, &policy);
    require(telpeer_enable(&p, TELPEER_US, TELNET_OPTION_ECHO, out) == 0);
    require(telpeer_enable(&p, TELPEER_PEER, TELNET_OPTION_BINARY, out) == 0);
    require(telpeer_disable(&p, TELPEER_PEER, TELNET_OPTION_BINARY, out) == 0);
    while (in.len > 0) {
        size_t len = in.len;
        uint8_t *copy;

        if (seed != NULL) {
            *seed = *seed * 1664525 + 1013904223;
            len = *seed >> 30 != 0 ? 9 : 150;
            len = 1 + (*seed >> 8) % (in.len < len ? in.len : len);
        }
        copy = malloc(len);
        require(copy != NULL);
        memcpy(copy, in.data, len);
        take_events(&p, slice_of(copy, len), seed != NULL, events, out);
        free(copy);
        in = slice_after(in, len);
    }
    telpeer_done(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct buf events[2], out[2];
    uint32_t seed;

    if (len < 2)
        return 0;
    seed = bytes[0];
    for (int i = 0; i < 2; i++) {
        buf_init(&events[i], MAX);
        buf_init(&out[i], MAX);
        run(slice_of(bytes + 1, len - 1), i == 0 ? NULL : &seed, &events[i],
            &out[i]);
    }
    require(slice_is_equal(buf_bytes(&events[0]), buf_bytes(&events[1])));
    require(slice_is_equal(buf_bytes(&out[0]), buf_bytes(&out[1])));
    require(out[0].len <= len - 1 + 6); /* 6: what we asked for ourselves */
    for (int i = 0; i < 2; i++) {
        buf_done(&events[i]);
        buf_done(&out[i]);
    }
    return 0;
}
