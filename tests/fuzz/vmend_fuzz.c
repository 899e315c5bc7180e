/*
 * Whatever a concentrator sends to a VM's end: the same events and answers
 * however it is cut, and a secret that fits a ticket; and where TLS is required
 * nothing of the VM is said in the clear. The first byte of the input seeds the
 * cuts; the second says whether this end is a destination's, and what it does
 * about TLS. After ACCEPT all goes on as it would inside of TLS.
 */
#include "vm/host/vmend.h"

#include <stdlib.h>

enum { MAX = 1 << 24 };

static const struct vmend_identity identity = {
    .name = "vm-0001",
    .uuid = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3",
    .uri = "s0",
    .direction = 'S',
};

static const struct vmend_ticket ticket = {
    .sequence = { 1, 0xff, 0, 0xf0 },
    .secret = { 's', 0xff },
    .secret_len = 2,
};

static const struct uart uart = {
    .baud = 115200,
    .data_bits = 8,
    .parity = 1,
    .stop_bits = 1,
    .flow = COMPORT_FLOW_NONE,
    .lines = UART_BOTH,
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

/* What the owner of an end says in turn, so that every answer is waited for. */
static void answer(struct vmend *v, enum vmend_event event, struct buf *out)
{
    switch (event) {
    case VMEND_OPENED:
    case VMEND_NOTNOW:
        require(vmend_put_begin(v, ticket.sequence, out) == 0);
        break;
    case VMEND_GOAHEAD:
        require(vmend_put_abort(v, out) == 0);
        break;
    case VMEND_SECURE:
        require(vmend_go_on_secure(v, out) == 0);
        break;
    case VMEND_PEER_OK:
        require(vmend_put_complete(v, out) == 0);
        break;
    case VMEND_BREAK:
    case VMEND_BREAK_OFF:
        require(vmend_put_break(v, out) == 0);
        break;
    default:
        break;
    }
}

static void take_events(struct vmend *v, struct slice in, struct buf *events,
                        struct buf *out)
{
    enum vmend_event event;
    struct slice body;

    for (;;) {
        require(vmend_next(v, &in, out, &event, &body) == 0);
        if (event == VMEND_NEED_MORE)
            break;
        if (event != VMEND_DATA)
            add(events, slice_of((uint8_t[]){ 0xff, (uint8_t)event }, 2));
        if (event == VMEND_LINES)
            add(events, slice_of(&v->comport.seen, 1));
        if (event == VMEND_WINDOW)
            add(events, slice_of(&v->window, sizeof v->window));
        if (event == VMEND_GOAHEAD)
            require(body.len > 0 && body.len <= sizeof ticket.secret);
        if (event == VMEND_DATA || event == VMEND_GOAHEAD)
            add(events, body);
        answer(v, event, out);
    }
    require(in.len == 0);
}

/* seed NULL: in one piece. Pieces lie in memory of their own. */
static void run(struct slice in, uint8_t kind, uint32_t *seed,
                struct buf *events, struct buf *out)
{
    enum auth_policy policy = (enum auth_policy)((kind >> 1) % 3);
    struct vmend_identity who = identity;
    struct vmend v;

    who.wants_window = kind & 0x80;
    vmend_init(&v, &who, &uart, kind & 1 ? &ticket : NULL, policy);
    require(vmend_greet(&v, out) == 0);
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
        take_events(&v, slice_of(copy, len), events, out);
        require(policy != AUTH_REQUIRED || auth_client_is_free(&v.auth) ||
                !v.has_introduced);
        free(copy);
        in = slice_after(in, len);
    }
    vmend_done(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct buf events[2], out[2];
    uint32_t seed;

    if (len < 3)
        return 0;
    seed = bytes[0];
    for (int i = 0; i < 2; i++) {
        buf_init(&events[i], MAX);
        buf_init(&out[i], MAX);
        run(slice_of(bytes + 2, len - 2), bytes[1], i == 0 ? NULL : &seed,
            &events[i], &out[i]);
    }
    require(slice_is_equal(buf_bytes(&events[0]), buf_bytes(&events[1])));
    require(slice_is_equal(buf_bytes(&out[0]), buf_bytes(&out[1])));
    for (int i = 0; i < 2; i++) {
        buf_done(&events[i]);
        buf_done(&out[i]);
    }
    return 0;
}
