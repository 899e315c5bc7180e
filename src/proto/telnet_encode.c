#include "proto/telnet_encode.h"

#include "proto/telnet_scan.h"

#include <assert.h>
#include <errno.h>

static const uint8_t iac_byte = TELNET_IAC;
static const uint8_t nul_byte = TELNET_NUL;

static void put_part(struct telnet_batch *b, const uint8_t *from, size_t len)
{
    assert(b->count < TELNET_BATCH_PARTS);
    b->part[b->count++] =
        (struct iovec){ .iov_base = (void *)(uintptr_t)from, .iov_len = len };
    b->bytes += len;
}

/* True if byte is a CR without its LF. next NULL: the next byte is not
 * known. */
static bool is_bare_cr(uint8_t byte, const uint8_t *next)
{
    return byte == TELNET_CR && next != NULL && *next != TELNET_LF;
}

/*
 * Encodes in to `to`, as far as it surely fits into room. Returns the bytes
 * written, and in *ret_taken the bytes of in that they stand for.
 */
static size_t encode_copy(const struct telnet_encoder *e, struct slice in,
                          uint8_t *to, size_t room, size_t *ret_taken)
{
    size_t at = 0;
    size_t len = 0;

    /* Two is the most that a byte may take. */
    while (at < in.len && room - len >= 2) {
        size_t most =
            in.len - at < room - len - 1 ? in.len - at : room - len - 1;
        size_t run = telnet_scan_copy(to + len, in.data + at, most, e->is_nvt);
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
            to[len++] = TELNET_NUL;
    }
    *ret_taken = at;
    return len;
}

/*
 * False: the batch has no room for all of in. A long run before the first
 * doubled byte gets a part of its own: otherwise bytes that were searched and
 * found no room in scratch would be searched again.
 */
static bool put_slice(struct telnet_encoder *now, struct slice in,
                      struct telnet_batch *b)
{
    enum { LONG_RUN = 4096 };
    const uint8_t *stop =
        now->is_raw ? NULL
                    : telnet_scan_find(in.data, in.data + in.len, now->is_nvt);
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
                        in.data[in.len - 1] == TELNET_CR;
    return taken == in.len;
}

/* True if a NUL goes before in, because a CR was sent and no LF follows it. */
static bool needs_nul(const struct telnet_encoder *e, struct slice in)
{
    return e->after_cr && e->is_nvt && !e->is_raw && in.len > 0 &&
           in.data[0] != TELNET_LF;
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
 * Encodes once more, without writing, to find how far a write came. Partial
 * writes are rare; a table from sent bytes to input bytes would cost every
 * write.
 *
 * Subtracts in's part of *left, the bytes on the wire; updates e and returns
 * how many bytes of in are done.
 */
static size_t count_sent(struct telnet_encoder *e, struct slice in,
                         size_t *left)
{
    const uint8_t *p = in.data;
    const uint8_t *end = in.data + in.len;

    while (*left > 0 && p < end) {
        const uint8_t *stop =
            e->is_raw ? NULL : telnet_scan_find(p, end, e->is_nvt);
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
        e->after_cr = *stop == TELNET_CR;
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

/* The length of in when it is encoded. */
static size_t encoded_len(const struct telnet_encoder *e, struct slice in)
{
    const uint8_t *p = in.data;
    const uint8_t *end = in.len > 0 ? p + in.len : p;
    size_t len = in.len;

    if (e->is_raw)
        return len;
    while ((p = telnet_scan_find(p, end, e->is_nvt)) != NULL) {
        uint8_t byte = *p;

        if (!e->is_nvt)
            return len + telnet_scan_count(p, end);
        p++;
        len += byte == TELNET_IAC || is_bare_cr(byte, p < end ? p : NULL);
    }
    return len;
}

/* Encodes in to `to`, which has room for it. */
static void encode_all(const struct telnet_encoder *e, struct slice in,
                       uint8_t *to)
{
    size_t taken;

    if (e->is_raw)
        memcpy(to, in.data, in.len);
    else /* has more room than it needs, so it takes all */
        (void)encode_copy(e, in, to, SIZE_MAX, &taken);
}

/* Room for exactly len bytes; fails as buf_append does. */
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
    /* The owed half must follow the half that is on the wire. The content of
     * out is sent before it, and would separate them. */
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
        *to++ = TELNET_NUL;
    if (in.len > 0) {
        encode_all(e, in, to);
        e->after_cr =
            !e->is_raw && e->is_nvt && in.data[in.len - 1] == TELNET_CR;
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
