#include "socket_peer.h"

#include "web/socket/console_socket_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "socket_peer: %s\n", what);
    abort();
}

void socket_site_open(struct site *s)
{
    websocket_link_open_all(&s->ctx);
    console_socket_open_all(&s->ctx);
}

void socket_site_close(struct site *s)
{
    session_close_all(&s->ctx.all, "the test is over");
    site_turn_end(s);
    console_socket_close_all(&s->ctx);
    websocket_link_close_all(&s->ctx);
}

static struct principal nobody;

struct console_socket_start socket_start(struct site *s, struct console *c)
{
    nobody = (struct principal){ .is_local = true };
    return (struct console_socket_start){
        .ctx = &s->ctx,
        .who = &nobody,
        .peer = "",
        .console = c,
        .key = "dGhlIHNhbXBsZSBub25jZQ==",
    };
}

void socket_peer_arrive(struct socket_peer *p, struct site *s,
                        const struct console_socket_start *start)
{
    struct console_socket_start with = *start;

    *p = (struct socket_peer){ .peer = peer_add(s),
                               .on_message = p->on_message };
    buf_init(&p->in, PEER_TEXT_MAX);
    buf_init(&p->output, PEER_TEXT_MAX);
    buf_init(&p->texts, PEER_TEXT_MAX);
    p->peer->is_raw = true;
    with.stream = &p->peer->stream.stream;
    console_socket_open(&with);
    directory_settle(&s->directory);
}

void socket_peer_open(struct socket_peer *p, struct site *s,
                      const struct console_socket_start *start)
{
    socket_peer_arrive(p, s, start);
    site_run(s);
    socket_peer_listen(p);
}

void socket_peer_done(struct socket_peer *p)
{
    buf_done(&p->in);
    buf_done(&p->output);
    buf_done(&p->texts);
}

static void keep(struct buf *to, struct slice bytes)
{
    require(buf_append(to, bytes) == 0, "too much has come");
}

/* ---- what comes -----------------------------------------------------------
 */

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: "
                             "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static bool take_answer(struct socket_peer *p)
{
    size_t len = sizeof answer - 1;

    if (p->in.len < len)
        return false;
    require(memcmp(buf_bytes(&p->in).data, answer, len) == 0,
            "another answer to the request");
    buf_take(&p->in, (uint32_t)len);
    p->is_open = true;
    return true;
}

static void take_message(struct socket_peer *p, unsigned opcode,
                         struct slice body)
{
    require(p->close == 0, "a message behind the close");
    if (p->on_message != NULL && (opcode == 1 || opcode == 2))
        p->on_message(p, opcode == 1, body);
    switch (opcode) {
    case 1:
        keep(&p->texts, body);
        keep(&p->texts, BYTES("\n"));
        break;
    case 2:
        require(body.len > 0, "an empty message");
        keep(&p->output, body);
        break;
    case 8:
        require(body.len >= 2, "a close without a code");
        p->close = (uint16_t)(body.data[0] << 8 | body.data[1]);
        break;
    case 9:
        p->pings++;
        break;
    case 10:
        break;
    default:
        require(false, "an unknown opcode");
    }
}

static bool take_frame(struct socket_peer *p)
{
    struct slice in = buf_bytes(&p->in);
    size_t head = 2;
    uint64_t len;

    if (in.len < head)
        return false;
    require((in.data[0] & 0xf0) == 0x80, "a fragment, or a reserved bit");
    require(!(in.data[1] & 0x80), "a frame that is masked");
    len = in.data[1];
    if (len >= 126)
        head += len == 126 ? 2 : 8;
    if (in.len < head)
        return false;
    if (head > 2) {
        len = 0;
        for (size_t i = 2; i < head; i++)
            len = len << 8 | in.data[i];
        require(len > (head == 4 ? 125 : 65535), "a length that is too long");
    }
    if (in.len - head < len)
        return false;
    take_message(p, in.data[0] & 15u, slice_of(in.data + head, (size_t)len));
    buf_take(&p->in, (uint32_t)(head + len));
    return true;
}

void socket_peer_listen(struct socket_peer *p)
{
    peer_listen(p->peer);
    keep(&p->in, buf_bytes(&p->peer->data));
    peer_forget(p->peer);
    if (!p->is_open && !take_answer(p))
        return;
    while (take_frame(p))
        ;
}

/* ---- what is said ---------------------------------------------------------
 */

void socket_peer_put(struct socket_peer *p, uint8_t head, struct slice body)
{
    static const uint8_t mask[4] = { 0x12, 0xab, 0xff, 0x07 };
    uint8_t bytes[14] = { head };
    size_t len = 2;
    size_t of_length = body.len < 126 ? 0 : body.len < 65536 ? 2 : 8;

    bytes[1] = (uint8_t)(0x80 | (of_length == 0   ? body.len
                                 : of_length == 2 ? 126
                                                  : 127));
    for (size_t i = of_length; i > 0; i--)
        bytes[len++] = (uint8_t)((uint64_t)body.len >> (8 * (i - 1)));
    memcpy(bytes + len, mask, 4);
    peer_put(p->peer, slice_of(bytes, len + 4));
    for (size_t i = 0; i < body.len; i++) {
        uint8_t byte = body.data[i] ^ mask[i & 3];

        peer_put(p->peer, slice_of(&byte, 1));
    }
}

static void run(struct socket_peer *p)
{
    site_run(p->peer->site);
    socket_peer_listen(p);
}

void socket_peer_type(struct socket_peer *p, struct slice bytes)
{
    socket_peer_put(p, 0x82, bytes);
    run(p);
}

void socket_peer_say(struct socket_peer *p, const char *json)
{
    socket_peer_put(p, 0x81, slice_of_text(json));
    run(p);
}

/* ---- what came ------------------------------------------------------------
 */

bool socket_peer_got(struct socket_peer *p, struct slice output)
{
    bool is_it;

    socket_peer_listen(p);
    is_it = slice_is_equal(buf_bytes(&p->output), output);
    if (!is_it)
        fprintf(stderr, "output came (%u bytes): %.*s\n", p->output.len,
                (int)(p->output.len < 1000 ? p->output.len : 1000),
                (const char *)buf_bytes(&p->output).data);
    buf_take(&p->output, p->output.len);
    return is_it;
}

bool socket_peer_heard(struct socket_peer *p, const char *part)
{
    bool is_it;

    socket_peer_listen(p);
    is_it = p->texts.len > 0 && memmem(buf_bytes(&p->texts).data, p->texts.len,
                                       part, strlen(part)) != NULL;
    if (!is_it)
        fprintf(stderr, "texts came: %.*s\n", (int)p->texts.len,
                p->texts.len > 0 ? (const char *)buf_bytes(&p->texts).data
                                 : "");
    buf_take(&p->texts, p->texts.len);
    return is_it;
}

void socket_peer_forget(struct socket_peer *p)
{
    socket_peer_listen(p);
    buf_take(&p->output, p->output.len);
    buf_take(&p->texts, p->texts.len);
}

/* ---- time -----------------------------------------------------------------
 */

/* Those that start again in this go wait for the next one. */
static void fall_due(struct site *s, struct deadline_queue *queue)
{
    struct deadline *d;
    size_t count = 0;

    for (struct list *node = queue->waiting.next; node != &queue->waiting;
         node = node->next)
        count++;
    for (; count > 0 && (d = deadline_pop(queue, UINT64_MAX)) != NULL; count--)
        queue->on_due(d, queue->owner);
    directory_settle(&s->directory);
    site_run(s);
}

void socket_pings_due(struct site *s)
{
    fall_due(s, &s->ctx.websockets->pings);
}

void socket_losts_due(struct site *s)
{
    fall_due(s, &s->ctx.sockets->losts);
}

void socket_aways_due(struct site *s)
{
    fall_due(s, &s->ctx.sockets->aways);
}

void socket_drains_due(struct site *s)
{
    fall_due(s, &s->ctx.sockets->drains);
}

void socket_pasts_due(struct site *s)
{
    fall_due(s, &s->ctx.sockets->pasts);
}

void socket_people_due(struct site *s)
{
    fall_due(s, &s->ctx.sockets->people);
}
