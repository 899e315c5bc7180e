/* What may happen in a schedule: a row each, at the end. */
#include "play.h"

#include <stdio.h>

static size_t random_len(struct play *p)
{
    static const uint32_t most[] = { 8,   8,   40,   40,
                                     400, 400, 3000, REMOTE_DATA_MAX };
    size_t max = most[play_dice(p, 8)];

    if (max > p->data_max)
        max = p->data_max;
    return 1 + play_dice(p, (uint32_t)max);
}

static struct remote *any_remote(struct play *p, bool is_vm)
{
    int start =
        p->remote_count > 0 ? (int)play_dice(p, (uint32_t)p->remote_count) : 0;

    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[(start + i) % p->remote_count];

        if (r->is_vm == is_vm && remote_may_say(r))
            return r;
    }
    return NULL;
}

/* The console's VM, or the destination of its move. */
static struct remote *link_of(struct play *p, const struct model_console *c)
{
    struct remote *r = c->link != NULL ? play_remote_of(p, c->link) : NULL;

    return r != NULL && remote_may_say(r) ? r : NULL;
}

static struct remote *destination_of(struct play *p,
                                     const struct model_console *c)
{
    struct remote *r = c->move.destination != NULL
                           ? play_remote_of(p, c->move.destination)
                           : NULL;

    return r != NULL && remote_may_say(r) ? r : NULL;
}

/* What a host sends before it is known who it is, is kept, 64 KiB of it. */
static bool may_print(const struct remote *r, size_t len, size_t most)
{
    if (r->vm.role != MODEL_SERVES)
        return r->data_said + len <= 32 * KIB;
    return r->pending.len + remote_unread(r) + len <= most;
}

static bool print(struct play *p)
{
    struct remote *r = play_dice(p, 4) > 0 ? link_of(p, play_any_console(p))
                                           : any_remote(p, true);
    size_t len = random_len(p);

    if (r == NULL || !may_print(r, len, 600 * KIB))
        return false;
    play_note(p, "vm %d prints %zu bytes", r->vm.number, len);
    remote_say_data(r, len);
    return true;
}

/* A host that prints until COMPLETE, and more than is read in one go. */
static bool flood(struct play *p)
{
    const struct model_console *c = play_any_console(p);
    struct remote *r = c->move.is_live ? link_of(p, c) : NULL;
    int count = 1 + (int)play_dice(p, 10);

    if (r == NULL || p->data_max < 50 * KIB)
        return false;
    play_note(p, "vm %d floods", r->vm.number);
    while (count-- > 0 && remote_may_say(r) &&
           may_print(r, 200 * KIB, 3000 * KIB))
        remote_say_data(r, 200 * KIB);
    remote_give(r, SIZE_MAX);
    return true;
}

static bool type(struct play *p)
{
    struct remote *r = any_remote(p, false);
    size_t len = random_len(p);

    if (r == NULL || r->pending.len + remote_unread(r) + len > 200 * KIB)
        return false;
    play_note(p, "client %d types %zu bytes", r->client.number, len);
    remote_say_data(r, len);
    return true;
}

static void random_sequence(struct play *p, struct sequence *s)
{
    static const uint8_t lens[] = { 1, 8, 64, 65 };
    static const uint8_t bytes[] = { 255, 255, 0, 1, 240, 13 };

    *s = (struct sequence){ .len = 4 };
    if (play_dice(p, 6) == 0)
        s->len = lens[play_dice(p, 4)];
    for (int i = 0; i < s->len; i++)
        s->bytes[i] = bytes[play_dice(p, 6)];
    /* Two moves may have the same. */
    if (p->key_count > 0 && play_dice(p, 4) == 0)
        *s = p->keys[p->key_count - 1].sequence;
}

static bool begin_on(struct play *p, struct remote *r)
{
    struct key key = { 0 };

    if (r == NULL || r->vm.awaited_count + r->item_count > 20)
        return false;
    random_sequence(p, &key.sequence);
    play_note(p, "vm %d: BEGIN (sequence of %u)", r->vm.number,
              key.sequence.len);
    remote_say_move(r, ITEM_BEGIN, &key);
    return true;
}

static bool begin(struct play *p)
{
    return begin_on(p, link_of(p, play_any_console(p)));
}

static bool begin_anywhere(struct play *p)
{
    return begin_on(p, any_remote(p, true));
}

/* Mostly the right one, if that is known. */
static bool pick_key(struct play *p, const struct model_console *c,
                     struct key *key)
{
    const struct model_move *move = &c->move;

    if (move->is_live && move->is_key_known && play_dice(p, 6) > 0)
        *key = move->key;
    else if (p->key_count > 0)
        *key = p->keys[play_dice(p, (uint32_t)p->key_count)];
    else
        return false;
    if (play_dice(p, 12) == 0)
        key->secret[play_dice(p, SECRET_LEN)] ^= (uint8_t)(1 + play_dice(p, 9));
    else if (play_dice(p, 20) == 0)
        key->sequence.bytes[0] ^= 1;
    else if (play_dice(p, 40) == 0)
        key->sequence.len = 0;
    return true;
}

static struct remote *any_stranger(struct play *p)
{
    struct remote *r = any_remote(p, true);

    return r != NULL && r->vm.role == MODEL_STRANGER ? r : NULL;
}

static bool join(struct play *p, const struct model_console *c)
{
    struct key key;
    struct remote *r = play_dice(p, 4) == 0 ? any_stranger(p) : NULL;

    if (!pick_key(p, c, &key))
        return false;
    if (r == NULL)
        r = play_new_vm(p, c->number);
    if (r == NULL || r->vm.awaited_count + r->item_count > 20)
        return false;
    play_note(p, "vm %d: PEER for console %d", r->vm.number, c->number);
    remote_say_move(r, ITEM_PEER, &key);
    remote_say(r, (struct item){ .kind = ITEM_NOTHING },
               BYTES(IAC WILL "\x2c"));
    return true;
}

static bool join_any(struct play *p)
{
    return join(p, play_any_console(p));
}

static bool join_again(struct play *p)
{
    struct remote *r = any_remote(p, true);
    struct key key;

    if (r == NULL || !pick_key(p, &p->model.consoles[r->console], &key) ||
        r->vm.awaited_count + r->item_count > 20)
        return false;
    play_note(p, "vm %d: PEER again", r->vm.number);
    remote_say_move(r, ITEM_PEER, &key);
    return true;
}

static bool complete_on(struct play *p, struct remote *r,
                        const struct model_console *c)
{
    struct key key = c->move.key;

    if (r == NULL || key.sequence.len == 0)
        return false;
    if (play_dice(p, 16) == 0)
        key.sequence.bytes[key.sequence.len - 1] ^= 1;
    play_note(p, "vm %d: COMPLETE for console %d", r->vm.number, c->number);
    remote_say_move(r, ITEM_COMPLETE, &key);
    return true;
}

static bool complete(struct play *p)
{
    const struct model_console *c = play_any_console(p);

    return complete_on(p, destination_of(p, c), c);
}

static bool complete_anywhere(struct play *p)
{
    return complete_on(p, any_remote(p, true), play_any_console(p));
}

static bool abort_on(struct play *p, struct remote *r)
{
    static const struct key none;

    if (r == NULL)
        return false;
    play_note(p, "vm %d: ABORT", r->vm.number);
    remote_say_move(r, ITEM_ABORT, &none);
    return true;
}

static bool abort_move(struct play *p)
{
    const struct model_console *c = play_any_console(p);

    return c->move.is_live && abort_on(p, link_of(p, c));
}

static bool abort_anywhere(struct play *p)
{
    return abort_on(p, any_remote(p, true));
}

static bool has_item(const struct remote *r, enum item_kind kind)
{
    for (int i = 0; i < r->item_count; i++) {
        if (r->items[i].kind == kind)
            return true;
    }
    return false;
}

/* By DO-PROXY, which ends a move of its console. */
static bool connect_vm(struct play *p, struct model_console *c)
{
    struct remote *r = play_dice(p, 4) == 0 ? any_stranger(p) : NULL;

    if (r == NULL || has_item(r, ITEM_PEER) || has_item(r, ITEM_CONNECT))
        r = play_new_vm(p, c->number);
    if (r == NULL)
        return false;
    play_note(p, "vm %d connects for console %d", r->vm.number, c->number);
    play_connect(r, c);
    return true;
}

static bool connect_any(struct play *p)
{
    return connect_vm(p, play_any_console(p));
}

/* What a move that works needs next. */
static bool go_on(struct play *p)
{
    struct model_console *c = play_any_console(p);

    if (c->link == NULL && !c->move.is_live)
        return connect_vm(p, c);
    if (!c->move.is_live)
        return begin_on(p, link_of(p, c));
    if (c->move.destination == NULL)
        return c->move.is_key_known && join(p, c);
    return complete_on(p, destination_of(p, c), c);
}

static void end_somehow(struct play *p, struct remote *r)
{
    static const char *const words[] = { "closes", "breaks", "resets" };
    enum remote_end how = (enum remote_end)play_dice(p, 3);

    play_note(p, "%s %d %s", r->is_vm ? "vm" : "client", r->vm.number,
              words[how]);
    remote_end(r, how);
}

static bool cut(struct play *p, struct remote *r)
{
    if (r == NULL)
        return false;
    end_somehow(p, r);
    return true;
}

/* Any of them, between two reads of the server, which finds last words. */
static bool cut_some(struct play *p)
{
    uint32_t share = 1 + play_dice(p, 4);
    bool any = false;

    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[i];

        if (!remote_may_say(r) || play_dice(p, 2) == 0)
            continue;
        if (r->is_vm ? r->vm.role == MODEL_SERVES : r->is_served)
            remote_say_data(r, 20);
        remote_give(r, SIZE_MAX);
    }
    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[i];

        if (!remote_may_say(r) || play_dice(p, 4) >= share)
            continue;
        end_somehow(p, r);
        any = true;
    }
    return any;
}

/* What ends with a client changes the lines of its VM. */
static bool change_lines(struct play *p)
{
    static const char *const words[] = {
        COM_PORT_CONTROL "\x05" IAC SE,
        COM_PORT_CONTROL "\x06" IAC SE,
        COM_PORT_CONTROL "\x08" IAC SE,
        COM_PORT_CONTROL "\x09" IAC SE,
        COM_PORT_CONTROL "\x0b" IAC SE,
        COM_PORT_CONTROL "\x0c" IAC SE,
        IAC "\xf3",
    };
    struct remote *r = any_remote(p, play_dice(p, 4) == 0);

    if (r == NULL || r->is_raw)
        return false;
    play_note(p, "%s %d changes its lines", r->is_vm ? "vm" : "client",
              r->vm.number);
    remote_say(r, (struct item){ .kind = ITEM_LINES },
               slice_of_text(words[play_dice(p, 7)]));
    return true;
}

static bool cut_vm(struct play *p)
{
    return cut(p, any_remote(p, true));
}

static bool cut_moving(struct play *p)
{
    const struct model_console *c = play_any_console(p);

    if (!c->move.is_live)
        return false;
    return cut(p, play_dice(p, 2) ? link_of(p, c) : destination_of(p, c));
}

static bool cut_client(struct play *p)
{
    return cut(p, any_remote(p, false));
}

static bool client_comes(struct play *p)
{
    const struct model_console *c = play_any_console(p);
    bool is_raw = play_dice(p, 3) == 0;
    struct remote *r = play_new_client(p, c->number, is_raw);

    if (r != NULL)
        play_note(p, "client %d%s comes to console %d", r->client.number,
                  is_raw ? " (raw)" : "", c->number);
    return r != NULL;
}

static bool change_room(struct play *p, struct remote *r)
{
    static const size_t rooms[] = { 0, 0, 1, 7, 300, 5000 };
    size_t room = rooms[play_dice(p, 6)];

    if (r == NULL)
        return false;
    if (r->peer->stream.room != SIZE_MAX && play_dice(p, 3) == 0)
        room = SIZE_MAX;
    play_note(p, "%s %d takes %lld bytes", r->is_vm ? "vm" : "client",
              r->vm.number, room == SIZE_MAX ? -1 : (long long)room);
    r->peer->stream.room = room;
    r->client.keeps_up = false;
    return true;
}

/* More typed than the server queues for a VM that does not take it. */
static bool fill_vm(struct play *p)
{
    const struct model_console *c = play_any_console(p);
    struct remote *vm = link_of(p, c);
    struct remote *r = any_remote(p, false);
    size_t len = 40 * KIB + play_dice(p, 100 * KIB);

    if (vm == NULL || r == NULL || r->console != c->number ||
        p->data_max < 50 * KIB || r->pending.len + remote_unread(r) > 100 * KIB)
        return false;
    play_note(p, "vm %d takes nothing, client %d types %zu bytes",
              vm->vm.number, r->client.number, len);
    vm->peer->stream.room = play_dice(p, 2) * 100;
    remote_say_data(r, len);
    return true;
}

static bool change_room_of_client(struct play *p)
{
    return change_room(p, any_remote(p, false));
}

static bool change_room_of_vm(struct play *p)
{
    return change_room(p, any_remote(p, true));
}

static bool time_passes(struct play *p)
{
    switch (play_dice(p, 9)) {
    case 0:
        play_note(p, "moves time out");
        play_moves_due(p);
        break;
    case 1:
        play_note(p, "the time to negotiate is over");
        play_negotiations_due(p);
        break;
    case 2:
        play_note(p, "who has ended has had its time");
        site_drains_due(&p->site);
        break;
    case 3:
        play_note(p, "VMs are read ahead");
        play_short_holds_due(p);
        break;
    case 4:
        play_note(p, "who leaves has been silent");
        play_leaves_due(p);
        break;
    default:
        play_note(p, "VMs have been held for long");
        play_holds_due(p);
        break;
    }
    return true;
}

static bool rest(struct play *p)
{
    play_note(p, "everything comes to rest");
    play_run_all(p);
    return true;
}

const struct action actions[ACTION_COUNT] = {
    [ACTION_GO_ON] = { 30, go_on },
    { 30, print },
    { 6, flood },
    { 30, type },
    { 3, begin },
    { 1, begin_anywhere },
    { 4, join_any },
    { 1, join_again },
    { 3, complete },
    { 1, complete_anywhere },
    { 3, abort_move },
    { 1, abort_anywhere },
    { 2, connect_any },
    { 6, cut_moving },
    { 2, cut_vm },
    { 2, cut_client },
    { 6, cut_some },
    { 12, change_lines },
    { 6, client_comes },
    { 8, change_room_of_client },
    { 4, change_room_of_vm },
    { 6, fill_vm },
    { 6, time_passes },
    { 6, rest },
};
