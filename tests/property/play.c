#include "play.h"

#include <stdarg.h>
#include <stdio.h>

uint32_t play_dice(struct play *p, uint32_t below)
{
    uint64_t x = p->dice += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) >> 16) % below;
}

void play_note(const struct play *p, const char *format, ...)
{
    va_list args;

    if (!p->is_verbose)
        return;
    printf("# %3d  ", p->step);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

bool play_has_failed(const struct play *p)
{
    return p->model.failure[0] != '\0';
}

struct remote *play_remote_of(struct play *p, const struct model_vm *vm)
{
    for (int i = 0; i < p->remote_count; i++) {
        if (&p->remotes[i]->vm == vm)
            return p->remotes[i];
    }
    return NULL;
}

struct remote *play_find_remote(void *play, const struct model_vm *vm)
{
    return play_remote_of(play, vm);
}

struct model_console *play_any_console(struct play *p)
{
    return &p->model.consoles[play_dice(p, (uint32_t)p->model.console_count)];
}

static struct remote *add_remote(struct play *p, struct peer *peer, int console,
                                 bool is_vm)
{
    struct remote *r = remote_new(&p->model, peer, ++p->numbers, is_vm);

    r->console = console;
    p->remotes[p->remote_count++] = r;
    return r;
}

struct remote *play_new_vm(struct play *p, int console)
{
    static const struct item nothing = { .kind = ITEM_NOTHING };
    struct remote *r;

    if (p->remote_count == PLAY_LINES_MAX)
        return NULL;
    r = add_remote(p, vm_arrive(&p->site), console, true);
    remote_say(r, nothing, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    return r;
}

struct remote *play_new_client(struct play *p, int console, bool is_raw)
{
    struct remote *r;
    int count = 0;

    for (int i = 0; i < MODEL_CLIENTS_MAX; i++)
        count += p->model.consoles[console].clients[i] != NULL;
    if (p->remote_count == PLAY_LINES_MAX || count == PLAY_CLIENTS_MAX)
        return NULL;
    r = add_remote(p, client_arrive(&p->site, p->consoles[console]), console,
                   false);
    model_client_comes(&p->model.consoles[console], &r->client);
    /* The greeting is not for the eyes of a raw one. */
    peer_listen(r->peer);
    peer_forget(r->peer);
    r->is_raw = r->peer->is_raw = is_raw;
    r->client.is_program = !is_raw && play_dice(p, 3) == 0;
    if (!is_raw) {
        remote_say(r, (struct item){ .kind = ITEM_TELNET }, BYTES(IAC));
        remote_say(r, (struct item){ .kind = ITEM_NOTHING }, BYTES(DO BINARY));
        remote_say(r, (struct item){ .kind = ITEM_NOTHING },
                   BYTES(IAC DO SGA IAC DO ECHO IAC WILL BINARY IAC WILL SGA));
    }
    if (r->client.is_program)
        remote_say(r, (struct item){ .kind = ITEM_LINES },
                   BYTES(IAC WILL COM_PORT COM_PORT_CONTROL "\x09" IAC SE));
    return r;
}

/* Two consoles are two serial ports of one VM. */
void play_connect(struct remote *r, struct model_console *c)
{
    char wire[512];
    int vm = c->number / 2;
    /* The name last: with UUID and name the VM is attached. */
    int len = snprintf(wire, sizeof wire,
                       EXT(DO_PROXY "Ss%d") EXT(BIOS_UUID "b105%02x")
                           EXT(LOCATION_UUID "10ca%02x")
                               EXT(VC_UUID "50 0c 1e 2f 33 41 5a 6b-"
                                           "7c 8d 9e af b0 c1 d2 %02x")
                                   EXT(VM_NAME "vm-%d"),
                       c->number % 2, vm, vm, vm, vm);

    remote_say(r, (struct item){ .kind = ITEM_CONNECT, .console = c },
               slice_of(wire, (size_t)len));
    remote_say(r, (struct item){ .kind = ITEM_LINES },
               BYTES(IAC WILL COM_PORT));
}

static void keep_keys(struct play *p, struct remote *r)
{
    for (int i = 0; i < r->key_count; i++) {
        if (p->key_count == PLAY_KEYS_MAX)
            memmove(&p->keys[0], &p->keys[1],
                    (size_t)--p->key_count * sizeof p->keys[0]);
        p->keys[p->key_count++] = r->keys[i];
    }
    r->key_count = 0;
}

/* From here on it takes what comes in the moment that it comes. */
static void check_pace(struct remote *r)
{
    const struct model_client *client = &r->client;

    if (!r->is_vm && client->console != NULL && r->is_served &&
        r->peer->stream.room == SIZE_MAX &&
        !(r->peer->stream.stream.interest & STREAM_WRITE) &&
        client->at == client->console->output.len)
        r->client.keeps_up = true;
}

static void forget_closed(struct play *p)
{
    int left = 0;

    for (int i = 0; i < p->remote_count; i++) {
        struct remote *r = p->remotes[i];

        if (r->peer->stream.is_closed) {
            peer_remove(r->peer);
            remote_free(r);
        } else {
            p->remotes[left++] = r;
        }
    }
    p->remote_count = left;
}

/* VMs first: the last that a client gets may be that its VM is gone. */
void play_check_ends(struct play *p)
{
    for (int i = 0; i < p->remote_count; i++) {
        if (p->remotes[i]->is_vm)
            remote_check_end(p->remotes[i]);
    }
    for (int i = 0; i < p->remote_count; i++) {
        if (!p->remotes[i]->is_vm)
            remote_check_end(p->remotes[i]);
    }
}

void play_tell_leaving(struct play *p)
{
    struct remote_lookup lookup = { play_find_remote, p };

    for (int i = 0; i < p->model.console_count; i++) {
        struct model_console *c = &p->model.consoles[i];
        const struct remote *follower =
            c->link != NULL ? play_remote_of(p, c->link) : NULL;

        remote_tell_leaving(
            c, follower != NULL && follower->peer->stream.is_closed, &lookup);
    }
}

void play_listen(struct play *p)
{
    site_turn_end(&p->site);
    play_tell_leaving(p);
    play_check_ends(p);
    for (int i = 0; i < p->remote_count; i++) {
        remote_listen(p->remotes[i]);
        keep_keys(p, p->remotes[i]);
        check_pace(p->remotes[i]);
    }
    if (!play_has_failed(p))
        forget_closed(p);
}

void play_run_all(struct play *p)
{
    for (int i = 0; i < p->remote_count; i++)
        remote_give(p->remotes[i], SIZE_MAX);
    site_run(&p->site);
    play_listen(p);
    for (int i = 0; i < p->remote_count; i++) {
        const struct remote *r = p->remotes[i];

        if (!r->is_vm && r->is_served && r->peer->stream.room == SIZE_MAX)
            model_check_client_output(&p->model, &r->client, true);
    }
}

void play_short_holds_due(struct play *p)
{
    /* Twice: those that go on, and are held back anew at once. */
    site_short_holds_due(&p->site);
    site_short_holds_due(&p->site);
    play_listen(p);
    for (int i = 0; i < p->remote_count; i++) {
        const struct remote *r = p->remotes[i];

        /* One that does not take its answers is not heard. */
        if (r->is_vm && remote_unread(r) > 0 &&
            !(r->peer->stream.stream.interest & STREAM_WRITE))
            model_check_ahead(&p->model, &r->vm);
    }
}

void play_holds_due(struct play *p)
{
    play_short_holds_due(p);
    for (int i = 0; i < p->model.console_count; i++)
        model_hold_is_over(&p->model, &p->model.consoles[i]);
    site_holds_due(&p->site);
    play_listen(p);
}

void play_moves_due(struct play *p)
{
    play_listen(p);
    for (int i = 0; i < p->model.console_count; i++)
        model_times_out(&p->model, &p->model.consoles[i]);
    site_moves_due(&p->site);
    play_listen(p);
}

void play_leaves_due(struct play *p)
{
    play_listen(p);
    site_leaves_due(&p->site);
    play_listen(p);
}

/* Not while a telnet client is silent: it would be taken for a raw one. */
void play_negotiations_due(struct play *p)
{
    for (int i = 0; i < p->remote_count; i++) {
        const struct remote *r = p->remotes[i];

        if (!r->is_vm && !r->is_raw && !r->is_served && !r->was_ended)
            return;
    }
    site_negotiations_due(&p->site);
    for (int i = 0; i < p->remote_count; i++) {
        if (p->remotes[i]->is_raw)
            remote_is_served(p->remotes[i]);
    }
    play_listen(p);
}
