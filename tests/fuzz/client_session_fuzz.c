/*
 * A whole client session: the input plays the client, its network, the VM and
 * the time. Beside it a client of the same console and a pair of its own must
 * not notice.
 *
 * An input is a row of steps, an operation and its argument in a byte each:
 * the low three bits say what, the high five how much.
 */
#include "../unit/session_peer.h"

#include "session/client/client_session.h"

#include <stdlib.h>

enum step {
    STEP_BYTES,  /* the next bytes of the input, as many as it says */
    STEP_PIECE,  /* something that clients say */
    STEP_ROOM,   /* the client takes so many bytes more; 31: all */
    STEP_OUTPUT, /* the VM sends; with the top bit: a lot */
    STEP_FLOOD,  /* the client sends a lot of one thing */
    STEP_VM,     /* the VM takes so many bytes more; 31: all */
    STEP_DUE,    /* time passes */
    STEP_ANEW,   /* the client connects once more, or somebody leaves; or it
                  * is a remote system that we call */
};

enum {
    SESSION_MEMORY_MAX = 1024 * KIB,
    FLOOD = 16 * KIB,
    MUCH = 40 * FLOOD,
    STEPS_MAX = 300,
};

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

#define PIECE(literal)                                                         \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

#define COM_PORT "\x2c"
#define COM(body) IAC SB COM_PORT body IAC SE

static const struct slice pieces[32] = {
    PIECE(IAC DO BINARY),
    PIECE(IAC DO SGA IAC DO ECHO IAC WILL SGA),
    PIECE(IAC WILL BINARY),
    PIECE(IAC DONT BINARY),
    PIECE(IAC WONT BINARY),
    PIECE(IAC AYT),
    PIECE(IAC WILL "\x18"),
    PIECE(IAC SB "\x18"),
    PIECE(IAC SE),
    PIECE(IAC),
    PIECE("\r\n"),
    PIECE("\r"),
    PIECE("\0"),
    PIECE("ls"),
    PIECE("\xff\xff"),
    PIECE(IAC DO BINARY IAC DO SGA),
    PIECE(IAC WILL COM_PORT),
    PIECE(IAC WONT COM_PORT),
    PIECE(COM("")),
    PIECE(COM("\x01\0\1\xc2\0")),
    PIECE(COM("\x05\x05")),
    PIECE(COM("\x05\x06")),
    PIECE(COM("\x05\x09")),
    PIECE(COM("\x05\x08")),
    PIECE(COM("\x08")),
    PIECE(COM("\x09")),
    PIECE(COM("\x0a\x10")),
    PIECE(COM("\x0b\0")),
    PIECE(COM("\x0c\x01")),
    PIECE(COM("\x0c\x02")),
    PIECE(COM("\0")),
    PIECE(IAC "\xf3"),
};

static const struct slice floods[8] = {
    PIECE("typed"),
    PIECE("\xff\xff"),
    PIECE("\r\n"),
    PIECE(IAC AYT),
    PIECE(IAC WILL "\x18"),
    PIECE(IAC DO BINARY IAC DONT BINARY),
    PIECE(IAC SB "\x18" IAC SE),
    PIECE(IAC DO BINARY IAC DO SGA),
};

struct play {
    struct site site;
    struct console *console;
    struct peer *vm;
    struct peer *client;
    struct peer *beside; /* a raw client of the same console */
    uint64_t watched;    /* position of the next byte it has to get */
    struct peer *other_vm;
    struct peer *other_client;
    bool is_called; /* client is, by us */
    size_t memory;  /* before the play */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_memory(const struct play *p)
{
    size_t most = p->memory;

    if (__sanitizer_get_current_allocated_bytes == NULL)
        return;
    for (size_t i = 0; i < p->site.peer_count; i++) {
        const struct peer *peer = p->site.peers[i];

        most += peer->stream.to_session.cap + peer->stream.from_session.cap +
                peer->data.cap + peer->said.cap + SESSION_MEMORY_MAX;
    }
    require(__sanitizer_get_current_allocated_bytes() <= most);
}

static void check_others(struct play *p)
{
    peer_give(p->other_vm, BYTES("ping\xff\xff"));
    require(peer_got(p->other_client, BYTES("ping\xff")));
    peer_give(p->other_client, BYTES("pong\xff\xff"));
    require(peer_got(p->other_vm, BYTES("pong\xff")));
}

/* It takes what comes, so it has got all that the VM was read. */
static void check_beside(struct play *p)
{
    struct slice got = buf_bytes(&p->beside->data);

    for (size_t i = 0; i < got.len; i++)
        require(got.data[i] == pattern_at(p->watched + i));
    p->watched += got.len;
    require(p->watched == p->console->output.head);
    require(!p->beside->stream.is_closed);
    peer_forget(p->beside);
}

static void check_console(const struct play *p)
{
    const struct console *c = p->console;

    require(c->held_input.len <=
            p->site.directory.settings.held_input_max + LIMIT_READ);
    require(c->output.cap <= p->site.directory.settings.ring_max * 2);
    require(c->link != NULL);
    require(!p->vm->stream.is_closed);
}

static void give_flood(struct peer *client, struct slice unit)
{
    static uint8_t bytes[FLOOD];
    size_t len = 0;

    if (client->stream.to_session.len > MUCH)
        return;
    for (; len + unit.len <= sizeof bytes; len += unit.len)
        memcpy(bytes + len, unit.data, unit.len);
    peer_give(client, slice_of(bytes, len));
}

/* sent counts bytes of the pattern, which go on where they ended. */
static void give_output(struct play *p, uint64_t *sent, size_t len)
{
    static uint8_t bytes[FLOOD];

    if (p->vm->stream.to_session.len > MUCH)
        return;
    pattern_fill(bytes, len, *sent);
    *sent += len;
    peer_send(p->vm, slice_of(bytes, len));
}

static void due(struct site *s, uint8_t what)
{
    if (what % 3 == 0)
        site_holds_due(s);
    else if (what % 3 == 1 && what & 16)
        site_answers_due(s);
    else if (what % 3 == 1)
        site_negotiations_due(s);
    else
        site_drains_due(s);
}

/* Whether it speaks telnet the input decides: its bytes are only bytes. */
static void connect_client(struct play *p)
{
    p->client = client_connect(&p->site, p->console);
    p->client->is_raw = true;
    p->is_called = false;
}

static void on_end(void *owner, const char *reason)
{
    (void)owner;
    (void)reason;
}

/* The roles last as long as the program; so does what they need for TLS. */
static struct client_role *find_role(uint8_t how)
{
    static struct client_role roles[] = {
        { .way = CLIENT_RAW },
        { .way = CLIENT_REMOTE },
        { .way = CLIENT_REMOTE, .policy = TLS_OFFERED },
        { .way = CLIENT_REMOTE, .policy = TLS_REQUIRED },
    };
    static const struct tls_client_settings settings = { 0 };
    static struct tls_context *tls;
    struct client_role *role = &roles[how % 4];

    if (tls == NULL)
        require(tls_context_open_client(&tls, &settings, NULL) == 0);
    role->is_outgoing = true;
    role->on_end = on_end;
    role->tls = tls;
    return role;
}

static void call_remote(struct play *p, uint8_t how)
{
    struct client_role *role = find_role(how);

    role->output_at = p->console->output.head;
    p->client = peer_add(&p->site);
    p->client->is_raw = true;
    p->is_called = true;
    client_session_start(&p->site.ctx, &p->client->stream.stream, p->console,
                         role);
}

static void anew(struct play *p, uint8_t how)
{
    if (how % 4 == 0)
        peer_break(p->client);
    else if (how % 4 == 1)
        peer_end(p->client);
    if (p->site.peer_count == SITE_PEERS_MAX)
        return;
    if (how & 16)
        call_remote(p, how / 4);
    else
        connect_client(p);
}

static void step(struct play *p, struct slice *in, uint64_t *sent)
{
    enum step what = (enum step)(in->data[0] & 7);
    uint8_t how = in->data[0] >> 3;
    struct slice some;

    *in = slice_after(*in, 1);
    switch (what) {
    case STEP_BYTES:
        some = slice_of(in->data, in->len < how ? in->len : how);
        *in = slice_after(*in, some.len);
        peer_give(p->client, some);
        break;
    case STEP_PIECE:
        peer_give(p->client, pieces[how]);
        break;
    case STEP_ROOM:
        p->client->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_OUTPUT:
        give_output(p, sent, how > 15 ? FLOOD : how + 1u);
        break;
    case STEP_FLOOD:
        give_flood(p->client, floods[how % 8]);
        break;
    case STEP_VM:
        p->vm->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_DUE:
        due(&p->site, how);
        break;
    case STEP_ANEW:
        anew(p, how);
        break;
    }
    site_run(&p->site);
}

static void start(struct play *p)
{
    struct directory_settings settings = site_settings();

    *p = (struct play){ 0 };
    (void)find_role(0);
    if (__sanitizer_get_current_allocated_bytes != NULL)
        p->memory = __sanitizer_get_current_allocated_bytes();
    site_open(&p->site, &settings);
    p->site.ctx.settings.history = (struct history_wish){ 24, 4 * KIB };
    p->other_vm = vm_start_as(&p->site, "a VM beside it", "s0");
    p->other_client = telnet_connect(
        &p->site, directory_find(&p->site.directory, "a VM beside it", "s0"));
    p->vm = vm_start(&p->site);
    p->console = site_console(&p->site);
    p->beside = raw_connect(&p->site, p->console);
    connect_client(p);
}

/* What was held back flows again, and the client ends. */
static void finish(struct play *p)
{
    peer_unblock(p->vm);
    peer_unblock(p->client);
    site_holds_due(&p->site);
    check_beside(p);
    peer_end(p->client);
    site_drains_due(&p->site); /* it may have suspended its output */
    /* TLS ends later, with the loop that is not there. */
    require(p->client->stream.is_closed || p->is_called);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct play p;
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);
    uint64_t sent = 0;

    start(&p);
    while (in.len > 0) {
        step(&p, &in, &sent);
        check_memory(&p);
        check_console(&p);
        check_beside(&p);
        peer_forget(p.vm);
        peer_forget(p.client);
    }
    check_others(&p);
    finish(&p);
    check_others(&p);
    site_close(&p.site);
    return 0;
}
