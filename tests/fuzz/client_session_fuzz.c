/*
 * Whole client sessions of one console: the input plays up to four clients,
 * their network, the VM, the time, what the rules let them do, and what PAM
 * says of their logins. Beside them a client of the same console and a pair of
 * its own must not notice.
 *
 * An input is a row of steps, an operation and its argument in a byte each: the
 * low three bits say what, the high five how much. Bytes, pieces, floods and
 * room are those of the present client (EVENT_CHOOSE).
 */
#include "session_play.h"

#include "../unit/fake_means.h"
#include "session/client/client_session.h"

enum step {
    STEP_BYTES,  /* the next bytes of the input, as many as it says */
    STEP_PIECE,  /* something that clients say */
    STEP_ROOM,   /* the client takes so many bytes more; 31: all */
    STEP_OUTPUT, /* the VM sends; with the top bit: a lot */
    STEP_FLOOD,  /* the client sends a lot of one thing */
    STEP_VM,     /* the VM takes so many bytes more; 31: all */
    STEP_DUE,    /* time passes */
    STEP_EVENT,  /* enum event */
};

/* A connection that breaks says so only when it is written to or its turn
 * comes: within a burst, that is in the middle of others' work. */
enum event {
    EVENT_CHOOSE = 0,      /* this client is the present one */
    EVENT_CONNECT = 4,     /* it is a new one, on the console's port */
    EVENT_CALL = 5,        /* it is a remote system that we call, in 4 ways */
    EVENT_BREAK = 9,       /* its connection breaks */
    EVENT_END = 10,        /* it sends no more */
    EVENT_VM_BREAK = 11,   /* the VM's connection breaks */
    EVENT_VM_END = 12,     /* the VM sends no more */
    EVENT_VM_START = 13,   /* the VM connects once more */
    EVENT_ALL_BREAK = 14,  /* all of them at once, and the VM */
    EVENT_MANY_BREAK = 15, /* the VM, and each client but the present one */
    EVENT_BURST = 16,      /* so many steps in one turn */
    EVENT_RIGHT = 22,      /* clients of this console have another right */
    EVENT_KEYBOARD = 23,   /* one of them writes at a time, or all */
    EVENT_VM_PIECE = 24,   /* something that VMs say */
};

enum { CLIENTS = 4, BURST_STEP = 3 };

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
    PIECE("POST "),
    PIECE("\xff\xff"),
    PIECE(IAC WILL NAWS IAC SB NAWS "\0\x50\0" IAC IAC SE),
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
    PIECE(IAC SB NAWS "\0\1\0\1" IAC SE),
    PIECE(IAC DO BINARY IAC DO SGA),
};

/* A VM that speaks RFC 2217 hears of its clients' lines and breaks, so a write
 * to it may fail in the middle of a client's end. */
static const struct slice vm_pieces[8] = {
    PIECE(IAC WILL COM_PORT IAC DO COM_PORT IAC DO NAWS),
    PIECE(COM("\x05\x05")),
    PIECE(COM("\x05\x06")),
    PIECE(COM("\x05\x09")),
    PIECE(IAC "\xf3"),
    PIECE(IAC WONT VMWARE),
    PIECE(IAC WILL VMWARE ESXI_KNOWN),
    PIECE(ESXI_PROXY),
};

struct play {
    struct session_play all;
    struct console *console;
    struct peer *vm;
    struct peer *clients[CLIENTS];
    size_t at;           /* the present one */
    struct peer *beside; /* a raw client of the same console */
    uint64_t watched;    /* position of the next byte it has to get */
    uint64_t sent;       /* by the VM, of the pattern */
    uint64_t typed;      /* input of the console when its clients were allowed
                          * to read alone */
    bool has_called;
    bool has_logged_in;
    uint8_t right;    /* enum right, of its clients */
    uint8_t keyboard; /* enum access_keyboard */
    bool is_new;      /* the VM; what it sends begins with the next run */
    bool is_steady;   /* the VM has never been other than it was at first */
};

static struct peer *present(struct play *p)
{
    return p->clients[p->at]; /* NULL: nobody was there yet */
}

/* The other console is for everybody. Present clients are judged, as at a
 * reload. */
static void set_rules(struct play *p, enum right right,
                      enum access_keyboard keyboard)
{
    static const struct access_text anybody = { "anybody", 1 };
    static const struct access_text alice = { "alice", 1 };
    struct access_section_source sections[2] = {
        { .pattern = { UUID, 1 }, .keyboard = keyboard },
        { .pattern = { "*", 2 } },
    };
    const struct access_source source = { .section = sections,
                                          .section_count = 2 };
    struct access_rules *rules;

    p->right = (uint8_t)right;
    p->keyboard = (uint8_t)keyboard;
    sections[0].members[RIGHT_ADMIN] = (struct access_texts){ &alice, 1 };
    sections[0].members[right] = (struct access_texts){ &anybody, 1 };
    sections[1].members[RIGHT_BREAK] = (struct access_texts){ &anybody, 1 };
    rules = access_rules_compile(&source, NULL, NULL);
    require(rules != NULL);
    site_set_access(&p->all.site, rules);
    (void)sessions_judge(&p->all.site.ctx);
    directory_settle(&p->all.site.directory);
    p->typed = p->console->input_bytes;
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
    const struct directory_settings *settings = &p->all.site.directory.settings;

    /* A read above the mark, and what one that goes then had kept. */
    require(c->held_input.len <= settings->held_input_max + 2 * LIMIT_READ);
    require(c->output.cap <= settings->ring_max * 2);
    /* For a system that was called there are no rules. */
    require(p->right > RIGHT_READ || p->has_called || p->has_logged_in ||
            c->input_bytes == p->typed);
    require(!p->is_steady || (c->link != NULL && !p->vm->stream.is_closed));
}

/* Bytes of the pattern, which go on where they ended. */
static void give_output(struct play *p, size_t len)
{
    static uint8_t bytes[FLOOD];

    if (p->vm->stream.to_session.len > MUCH || p->is_new)
        return;
    pattern_fill(bytes, len, p->sent);
    p->sent += len;
    peer_put_data(p->vm, slice_of(bytes, len));
}

/* What becomes of logins. */
enum login_due {
    LOGIN_STEP = 30,
    LOGIN_ACCEPT = 27,
    LOGIN_DENY = 24,
    LOGIN_ASK = 21,
    LOGIN_GROUPS = 18,
    LOGIN_LATE = 15,
};

static void login_due(struct play *p, uint8_t what)
{
    struct site *s = &p->all.site;
    struct deadline_queue *steps = authenticate_steps(s->ctx.authenticate);
    struct deadline *first = deadline_first(steps);

    if (what == LOGIN_STEP && first != NULL)
        deadline_queue_fire(steps, first->due_us);
    else if (what == LOGIN_LATE)
        site_logins_due(s);
    else if (what == LOGIN_GROUPS && fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    else if (what == LOGIN_ASK && fake.asked_count > 0)
        fake_pam_ask("Code: ", false);
    else if (what == LOGIN_DENY && fake.asked_count > 0)
        fake_pam_done(PAM_OUTCOME_DENIED, "");
    else if (what == LOGIN_ACCEPT && fake.asked_count > 0) {
        p->has_logged_in = true;
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    }
}

static void due(struct site *s, uint8_t what)
{
    if (what % 3 == 0)
        site_holds_due(s);
    else if (what % 3 == 1 && what & 16)
        site_answers_due(s);
    else if (what % 3 == 1)
        site_negotiations_due(s);
    else if (what & 16)
        site_doubts_due(s);
    else
        site_drains_due(s);
}

static void on_end(void *owner, const char *reason)
{
    (void)owner;
    (void)reason;
}

/* The roles last as long as the program; so does what they need for TLS. */
static struct client_role *find_role(unsigned how)
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

/* Whoever was in this place goes on, if it has not gone. */
static bool find_place(struct play *p, struct peer *before)
{
    if (before != NULL && before->stream.is_closed) {
        peer_remove(before);
        return true;
    }
    return p->all.site.peer_count < SITE_PEERS_MAX;
}

/* Whether it speaks telnet the input decides: its bytes are only bytes. */
static void connect_client(struct play *p)
{
    if (!find_place(p, present(p)))
        return;
    p->clients[p->at] = client_arrive(&p->all.site, p->console);
    present(p)->is_raw = true;
}

static void call_remote(struct play *p, unsigned how)
{
    struct client_role *role = find_role(how);
    struct peer *peer;

    if (!find_place(p, present(p)))
        return;
    peer = peer_add(&p->all.site);
    peer->is_raw = true;
    p->clients[p->at] = peer;
    p->has_called = true;
    role->output_at = p->console->output.head;
    client_session_start(&p->all.site.ctx, &peer->stream.stream, p->console,
                         role);
}

static void start_vm(struct play *p)
{
    if (!find_place(p, p->vm))
        return;
    p->vm = vm_arrive(&p->all.site);
    vm_put_start(p->vm, UUID_TEXT, LABEL);
    p->is_new = true;
}

static void break_all(struct play *p, const struct peer *but)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL && p->clients[i] != but)
            p->clients[i]->stream.is_broken = true;
    p->vm->stream.is_broken = true;
}

static void happen(struct play *p, unsigned event)
{
    struct peer *client = present(p);

    p->is_steady &= event < EVENT_VM_BREAK ||
                    (event >= EVENT_BURST && event < EVENT_VM_PIECE);
    if (event >= EVENT_VM_PIECE)
        peer_put(p->vm, vm_pieces[event - EVENT_VM_PIECE]);
    else if (event == EVENT_KEYBOARD)
        set_rules(p, (enum right)p->right,
                  p->keyboard == KEYBOARD_ONE_WRITER ? KEYBOARD_FREE_FOR_ALL
                                                     : KEYBOARD_ONE_WRITER);
    else if (event == EVENT_RIGHT)
        set_rules(p, (enum right)(RIGHT_READ + p->right % RIGHT_CONTROL),
                  (enum access_keyboard)p->keyboard);
    else if (event >= EVENT_BURST)
        p->all.burst = (event - EVENT_BURST + 1) * BURST_STEP;
    else if (event == EVENT_MANY_BREAK)
        break_all(p, client);
    else if (event == EVENT_ALL_BREAK)
        break_all(p, NULL);
    else if (event == EVENT_VM_START)
        start_vm(p);
    else if (event == EVENT_VM_END)
        p->vm->stream.is_ended = true;
    else if (event == EVENT_VM_BREAK)
        p->vm->stream.is_broken = true;
    else if (event == EVENT_END && client != NULL)
        client->stream.is_ended = true;
    else if (event == EVENT_BREAK && client != NULL)
        client->stream.is_broken = true;
    else if (event >= EVENT_CALL && event < EVENT_BREAK)
        call_remote(p, event - EVENT_CALL);
    else if (event == EVENT_CONNECT)
        connect_client(p);
    else if (event < EVENT_CONNECT)
        p->at = event - EVENT_CHOOSE;
}

static void step_client(struct peer *client, enum step what, uint8_t how,
                        struct slice bytes)
{
    if (client == NULL)
        return;
    if (what == STEP_BYTES)
        peer_put(client, bytes);
    else if (what == STEP_PIECE)
        peer_put(client, pieces[how]);
    else if (what == STEP_FLOOD)
        session_play_flood(client, floods[how % 8]);
    else
        client->stream.room = how == 31 ? SIZE_MAX : how;
}

static void step(struct play *p, struct slice *in)
{
    enum step what = (enum step)(in->data[0] & 7);
    uint8_t how = in->data[0] >> 3;
    struct slice bytes;

    *in = slice_after(*in, 1);
    bytes = slice_of(in->data, in->len < how ? in->len : how);
    switch (what) {
    case STEP_BYTES:
        *in = slice_after(*in, bytes.len);
        step_client(present(p), what, how, bytes);
        break;
    case STEP_PIECE:
    case STEP_FLOOD:
    case STEP_ROOM:
        step_client(present(p), what, how, bytes);
        break;
    case STEP_OUTPUT:
        give_output(p, how > 15 ? FLOOD : how + 1u);
        break;
    case STEP_VM:
        p->vm->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_DUE:
        if (how % 3 == 0 && how >= LOGIN_LATE)
            login_due(p, how);
        else
            due(&p->all.site, how);
        break;
    case STEP_EVENT:
        happen(p, how);
        break;
    }
}

/* What a VM has sent that was not read is lost with it: a new one goes on where
 * the console is. */
static void check(struct play *p)
{
    session_play_check_memory(&p->all);
    check_console(p);
    check_beside(p);
    if (p->is_new)
        p->sent = p->console->output.head;
    p->is_new = false;
    peer_forget(p->vm);
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL)
            peer_forget(p->clients[i]);
}

static void start(struct play *p)
{
    static const uint64_t seed[2] = { 11, 12 };
    const struct authenticate_means means = fake_means_begin();
    struct directory_settings settings = site_settings();

    *p = (struct play){ .is_steady = true };
    (void)find_role(0);
    session_play_open(&p->all, &settings);
    p->all.site.ctx.settings.history =
        (struct history_wish){ 24, LIMIT_OF(4 * KIB) };
    p->all.site.ctx.settings.asks_logins = true;
    p->all.site.ctx.authenticate = authenticate_new(NULL, &means, seed);
    p->all.site.ctx.tokens = means.tokens;
    p->vm = vm_start(&p->all.site);
    p->console = site_console(&p->all.site);
    set_rules(p, RIGHT_BREAK, KEYBOARD_FREE_FOR_ALL);
    p->beside = raw_connect(&p->all.site, p->console);
    connect_client(p);
    site_run(&p->all.site);
}

/* What was held back flows again, and the clients end. */
static void finish(struct play *p)
{
    struct site *s = &p->all.site;

    p->vm->stream.room = SIZE_MAX;
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL)
            p->clients[i]->stream.room = SIZE_MAX;
    site_run(s);
    site_holds_due(s);
    check(p);
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL)
            p->clients[i]->stream.is_ended = true;
    site_run(s);
    site_negotiations_due(s);
    site_answers_due(s);
    site_drains_due(s); /* half-closes, then drains */
    site_drains_due(s); /* one may have suspended its output */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct play p;
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);
    struct authenticate *authenticate;

    start(&p);
    while (in.len > 0) {
        step(&p, &in);
        if (session_play_run(&p.all))
            check(&p);
    }
    session_play_check_others(&p.all);
    finish(&p);
    session_play_check_others(&p.all);
    authenticate = p.all.site.ctx.authenticate;
    session_play_close(&p.all);
    require(fake.asked_count == 0 && fake.looked_up_count == 0);
    authenticate_free(authenticate);
    return 0;
}
