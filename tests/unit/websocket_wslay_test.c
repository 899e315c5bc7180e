/*
 * Another implementation agrees: what wslay writes is read here, what is
 * written here wslay reads, and what one refuses the other refuses with the
 * same close code.
 */
#include "proto/websocket/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After those that they need. */
#include <cmocka.h>
#include <wslay/wslay.h>

enum { WIRE_MAX = 512 * 1024, MESSAGE_MAX = 70000 };

/* One end that is wslay's. */
struct other {
    wslay_event_context_ptr context;
    const uint8_t *in;
    size_t in_len;
    bool is_cut; /* in is, at random */
    unsigned seed;
    uint8_t out[WIRE_MAX];
    size_t out_len;
    unsigned opcode; /* of the last message, and its body */
    uint8_t body[WIRE_MAX];
    size_t len;
    unsigned count;
};

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 8) % below;
}

static ssize_t receive(wslay_event_context_ptr context, uint8_t *to, size_t len,
                       int flags, void *data)
{
    struct other *o = data;

    (void)flags;
    if (o->in_len == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > o->in_len)
        len = o->in_len;
    if (len > 1 && o->is_cut)
        len = draw(&o->seed, (unsigned)len) + 1;
    memcpy(to, o->in, len);
    o->in += len;
    o->in_len -= len;
    return (ssize_t)len;
}

static ssize_t deliver(wslay_event_context_ptr context, const uint8_t *bytes,
                       size_t len, int flags, void *data)
{
    struct other *o = data;

    (void)context;
    (void)flags;
    assert_true(o->out_len + len <= WIRE_MAX);
    memcpy(o->out + o->out_len, bytes, len);
    o->out_len += len;
    return (ssize_t)len;
}

static int make_mask(wslay_event_context_ptr context, uint8_t *to, size_t len,
                     void *data)
{
    struct other *o = data;

    (void)context;
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)draw(&o->seed, 256);
    return 0;
}

static void keep(wslay_event_context_ptr context,
                 const struct wslay_event_on_msg_recv_arg *message, void *data)
{
    struct other *o = data;

    (void)context;
    o->opcode = message->opcode;
    o->len = message->msg_length;
    if (o->len > 0)
        memcpy(o->body, message->msg, o->len);
    o->count++;
}

static void open_other(struct other *o, enum websocket_side side)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = receive,
        .send_callback = deliver,
        .genmask_callback = make_mask,
        .on_msg_recv_callback = keep,
    };

    memset(o, 0, sizeof *o);
    assert_int_equal(
        side == WEBSOCKET_SERVER
            ? wslay_event_context_server_init(&o->context, &callbacks, o)
            : wslay_event_context_client_init(&o->context, &callbacks, o),
        0);
}

static void hear(struct other *o, const uint8_t *bytes, size_t len)
{
    o->in = bytes;
    o->in_len = len;
    /* It returns after a read of less than it wants. */
    do {
        (void)wslay_event_recv(o->context);
    } while (o->in_len > 0 && wslay_event_get_read_enabled(o->context));
    (void)wslay_event_recv(o->context);
}

/* ---- what wslay writes ------------------------------------------------------
 */

/* Reads the only message there, cut at random. */
static void read_message(enum websocket_side side, struct other *o,
                         enum websocket_opcode opcode, const uint8_t *body,
                         size_t len)
{
    struct websocket_reader r;
    size_t seen = 0;
    bool is_over = false;

    websocket_reader_init(&r, side);
    for (size_t at = 0; at < o->out_len;) {
        size_t piece = draw(&o->seed, 5000) + 1;
        struct slice in;
        struct websocket_item item;
        enum websocket_event event;

        if (piece > o->out_len - at)
            piece = o->out_len - at;
        in = slice_of(o->out + at, piece);
        while ((event = websocket_next(&r, &in, &item)) !=
               WEBSOCKET_NEED_MORE) {
            assert_int_not_equal(event, WEBSOCKET_BROKEN);
            assert_false(is_over);
            assert_int_equal(item.opcode, opcode);
            assert_true(seen + item.body.len <= len);
            if (item.body.len > 0)
                assert_memory_equal(item.body.data, body + seen, item.body.len);
            seen += item.body.len;
            is_over = event != WEBSOCKET_DATA;
        }
        at += piece;
    }
    assert_true(is_over);
    assert_int_equal(seen, len);
}

static const size_t lengths[] = { 0, 1, 7, 125, 126, 4096, 65535, 65536 };

static void fill(uint8_t body[MESSAGE_MAX], unsigned seed)
{
    for (size_t i = 0; i < MESSAGE_MAX; i++)
        body[i] = (uint8_t)(draw(&seed, 95) + 32);
}

static void what_wslay_writes_is_read(void **state)
{
    static struct other o;
    static uint8_t body[MESSAGE_MAX];
    static const enum websocket_opcode opcodes[] = {
        WEBSOCKET_TEXT, WEBSOCKET_BINARY, WEBSOCKET_PING, WEBSOCKET_PONG
    };

    (void)state;
    fill(body, 1);
    for (size_t i = 0; i < 2 * 4 * sizeof lengths / sizeof lengths[0]; i++) {
        enum websocket_side side = i & 1 ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT;
        enum websocket_opcode opcode = opcodes[i >> 1 & 3];
        size_t len = lengths[i >> 3];

        if (opcode >= WEBSOCKET_CLOSE && len > WEBSOCKET_CONTROL_MAX)
            continue;
        open_other(&o, side == WEBSOCKET_SERVER ? WEBSOCKET_CLIENT
                                                : WEBSOCKET_SERVER);
        assert_int_equal(wslay_event_queue_msg(o.context,
                                               &(struct wslay_event_msg){
                                                   .opcode = (uint8_t)opcode,
                                                   .msg = body,
                                                   .msg_length = len,
                                               }),
                         0);
        assert_int_equal(wslay_event_send(o.context), 0);
        read_message(side, &o, opcode, body, len);
        wslay_event_context_free(o.context);
    }
}

/* ---- what is written here ---------------------------------------------------
 */

static void wslay_reads_what_is_written(void **state)
{
    static struct other o;
    static uint8_t body[MESSAGE_MAX];
    static uint8_t wire[WEBSOCKET_HEAD_MAX + MESSAGE_MAX];
    static const uint8_t mask[4] = { 0xa1, 0x5b, 0xff, 0x03 };

    (void)state;
    fill(body, 2);
    for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
        bool is_client = (i & 1) != 0;
        size_t len = lengths[i >> 1];
        size_t head = websocket_put_head(wire, WEBSOCKET_BINARY, len,
                                         is_client ? mask : NULL);

        memcpy(wire + head, body, len);
        if (is_client)
            websocket_mask(wire + head, len, mask, 0);
        open_other(&o, is_client ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT);
        o.is_cut = true;
        hear(&o, wire, head + len);
        assert_int_equal(o.count, 1);
        assert_int_equal(o.opcode, WEBSOCKET_BINARY);
        assert_int_equal(o.len, len);
        assert_memory_equal(o.body, body, len);
        wslay_event_context_free(o.context);
    }
}

static void wslay_reads_a_close(void **state)
{
    static struct other o;
    uint8_t wire[WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTROL_MAX];
    uint8_t body[WEBSOCKET_CONTROL_MAX];
    size_t len = websocket_put_close(body, 4003, "gone");
    size_t head = websocket_put_head(wire, WEBSOCKET_CLOSE, len, NULL);

    (void)state;
    memcpy(wire + head, body, len);
    open_other(&o, WEBSOCKET_CLIENT);
    hear(&o, wire, head + len);
    assert_int_equal(wslay_event_get_status_code_received(o.context), 4003);
    wslay_event_context_free(o.context);
}

/* ---- what both refuse -------------------------------------------------------
 */

/* The code with which a server's frames are refused here; 0: they are not. */
static unsigned refusal_of(const uint8_t *bytes, size_t len)
{
    uint8_t copy[64];
    struct websocket_reader r;
    struct websocket_item item;
    struct slice in = slice_of(copy, len);
    enum websocket_event event;

    memcpy(copy, bytes, len);
    websocket_reader_init(&r, WEBSOCKET_CLIENT);
    do {
        event = websocket_next(&r, &in, &item);
        if (event == WEBSOCKET_CONTROL && item.opcode == WEBSOCKET_CLOSE)
            return 0;
    } while (event != WEBSOCKET_NEED_MORE && event != WEBSOCKET_BROKEN);
    return event == WEBSOCKET_BROKEN ? item.close_code : 0;
}

/* The same of wslay, which writes it to its peer. */
static unsigned refusal_of_wslay(const uint8_t *bytes, size_t len)
{
    static struct other o;
    unsigned code = 0;

    open_other(&o, WEBSOCKET_CLIENT);
    hear(&o, bytes, len);
    if (!wslay_event_get_close_received(o.context) &&
        !wslay_event_get_read_enabled(o.context)) {
        (void)wslay_event_send(o.context);
        code = wslay_event_get_status_code_sent(o.context);
    }
    wslay_event_context_free(o.context);
    return code;
}

/* Frames that are nearly right: heads and bodies from few values, of which many
 * combinations are wrong. */
static size_t draw_frames(unsigned *seed, uint8_t to[64])
{
    static const uint8_t firsts[] = { 0x81, 0x82, 0x01, 0x02, 0x00, 0x80,
                                      0x88, 0x89, 0x8a, 0x09, 0x83, 0xc1 };
    static const uint8_t bytes[] = { 'a',  0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xed,
                                     0xa0, 0xf4, 0x8f, 0xff, 0x03, 0xe8 };
    size_t at = 0;

    for (unsigned frames = draw(seed, 4) + 1; frames > 0; frames--) {
        unsigned len = draw(seed, 8);

        to[at++] = firsts[draw(seed, sizeof firsts)];
        /* A close code is whole and valid: wslay takes half of one for none,
         * and looks at the reason first. */
        if (to[at - 1] == 0x88 && len > 0)
            len += 2;
        if (draw(seed, 16) == 0) {
            /* Not in the shortest way. */
            to[at++] = 126;
            to[at++] = 0;
        }
        to[at++] = (uint8_t)len;
        for (unsigned i = 0; i < len; i++)
            to[at++] = bytes[draw(seed, sizeof bytes)];
        if (to[at - len - 2] == 0x88 && len > 0) {
            to[at - len] = 0x03;
            to[at - len + 1] = 0xe8;
        }
    }
    return at;
}

static void both_refuse_the_same(void **state)
{
    unsigned seed = 1;
    unsigned refused = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t bytes[64];
        size_t len = draw_frames(&seed, bytes);
        unsigned ours = refusal_of(bytes, len);
        unsigned theirs = refusal_of_wslay(bytes, len);

        /* wslay has no code for heads that are wrong in themselves. */
        if (theirs == 1005)
            theirs = 1002;
        if (ours != theirs) {
            for (size_t k = 0; k < len; k++)
                (void)fprintf(stderr, "%02x ", bytes[k]);
            fail_msg("frames %u: %u here, %u there", i, ours, theirs);
        }
        refused += ours != 0;
    }
    /* Or there was nothing to agree about. */
    assert_in_range(refused, 5000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_wslay_writes_is_read),
        cmocka_unit_test(wslay_reads_what_is_written),
        cmocka_unit_test(wslay_reads_a_close),
        cmocka_unit_test(both_refuse_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
