/*
 * Two properties: what is decoded does not depend on how the input is cut;
 * what is encoded decodes to itself, however the writes end. The first byte
 * of the input chooses line ends, the second seeds the cuts.
 */
#include "proto/telnet_decode.h"
#include "proto/telnet_encode.h"

#include <stdlib.h>

enum { MAX = 1 << 24 };

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
static void add_event(struct buf *to, enum telnet_event event,
                      const struct telnet_item *item)
{
    const uint8_t head[] = {
        TELNET_IAC, (uint8_t)event,
        event == TELNET_COMMAND || event == TELNET_NEGOTIATION ? item->verb : 0,
        event == TELNET_COMMAND ? 0 : item->option
    };

    if (event == TELNET_DATA) {
        require(item->body.len > 0);
        add(to, item->body);
        return;
    }
    add(to, slice_of(head, sizeof head));
    if (event == TELNET_SUBOPTION)
        add(to, item->body);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* What is behind the copied bytes stays as it is. */
static void copy_data(struct telnet_decoder *d, struct slice *in,
                      uint32_t random, struct buf *events)
{
    size_t room = 1 + random % 80;
    uint8_t *to = malloc(room);
    size_t copied;

    require(to != NULL);
    memset(to, 42, room);
    copied = telnet_copy_data(d, in, to, room);
    require(copied <= room);
    for (size_t i = copied; i < room; i++)
        require(to[i] == 42);
    add(events, slice_of(to, copied));
    free(to);
}

/* seed NULL: in one piece and as events only. Pieces lie in memory of their
 * own, most are short. */
static void decode(enum telnet_line_ends lines, struct slice in, uint32_t *seed,
                   struct buf *events)
{
    struct telnet_decoder d;

    telnet_decoder_init(&d, lines);
    while (in.len > 0) {
        size_t len = in.len;
        struct telnet_item item;
        enum telnet_event event;
        struct slice piece;
        uint8_t *copy;

        if (seed != NULL)
            len = 1 + next_random(seed) % (next_random(seed) % 4 ? 9 : 200);
        if (len > in.len)
            len = in.len;
        copy = malloc(len);
        require(copy != NULL);
        memcpy(copy, in.data, len);
        piece = slice_of(copy, len);
        do {
            if (seed != NULL)
                copy_data(&d, &piece, next_random(seed), events);
            event = telnet_next(&d, &piece, &item);
            if (event != TELNET_NEED_MORE)
                add_event(events, event, &item);
        } while (event != TELNET_NEED_MORE);
        require(piece.len == 0);
        free(copy);
        in = slice_after(in, len);
    }
    telnet_decoder_done(&d);
}

static void check_cuts(enum telnet_line_ends lines, struct slice in,
                       uint32_t seed)
{
    struct buf whole, cut;

    buf_init(&whole, MAX);
    buf_init(&cut, MAX);
    decode(lines, in, NULL, &whole);
    decode(lines, in, &seed, &cut);
    require(slice_is_equal(buf_bytes(&whole), buf_bytes(&cut)));
    buf_done(&whole);
    buf_done(&cut);
}

static void write_batch(const struct telnet_batch *b, size_t sent,
                        struct buf *wire)
{
    for (int i = 0; sent > 0; i++) {
        size_t len = b->part[i].iov_len < sent ? b->part[i].iov_len : sent;

        add(wire, slice_of(b->part[i].iov_base, len));
        sent -= len;
    }
}

static void encode(struct telnet_encoder *e, struct slice data, uint32_t *seed,
                   struct buf *wire)
{
    static struct telnet_batch batch;

    while (data.len > 0 || telnet_encoder_owes(e)) {
        size_t first = next_random(seed) % (data.len + 1), sent;
        struct slice in[2] = { slice_of(data.data, first),
                               slice_after(data, first) };

        telnet_encode(e, in, &batch);
        sent = next_random(seed) % (batch.bytes + 1);
        if (next_random(seed) % 2 == 0)
            sent = batch.bytes;
        write_batch(&batch, sent, wire);
        data = slice_after(data, telnet_encode_sent(e, &batch, sent));
    }
}

/* With NVT rules a printer's decoder undoes exactly what the encoder does. */
static void check_round_trip(bool is_nvt, struct slice data, uint32_t seed)
{
    struct telnet_encoder pieces = { .is_nvt = is_nvt };
    struct telnet_encoder whole = { .is_nvt = is_nvt };
    struct buf wire, appended, back;

    buf_init(&wire, MAX);
    buf_init(&appended, MAX);
    buf_init(&back, MAX);
    encode(&pieces, data, &seed, &wire);
    require(telnet_encode_append(&whole, data, &appended) == 0);
    require(slice_is_equal(buf_bytes(&wire), buf_bytes(&appended)));
    require(pieces.after_cr == whole.after_cr);
    decode(is_nvt ? TELNET_LINES_PRINTER : TELNET_LINES_BINARY,
           buf_bytes(&wire), NULL, &back);
    require(slice_is_equal(buf_bytes(&back), data));
    buf_done(&wire);
    buf_done(&appended);
    buf_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice in;

    if (len < 3)
        return 0;
    in = slice_of(bytes + 2, len - 2);
    check_cuts((enum telnet_line_ends)(bytes[0] % 3), in, bytes[1]);
    check_round_trip(bytes[0] % 2 != 0, in, bytes[1]);
    return 0;
}
