/*
 * Whole connections on the admin port: the input plays up to three of them,
 * their network, the rules, the time, and the VM of a console that they may
 * read, or may not. Another console is there as well; its client and its VM
 * notice nothing.
 *
 * An input is a row of steps, an operation and its argument in a byte each: the
 * low three bits say what, the high five how much.
 */
#include "session_play.h"

#include "session/admin/admin_session.h"

enum step {
    STEP_BYTES, /* the next bytes of the input, as many as it says */
    STEP_PIECE, /* something that clients say */
    STEP_ROOM,  /* the client takes so many bytes more; 31: all */
    STEP_VM,    /* the VM takes so many bytes more; 31: all */
    STEP_DUE,   /* time passes */
    STEP_EVENT, /* enum event */
    STEP_RULES, /* what may be done with the console */
    STEP_FLOOD, /* the client sends a lot of one thing */
};

enum event {
    EVENT_CHOOSE = 0,  /* this client is the present one */
    EVENT_CONNECT = 3, /* it is a new one */
    EVENT_BREAK = 4,   /* its connection breaks */
    EVENT_END = 5,     /* it sends no more */
    EVENT_OUTPUT = 6,  /* the VM prints */
    EVENT_RENAME = 9,  /* the VM has another name, so other rights */
    EVENT_ALL_BREAK = 10,
    EVENT_BURST = 16, /* so many steps in one turn */
};

enum { CLIENTS = 3 };

#define OPTION "\xe9"
#define KIT(body) IAC SB OPTION body IAC SE
#define PORT "500C1E2F33415A6B7C8D9EAFB0C1D2E3"

static const struct slice pieces[32] = {
    PIECE("\x80\4K\3."),
    PIECE("\x80\4K\4."),
    PIECE("I1\n."),
    PIECE("I2\n."),
    PIECE("\x80\4N."),
    PIECE("\x80\4\x8c\7vm-0001\x94."),
    PIECE("\x80\3X\6\0\0\0nosuchq\0."),
    PIECE("S'vm-0001'\np0\n."),
    PIECE("\x80\4\x8c\x18"
          "free_for_all_or_readonly\x94."),
    PIECE("\x80\4\x8c\x0c"
          "free_for_all\x94."),
    PIECE("\x80\4\x8c\5write\x94."),
    PIECE("\x80\4\x8c\x9"
          "exclusive\x94."),
    PIECE("\x80\4\x8c\x0c"
          "cmd_query_vm\x94."),
    PIECE("\x80\4\x8c\x0e"
          "cmd_clear_port\x94."),
    PIECE("\x80\4M\x8a\x89."),
    PIECE("cos\nsystem\n."),
    PIECE(YES),
    PIECE(IAC WILL BINARY),
    PIECE(IAC WILL SGA IAC DO BINARY IAC DO SGA),
    PIECE(IAC DO OPTION),
    PIECE(IAC DONT OPTION),
    PIECE(KIT("\x10")),
    PIECE(KIT("\x20\0" PORT)),
    PIECE(KIT("\x20\1" PORT)),
    PIECE(KIT("\x20\x10" PORT)),
    PIECE(KIT("\x20\x20" PORT)),
    PIECE(KIT("\x20\0nosuch")),
    PIECE(KIT("\x20")),
    PIECE(KIT("\x99")),
    PIECE("\x16\3\1"),
    PIECE("GET / "),
    PIECE("typed"),
};

static const struct slice floods[8] = {
    PIECE("x"),
    PIECE("\x80\4N."),
    PIECE("S'"),
    PIECE(KIT("\x10")),
    PIECE(KIT("\x20\0" PORT)),
    PIECE(KIT("\x20\0" PORT) KIT("\x20")),
    PIECE(IAC AYT),
    PIECE("\xff\xff"),
};

struct play {
    struct session_play all;
    struct console *console;
    struct peer *vm;
    struct peer *clients[CLIENTS];
    size_t at; /* the present one */
};

static void set_rules(struct play *p, enum right right)
{
    static const struct access_text anybody = { "anybody", 1 };
    struct access_section_source sections[2] = {
        { .pattern = { "a VM beside it", 1 } },
        { .pattern = { "vm-*", 2 } },
    };
    const struct access_source source = { .section = sections,
                                          .section_count = 2 };
    struct access_rules *rules;

    if (right != RIGHT_NONE)
        sections[1].members[right] = (struct access_texts){ &anybody, 1 };
    sections[0].members[RIGHT_BREAK] = (struct access_texts){ &anybody, 1 };
    rules = access_rules_compile(&source, NULL, NULL);
    require(rules != NULL);
    site_set_access(&p->all.site, rules);
    (void)sessions_judge(&p->all.site.ctx);
    directory_settle(&p->all.site.directory);
}

/* The slot is free, or its connection has ended. What it hears is bytes. */
static void connect_client(struct play *p)
{
    struct peer *former = p->clients[p->at];
    struct peer *client;

    if (former != NULL && !former->stream.is_closed)
        return;
    if (former != NULL)
        peer_remove(former);
    client = peer_add(&p->all.site);
    client->is_raw = true;
    p->clients[p->at] = client;
    admin_session_start(&p->all.site.ctx, &client->stream.stream);
}

static void happen(struct play *p, uint8_t how)
{
    struct peer *client = p->clients[p->at];

    if (how < CLIENTS)
        p->at = how;
    else if (how == EVENT_CONNECT)
        connect_client(p);
    else if (how == EVENT_BREAK && client != NULL)
        client->stream.is_broken = true;
    else if (how == EVENT_END && client != NULL)
        client->stream.is_ended = true;
    else if (how == EVENT_OUTPUT)
        peer_put_data(p->vm, slice_of("out \xff put\r\n", 11));
    else if (how == EVENT_RENAME)
        directory_rename(p->console,
                         p->console->name[0] == 'v' ? "another" : "vm-0001",
                         p->console->directory->renames.fired_us);
    else if (how == EVENT_ALL_BREAK)
        for (size_t i = 0; i < CLIENTS; i++) {
            if (p->clients[i] != NULL)
                p->clients[i]->stream.is_broken = true;
        }
    else if (how >= EVENT_BURST)
        p->all.burst = how - EVENT_BURST + 1u;
    directory_settle(&p->all.site.directory);
}

static void due(struct site *s, uint8_t what)
{
    switch (what % 4) {
    case 0:
        site_admin_work_due(s);
        break;
    case 1:
        site_admin_silences_due(s);
        break;
    case 2:
        site_admin_talks_due(s);
        break;
    default:
        site_negotiations_due(s);
        site_doubts_due(s);
        site_renames_due(s);
        break;
    }
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
        step_client(p->clients[p->at], what, how, bytes);
        break;
    case STEP_PIECE:
    case STEP_FLOOD:
    case STEP_ROOM:
        step_client(p->clients[p->at], what, how, bytes);
        break;
    case STEP_VM:
        p->vm->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_DUE:
        due(&p->all.site, how);
        break;
    case STEP_EVENT:
        happen(p, how);
        break;
    case STEP_RULES:
        set_rules(p, (enum right)(how % RIGHT_COUNT));
        break;
    }
}

/* Each of them is at a console or at none. */
static void check(struct play *p)
{
    const struct site *s = &p->all.site;

    session_play_check_memory(&p->all);
    require(s->ctx.gate.at_no_console + p->console->client_count <= CLIENTS);
    peer_forget(p->vm);
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL)
            peer_forget(p->clients[i]);
}

/* All of them are gone, and nothing is left of them. */
static void finish(struct play *p)
{
    struct site *s = &p->all.site;

    p->all.burst = 0;
    p->vm->stream.room = SIZE_MAX;
    for (size_t i = 0; i < CLIENTS; i++)
        if (p->clients[i] != NULL)
            p->clients[i]->stream.is_broken = true;
    site_run(s);
    site_admin_silences_due(s);
    site_admin_work_due(s);
    site_admin_talks_due(s);
    site_drains_due(s);
    site_drains_due(s);
    site_run(s);
    for (size_t i = 0; i < CLIENTS; i++)
        require(p->clients[i] == NULL || p->clients[i]->stream.is_closed);
    require(s->ctx.gate.at_no_console == 0);
    require(s->ctx.gate.newcomers[ADMISSION_CLIENT].count == 0);
    require(p->console->client_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct play p;
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);
    struct directory_settings settings = site_settings();

    p = (struct play){ 0 };
    session_play_open(&p.all, &settings);
    p.all.site.ctx.settings.history =
        (struct history_wish){ 24, LIMIT_OF(4 * KIB) };
    p.vm = vm_start(&p.all.site);
    p.console = site_console(&p.all.site);
    set_rules(&p, RIGHT_CONTROL);
    connect_client(&p);
    while (in.len > 0) {
        step(&p, &in);
        if (session_play_run(&p.all))
            check(&p);
    }
    finish(&p);
    peer_forget(p.all.other_vm);
    peer_forget(p.all.other_client);
    session_play_check_others(&p.all);
    session_play_close(&p.all);
    return 0;
}
