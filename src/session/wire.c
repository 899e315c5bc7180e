/*
 * The order on the wire: what is queued (out), then the second half of a
 * doubled 255, then new data. A command between the two halves of a byte would
 * be read as data behind a lone IAC, so write_owed comes before everything that
 * is written.
 *
 * Data is never queued here: what the socket does not take stays with its owner
 * (the ring, a client's read), and the count of taken bytes says how much.
 */
#include "session/wire.h"

#include <errno.h>

void wire_init(struct wire *w, struct stream *stream,
               const struct telpeer_policy *policy, uint32_t out_max,
               stream_ready_fn *on_ready, void *owner)
{
    *w = (struct wire){ .stream = stream };
    telpeer_init(&w->peer, policy);
    buf_init(&w->out, out_max);
    stream_set_owner(stream, on_ready, owner);
}

void wire_done(struct wire *w, bool gently)
{
    if (w->stream == NULL)
        return;
    if (gently)
        stream_close_gently(w->stream);
    else
        stream_close(w->stream);
    w->stream = NULL;
    telpeer_done(&w->peer);
    buf_done(&w->out);
}

int wire_offer(struct wire *w, const struct wire_option *options, size_t count)
{
    int r = 0;

    w->encoder.is_nvt = true;
    for (size_t i = 0; i < count && r == 0; i++)
        r = telpeer_enable(&w->peer, options[i].side, options[i].option,
                           &w->out);
    return r;
}

int wire_greet(struct wire *w)
{
    static const struct wire_option greeting[] = {
        { TELPEER_US, TELNET_OPTION_BINARY },
        { TELPEER_US, TELNET_OPTION_SGA },
        { TELPEER_US, TELNET_OPTION_ECHO },
        { TELPEER_PEER, TELNET_OPTION_BINARY },
        { TELPEER_PEER, TELNET_OPTION_SGA },
    };

    return wire_offer(w, greeting, sizeof greeting / sizeof greeting[0]);
}

static int write_batch(struct wire *w, const struct slice data[2],
                       struct telnet_batch *scratch, size_t *ret_taken)
{
    ssize_t sent;

    telnet_encode(&w->encoder, data, scratch);
    *ret_taken = 0;
    if (scratch->count == 0)
        return WIRE_DONE;
    sent = stream_writev(w->stream, scratch->part, scratch->count);
    if (sent < 0)
        return (int)sent;
    *ret_taken = telnet_encode_sent(&w->encoder, scratch, (size_t)sent);
    return (size_t)sent < scratch->bytes ? WIRE_BLOCKED : WIRE_DONE;
}

/* The second half of a doubled byte, if one is still to go out. */
static int write_owed(struct wire *w)
{
    uint8_t owed = TELNET_IAC;
    ssize_t sent;

    if (!telnet_encoder_owes(&w->encoder))
        return WIRE_DONE;
    sent = stream_write(w->stream, &owed, 1);
    if (sent < 0)
        return (int)sent;
    if (sent == 0)
        return WIRE_BLOCKED;
    w->encoder.owes_iac = false;
    return WIRE_DONE;
}

/* While it is held, the first may_go bytes of the queue are still due: they
 * were queued before the hold began. */
int wire_flush(struct wire *w)
{
    struct slice bytes = buf_bytes(&w->out);
    ssize_t sent;
    int r;

    if (w->is_held)
        bytes.len = w->may_go;
    if (bytes.len == 0)
        return WIRE_DONE;
    r = write_owed(w);
    if (r != WIRE_DONE)
        return r;
    sent = stream_write(w->stream, bytes.data, bytes.len);
    if (sent < 0)
        return (int)sent;
    buf_take(&w->out, (size_t)sent);
    if (w->is_held)
        w->may_go -= (uint32_t)sent;
    return (size_t)sent < bytes.len ? WIRE_BLOCKED : WIRE_DONE;
}

void wire_hold(struct wire *w)
{
    w->is_held = true;
    w->may_go = w->out.len;
}

/*
 * All or nothing: a part of a message of AUTHENTICATION could not be taken
 * back, and the rest could not wait behind what is held. These messages are
 * some bytes long; a peer whose socket does not take them has not read anything
 * for long.
 */
int wire_write_past_held(struct wire *w, struct slice bytes)
{
    int r = wire_flush(w);
    ssize_t sent;

    if (r != WIRE_DONE)
        return r < 0 ? r : -ENOBUFS;
    sent = stream_write(w->stream, bytes.data, bytes.len);
    if (sent < 0)
        return (int)sent;
    return (size_t)sent < bytes.len ? -ENOBUFS : 0;
}

void wire_release(struct wire *w)
{
    w->is_held = false;
    w->may_go = 0;
}

int wire_write(struct wire *w, const struct slice data[2],
               struct telnet_batch *scratch, size_t *ret_taken)
{
    struct slice rest[2] = { data[0], data[1] };
    int r = wire_flush(w);

    *ret_taken = 0;
    /* A batch has a bounded number of parts, so it may take several. */
    while (r == WIRE_DONE && (rest[0].len + rest[1].len > 0 ||
                              telnet_encoder_owes(&w->encoder))) {
        size_t taken;

        r = write_batch(w, rest, scratch, &taken);
        *ret_taken += taken;
        for (int i = 0; i < 2; i++) {
            size_t part = taken < rest[i].len ? taken : rest[i].len;

            rest[i] = slice_after(rest[i], part);
            taken -= part;
        }
    }
    return r;
}
