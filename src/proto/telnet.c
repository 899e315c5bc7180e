/*
 * The trick of the encoder: a doubled 255 is sent by having one part of the
 * writev end with that 255 and the next part begin with the very same byte.
 *
 *     input      a b 255 c d
 *     part 0     [a b 255]
 *     part 1         [255 c d]
 *
 * A part that begins where the one before it ends is therefore one byte of
 * the wire ahead of the input (part_lead). Only the NUL behind an NVT CR and
 * the half of a 255 that an earlier write left over come from bytes of our
 * own.
 */
#include "proto/telnet.h"

#include <assert.h>
#include <errno.h>

enum { NUL = 0, LF = 10, CR = 13 };

enum state {
    STATE_DATA,
    STATE_IAC,       /* IAC outside a subnegotiation */
    STATE_OPTION,    /* IAC WILL, WONT, DO, DONT: the option comes */
    STATE_SB,        /* IAC SB: the option comes */
    STATE_BODY,      /* inside a subnegotiation */
    STATE_BODY_IAC,  /* IAC inside a subnegotiation */
    STATE_BODY_SKIP, /* IAC WILL, ... inside one: the option comes */
};

static const uint8_t iac_byte = TELNET_IAC;
static const uint8_t nul_byte = NUL;

/* Fixed size and no exit: compilers make vector instructions of it. */
enum { BLOCK = 32 };

static bool block_has_special(const uint8_t *p)
{
    uint8_t found = 0;

    for (int i = 0; i < BLOCK; i++)
        found |= (uint8_t)((p[i] == TELNET_IAC) | (p[i] == CR));
    return found != 0;
}

/* The first IAC or, with_cr, CR of [p, end), or NULL. Two calls of memchr
 * would be quadratic: the rarer byte is looked for again and again. */
static const uint8_t *find_special(const uint8_t *p, const uint8_t *end,
                                   bool with_cr)
{
    if (p == end)
        return NULL;
    if (!with_cr)
        return memchr(p, TELNET_IAC, (size_t)(end - p));
    while (end - p >= BLOCK && !block_has_special(p))
        p += BLOCK;
    while (p < end && *p != TELNET_IAC && *p != CR)
        p++;
    return p < end ? p : NULL;
}

void telnet_decoder_init(struct telnet_decoder *d, enum telnet_line_ends lines)
{
    *d =
        (struct telnet_decoder){ .state = STATE_DATA, .lines = (uint8_t)lines };
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

/* Bytes that belong to the CR before them and are no data. */
static bool is_line_end_rest(const struct telnet_decoder *d, uint8_t byte)
{
    return byte == NUL || (byte == LF && d->lines == TELNET_LINES_KEYBOARD);
}

/*
 * Hands out data from the front of *in on, up to the first byte that is none.
 * The first given bytes are known to be data, whatever they are.
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
    while ((p = find_special(p, end, with_cr)) != NULL) {
        if (*p == TELNET_IAC)
            break;
        p++; /* the CR is data; what is behind it decides */
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
        d->state = STATE_IAC;
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

    d->state = STATE_DATA;
    if (byte == TELNET_IAC)
        return take_data(d, in, 1, item);
    advance(in, 1);
    switch (byte) {
    case TELNET_WILL:
    case TELNET_WONT:
    case TELNET_DO:
    case TELNET_DONT:
        d->verb = byte;
        d->state = STATE_OPTION;
        return TELNET_NEED_MORE;
    case TELNET_SB:
        d->state = STATE_SB;
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
    d->state = STATE_DATA;
    return TELNET_NEGOTIATION;
}

/* IAC SB IAC SE is a subnegotiation without an option: it must end there. */
static void start_body(struct telnet_decoder *d, struct slice *in)
{
    d->option = in->data[0];
    d->is_oversized = false;
    d->state = d->option == TELNET_IAC ? STATE_BODY_IAC : STATE_BODY;
    advance(in, 1);
}

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
    d->state = STATE_DATA;
    if (d->is_oversized)
        return TELNET_NEED_MORE;
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
    d->state = STATE_BODY_IAC;
    return keep_body(d, slice_of(whole.data, run), item);
}

static enum telnet_event next_after_body_iac(struct telnet_decoder *d,
                                             struct slice *in,
                                             struct telnet_item *item)
{
    struct slice byte = slice_of(in->data, 1);

    advance(in, 1);
    d->state = STATE_BODY;
    switch (byte.data[0]) {
    case TELNET_IAC:
        return keep_body(d, byte, item);
    case TELNET_SE:
        return end_body(d, slice_of(NULL, 0), item);
    case TELNET_WILL:
    case TELNET_WONT:
    case TELNET_DO:
    case TELNET_DONT:
        d->state = STATE_BODY_SKIP;
        return TELNET_NEED_MORE;
    default:
        return TELNET_NEED_MORE;
    }
}

/* One step; TELNET_NEED_MORE: go on with what is left of *in. */
static enum telnet_event step(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item)
{
    switch ((enum state)d->state) {
    case STATE_DATA:
        return next_in_data(d, in, item);
    case STATE_IAC:
        return next_after_iac(d, in, item);
    case STATE_OPTION:
        return next_option(d, in, item);
    case STATE_SB:
        start_body(d, in);
        return TELNET_NEED_MORE;
    case STATE_BODY:
        return next_in_body(d, in, item);
    case STATE_BODY_IAC:
        return next_after_body_iac(d, in, item);
    case STATE_BODY_SKIP:
        advance(in, 1);
        d->state = STATE_BODY;
        return TELNET_NEED_MORE;
    }
    assert(false);
    return TELNET_NEED_MORE;
}

enum telnet_event telnet_next(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item)
{
    enum telnet_event event = TELNET_NEED_MORE;

    if (d->state == STATE_DATA && d->suboption.data != NULL)
        buf_done(&d->suboption); /* handed out by the call before */
    while (event == TELNET_NEED_MORE && in->len > 0)
        event = step(d, in, item);
    return event;
}

size_t telnet_copy_data(struct telnet_decoder *d, struct slice *in, uint8_t *to,
                        size_t room)
{
    size_t copied = 0;

    if (d->state != STATE_DATA || d->lines != TELNET_LINES_BINARY)
        return 0;
    while (in->len > 0 && copied < room) {
        size_t most = in->len < room - copied ? in->len : room - copied;
        const uint8_t *iac = memchr(in->data, TELNET_IAC, most);
        size_t run = iac != NULL ? (size_t)(iac - in->data) : most;
        bool is_pair = iac != NULL && in->len - run >= 2 &&
                       iac[1] == TELNET_IAC;

        if (iac != NULL && !is_pair && run == 0)
            break;
        memcpy(to + copied, in->data, run + is_pair);
        copied += run + is_pair;
        advance(in, run + 2 * (size_t)is_pair);
        d->after_cr = false;
    }
    return copied;
}

static bool put_part(struct telnet_batch *b, const uint8_t *from,
                     const uint8_t *end)
{
    size_t len = (size_t)(end - from);

    if (b->count == TELNET_BATCH_PARTS)
        return false;
    b->part[b->count++] =
        (struct iovec){ .iov_base = (void *)from, .iov_len = len };
    b->bytes += len;
    return true;
}

/* False if the batch was full before the end of in was reached. */
static bool put_parts(const struct telnet_encoder *e, struct slice in,
                      struct telnet_batch *b)
{
    const uint8_t *end = in.data + in.len;
    const uint8_t *start = in.data; /* of the part that is being made */
    const uint8_t *taken = in.data;
    const uint8_t *p = e->is_raw ? NULL : find_special(start, end, e->is_nvt);
    bool fits = true;

    for (; fits && p != NULL; p = find_special(p, end, e->is_nvt)) {
        uint8_t byte = *p++;

        if (byte == CR && (p == end || *p == LF))
            continue; /* at the end, the data to come decides */
        fits = put_part(b, start, p);
        if (fits)
            taken = p;
        start = byte == TELNET_IAC ? p - 1 : p;
        if (fits && byte == CR)
            fits = put_part(b, &nul_byte, &nul_byte + 1);
    }
    if (fits && put_part(b, start, end))
        taken = end;
    b->taken += (size_t)(taken - in.data);
    return taken == end && fits;
}

/* The state in which a write leaves the encoder whose last byte was this. */
static void note_last(struct telnet_encoder *e, uint8_t byte)
{
    e->owes_iac = !e->is_raw && byte == TELNET_IAC;
    e->after_cr = !e->is_raw && e->is_nvt && byte == CR;
}

/* A NUL goes before in, because a CR went out and no LF follows it. */
static bool needs_nul(const struct telnet_encoder *e, struct slice in)
{
    return e->after_cr && e->is_nvt && !e->is_raw && in.len > 0 &&
           in.data[0] != LF;
}

void telnet_encode(const struct telnet_encoder *e, const struct slice in[2],
                   struct telnet_batch *batch)
{
    struct telnet_encoder now = *e;

    batch->count = 0;
    batch->second = 0;
    batch->taken = 0;
    batch->bytes = 0;
    if (e->owes_iac)
        put_part(batch, &iac_byte, &iac_byte + 1);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            batch->second = batch->count;
        if (in[i].len == 0)
            continue;
        if (needs_nul(&now, in[i]) &&
            !put_part(batch, &nul_byte, &nul_byte + 1))
            return;
        if (!put_parts(&now, in[i], batch))
            return;
        note_last(&now, in[i].data[in[i].len - 1]);
    }
}

/* How many bytes at the start of part i are no input, or were counted with
 * the part before it: 0 or 1. */
static size_t part_lead(const struct telnet_batch *b, int i)
{
    const uint8_t *start = b->part[i].iov_base;
    const struct iovec *before = &b->part[i - (i > 0)];

    if (start == &nul_byte || start == &iac_byte)
        return 1;
    if (i == 0 || i == b->second)
        return 0;
    return start == (const uint8_t *)before->iov_base + before->iov_len - 1;
}

size_t telnet_encode_sent(struct telnet_encoder *e,
                          const struct telnet_batch *batch, size_t sent)
{
    size_t taken = 0, left = sent, lead;
    int i = 0;

    assert(sent <= batch->bytes);
    if (sent == 0)
        return 0;
    if (sent == batch->bytes) {
        i = batch->count - 1;
        left = batch->part[i].iov_len;
    }
    for (; left > batch->part[i].iov_len; i++) {
        taken += batch->part[i].iov_len - part_lead(batch, i);
        left -= batch->part[i].iov_len;
    }
    lead = part_lead(batch, i);
    taken = sent == batch->bytes ? batch->taken : taken + left - lead;
    /* What is no input completes what was half-done. */
    note_last(e, left > lead
                     ? ((const uint8_t *)batch->part[i].iov_base)[left - 1]
                     : NUL);
    return taken;
}

/* Writes in encoded to *to and moves it on; without to it only measures. */
static size_t copy_encoded(const struct telnet_encoder *e, struct slice in,
                           uint8_t *to)
{
    const uint8_t *p = in.data;
    const uint8_t *end = in.len > 0 ? p + in.len : p;
    size_t len = 0;

    while (p != end) {
        const uint8_t *stop =
            e->is_raw ? NULL : find_special(p, end, e->is_nvt);
        size_t run = (size_t)((stop != NULL ? stop + 1 : end) - p);

        if (to != NULL)
            memcpy(to + len, p, run);
        p += run;
        len += run;
        if (stop == NULL || (*stop == CR && (p == end || *p == LF)))
            continue;
        if (to != NULL)
            to[len] = *stop == CR ? NUL : TELNET_IAC;
        len++;
    }
    return len;
}

/* Room for exactly len bytes; the failures of buf_append. */
static int reserve(struct buf *out, size_t len, uint8_t **ret)
{
    if (len > out->max || out->len + len > out->max)
        return -ENOBUFS;
    *ret = buf_reserve(out, len);
    return *ret != NULL || len == 0 ? 0 : -ENOMEM;
}

int telnet_encode_append(struct telnet_encoder *e, struct slice in,
                         struct buf *out)
{
    bool still_owes = e->owes_iac && out->len > 0;
    bool with_iac = e->owes_iac && !still_owes;
    bool with_nul = needs_nul(e, in);
    size_t len = copy_encoded(e, in, NULL) + with_iac + with_nul;
    uint8_t *to;
    int r;

    if (len == 0)
        return 0;
    r = reserve(out, len, &to);
    if (r < 0)
        return r;
    if (with_iac)
        *to++ = TELNET_IAC;
    if (with_nul)
        *to++ = NUL;
    copy_encoded(e, in, to);
    buf_added(out, len);
    if (in.len > 0)
        note_last(e, in.data[in.len - 1]);
    e->owes_iac = still_owes; /* both halves of in's last 255 are in out */
    return 0;
}

int telnet_put_command(struct buf *out, enum telnet_verb verb)
{
    const uint8_t bytes[] = { TELNET_IAC, (uint8_t)verb };

    return buf_append(out, slice_of(bytes, sizeof bytes));
}

int telnet_put_negotiation(struct buf *out, enum telnet_verb verb,
                           uint8_t option)
{
    const uint8_t bytes[] = { TELNET_IAC, (uint8_t)verb, option };

    return buf_append(out, slice_of(bytes, sizeof bytes));
}

int telnet_put_suboption_pieces(struct buf *out, uint8_t option,
                                const struct slice *pieces, size_t count)
{
    static const struct telnet_encoder doubling = { 0 };
    size_t len = 5; /* IAC SB option ... IAC SE */
    uint8_t *to;
    int r;

    assert(option != TELNET_IAC);
    for (size_t i = 0; i < count; i++)
        len += copy_encoded(&doubling, pieces[i], NULL);
    r = reserve(out, len, &to);
    if (r < 0)
        return r;
    *to++ = TELNET_IAC;
    *to++ = TELNET_SB;
    *to++ = option;
    for (size_t i = 0; i < count; i++)
        to += copy_encoded(&doubling, pieces[i], to);
    *to++ = TELNET_IAC;
    *to = TELNET_SE;
    buf_added(out, len);
    return 0;
}

int telnet_put_suboption(struct buf *out, uint8_t option, struct slice body)
{
    return telnet_put_suboption_pieces(out, option, &body, 1);
}

const char *telnet_verb_name(uint8_t verb)
{
    static const char *const names[] = {
        "SE", "NOP", "DM", "BRK",  "IP",   "AO", "AYT",  "EC",
        "EL", "GA",  "SB", "WILL", "WONT", "DO", "DONT", "IAC",
    };

    return verb >= TELNET_SE ? names[verb - TELNET_SE] : "?";
}
