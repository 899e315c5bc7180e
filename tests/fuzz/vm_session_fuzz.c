/*
 * A whole VM session: the input plays the VM, the hosts it moves between, its
 * network, its client and the time. Beside it another VM and its client must
 * not notice.
 *
 * An input is a row of steps, an operation and its argument in a byte each:
 * the low three bits say what, the high five how much.
 */
#include "../unit/session_peer.h"

#include <stdlib.h>

enum step {
    STEP_BYTES,  /* the next bytes of the input, as many as it says */
    STEP_START,  /* a piece of what ESXi says */
    STEP_ROOM,   /* the VM takes so many bytes more; 31: all */
    STEP_TYPE,   /* its client types; with the top bit: a lot */
    STEP_FLOOD,  /* the VM sends a lot of one thing */
    STEP_CLIENT, /* its client takes so many bytes; 31: all */
    STEP_DUE,    /* time passes */
    STEP_ANEW,   /* the VM connects once more, and what was there ends, breaks
                  * or stays; or the host before goes on */
};

enum {
    /* What a session and its share of a console may hold, besides what the
     * peers play with. */
    SESSION_MEMORY_MAX = 1024 * KIB,
    FLOOD = 16 * KIB,
    STEPS_MAX = 300,
    PIECE_PEER = 19, /* its sequence and secret are those of the last GOAHEAD */
    KEY_MAX = MOVE_SEQUENCE_MAX + MOVE_SECRET_LEN,
};

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

#define PIECE(literal)                                                         \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

#define COM_PORT "\x2c"
#define SEQUENCE "\x01\xff\xff\x00\xf0" /* as on the wire */

static const struct slice pieces[32] = {
    PIECE(ESXI_OPTIONS),
    PIECE(ESXI_KNOWN),
    PIECE(ESXI_PROXY),
    PIECE(EXT(VC_UUID UUID_TEXT)),
    PIECE(EXT(VM_NAME "vm-0001")),
    PIECE(EXT(BIOS_UUID "b105")),
    PIECE(EXT(LOCATION_UUID "10ca")),
    PIECE(IAC WONT VMWARE),
    PIECE(IAC WILL VMWARE),
    PIECE(EXT(DO_PROXY "Xs0")),
    PIECE(EXT("\x02\x51")),
    PIECE(EXT("\x02\x53")),
    PIECE(EXT("\xc8")),
    PIECE(IAC DONT),
    PIECE(IAC SB VMWARE VM_NAME),
    PIECE(IAC SE),
    PIECE(EXT("\x28" SEQUENCE)), /* VMOTION-BEGIN */
    PIECE(EXT("\x28z")),
    PIECE(EXT("\x28")),
    [PIECE_PEER] = { 0 },
    PIECE(EXT("\x2c" SEQUENCE "12345678")), /* VMOTION-PEER */
    PIECE(EXT("\x2e" SEQUENCE)),            /* VMOTION-COMPLETE */
    PIECE(EXT("\x2ez")),
    PIECE(EXT("\x30")), /* VMOTION-ABORT */
    PIECE(IAC WILL COM_PORT),
    PIECE(IAC SB VMWARE "\x2c"),
    PIECE(EXT("\x29" SEQUENCE "12345678")), /* VMOTION-GOAHEAD */
    PIECE(EXT("\x2e")),
    PIECE(EXT(DO_PROXY "Ss0")),
    PIECE(EXT(VC_UUID "another VM")),
    PIECE("data"),
    PIECE("\xff\xff\r\0"),
};

static const struct slice floods[8] = {
    PIECE("data"),
    PIECE("\xff\xff"),
    PIECE("\r"),
    PIECE(IAC WILL "\x18"),
    PIECE(IAC DO BINARY IAC DONT BINARY),
    PIECE(IAC WILL VMWARE IAC WONT VMWARE),
    PIECE(EXT("\xc8")),
    PIECE(EXT(VM_NAME "a")),
};

struct key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

struct play {
    struct site site;
    struct peer *vm;
    struct peer *before; /* who was it before; NULL: nobody yet */
    struct peer *client; /* of the console that the VM has become */
    struct peer *other_vm;
    struct peer *other_client;
    struct key key;     /* what the last GOAHEAD brought */
    uint64_t watched;   /* position of the next byte it has to get */
    uint64_t typed;     /* bytes that the client has sent, without NULs */
    uint64_t came;      /* the same that came to the VM, on all its hosts */
    bool has_taken_all; /* it never was slow */
    size_t memory;      /* before the play */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t peer_memory(const struct site *s)
{
    size_t sum = 0;

    for (size_t i = 0; i < s->peer_count; i++) {
        const struct peer *p = s->peers[i];

        sum += p->stream.to_session.cap + p->stream.from_session.cap +
               p->data.cap + p->said.cap;
    }
    return sum;
}

static void check_memory(const struct play *p)
{
    size_t now;

    if (__sanitizer_get_current_allocated_bytes == NULL)
        return;
    now = __sanitizer_get_current_allocated_bytes();
    require(now <= p->memory + peer_memory(&p->site) +
                       p->site.peer_count * SESSION_MEMORY_MAX);
}

static void check_others(struct play *p)
{
    peer_give(p->other_vm, BYTES("ping\xff\xff"));
    require(peer_got(p->other_client, BYTES("ping\xff")));
    peer_give(p->other_client, BYTES("pong\xff\xff"));
    require(peer_got(p->other_vm, BYTES("pong\xff")));
}

static void give_flood(struct peer *vm, struct slice unit)
{
    static uint8_t bytes[FLOOD];
    size_t len = 0;

    for (; len + unit.len <= sizeof bytes; len += unit.len)
        memcpy(bytes + len, unit.data, unit.len);
    peer_give(vm, slice_of(bytes, len));
}

/* A host without BINARY gets CR NUL for CR. */
static size_t count_without_nul(struct slice bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes.len; i++)
        count += bytes.data[i] != 0;
    return count;
}

static void give_typed(struct play *p, bool is_much)
{
    static uint8_t typed[FLOOD];
    size_t len = is_much ? sizeof typed : 3;

    /* From 1 on: a 255 at the start would make it a telnet client. */
    pattern_fill(typed, sizeof typed, 1);
    if (p->client->stream.to_session.len >= 40 * FLOOD)
        return;
    p->typed += count_without_nul(slice_of(typed, len));
    peer_give(p->client, slice_of(typed, len));
}

static void give_piece(struct play *p, uint8_t which)
{
    if (which != PIECE_PEER) {
        peer_give(p->vm, pieces[which]);
    } else if (p->key.len > 0) {
        peer_give(p->vm, BYTES(IAC SB VMWARE "\x2c"));
        peer_send(p->vm, slice_of(p->key.bytes, p->key.len));
        peer_give(p->vm, BYTES(IAC SE));
    }
}

static void anew(struct play *p, uint8_t how)
{
    struct peer *before = p->vm;

    if (how % 4 == 0)
        peer_break(p->vm);
    else if (how % 4 == 1)
        peer_end(p->vm);
    if (how % 4 == 3 && p->before != NULL)
        p->vm = p->before;
    else if (p->site.peer_count < SITE_PEERS_MAX - 2)
        p->vm = vm_connect(&p->site);
    p->before = before;
}

static void due(struct site *s, uint8_t what)
{
    static void (*const queues[])(struct site *) = {
        site_identities_due, site_holds_due, site_negotiations_due,
        site_drains_due,     site_moves_due, site_short_holds_due,
        site_renames_due,
    };

    queues[what % (sizeof queues / sizeof queues[0])](s);
}

static void step(struct play *p, struct slice *in)
{
    enum step what = (enum step)(in->data[0] & 7);
    uint8_t how = in->data[0] >> 3;
    struct slice some;

    *in = slice_after(*in, 1);
    switch (what) {
    case STEP_BYTES:
        some = slice_of(in->data, in->len < how ? in->len : how);
        *in = slice_after(*in, some.len);
        peer_give(p->vm, some);
        break;
    case STEP_START:
        give_piece(p, how);
        break;
    case STEP_ROOM:
        p->vm->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_TYPE:
        if (p->client != NULL)
            give_typed(p, how > 15);
        break;
    case STEP_FLOOD:
        if (p->vm->stream.to_session.len < 40 * FLOOD)
            give_flood(p->vm, floods[how % 8]);
        break;
    case STEP_CLIENT:
        if (p->client != NULL)
            p->client->stream.room = how == 31 ? SIZE_MAX : how;
        p->has_taken_all &= how == 31;
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

/* Takes the numbers behind the last "SB 232 41 ", if there is one. */
static void find_key(struct key *key, struct slice said)
{
    static const char goahead[] = "SB 232 41 ";
    static char text[4 * KIB];
    size_t len = said.len < sizeof text - 1 ? said.len : sizeof text - 1;
    char *at = text;
    char *last = NULL;

    memcpy(text, said.data + said.len - len, len);
    text[len] = '\0';
    while ((at = strstr(at, goahead)) != NULL)
        last = at += strlen(goahead);
    if (last == NULL)
        return;
    for (key->len = 0; key->len < KEY_MAX && *last >= '0' && *last <= '9';
         last += *last == ' ')
        key->bytes[key->len++] = (uint8_t)strtoul(last, &last, 10);
}

/* What came to a host: whatever is typed comes once at most. Who is turned
 * away is told something as well. */
static void check_host(struct play *p, struct peer *host)
{
    if (host == NULL)
        return;
    if (!host->stream.is_closed)
        p->came += count_without_nul(buf_bytes(&host->data));
    if (host->said.len > 0)
        find_key(&p->key, buf_bytes(&host->said));
    peer_forget(host);
    require(p->came <= p->typed);
}

/* Bytes of the VM's only, and all of them, as long as it takes them. */
static void check_client(struct play *p)
{
    struct console *c = site_console(&p->site);

    if (c == NULL)
        return;
    if (p->client == NULL) {
        p->client = raw_connect(&p->site, c);
        p->watched = c->output.head;
        p->has_taken_all = true;
        return;
    }
    p->watched += p->client->data.len;
    require(p->watched <= c->output.head);
    require(!p->has_taken_all || p->watched == c->output.head);
    peer_forget(p->client);
}

static void check_console(struct play *p)
{
    const struct console *c = site_console(&p->site);

    if (c == NULL)
        return;
    require(c->held_input.len <= 64 * KIB + LIMIT_READ);
    require(c->output.cap <= p->site.directory.settings.ring_max * 2);
    require(c->link != NULL || c->move != NULL || c->held_input.len == 0);
}

static void start(struct play *p)
{
    struct directory_settings settings = site_settings();

    *p = (struct play){ 0 };
    if (__sanitizer_get_current_allocated_bytes != NULL)
        p->memory = __sanitizer_get_current_allocated_bytes();
    settings.console_limit = 8;
    site_open(&p->site, &settings);
    p->other_vm = vm_start_as(&p->site, "a VM beside it", "s0");
    p->other_client = telnet_connect(
        &p->site, directory_find(&p->site.directory, "a VM beside it", "s0"));
    p->vm = vm_connect(&p->site);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* All who were slow take what they can get, then everybody leaves. */
static void finish(struct play *p)
{
    if (p->client != NULL)
        peer_unblock(p->client);
    for (size_t i = 0; i < p->site.peer_count; i++) {
        struct peer *peer = p->site.peers[i];

        if (peer == p->client || peer == p->other_client || peer == p->other_vm)
            continue;
        peer_unblock(peer);
        peer_break(peer);
        require(peer->stream.is_closed);
    }
    if (p->client == NULL)
        return;
    /* While a move waits for its other host, a client whose input is at its
     * bound is not read, not to its end either. */
    site_moves_due(&p->site);
    peer_end(p->client);
    require(p->client->stream.is_closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct play p;
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);

    start(&p);
    while (in.len > 0) {
        step(&p, &in);
        check_host(&p, p.vm);
        check_host(&p, p.before);
        check_memory(&p);
        check_console(&p);
        check_client(&p);
    }
    check_others(&p);
    finish(&p);
    check_others(&p);
    site_close(&p.site);
    return 0;
}
