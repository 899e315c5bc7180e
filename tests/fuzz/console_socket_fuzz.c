/*
 * WebSockets at a console, whole sessions: what their peers send, in every cut,
 * with a VM that prints, floods, goes and comes, connections that break and
 * come again, and rules that change.
 *
 * Each byte of output that a peer gets must be the byte of its place: the place
 * that hello, place and gap have told, and one further with each byte. A telnet
 * client of the same console gets everything.
 */
#include "../unit/socket_peer.h"
#include "session_play.h"

#include "core/keyboard.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum step {
    STEP_BYTES,  /* raw bytes of the present client */
    STEP_PIECE,  /* a whole message of it */
    STEP_FLOOD,  /* many */
    STEP_ROOM,   /* how much its connection takes */
    STEP_OUTPUT, /* of the VM */
    STEP_VM,     /* how much the VM's connection takes */
    STEP_DUE,
    STEP_EVENT,
};

enum event {
    EVENT_CHOOSE = 0, /* the present client, of CLIENTS */
    EVENT_CONNECT = 4,
    EVENT_LABEL = 5,  /* with a session label */
    EVENT_RESUME = 6, /* with the same, from its place */
    EVENT_FROM = 7,   /* from its place */
    EVENT_LOCK = 8,   /* alone */
    EVENT_TAKE = 9,
    EVENT_BREAK = 10,
    EVENT_END = 11,
    EVENT_VM_BREAK = 12,
    EVENT_VM_START = 13,
    EVENT_ALL_BREAK = 14,
    EVENT_PURGE = 15,
    EVENT_BURST = 16,
    EVENT_RIGHT = 22,
    EVENT_SAY = 23,
    EVENT_DISCONNECT = 24,
};

enum { CLIENTS = 4, BURST_STEP = 3 };

struct follower {
    struct socket_peer socket;
    uint64_t position; /* of the next byte */
    bool is_known;     /* position */
    bool is_used;
};

struct play {
    struct session_play all;
    struct console *console;
    struct peer *vm;
    struct peer *beside;
    struct follower clients[CLIENTS];
    size_t at;
    uint64_t sent;    /* by the VM, of the pattern */
    uint64_t watched; /* by the one beside */
    uint8_t right;
    bool is_new;    /* the VM; what it sends begins with the next run */
    bool is_purged; /* the one beside has lost output, too */
};

static struct play play;

static struct follower *present(void)
{
    return &play.clients[play.at];
}

/* ---- what comes -----------------------------------------------------------
 */

static void on_text(struct follower *f, struct slice body)
{
    json_t *object = json_loadb((const char *)body.data, body.len, 0, NULL);
    const char *type = json_string_value(json_object_get(object, "type"));
    const json_t *position = json_object_get(object, "position");
    const json_t *to = json_object_get(object, "to");

    if (type == NULL)
        abort();
    if (strcmp(type, "hello") == 0 || strcmp(type, "place") == 0) {
        f->is_known = json_is_integer(position);
        f->position = (uint64_t)json_integer_value(position);
    } else if (strcmp(type, "gap") == 0) {
        f->is_known = json_is_integer(to);
        f->position = (uint64_t)json_integer_value(to);
    }
    json_decref(object);
}

static void on_message(struct socket_peer *p, bool is_text, struct slice body)
{
    struct follower *f = CONTAINER_OF(p, struct follower, socket);

    if (is_text) {
        on_text(f, body);
        return;
    }
    require(f->is_known);
    for (size_t i = 0; i < body.len; i++)
        require(body.data[i] == pattern_at(f->position + i));
    f->position += body.len;
    require(f->position <= play.console->output.head);
}

/* ---- what clients do ------------------------------------------------------
 */

static const char *const texts[16] = {
    "{\"break\":\"on\"}",        "{\"break\":\"off\"}",
    "{\"break\":\"pulse\"}",     "{\"sysrq\":\"h\"}",
    "{\"take\":true,\"id\":1}",  "{\"release\":true}",
    "{\"message\":\"hello\"}",   "{\"disconnect\":\"all\"}",
    "{\"disconnect\":2}",        "{\"window\":{\"rows\":24,\"columns\":80}}",
    "{\"ping\":[{}]}",           "{\"ack\":1}",
    "{\"unknown\":1}",           "[",
    "{\"ack\":\"x\",\"ack\":2}", "",
};

static void acknowledge(struct follower *f)
{
    char text[64];

    snprintf(text, sizeof text, "{\"ack\":%llu}",
             (unsigned long long)f->position);
    socket_peer_put(&f->socket, 0x81, slice_of_text(text));
}

static void put_piece(struct follower *f, unsigned how)
{
    static const uint8_t typed[40] = { 't', 'y', 'p', 'e', 'd', 0xff };

    if (how < 16)
        socket_peer_put(&f->socket, 0x81, slice_of_text(texts[how]));
    else if (how < 22)
        acknowledge(f);
    else if (how < 26)
        socket_peer_put(&f->socket, 0x82, slice_of(typed, sizeof typed));
    else if (how == 26)
        socket_peer_put(&f->socket, 0x02, slice_of(typed, 3));
    else if (how == 27)
        socket_peer_put(&f->socket, 0x80, slice_of(typed, 3));
    else if (how == 28)
        socket_peer_put(&f->socket, 0x89, slice_of(typed, 5));
    else if (how == 29)
        socket_peer_put(&f->socket, 0x8a, slice_of(typed, 0));
    else
        socket_peer_put(&f->socket, 0x88,
                        slice_of("\x03\xe8", how == 30 ? 2 : 0));
}

static void step_client(enum step what, uint8_t how, struct slice bytes)
{
    struct follower *f = present();
    struct peer *peer = f->socket.peer;

    if (!f->is_used)
        return;
    if (what == STEP_ROOM) {
        peer->stream.room = how == 31 ? SIZE_MAX : how;
        return;
    }
    if (peer->stream.to_session.len > MUCH)
        return;
    if (what == STEP_BYTES)
        peer_put(peer, bytes);
    else if (what == STEP_PIECE)
        put_piece(f, how);
    else
        for (int i = 0; i < 40; i++)
            put_piece(f, how);
}

/* Whoever was in this place goes on, if it has not gone. */
static void connect_client(unsigned event)
{
    struct follower *f = present();
    struct console_socket_start start =
        socket_start(&play.all.site, play.console);
    char from[32];

    if (f->is_used && f->socket.peer->stream.is_closed) {
        peer_remove(f->socket.peer);
        f->is_used = false;
    }
    if (play.all.site.peer_count == SITE_PEERS_MAX)
        return;
    if (f->is_used)
        socket_peer_listen(&f->socket);
    snprintf(from, sizeof from, "%llu", (unsigned long long)f->position);
    if (event == EVENT_LABEL || event == EVENT_RESUME)
        start.label = "label";
    if (event == EVENT_RESUME || event == EVENT_FROM)
        start.from = from;
    if (event == EVENT_LOCK)
        start.mode = LOCK_EXCLUSIVE;
    start.takes = event == EVENT_TAKE;
    socket_peer_done(&f->socket);
    f->is_used = true;
    f->is_known = false;
    f->socket.on_message = on_message;
    socket_peer_arrive(&f->socket, &play.all.site, &start);
}

/* ---- what happens ---------------------------------------------------------
 */

static void set_right(enum right right)
{
    static const struct access_text anybody = { "anybody", 1 };
    struct access_section_source sections[2] = {
        { .pattern = { UUID, 1 } },
        { .pattern = { "*", 2 } },
    };
    const struct access_source source = { .section = sections,
                                          .section_count = 2 };

    play.right = (uint8_t)right;
    if (right != RIGHT_NONE)
        sections[0].members[right] = (struct access_texts){ &anybody, 1 };
    sections[1].members[RIGHT_BREAK] = (struct access_texts){ &anybody, 1 };
    site_set_rules(&play.all.site, &source);
    (void)sessions_judge(&play.all.site.ctx);
    directory_settle(&play.all.site.directory);
}

static void start_vm(void)
{
    if (!play.vm->stream.is_closed)
        return;
    peer_remove(play.vm);
    play.vm = vm_arrive(&play.all.site);
    vm_put_start(play.vm, UUID_TEXT, LABEL);
    play.is_new = true;
}

static void break_all(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (play.clients[i].is_used)
            play.clients[i].socket.peer->stream.is_broken = true;
    play.vm->stream.is_broken = true;
}

static void act_on_all(unsigned event)
{
    LIST_EACH (node, after, &play.console->clients) {
        struct client *client = client_at(node);

        if (client->door != CLIENT_DOOR_WEBSOCKET)
            continue;
        if (event == EVENT_SAY)
            client_say(client, "something");
        else
            (void)client_disconnect(client, "a reason");
    }
    directory_settle(&play.all.site.directory);
}

static void happen(unsigned event)
{
    struct follower *f = present();

    if (event < EVENT_CONNECT)
        play.at = event;
    else if (event < EVENT_BREAK)
        connect_client(event);
    else if (event == EVENT_BREAK && f->is_used)
        f->socket.peer->stream.is_broken = true;
    else if (event == EVENT_END && f->is_used)
        f->socket.peer->stream.is_ended = true;
    else if (event == EVENT_VM_BREAK)
        play.vm->stream.is_broken = true;
    else if (event == EVENT_VM_START)
        start_vm();
    else if (event == EVENT_ALL_BREAK)
        break_all();
    else if (event == EVENT_PURGE) {
        console_purge_output(play.console, 0);
        directory_settle(&play.all.site.directory);
        play.is_purged = true;
    } else if (event >= EVENT_BURST && event < EVENT_RIGHT)
        play.all.burst = (event - EVENT_BURST + 1) * BURST_STEP;
    else if (event == EVENT_RIGHT)
        set_right(play.right == RIGHT_CONTROL ? RIGHT_READ
                                              : (enum right)(play.right + 1));
    else if (event == EVENT_SAY || event == EVENT_DISCONNECT)
        act_on_all(event);
}

static void due(uint8_t what)
{
    struct site *s = &play.all.site;

    switch (what % 8) {
    case 0:
        socket_pings_due(s);
        break;
    case 1:
    case 2:
        socket_losts_due(s);
        break;
    case 3:
        socket_aways_due(s);
        break;
    case 4:
        socket_drains_due(s);
        break;
    case 5:
        socket_people_due(s);
        break;
    default:
        site_holds_due(s);
    }
}

/* Bytes of the pattern, which go on where they ended. */
static void give_output(size_t len)
{
    static uint8_t bytes[FLOOD];

    if (play.vm->stream.to_session.len > MUCH || play.is_new)
        return;
    pattern_fill(bytes, len, play.sent);
    play.sent += len;
    peer_put_data(play.vm, slice_of(bytes, len));
}

static void step(struct slice *in)
{
    enum step what = (enum step)(in->data[0] & 7);
    uint8_t how = in->data[0] >> 3;
    struct slice bytes;

    *in = slice_after(*in, 1);
    bytes = slice_of(in->data, in->len < how ? in->len : how);
    switch (what) {
    case STEP_BYTES:
        *in = slice_after(*in, bytes.len);
        step_client(what, how, bytes);
        break;
    case STEP_PIECE:
    case STEP_FLOOD:
    case STEP_ROOM:
        step_client(what, how, bytes);
        break;
    case STEP_OUTPUT:
        give_output(how > 15 ? FLOOD : how + 1u);
        break;
    case STEP_VM:
        play.vm->stream.room = how == 31 ? SIZE_MAX : how;
        break;
    case STEP_DUE:
        due(how);
        break;
    case STEP_EVENT:
        happen(how);
        break;
    }
}

/* ---- what must hold -------------------------------------------------------
 */

static void check_beside(void)
{
    struct slice got = buf_bytes(&play.beside->data);

    if (play.is_purged || play.beside->stream.is_closed) {
        peer_forget(play.beside);
        return;
    }
    for (size_t i = 0; i < got.len; i++)
        require(got.data[i] == pattern_at(play.watched + i));
    play.watched += got.len;
    require(play.watched == play.console->output.head);
    peer_forget(play.beside);
}

static void check(void)
{
    const struct console *c = play.console;
    const struct directory_settings *settings =
        &play.all.site.directory.settings;

    session_play_check_memory(&play.all);
    require(c->held_input.len <= settings->held_input_max + 2 * LIMIT_READ);
    require(c->output.cap <= settings->ring_max * 2);
    check_beside();
    if (play.is_new)
        play.sent = c->output.head;
    play.is_new = false;
    peer_forget(play.vm);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct follower *f = &play.clients[i];

        if (!f->is_used)
            continue;
        socket_peer_listen(&f->socket);
        socket_peer_forget(&f->socket);
    }
}

static void start(void)
{
    struct directory_settings settings = site_settings();

    play = (struct play){ .at = 0 };
    session_play_open(&play.all, &settings);
    socket_site_open(&play.all.site);
    play.all.site.ctx.settings.history =
        (struct history_wish){ 24, LIMIT_OF(4 * KIB) };
    play.vm = vm_start(&play.all.site);
    play.console = site_console(&play.all.site);
    set_right(RIGHT_CONTROL);
    play.beside = raw_connect(&play.all.site, play.console);
    connect_client(EVENT_CONNECT);
    site_run(&play.all.site);
}

/* What was held back flows again: nobody is stuck. */
static void finish(void)
{
    play.vm->stream.room = SIZE_MAX;
    for (size_t i = 0; i < CLIENTS; i++)
        if (play.clients[i].is_used)
            play.clients[i].socket.peer->stream.room = SIZE_MAX;
    site_run(&play.all.site);
    /* Each of them holds it once, and then lags. */
    for (int i = 0; i < 2 * CLIENTS && play.vm->stream.to_session.len > 0; i++)
        site_holds_due(&play.all.site);
    check();
    require(play.vm->stream.is_closed || play.is_new ||
            play.vm->stream.to_session.len == 0 || play.console->link == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice in = slice_of(bytes, len < STEPS_MAX ? len : STEPS_MAX);

    start();
    while (in.len > 0) {
        step(&in);
        if (session_play_run(&play.all))
            check();
    }
    play.all.burst = 0;
    site_run(&play.all.site);
    check();
    finish();
    session_play_check_others(&play.all);
    for (size_t i = 0; i < CLIENTS; i++)
        socket_peer_done(&play.clients[i].socket);
    socket_site_close(&play.all.site);
    session_play_close(&play.all);
    return 0;
}
