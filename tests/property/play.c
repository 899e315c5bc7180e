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

struct line *play_line_of(struct play *p, const struct model_vm *vm)
{
    for (int i = 0; i < p->line_count; i++) {
        if (&p->lines[i]->vm == vm)
            return p->lines[i];
    }
    return NULL;
}

struct model_console *play_any_console(struct play *p)
{
    return &p->model.consoles[play_dice(p, (uint32_t)p->model.console_count)];
}

static struct line *add_line(struct play *p, struct peer *peer, int console,
                             bool is_vm)
{
    struct line *l = line_new(&p->model, peer, ++p->numbers, is_vm);

    l->console = console;
    p->lines[p->line_count++] = l;
    return l;
}

struct line *play_new_vm(struct play *p, int console)
{
    static const struct item nothing = { .kind = ITEM_NOTHING };
    struct line *l;

    if (p->line_count == PLAY_LINES_MAX)
        return NULL;
    l = add_line(p, vm_arrive(&p->site), console, true);
    line_say(l, nothing, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    return l;
}

struct line *play_new_client(struct play *p, int console, bool is_raw)
{
    struct line *l;
    int count = 0;

    for (int i = 0; i < MODEL_CLIENTS_MAX; i++)
        count += p->model.consoles[console].clients[i] != NULL;
    if (p->line_count == PLAY_LINES_MAX || count == PLAY_CLIENTS_MAX)
        return NULL;
    l = add_line(p, client_arrive(&p->site, p->consoles[console]), console,
                 false);
    model_client_comes(&p->model.consoles[console], &l->client);
    /* The greeting is not for the eyes of a raw one. */
    peer_listen(l->peer);
    peer_forget(l->peer);
    l->is_raw = l->peer->is_raw = is_raw;
    if (!is_raw) {
        line_say(l, (struct item){ .kind = ITEM_TELNET }, BYTES(IAC));
        line_say(
            l, (struct item){ .kind = ITEM_NOTHING },
            BYTES(
                DO BINARY IAC DO SGA IAC DO ECHO IAC WILL BINARY IAC WILL SGA));
    }
    return l;
}

/* Two consoles are two serial ports of one VM. */
void play_connect(struct line *l, struct model_console *c)
{
    char wire[512];
    int vm = c->number / 2;
    int len =
        snprintf(wire, sizeof wire,
                 EXT(DO_PROXY "Ss%d") EXT(VC_UUID "50 0c 1e 2f 33 41 5a 6b-"
                                                  "7c 8d 9e af b0 c1 d2 %02x")
                     EXT(VM_NAME "vm-%d") EXT(BIOS_UUID "b105%02x")
                         EXT(LOCATION_UUID "10ca%02x"),
                 c->number % 2, vm, vm, vm, vm);

    line_say(l, (struct item){ .kind = ITEM_CONNECT, .console = c },
             slice_of(wire, (size_t)len));
}

static void keep_keys(struct play *p, struct line *l)
{
    for (int i = 0; i < l->key_count; i++) {
        if (p->key_count == PLAY_KEYS_MAX)
            memmove(&p->keys[0], &p->keys[1],
                    (size_t)--p->key_count * sizeof p->keys[0]);
        p->keys[p->key_count++] = l->keys[i];
    }
    l->key_count = 0;
}

/* From here on it takes what comes in the moment that it comes. */
static void check_pace(struct line *l)
{
    const struct model_client *client = &l->client;

    if (!l->is_vm && client->console != NULL && l->is_served &&
        l->peer->stream.room == SIZE_MAX &&
        !(l->peer->stream.stream.interest & STREAM_WRITE) &&
        client->at == client->console->output.len)
        l->client.keeps_up = true;
}

static void forget_closed(struct play *p)
{
    int left = 0;

    for (int i = 0; i < p->line_count; i++) {
        struct line *l = p->lines[i];

        if (l->peer->stream.is_closed) {
            peer_remove(l->peer);
            line_free(l);
        } else {
            p->lines[left++] = l;
        }
    }
    p->line_count = left;
}

/* VMs first: the last that a client gets may be that its VM is gone. */
void play_check_ends(struct play *p)
{
    for (int i = 0; i < p->line_count; i++) {
        if (p->lines[i]->is_vm)
            line_check_end(p->lines[i]);
    }
    for (int i = 0; i < p->line_count; i++) {
        if (!p->lines[i]->is_vm)
            line_check_end(p->lines[i]);
    }
}

void play_listen(struct play *p)
{
    site_turn_end(&p->site);
    play_check_ends(p);
    for (int i = 0; i < p->line_count; i++) {
        line_listen(p->lines[i]);
        keep_keys(p, p->lines[i]);
        check_pace(p->lines[i]);
    }
    if (!play_has_failed(p))
        forget_closed(p);
}

void play_run_all(struct play *p)
{
    for (int i = 0; i < p->line_count; i++)
        line_give(p->lines[i], SIZE_MAX);
    site_run(&p->site);
    play_listen(p);
    for (int i = 0; i < p->line_count; i++) {
        const struct line *l = p->lines[i];

        if (!l->is_vm && l->is_served && l->peer->stream.room == SIZE_MAX)
            model_check_client_output(&p->model, &l->client);
    }
}

void play_short_holds_due(struct play *p)
{
    /* Twice: those that go on, and are held back anew at once. */
    site_short_holds_due(&p->site);
    site_short_holds_due(&p->site);
    play_listen(p);
    for (int i = 0; i < p->line_count; i++) {
        const struct line *l = p->lines[i];

        if (l->is_vm && line_unread(l) > 0)
            model_check_ahead(&p->model, &l->vm);
    }
}

void play_holds_due(struct play *p)
{
    play_short_holds_due(p);
    for (int i = 0; i < p->model.console_count; i++)
        model_lets_lag(&p->model, &p->model.consoles[i], 0);
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

/* Not while a telnet client is silent: it would be taken for a raw one. */
void play_negotiations_due(struct play *p)
{
    for (int i = 0; i < p->line_count; i++) {
        const struct line *l = p->lines[i];

        if (!l->is_vm && !l->is_raw && !l->is_served)
            return;
    }
    site_negotiations_due(&p->site);
    for (int i = 0; i < p->line_count; i++)
        p->lines[i]->is_served |= p->lines[i]->is_raw;
    play_listen(p);
}
