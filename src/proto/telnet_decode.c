#include "proto/telnet_decode.h"

#include "proto/telnet_scan.h"

#include <assert.h>

void telnet_decoder_init(struct telnet_decoder *d, enum telnet_line_ends lines)
{
    *d = (struct telnet_decoder){ .state = TELNET_IN_DATA,
                                  .lines = (uint8_t)lines };
    buf_init(&d->suboption, TELNET_SUBOPTION_MAX);
}

void telnet_decoder_done(struct telnet_decoder *d)
{
    buf_done(&d->suboption);
}

static void advance(struct slice *in, size_t n)
{
    in->data += n;
    in->len -= n;
}

/* Bytes that belong to the CR before them, and are no data. */
static bool is_line_end_rest(const struct telnet_decoder *d, uint8_t byte)
{
    return byte == TELNET_NUL ||
           (byte == TELNET_LF && d->lines == TELNET_LINES_KEYBOARD);
}

/*
 * Hands out data from the front of *in, up to the first byte that is none. The
 * first given bytes are known to be data.
 *
 * A CR is never held for what may follow it: a guest would get a person's Enter
 * only with the next key. after_cr remembers it, and the LF or NUL that belongs
 * to it is dropped when it comes.
 */
static enum telnet_event take_data(struct telnet_decoder *d, struct slice *in,
                                   size_t given, struct telnet_item *item)
{
    const uint8_t *start = in->data;
    const uint8_t *end = start + in->len;
    const uint8_t *p = start + given;
    bool with_cr = d->lines != TELNET_LINES_BINARY;
    size_t len, skip = 0;

    d->after_cr = false;
    while ((p = telnet_scan_find(p, end, with_cr)) != NULL) {
        if (*p == TELNET_IAC)
            break;
        p++; /* the CR is data; the next byte decides */
        if (p == end || *p == TELNET_IAC) {
            d->after_cr = true;
            break;
        }
        if (is_line_end_rest(d, *p)) {
            skip = 1;
            break;
        }
    }
    if (p == NULL)
        p = end;
    len = (size_t)(p - start);
    /* The first half of a doubled 255 is the data, so it can be the last byte
     * of this slice. Not behind a CR: after_cr means that nothing has come
     * since. */
    if (skip == 0 && !d->after_cr && end - p >= 2 && p[1] == TELNET_IAC) {
        len++;
        skip = 1;
    }
    item->body = slice_of(start, len);
    advance(in, len + skip);
    return TELNET_DATA;
}

static enum telnet_event next_in_data(struct telnet_decoder *d,
                                      struct slice *in,
                                      struct telnet_item *item)
{
    uint8_t byte = in->data[0];

    if (byte == TELNET_IAC) {
        advance(in, 1);
        d->state = TELNET_IN_COMMAND;
        return TELNET_NEED_MORE;
    }
    if (d->after_cr) {
        d->after_cr = false;
        if (d->lines != TELNET_LINES_BINARY && is_line_end_rest(d, byte)) {
            advance(in, 1);
            return TELNET_NEED_MORE;
        }
    }
    return take_data(d, in, 0, item);
}

static enum telnet_event next_after_iac(struct telnet_decoder *d,
                                        struct slice *in,
                                        struct telnet_item *item)
{
    uint8_t byte = in->data[0];

    d->state = TELNET_IN_DATA;
    if (byte == TELNET_IAC)
        return take_data(d, in, 1, item);
    advance(in, 1);
    switch (byte) {
    case TELNET_WILL:
    case TELNET_WONT:
    case TELNET_DO:
    case TELNET_DONT:
        d->verb = byte;
        d->state = TELNET_IN_NEGOTIATION;
        return TELNET_NEED_MORE;
    case TELNET_SB:
        d->state = TELNET_IN_SB;
        return TELNET_NEED_MORE;
    case TELNET_SE:
        return TELNET_NEED_MORE;
    default:
        item->verb = byte;
        return TELNET_COMMAND;
    }
}

static enum telnet_event next_option(struct telnet_decoder *d, struct slice *in,
                                     struct telnet_item *item)
{
    item->verb = d->verb;
    item->option = in->data[0];
    advance(in, 1);
    d->state = TELNET_IN_DATA;
    return TELNET_NEGOTIATION;
}

/* IAC SB IAC SE is a subnegotiation without an option: it must end there. */
static void start_body(struct telnet_decoder *d, struct slice *in)
{
    d->option = in->data[0];
    d->is_oversized = false;
    d->state = d->option == TELNET_IAC ? TELNET_IN_BODY_IAC : TELNET_IN_BODY;
    advance(in, 1);
}

/* The body must still be read to its end, or its rest would be taken for
 * data. */
static enum telnet_event give_up_body(struct telnet_decoder *d,
                                      struct telnet_item *item)
{
    buf_done(&d->suboption);
    d->is_oversized = true;
    item->option = d->option;
    return TELNET_OVERSIZED;
}

static enum telnet_event keep_body(struct telnet_decoder *d, struct slice bytes,
                                   struct telnet_item *item)
{
    if (d->is_oversized)
        return TELNET_NEED_MORE;
    if (buf_append(&d->suboption, bytes) < 0)
        return give_up_body(d, item);
    return TELNET_NEED_MORE;
}

static enum telnet_event end_body(struct telnet_decoder *d, struct slice rest,
                                  struct telnet_item *item)
{
    d->state = TELNET_IN_DATA;
    if (d->is_oversized)
        return TELNET_NEED_MORE;
    /* A body within one input, as nearly all are, is handed out from where it
     * lies. */
    if (d->suboption.len == 0) {
        if (rest.len > TELNET_SUBOPTION_MAX)
            return give_up_body(d, item);
        item->body = rest;
    } else {
        if (buf_append(&d->suboption, rest) < 0)
            return give_up_body(d, item);
        item->body = buf_bytes(&d->suboption);
    }
    item->option = d->option;
    return TELNET_SUBOPTION;
}

static enum telnet_event next_in_body(struct telnet_decoder *d,
                                      struct slice *in,
                                      struct telnet_item *item)
{
    struct slice whole = *in;
    const uint8_t *iac = memchr(whole.data, TELNET_IAC, whole.len);
    size_t run = iac != NULL ? (size_t)(iac - whole.data) : whole.len;

    if (iac == NULL) {
        advance(in, run);
        return keep_body(d, whole, item);
    }
    if (whole.len - run >= 2 && iac[1] == TELNET_SE) {
        advance(in, run + 2);
        return end_body(d, slice_of(whole.data, run), item);
    }
    if (whole.len - run >= 2 && iac[1] == TELNET_IAC) {
        advance(in, run + 2);
        return keep_body(d, slice_of(whole.data, run + 1), item);
    }
    advance(in, run + 1);
    d->state = TELNET_IN_BODY_IAC;
    return keep_body(d, slice_of(whole.data, run), item);
}

/* The byte behind an IAC, if it is no command: both are data. */
static enum telnet_event keep_window(struct telnet_decoder *d, uint8_t byte,
                                     struct telnet_item *item)
{
    const uint8_t both[] = { TELNET_IAC, byte };

    return keep_body(d, slice_of(both, sizeof both), item);
}

static enum telnet_event next_after_body_iac(struct telnet_decoder *d,
                                             struct slice *in,
                                             struct telnet_item *item)
{
    struct slice byte = slice_of(in->data, 1);

    advance(in, 1);
    d->state = TELNET_IN_BODY;
    switch (byte.data[0]) {
    case TELNET_IAC:
        return keep_body(d, byte, item);
    case TELNET_SE:
        return end_body(d, slice_of(NULL, 0), item);
    case TELNET_WILL:
    case TELNET_WONT:
    case TELNET_DO:
    case TELNET_DONT:
        d->state = TELNET_IN_BODY_SKIP;
        return TELNET_NEED_MORE;
    default:
        if (d->option == TELNET_OPTION_NAWS && byte.data[0] < TELNET_SE)
            return keep_window(d, byte.data[0], item);
        return TELNET_NEED_MORE;
    }
}

/*
 * NAWS has four bytes, columns and rows. Some clients do not double a 255 in
 * them (RFC 1073 demands it). With 255 columns it stands before the rows' high
 * byte, which is no command: so the 255 is data. With 255 rows it stands before
 * IAC SE, and "IAC IAC SE" would be 255 and 240, in a subnegotiation that never
 * ends and swallows what the client types. But the four bytes are complete with
 * the 255, so the SE is the end.
 */
static bool is_whole_window(const struct telnet_decoder *d)
{
    enum { WINDOW_LEN = 4 };

    return d->suboption.len == WINDOW_LEN &&
           d->suboption.data[WINDOW_LEN - 1] == TELNET_IAC;
}

static enum telnet_event next_in_window(struct telnet_decoder *d,
                                        struct slice *in,
                                        struct telnet_item *item)
{
    struct slice byte = slice_of(in->data, 1);

    advance(in, 1);
    if (byte.data[0] == TELNET_IAC) {
        d->state = TELNET_IN_BODY_IAC;
        return TELNET_NEED_MORE;
    }
    if (byte.data[0] == TELNET_SE && is_whole_window(d))
        return end_body(d, slice_of(NULL, 0), item);
    return keep_body(d, byte, item);
}

/* One step. TELNET_NEED_MORE: continue with the rest of *in. */
static enum telnet_event step(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item)
{
    switch ((enum telnet_decoder_state)d->state) {
    case TELNET_IN_DATA:
        return next_in_data(d, in, item);
    case TELNET_IN_COMMAND:
        return next_after_iac(d, in, item);
    case TELNET_IN_NEGOTIATION:
        return next_option(d, in, item);
    case TELNET_IN_SB:
        start_body(d, in);
        return TELNET_NEED_MORE;
    case TELNET_IN_BODY:
        return d->option == TELNET_OPTION_NAWS ? next_in_window(d, in, item)
                                               : next_in_body(d, in, item);
    case TELNET_IN_BODY_IAC:
        return next_after_body_iac(d, in, item);
    case TELNET_IN_BODY_SKIP:
        advance(in, 1);
        d->state = TELNET_IN_BODY;
        return TELNET_NEED_MORE;
    case TELNET_DECODER_STATE_COUNT:
        break;
    }
    assert(false);
    return TELNET_NEED_MORE;
}

enum telnet_event telnet_next(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item)
{
    enum telnet_event event = TELNET_NEED_MORE;

    /* The body was handed out by the call before and is no longer used. Freed,
     * not kept for the next one: 10,000 idle connections do not need it. */
    if (d->state == TELNET_IN_DATA && d->suboption.data != NULL)
        buf_done(&d->suboption);
    while (event == TELNET_NEED_MORE && in->len > 0)
        event = step(d, in, item);
    return event;
}

size_t telnet_copy_data(struct telnet_decoder *d, struct slice *in, uint8_t *to,
                        size_t room)
{
    size_t copied = 0;

    if (d->state != TELNET_IN_DATA || d->lines != TELNET_LINES_BINARY)
        return 0;
    while (in->len > 0 && copied < room) {
        size_t most = in->len < room - copied ? in->len : room - copied;
        size_t run = telnet_scan_copy(to + copied, in->data, most, false);

        advance(in, run);
        copied += run;
        if (run == most)
            continue;
        /* A last IAC stays in *in for telnet_next, so that only telnet_next has
         * to keep a state. */
        if (in->len < 2 || in->data[1] != TELNET_IAC)
            break;
        advance(in, 2);
        to[copied++] = TELNET_IAC;
    }
    if (copied > 0)
        d->after_cr = false;
    return copied;
}

const char *telnet_decoder_state_name(enum telnet_decoder_state state)
{
    static const char *const names[TELNET_DECODER_STATE_COUNT] = {
        [TELNET_IN_DATA] = "data",
        [TELNET_IN_COMMAND] = "command",
        [TELNET_IN_NEGOTIATION] = "negotiation",
        [TELNET_IN_SB] = "sb",
        [TELNET_IN_BODY] = "body",
        [TELNET_IN_BODY_IAC] = "body-iac",
        [TELNET_IN_BODY_SKIP] = "body-skip",
    };

    return state < TELNET_DECODER_STATE_COUNT ? names[state] : "?";
}
