/*
 * Whole VM sessions: the input plays the VM, the hosts it moves between, its
 * network, its client, three more clients that come and go, and the time.
 * Beside it another VM and its client must not notice.
 *
 * An input is a row of steps, an operation and its argument in a byte each:
 * the low three bits say what, the high five how much.
 */
#include "session_play.h"

#include "session/vm/vm_session_private.h"

#include <stdlib.h>

enum step {
    STEP_BYTES,  /* the next bytes of the input, as many as it says */
    STEP_START,  /* a piece of what ESXi says */
    STEP_ROOM,   /* the VM takes so many bytes more; 31: all */
    STEP_TYPE,   /* its client types; with the top bit: a lot */
    STEP_FLOOD,  /* the VM sends a lot of one thing */
    STEP_CLIENT, /* its client takes so many bytes; 31: all */
    STEP_DUE,    /* time passes */
    STEP_EVENT,  /* enum event */
};

/* A connection that breaks says so only when it is written to or its turn
 * comes: within a burst, that is in the middle of others' work. */
enum event {
    EVENT_ANEW = 0,    /* the VM connects once more, and what was there breaks,
                        * ends or stays; or the host before goes on */
    EVENT_CHOOSE = 4,  /* this of the other clients is the present one */
    EVENT_CONNECT = 7, /* it is a new one */
    EVENT_BREAK = 8,   /* its connection breaks */
    EVENT_BLOCK = 9,   /* it takes nothing more */
    EVENT_VM_BREAK = 10,     /* the VM's connection breaks, and no more */
    EVENT_BEFORE_BREAK = 11, /* that of the host before */
    EVENT_ALL_BREAK = 12,    /* all of these */
    EVENT_CLIENTS_BREAK = 13,
    EVENT_SAY = 14,   /* the present client says something, in 10 ways */
    EVENT_BURST = 24, /* so many steps in one turn */
};

enum {
    PIECE_PEER = 19, /* its sequence and secret are those of the last GOAHEAD */
    KEY_MAX = MOVE_SEQUENCE_MAX + MOVE_SECRET_LEN,
    OTHERS = EVENT_CONNECT - EVENT_CHOOSE,
    BURST_STEP = 3,
};

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

/* What the other clients say: no data, which only the first client sends. */
static const struct slice sayings[EVENT_BURST - EVENT_SAY] = {
    PIECE(YES),
    PIECE(IAC WILL COM_PORT),
    PIECE(COM("\x05\x05")),
    PIECE(COM("\x05\x06")),
    PIECE(COM("\x05\x08")),
    PIECE(COM("\x05\x09")),
    PIECE(COM("\x0c\x02")),
    PIECE(IAC "\xf3"),
    PIECE(IAC AYT),
    PIECE(IAC WONT COM_PORT),
};

struct key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

struct play {
    struct session_play all;
    struct peer *vm;
    struct peer *before;         /* who was it before; NULL: nobody yet */
    struct peer *client;         /* of the console that the VM has become */
    struct peer *others[OTHERS]; /* more of its clients; NULL: none */
    size_t at;                   /* the present one */
    struct key key;              /* what the last GOAHEAD brought */
    uint64_t watched;            /* position of the next byte it has to get */
    uint64_t typed;     /* bytes that the client has sent, without NULs */
    uint64_t came;      /* the same that came to the VM, on all its hosts */
    bool has_taken_all; /* it never was slow */
    uint8_t hosts;      /* that have come */
};

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
    if (p->client->stream.to_session.len > MUCH)
        return;
    p->typed += count_without_nul(slice_of(typed, len));
    peer_put(p->client, slice_of(typed, len));
}

static void give_piece(struct play *p, uint8_t which)
{
    if (which != PIECE_PEER) {
        peer_put(p->vm, pieces[which]);
    } else if (p->key.len > 0) {
        peer_put(p->vm, BYTES(IAC SB VMWARE "\x2c"));
        peer_put_data(p->vm, slice_of(p->key.bytes, p->key.len));
        peer_put(p->vm, BYTES(IAC SE));
    }
}

/* A place is left for the client that comes with the console. */
static bool has_room(const struct play *p)
{
    return p->all.site.peer_count < SITE_PEERS_MAX - 1;
}

/* Two connections come from each address. All are silent until hosts_answer. */
static struct peer *host_arrive(struct play *p)
{
    struct peer *host = peer_add(&p->all.site);
    const uint8_t ip[] = { 192, 0, 2, (uint8_t)(1 + p->hosts / 2) };

    host->stream.stream.peer =
        address_of_ip(ip_from_ipv4(ip), (uint16_t)(1025 + p->hosts++));
    host->stream.pulse.is_answer_due = true;
    vm_session_start(&p->all.site.ctx, &host->stream.stream, TLS_OFF);
    return host;
}

/* The hosts that were are not played any more, but stay connected. */
static void anew(struct play *p, unsigned how)
{
    struct peer *before = p->vm;

    if (how == 0)
        p->vm->stream.is_broken = true;
    else if (how == 1)
        p->vm->stream.is_ended = true;
    if (how == 3 && p->before != NULL)
        p->vm = p->before;
    else if (has_room(p))
        p->vm = host_arrive(p);
    p->before = before;
}

static void break_clients(struct play *p)
{
    for (size_t i = 0; i < OTHERS; i++)
        if (p->others[i] != NULL)
            p->others[i]->stream.is_broken = true;
}

static void connect_other(struct play *p)
{
    struct console *c = site_console(&p->all.site);
    struct peer *before = p->others[p->at];

    if (c == NULL)
        return;
    if (before != NULL && before->stream.is_closed)
        peer_remove(before);
    else if (!has_room(p))
        return;
    p->others[p->at] = client_arrive(&p->all.site, c);
    p->others[p->at]->is_raw = true; /* whatever it will be */
}

/* What the host before has is looked at before it breaks: it is not heard of
 * any more then. */
static void happen(struct play *p, unsigned event)
{
    struct peer *other = p->others[p->at];

    if (event >= EVENT_BURST)
        p->all.burst = (event - EVENT_BURST + 1) * BURST_STEP;
    else if (event >= EVENT_SAY && other != NULL)
        peer_put(other, sayings[event - EVENT_SAY]);
    else if (event == EVENT_BLOCK && other != NULL)
        other->stream.room = 0;
    else if (event == EVENT_BREAK && other != NULL)
        other->stream.is_broken = true;
    else if (event == EVENT_CONNECT)
        connect_other(p);
    else if (event >= EVENT_CHOOSE && event < EVENT_CONNECT)
        p->at = event - EVENT_CHOOSE;
    else if (event < EVENT_CHOOSE)
        anew(p, event - EVENT_ANEW);
    if (event == EVENT_CLIENTS_BREAK || event == EVENT_ALL_BREAK)
        break_clients(p);
    if (event == EVENT_VM_BREAK || event == EVENT_ALL_BREAK)
        p->vm->stream.is_broken = true;
    if (p->before != NULL &&
        (event == EVENT_BEFORE_BREAK || event == EVENT_ALL_BREAK))
        p->before->stream.is_broken = true;
}

static void hosts_answer(struct site *s)
{
    for (size_t i = 0; i < s->peer_count; i++)
        s->peers[i]->stream.pulse.heard++;
}

static void all_probes_due(struct site *s)
{
    for (int i = 0; i < VM_TAKEOVER_LOOKS; i++)
        site_probes_due(s);
}

static void due(struct site *s, uint8_t what)
{
    /* The last three for 29 to 31. */
    static void (*const of_takeover[])(
        struct site *) = { site_probes_due, hosts_answer, all_probes_due };
    static void (*const queues[])(struct site *) = {
        site_identities_due, site_holds_due, site_negotiations_due,
        site_drains_due,     site_moves_due, site_short_holds_due,
        site_renames_due,
    };

    if (what > 28)
        of_takeover[what - 29](s);
    else
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
        peer_put(p->vm, some);
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
        session_play_flood(p->vm, floods[how % 8]);
        break;
    case STEP_CLIENT:
        if (p->client != NULL)
            p->client->stream.room = how == 31 ? SIZE_MAX : how;
        p->has_taken_all &= how == 31;
        break;
    case STEP_DUE:
        due(&p->all.site, how);
        break;
    case STEP_EVENT:
        happen(p, how);
        break;
    }
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
    struct console *c = site_console(&p->all.site);

    if (c == NULL)
        return;
    if (p->client == NULL) {
        p->client = raw_connect(&p->all.site, c);
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
    const struct console *c = site_console(&p->all.site);

    if (c == NULL)
        return;
    require(c->held_input.len <=
            p->all.site.directory.settings.held_input_max + LIMIT_READ);
    require(c->output.cap <= p->all.site.directory.settings.ring_max * 2);
    require(c->link != NULL || c->move != NULL || c->held_input.len == 0);
}

static void start(struct play *p)
{
    struct directory_settings settings = site_settings();

    *p = (struct play){ 0 };
    settings.console_limit = 8;
    session_play_open(&p->all, &settings);
    p->vm = host_arrive(p);
    site_run(&p->all.site);
}

static void check(struct play *p)
{
    check_host(p, p->vm);
    check_host(p, p->before);
    for (size_t i = 0; i < OTHERS; i++)
        if (p->others[i] != NULL)
            peer_forget(p->others[i]);
    session_play_check_memory(&p->all);
    check_console(p);
    check_client(p);
}

/* All who were slow take what they can get, then everybody leaves. */
static void finish(struct play *p)
{
    struct session_play *all = &p->all;

    for (size_t i = 0; i < all->site.peer_count; i++)
        all->site.peers[i]->stream.room = SIZE_MAX;
    site_run(&all->site);
    site_negotiations_due(&all->site);
    for (size_t i = 0; i < all->site.peer_count; i++) {
        struct peer *peer = all->site.peers[i];

        if (peer == p->client || peer == all->other_client ||
            peer == all->other_vm)
            continue;
        peer_break(peer);
        /* One that waits for its console is read when that is decided, perhaps
         * behind others that wait. */
        for (int n = 0; n < SITE_PEERS_MAX && !peer->stream.is_closed; n++)
            all_probes_due(&all->site);
        require(peer->stream.is_closed);
    }
    if (p->client == NULL)
        return;
    /* While a move waits for its other host, a client whose input is at its
     * bound is not read, not to its end either. */
    site_moves_due(&all->site);
    peer_end(p->client);
    require(p->client->stream.is_closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct play p;
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);

    start(&p);
    while (in.len > 0) {
        step(&p, &in);
        if (session_play_run(&p.all))
            check(&p);
    }
    site_run(&p.all.site);
    session_play_check_others(&p.all);
    finish(&p);
    session_play_check_others(&p.all);
    session_play_close(&p.all);
    return 0;
}
