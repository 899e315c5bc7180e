/*
 * Speed. What a console says is text, and text has no 255: it is looked
 * through with memchr and passed on from where it lies. Binary streams have
 * one every few hundred bytes; there an event, or a part of a writev, for each
 * would cost more than copying the short runs between them. So decoder and
 * encoder share a pass that looks and copies at once, a block at a time.
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

typedef uint8_t block __attribute__((vector_size(16)));

static inline block load(const uint8_t *from)
{
    block b;

    memcpy(&b, from, sizeof b);
    return b;
}

static inline void store(uint8_t *to, block b)
{
    memcpy(to, &b, sizeof b);
}

/* All ones where b has an IAC or a byte like other, 0 elsewhere. */
static inline block find_hits(block b, uint8_t other)
{
    return (block)(b == TELNET_IAC) | (block)(b == other);
}

/* A bit for each byte, the lowest for the first. */
static inline unsigned hit_bits(block hits)
{
#ifdef __SSE2__
    typedef char chars __attribute__((vector_size(16)));

    return (unsigned)__builtin_ia32_pmovmskb128((chars)hits);
#else
    const uint64_t low = UINT64_C(0x0101010101010101);
    const uint64_t gather = UINT64_C(0x0102040810204080);
    uint64_t half[2];

    memcpy(half, &hits, sizeof half);
    if ((half[0] | half[1]) == 0)
        return 0;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half[0] = __builtin_bswap64(half[0]);
    half[1] = __builtin_bswap64(half[1]);
#endif
    /* The product's highest byte is the sum of each byte's low bit, moved to
     * that byte's place. */
    return (unsigned)((half[0] & low) * gather >> 56 |
                      (half[1] & low) * gather >> 56 << 8);
#endif
}

/* What is behind the first len bytes stays as it is: in a ring that is the
 * oldest of what is kept. Without branches, because nobody can predict len. */
static inline void store_front(uint8_t *to, block a, block b, size_t len)
{
    static const uint8_t masks[4 * sizeof(block)] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    const uint8_t *mask = masks + 2 * sizeof(block) - len;
    block mask_a = load(mask);
    block mask_b = load(mask + sizeof(block));

    store(to, (a & mask_a) | (load(to) & ~mask_a));
    to += sizeof(block);
    store(to, (b & mask_b) | (load(to) & ~mask_b));
}

static inline __attribute__((always_inline)) size_t copy_until(
    uint8_t *to, const uint8_t *from, size_t len, uint8_t other)
{
    enum { SIZE = sizeof(block) };
    size_t at = 0;

    /* One branch for two blocks: each hit makes it a mispredicted one. */
    for (; len - at >= (size_t)2 * SIZE; at += (size_t)2 * SIZE) {
        block a = load(from + at);
        block b = load(from + at + SIZE);
        block in_a = find_hits(a, other);
        block in_b = find_hits(b, other);

        if (hit_bits(in_a | in_b) != 0) {
            size_t first =
                (size_t)__builtin_ctz(hit_bits(in_a) | hit_bits(in_b) << SIZE);

            store_front(to + at, a, b, first);
            return at + first;
        }
        store(to + at, a);
        store(to + at + SIZE, b);
    }
    for (; at < len && from[at] != TELNET_IAC && from[at] != other; at++)
        to[at] = from[at];
    return at;
}

/*
 * Copies len bytes up to, and without, the first IAC or, with_cr, CR; returns
 * how many. Writes nothing but those. A loop for each, because looking for two
 * bytes takes longer.
 */
static size_t copy_clean(uint8_t *to, const uint8_t *from, size_t len,
                         bool with_cr)
{
    return with_cr ? copy_until(to, from, len, CR)
                   : copy_until(to, from, len, TELNET_IAC);
}

size_t telnet_copy_data(struct telnet_decoder *d, struct slice *in, uint8_t *to,
                        size_t room)
{
    size_t copied = 0;

    if (d->state != STATE_DATA || d->lines != TELNET_LINES_BINARY)
        return 0;
    while (in->len > 0 && copied < room) {
        size_t most = in->len < room - copied ? in->len : room - copied;
        size_t run = copy_clean(to + copied, in->data, most, false);

        advance(in, run);
        copied += run;
        if (run == most)
            continue;
        if (in->len < 2 || in->data[1] != TELNET_IAC)
            break;
        advance(in, 2);
        to[copied++] = TELNET_IAC;
    }
    if (copied > 0)
        d->after_cr = false;
    return copied;
}

static void put_part(struct telnet_batch *b, const uint8_t *from, size_t len)
{
    assert(b->count < TELNET_BATCH_PARTS);
    b->part[b->count++] =
        (struct iovec){ .iov_base = (void *)(uintptr_t)from, .iov_len = len };
    b->bytes += len;
}

/* What a CR that was data needs behind it; next NULL: not known yet. */
static bool is_bare_cr(uint8_t byte, const uint8_t *next)
{
    return byte == CR && next != NULL && *next != LF;
}

/*
 * Writes in encoded to `to`, as far as it surely fits into room; returns how
 * many bytes that are, and in *ret_taken how many of in they stand for.
 */
static size_t encode_copy(const struct telnet_encoder *e, struct slice in,
                          uint8_t *to, size_t room, size_t *ret_taken)
{
    size_t at = 0;
    size_t len = 0;

    /* Two: what a special byte may take. */
    while (at < in.len && room - len >= 2) {
        size_t most =
            in.len - at < room - len - 1 ? in.len - at : room - len - 1;
        size_t run = copy_clean(to + len, in.data + at, most, e->is_nvt);
        uint8_t byte;

        at += run;
        len += run;
        if (run == most)
            continue;
        byte = in.data[at++];
        to[len++] = byte;
        if (byte == TELNET_IAC)
            to[len++] = TELNET_IAC;
        else if (is_bare_cr(byte, at < in.len ? in.data + at : NULL))
            to[len++] = NUL;
    }
    *ret_taken = at;
    return len;
}

/*
 * False: not all of in is in the batch. A long run before the first byte that
 * is doubled is worth a part of its own; without it, what was looked through
 * and found no room in scratch would be looked through again.
 */
static bool put_slice(struct telnet_encoder *now, struct slice in,
                      struct telnet_batch *b)
{
    enum { LONG_RUN = 4096 };
    const uint8_t *stop =
        now->is_raw ? NULL
                    : find_special(in.data, in.data + in.len, now->is_nvt);
    size_t taken = stop != NULL ? (size_t)(stop - in.data) : in.len;

    if (stop == NULL || taken >= LONG_RUN)
        put_part(b, in.data, taken);
    else
        taken = 0;
    if (taken < in.len) {
        uint8_t *to = b->scratch + b->scratch_len;
        size_t room = sizeof b->scratch - b->scratch_len;
        size_t copied;
        size_t len =
            encode_copy(now, slice_after(in, taken), to, room, &copied);

        if (len > 0)
            put_part(b, to, len);
        b->scratch_len += len;
        taken += copied;
    }
    b->taken += taken;
    if (taken > 0)
        now->after_cr = !now->is_raw && now->is_nvt && taken == in.len &&
                        in.data[in.len - 1] == CR;
    return taken == in.len;
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
    bool fits = true;

    batch->count = 0;
    batch->taken = 0;
    batch->bytes = 0;
    batch->scratch_len = 0;
    if (e->owes_iac)
        put_part(batch, &iac_byte, 1);
    now.owes_iac = false;
    for (int i = 0; i < 2; i++) {
        batch->in[i] = in[i];
        if (in[i].len == 0 || !fits)
            continue;
        if (needs_nul(&now, in[i])) {
            put_part(batch, &nul_byte, 1);
            now.after_cr = false; /* even if nothing of in[i] fits */
        }
        fits = put_slice(&now, in[i], batch);
    }
    batch->after = now;
}

/*
 * Takes what *left bytes on the wire say of in's encoding off *left, brings e
 * up to date and returns how many bytes of in are done with.
 */
static size_t count_sent(struct telnet_encoder *e, struct slice in,
                         size_t *left)
{
    const uint8_t *p = in.data;
    const uint8_t *end = in.data + in.len;

    while (*left > 0 && p < end) {
        const uint8_t *stop =
            e->is_raw ? NULL : find_special(p, end, e->is_nvt);
        size_t run = (size_t)((stop != NULL ? stop : end) - p);

        if (run > *left)
            run = *left;
        p += run;
        *left -= run;
        e->after_cr = false;
        if (*left == 0 || stop == NULL)
            break;
        p++;
        *left -= 1;
        e->owes_iac = *stop == TELNET_IAC;
        e->after_cr = *stop == CR;
        if (*left > 0 &&
            (e->owes_iac || is_bare_cr(*stop, p < end ? p : NULL))) {
            *left -= 1;
            e->owes_iac = false;
            e->after_cr = false;
        }
    }
    return (size_t)(p - in.data);
}

size_t telnet_encode_sent(struct telnet_encoder *e,
                          const struct telnet_batch *batch, size_t sent)
{
    size_t taken = 0;

    assert(sent <= batch->bytes);
    if (sent == batch->bytes) {
        e->owes_iac = batch->after.owes_iac;
        e->after_cr = batch->after.after_cr;
        return batch->taken;
    }
    if (sent > 0 && e->owes_iac) {
        e->owes_iac = false;
        sent--;
    }
    for (int i = 0; i < 2 && sent > 0; i++) {
        if (needs_nul(e, batch->in[i])) {
            e->after_cr = false;
            sent--;
        }
        taken += count_sent(e, batch->in[i], &sent);
    }
    return taken;
}

/* Without a branch for each, unlike find_special. */
static size_t count_iac(const uint8_t *p, const uint8_t *end)
{
    size_t count = 0;

    while (end - p >= (ptrdiff_t)sizeof(block)) {
        size_t blocks = (size_t)(end - p) / sizeof(block);
        block sum = { 0 };

        /* More than 255 do not fit into the bytes of the sum. */
        for (size_t i = 0; i < blocks && i < 255; i++) {
            block b;

            memcpy(&b, p, sizeof b);
            sum -= (block)(b == TELNET_IAC); /* all ones: -1 */
            p += sizeof b;
        }
        for (size_t i = 0; i < sizeof sum; i++)
            count += sum[i];
    }
    for (; p < end; p++)
        count += *p == TELNET_IAC;
    return count;
}

/* The length of in when it is encoded. */
static size_t encoded_len(const struct telnet_encoder *e, struct slice in)
{
    const uint8_t *p = in.data;
    const uint8_t *end = in.len > 0 ? p + in.len : p;
    size_t len = in.len;

    if (e->is_raw)
        return len;
    while ((p = find_special(p, end, e->is_nvt)) != NULL) {
        uint8_t byte = *p;

        if (!e->is_nvt)
            return len + count_iac(p, end);
        p++;
        len += byte == TELNET_IAC || is_bare_cr(byte, p < end ? p : NULL);
    }
    return len;
}

/* Writes in encoded to `to`, which has room for it. */
static void encode_all(const struct telnet_encoder *e, struct slice in,
                       uint8_t *to)
{
    size_t taken;

    if (e->is_raw)
        memcpy(to, in.data, in.len);
    else /* with more room than it needs, it is never short of it */
        (void)encode_copy(e, in, to, SIZE_MAX, &taken);
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
    size_t len = encoded_len(e, in) + with_iac + with_nul;
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
    if (in.len > 0) {
        encode_all(e, in, to);
        e->after_cr = !e->is_raw && e->is_nvt && in.data[in.len - 1] == CR;
    }
    buf_added(out, len);
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
        len += encoded_len(&doubling, pieces[i]);
    r = reserve(out, len, &to);
    if (r < 0)
        return r;
    assert(to != NULL); /* len is not 0 */
    *to++ = TELNET_IAC;
    *to++ = TELNET_SB;
    *to++ = option;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0)
            encode_all(&doubling, pieces[i], to);
        to += encoded_len(&doubling, pieces[i]);
    }
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
