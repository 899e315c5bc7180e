/*
 * The way to TLS on a port for VMs or for clients: the input plays a peer that
 * does AUTHENTICATION, says hello, or anything else, and the time. Where TLS is
 * required, nothing comes to or from it in the clear; a VM and its client
 * beside it must not notice.
 *
 * The first byte says which port, and its policy. Then a row of steps: the low
 * three bits say what, the high five how much.
 */
#include "../unit/session_peer.h"
#include "../unit/tls_lab.h"

#include <stdlib.h>

enum step {
    STEP_BYTES, /* the next bytes of the input, as many as it says */
    STEP_PIECE, /* a piece of the exchange */
    STEP_HELLO, /* so many parts of 16 bytes of a hello, from where it is */
    STEP_ROOM,  /* the peer takes so many bytes more; 31: all */
    STEP_DUE,   /* time passes */
    STEP_SAYS,  /* the VM that the client watches says something */
    STEP_END,   /* the peer ends, or breaks */
};

enum { STEPS_MAX = 200, HELLO_MAX = 2 * KIB, MEMORY_MAX = 1024 * KIB };

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

#define SB37 IAC SB AUTHENTICATION
#define PIECE(literal)                                                         \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

static const struct slice pieces[] = {
    PIECE(IAC WILL AUTHENTICATION),
    PIECE(IAC WONT AUTHENTICATION),
    PIECE(SB37 "\0\7\0\1" IAC SE), /* START */
    PIECE(SB37 "\0\0\0" IAC SE),   /* NULL */
    PIECE(SB37 "\0\7\1\1" IAC SE),
    PIECE(SB37 "\3root" IAC SE), /* NAME */
    PIECE(SB37 IAC SE),
    PIECE(SB37 "\2\7\0\2" IAC SE), /* ACCEPT, which is ours to say */
    PIECE(IAC DO AUTHENTICATION),
    PIECE(IAC DO "c"),
    PIECE(ESXI_OPTIONS),
    PIECE(ESXI_KNOWN),
    PIECE(ESXI_PROXY),
    PIECE(EXT(VC_UUID "fuzzed") EXT(VM_NAME "fuzzed")),
    PIECE("data"),
    PIECE("\x16\3\1\0\5"),
};

static const char secret[] = "secret";
static struct tls_context *context;
static uint8_t hello[HELLO_MAX];
static size_t hello_len;

struct play {
    struct site site;
    struct peer *vm; /* whom nobody disturbs, with a client */
    struct peer *client;
    struct peer *peer;
    size_t hello_at;
    size_t memory; /* before it */
    bool is_vm;
    bool is_required;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct lab_wish wish = { .common_name = "vspcd" };
    struct lab lab;
    struct lab_certificate certificate;
    struct raw raw;

    (void)argc;
    (void)argv;
    lab_open(&lab);
    certificate = lab_make(&lab, "server.pem", &wish);
    context = lab_server(
        &(struct tls_settings){ .certificate_path = certificate.path });
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    (void)SSL_do_handshake(raw.ssl);
    hello_len = (size_t)BIO_read(raw.out, hello, sizeof hello);
    raw_done(&raw);
    lab_close(&lab);
    return 0;
}

static void give_hello(struct play *p, size_t parts)
{
    size_t len = hello_len - p->hello_at;

    if (len > parts * 16)
        len = parts * 16;
    peer_give(p->peer, slice_of(hello + p->hello_at, len));
    p->hello_at += len;
}

static void due(struct site *s, uint8_t what)
{
    static void (*const queues[])(struct site *) = {
        site_first_bytes_due, site_negotiations_due, site_drains_due,
        site_identities_due,  site_tls_due,
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
        peer_give(p->peer, some);
        break;
    case STEP_PIECE:
        peer_give(p->peer, pieces[how % (sizeof pieces / sizeof pieces[0])]);
        break;
    case STEP_HELLO:
        give_hello(p, how);
        break;
    case STEP_ROOM:
        p->peer->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_DUE:
        due(&p->site, how);
        break;
    case STEP_SAYS:
        peer_give(p->vm, BYTES("secret"));
        break;
    case STEP_END:
        if (how % 2 == 0)
            peer_end(p->peer);
        else
            peer_break(p->peer);
        break;
    }
    site_run(&p->site);
}

static bool has_secret(struct slice bytes)
{
    return bytes.len > 0 &&
           memmem(bytes.data, bytes.len, secret, strlen(secret)) != NULL;
}

static void check(struct play *p)
{
    bool is_attached =
        directory_find(&p->site.directory, "fuzzed", LABEL) != NULL;

    if (p->is_required) {
        require(!has_secret(buf_bytes(&p->peer->data)));
        require(!is_attached);
        require(p->vm->data.len == 0);
    }
    if (__sanitizer_get_current_allocated_bytes != NULL)
        require(__sanitizer_get_current_allocated_bytes() <=
                p->memory + MEMORY_MAX);
    peer_forget(p->vm);
    peer_forget(p->client);
}

static void check_others(struct play *p)
{
    peer_give(p->vm, BYTES("ping\xff\xff"));
    require(peer_got(p->client, BYTES("ping\xff")));
    peer_give(p->client, BYTES("pong\xff\xff"));
    require(peer_got(p->vm, BYTES("pong\xff")));
}

static void start(struct play *p, uint8_t how)
{
    static const enum tls_policy policies[] = { TLS_TELNETS, TLS_OFFERED,
                                                TLS_REQUIRED, TLS_REQUIRED };
    struct directory_settings settings = site_settings();

    *p = (struct play){ .is_vm = how & 1 };
    if (__sanitizer_get_current_allocated_bytes != NULL)
        p->memory = __sanitizer_get_current_allocated_bytes();
    site_open(&p->site, &settings);
    p->site.ctx.vm_tls = context;
    p->site.ctx.client_tls = context;
    p->vm = vm_start(&p->site);
    p->client = telnet_connect(&p->site, site_console(&p->site));
    p->site.policy = policies[(how >> 1) & 3];
    p->is_required = p->site.policy == TLS_REQUIRED;
    p->peer = p->is_vm ? vm_arrive(&p->site)
                       : client_arrive(&p->site, site_console(&p->site));
    p->peer->is_raw = true;
    site_run(&p->site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct play p;

    if (size == 0)
        return 0;
    start(&p, data[0]);
    in = slice_after(in, 1);
    for (int i = 0; i < STEPS_MAX && in.len > 0; i++) {
        step(&p, &in);
        check(&p);
    }
    peer_end(p.peer);
    site_first_bytes_due(&p.site);
    check(&p);
    check_others(&p);
    site_close(&p.site);
    return 0;
}
