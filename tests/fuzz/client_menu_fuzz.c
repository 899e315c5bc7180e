/*
 * Whole sessions at the menu's port: the input plays up to three of them, their
 * network, the rules, the time, and the VM of a console that they may read, or
 * may not. Another console is in the list as well; its client and its VM are
 * there to the end, and hear what is said to them.
 *
 * An input is a row of steps, an operation and its argument in a byte each: the
 * low three bits say what, the high five how much.
 */
#include "session_play.h"

#include "session/client/client_session.h"

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
    EVENT_VM_BREAK = 7,
    EVENT_VM_START = 8,
    EVENT_RENAME = 9, /* the VM has another name, so other rights */
    EVENT_ALL_BREAK = 10,
    EVENT_BURST = 16, /* so many steps in one turn */
};

enum { CLIENTS = 3 };

#define TTYPE "\x18"

static const struct slice pieces[32] = {
    PIECE(YES),
    PIECE(YES IAC WILL TTYPE IAC WILL NAWS),
    PIECE(YES IAC WONT TTYPE),
    PIECE(IAC SB TTYPE "\0xterm" IAC SE),
    PIECE(IAC SB TTYPE "\0dumb" IAC SE),
    PIECE(IAC SB NAWS "\0\x50\0\x18" IAC SE),
    PIECE(IAC SB NAWS "\xff\xff\0\xff\xff" IAC SE),
    PIECE(IAC DONT ECHO),
    PIECE("\r"),
    PIECE("\r\n"),
    PIECE("\r~."),
    PIECE("\r~~\r~?"),
    PIECE("\r~w\r~b"),
    PIECE("\r~t"),
    PIECE("\r~mhello\r"),
    PIECE("\r~x1\r"),
    PIECE("~"),
    PIECE("."),
    PIECE("vm"),
    PIECE("\x15"),
    PIECE("\t"),
    PIECE("\033"),
    PIECE("\033[B\033[A"),
    PIECE("\033[6~\033[5~\033[F\033[H"),
    PIECE("?"),
    PIECE("q"),
    PIECE("\x04"),
    PIECE("1\r"),
    PIECE(IAC AYT),
    PIECE(IAC "\xf3" IAC "\xf4"),
    PIECE(IAC),
    PIECE("GET / "),
};

static const struct slice floods[8] = {
    PIECE("x"),
    PIECE("\t"),
    PIECE("\r~."),
    PIECE("\r~w"),
    PIECE("\033[B"),
    PIECE(IAC AYT),
    PIECE(IAC SB NAWS "\0\x50\0\x18" IAC SE),
    PIECE("\xff\xff"),
};

struct play {
    struct session_play all;
    struct console *console;
    struct peer *vm;
    struct peer *clients[CLIENTS];
    size_t at; /* the present one */
};

static struct peer *present(struct play *p)
{
    return p->clients[p->at]; /* NULL: nobody was there yet */
}

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

/* The slot is free, or its connection has ended. */
static void connect_client(struct play *p)
{
    struct peer *former = present(p);

    if (former != NULL && !former->stream.is_closed)
        return;
    if (former != NULL)
        peer_remove(former);
    p->clients[p->at] = menu_connect(&p->all.site);
    present(p)->is_raw = true;
}

static void happen(struct play *p, uint8_t how)
{
    if (how < EVENT_CONNECT)
        p->at = how;
    else if (how >= EVENT_BURST)
        p->all.burst = how - EVENT_BURST;
    else if (how == EVENT_CONNECT && p->all.burst == 0)
        connect_client(p);
    else if (how == EVENT_BREAK && present(p) != NULL)
        present(p)->stream.is_broken = true;
    else if (how == EVENT_END && present(p) != NULL)
        present(p)->stream.is_ended = true;
    else if (how == EVENT_OUTPUT)
        peer_put(p->vm, BYTES("output\r\n"));
    else if (how == EVENT_VM_BREAK)
        p->vm->stream.is_broken = true;
    else if (how == EVENT_VM_START && p->vm->stream.is_closed)
        p->vm = vm_start(&p->all.site);
    else if (how == EVENT_RENAME)
        directory_rename(p->console, p->console->name[0] == 'v' ? "db" : "vm-0",
                         1);
    else if (how == EVENT_ALL_BREAK)
        for (size_t i = 0; i < CLIENTS; i++)
            if (p->clients[i] != NULL)
                p->clients[i]->stream.is_broken = true;
}

static void due(struct site *s, uint8_t what)
{
    switch (what % 6) {
    case 0:
    case 1:
        site_menus_due(s);
        break;
    case 2:
        site_menu_keys_due(s);
        break;
    case 3:
        site_menu_terminals_due(s);
        break;
    case 4:
        site_menu_refreshes_due(s);
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
        step_client(present(p), what, how, bytes);
        break;
    case STEP_PIECE:
    case STEP_FLOOD:
    case STEP_ROOM:
        step_client(present(p), what, how, bytes);
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
    site_negotiations_due(s);
    site_menus_due(s);
    site_drains_due(s);
    site_drains_due(s);
    site_run(s);
    for (size_t i = 0; i < CLIENTS; i++)
        require(p->clients[i] == NULL || p->clients[i]->stream.is_closed);
    require(s->ctx.gate.at_no_console == 0);
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
    p.all.site.ctx.settings.menu_escape = '~';
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
