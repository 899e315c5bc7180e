/* What may happen in a round: a row each, at the end. */
#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COM_BAUDRATE = 1, COM_CONTROL = 5, COM_SUSPEND = 8, COM_RESUME = 9 };

/* To whom it happens. */
enum whom { NOBODY, ANYBODY, A_VM, A_CLIENT };

struct action {
    const char *name;
    uint32_t weight;
    enum whom whom;
    void (*run)(struct chaos *c, struct peer *p); /* p: NULL for NOBODY */
};

static bool is_meant(const struct peer *p, enum whom whom)
{
    if (p->kind == PEER_NONE)
        return false;
    if (whom == A_VM)
        return peer_is_vm(p);
    if (whom == A_CLIENT)
        return !peer_is_vm(p) && p->kind != PEER_SILENT;
    return true;
}

static struct peer *pick_peer(struct chaos *c, enum whom whom)
{
    uint32_t count = CHAOS_PEERS_MAX - CHAOS_BYSTANDERS;
    uint32_t start = chaos_dice(c, count);

    for (uint32_t i = 0; i < count; i++) {
        struct peer *p = &c->peers[CHAOS_BYSTANDERS + (start + i) % count];

        if (is_meant(p, whom))
            return p;
    }
    return NULL;
}

/* ---- who comes -------------------------------------------------------- */

/* The bystanders come from an address of their own, for which their console's
 * rule is: nobody at the menu opens that. */
static void be_bystander(int fd)
{
    const struct sockaddr_in own = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = inet_addr(CHAOS_BYSTANDERS_ADDRESS),
    };

    if (bind(fd, (const struct sockaddr *)&own, sizeof own) < 0)
        die(CHAOS_BYSTANDERS_ADDRESS);
}

struct peer *chaos_dial(struct chaos *c, enum peer_kind kind, int console,
                        uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct peer *p = NULL;
    int one = 1;
    int fd;

    for (int i = console == CHAOS_BYSTANDER ? 0 : CHAOS_BYSTANDERS;
         i < CHAOS_PEERS_MAX && p == NULL; i++) {
        if (c->peers[i].kind == PEER_NONE)
            p = &c->peers[i];
    }
    if (p == NULL || port == 0)
        return NULL;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (console == CHAOS_BYSTANDER)
        be_bystander(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return NULL;
    }
    peer_open(p, kind, fd);
    p->console = console;
    return p;
}

static void choose_tls(struct chaos *c, struct peer *p)
{
    uint32_t n = chaos_dice(c, c->has_tls ? 4 : 40);

    if (n == 0)
        peer_secure(p);
    else if (n == 1)
        p->knows_auth = true;
}

static void choose_uri(struct chaos *c, char uri[PEER_URI_MAX])
{
    static const char *const schemes[] = { "tcp", "telnet", "ssl", "telnets" };
    const char *scheme = schemes[chaos_dice(c, 4)];
    char uuid[40];

    switch (chaos_dice(c, 8)) {
    case 0:
    case 1:
        server_uuid(uuid, (int)chaos_dice(c, CHAOS_CONSOLES));
        snprintf(uri, PEER_URI_MAX, "Cvspc://%s", uuid);
        break;
    case 2:
        snprintf(uri, PEER_URI_MAX, "C%s://127.0.0.1:%u", scheme,
                 c->remote_port);
        break;
    case 3:
    case 4:
        snprintf(uri, PEER_URI_MAX, "S%s://127.0.0.1:%u", scheme,
                 c->server.block + SERVER_SERVICE_PORT +
                     chaos_dice(c, SERVER_SERVICE_PORTS));
        break;
    default:
        snprintf(uri, PEER_URI_MAX, "Ss%u", chaos_dice(c, 2));
        break;
    }
}

/* A URI is the name of a console too: mostly it is always the same. */
static void choose_console(struct chaos *c, struct peer *p)
{
    if (chaos_dice(c, 16) == 0)
        choose_uri(c, p->uri);
    else
        memcpy(p->uri, c->uris[p->console], sizeof p->uri);
}

static struct peer *host_comes(struct chaos *c, enum peer_kind kind,
                               int console)
{
    struct peer *p = chaos_dial(c, kind, console, c->server.proxy);

    if (p == NULL)
        return NULL;
    server_uuid(p->uuid, console);
    snprintf(p->name, sizeof p->name, "chaos-%d", console);
    choose_console(c, p);
    choose_tls(c, p);
    p->echoes = chaos_dice(c, 4) == 0;
    c->counts.vms++;
    return p;
}

static void vm_comes(struct chaos *c, struct peer *unused)
{
    struct peer *p = host_comes(c, PEER_VM, (int)chaos_dice(c, CHAOS_CONSOLES));

    (void)unused;
    if (p != NULL)
        peer_greet(p);
}

static void destination_comes(struct chaos *c, struct peer *unused)
{
    int console = (int)chaos_dice(c, CHAOS_CONSOLES);
    const struct chaos_key *key = &c->keys[console];
    struct peer *p;

    (void)unused;
    if (key->len == 0)
        return;
    p = host_comes(c, PEER_DESTINATION, console);
    if (p == NULL)
        return;
    memcpy(p->key, key->bytes, key->len);
    p->key_len = key->len;
    if (chaos_dice(c, 16) == 0)
        p->key[0] ^= 1;
    c->counts.joined++;
    peer_greet(p);
}

static void client_comes(struct chaos *c, struct peer *unused)
{
    static const enum peer_kind kinds[] = { PEER_TELNET, PEER_RFC2217,
                                            PEER_RFC2217, PEER_RAW };
    enum peer_kind kind = kinds[chaos_dice(c, 4)];
    int console = (int)chaos_dice(c, CHAOS_CONSOLES);
    uint16_t port = c->server.ports[console];
    struct peer *p;

    (void)unused;
    if (chaos_dice(c, 6) == 0)
        port = (uint16_t)(c->server.block + SERVER_SERVICE_PORT +
                          chaos_dice(c, SERVER_SERVICE_PORTS));
    else if (chaos_dice(c, 12) == 0)
        port = (uint16_t)(c->server.block + SERVER_MENU_PORT);
    p = chaos_dial(c, kind, console, port);
    if (p == NULL)
        return;
    choose_tls(c, p);
    c->counts.clients++;
    peer_greet(p);
    /* With DTR off the end of a client changes the VM's lines. */
    if (kind == PEER_RFC2217 && chaos_dice(c, 2) == 0)
        peer_say_com_port(p, COM_CONTROL, 9);
}

/* To the menu, mostly with a screen. */
static void person_comes(struct chaos *c, struct peer *unused)
{
    static const char terminal[] = "\xff\xfb\x18\xff\xfa\x18\0XTERM\xff\xf0";
    struct peer *p =
        chaos_dial(c, PEER_TELNET, (int)chaos_dice(c, CHAOS_CONSOLES),
                   (uint16_t)(c->server.block + SERVER_MENU_PORT));

    (void)unused;
    if (p == NULL)
        return;
    choose_tls(c, p);
    c->counts.persons++;
    peer_greet(p);
    if (chaos_dice(c, 4) > 0)
        peer_say(p, terminal, sizeof terminal - 1);
}

static void silent_comes(struct chaos *c, struct peer *unused)
{
    int console = (int)chaos_dice(c, CHAOS_CONSOLES);
    struct peer *p = chaos_dial(c, PEER_SILENT, console,
                                chaos_dice(c, 2) ? c->server.proxy
                                                 : c->server.ports[console]);

    (void)unused;
    if (p != NULL && chaos_dice(c, 2) == 0)
        peer_say(p, "\x16\x03\x01", 1 + chaos_dice(c, 3));
}

/* ---- what a VM does --------------------------------------------------- */

static void fill(struct chaos *c, uint8_t *to, size_t len)
{
    static const uint8_t often[] = { 255, '\r', '\n', 0, 'a', '[' };

    for (size_t i = 0; i < len; i++)
        to[i] = chaos_dice(c, 4) == 0 ? often[chaos_dice(c, sizeof often)]
                                      : (uint8_t)('a' + i % 26);
}

static void says_some(struct chaos *c, struct peer *p)
{
    uint8_t bytes[300];
    size_t len = 1 + chaos_dice(c, sizeof bytes);

    fill(c, bytes, len);
    peer_say_data(p, bytes, len);
}

static void says_much(struct chaos *c, struct peer *p)
{
    static uint8_t bytes[100 * 1024];
    size_t len = 1 + chaos_dice(c, sizeof bytes);

    fill(c, bytes, len);
    peer_say_data(p, bytes, len);
}

static void renames(struct chaos *c, struct peer *p)
{
    uint32_t count = chaos_dice(c, 8) == 0 ? 20 : 1;

    while (count-- > 0) {
        if (chaos_dice(c, 4) == 0)
            snprintf(p->name, sizeof p->name, "chaos-%u",
                     chaos_dice(c, CHAOS_CONSOLES));
        else
            snprintf(p->name, sizeof p->name, "renamed-%u", c->names++);
        peer_say_name(p);
    }
}

static void asks_for_proxy(struct chaos *c, struct peer *p)
{
    choose_console(c, p);
    peer_say_proxy(p);
}

static void stops_forwarding(struct chaos *c, struct peer *p)
{
    peer_say_option(p, TELNET_WONT, OPTION_VMWARE);
    if (chaos_dice(c, 2) == 0)
        peer_say_option(p, TELNET_WILL, OPTION_VMWARE);
}

static void starts_forwarding(struct chaos *c, struct peer *p)
{
    (void)c;
    peer_say_option(p, TELNET_WILL, OPTION_VMWARE);
}

static void begins_move(struct chaos *c, struct peer *p)
{
    uint8_t sequence[CHAOS_SEQUENCE_LEN] = { 255, 13, (uint8_t)c->counts.moves,
                                             (uint8_t)p->console };

    c->counts.moves++;
    peer_say_extension(p, VMOTION_BEGIN, sequence,
                       chaos_dice(c, 16) == 0 ? 0 : sizeof sequence);
}

static void completes_move(struct chaos *c, struct peer *p)
{
    if (p->key_len < CHAOS_SEQUENCE_LEN)
        return;
    c->counts.completed++;
    peer_say_extension(p, VMOTION_COMPLETE, p->key, CHAOS_SEQUENCE_LEN);
}

static void aborts_move(struct chaos *c, struct peer *p)
{
    (void)c;
    peer_say_extension(p, VMOTION_ABORT, "", 0);
}

static void is_mute(struct chaos *c, struct peer *p)
{
    p->is_mute = chaos_dice(c, 2);
}

/* Keys of the menu, for those who are at it; others type them into their VM. */
static void types_at_menu(struct chaos *c, struct peer *p)
{
    static const char *const keys[] = {
        "\r",      "1\r",  "/\r",  "chaos\r",      "-\r",         "=\r",
        "q\r",     "\t",   "\x15", "\033[B\r",     "\r~.",        "\r~.",
        "\033[6~", "\r~t", "\r~w", "\r~w\r~b\r~?", "\r~mhello\r", "\r~x7\r",
    };

    for (uint32_t n = 1 + chaos_dice(c, 6); n > 0; n--) {
        const char *key = keys[chaos_dice(c, sizeof keys / sizeof keys[0])];

        peer_say_data(p, key, strlen(key));
    }
}

/* ---- what anybody does ------------------------------------------------ */

static void breaks(struct chaos *c, struct peer *p)
{
    if (chaos_dice(c, 2) == 0)
        peer_say_command(p, TELNET_BRK);
    else
        peer_say_com_port(p, COM_CONTROL, (uint8_t)(5 + chaos_dice(c, 2)));
}

static void changes_lines(struct chaos *c, struct peer *p)
{
    peer_say_com_port(p, COM_CONTROL, (uint8_t)(8 + chaos_dice(c, 5)));
}

static void sets_line(struct chaos *c, struct peer *p)
{
    switch (chaos_dice(c, 5)) {
    case 0:
        peer_say_com_port(p, COM_BAUDRATE, 0);
        break;
    case 1:
        peer_say_com_port(p, COM_SUSPEND, 0);
        break;
    case 2:
        peer_say_com_port(p, COM_RESUME, 0);
        break;
    default:
        peer_say_com_port(p, (uint8_t)chaos_dice(c, 13),
                          (uint8_t)chaos_dice(c, 20));
        break;
    }
}

static void says_command(struct chaos *c, struct peer *p)
{
    if (chaos_dice(c, 2) == 0)
        peer_say_command(p, (uint8_t)(241 + chaos_dice(c, 9)));
    else
        peer_say_option(p, (uint8_t)(TELNET_WILL + chaos_dice(c, 4)),
                        chaos_dice(c, 2) ? (uint8_t)chaos_dice(c, 50)
                                         : OPTION_COM_PORT);
}

static void is_deaf(struct chaos *c, struct peer *p)
{
    p->is_deaf = chaos_dice(c, 3) > 0;
}

static void half_closes(struct chaos *c, struct peer *p)
{
    (void)c;
    peer_flush(p);
    p->is_half_closed = true;
    shutdown(p->fd, SHUT_WR);
}

static void closes(struct chaos *c, struct peer *p)
{
    (void)c;
    peer_flush(p);
    peer_close(p);
}

static void resets(struct chaos *c, struct peer *p)
{
    peer_flush(p);
    chaos_reset(c, p);
}

void chaos_reset(struct chaos *c, struct peer *p)
{
    c->counts.resets++;
    peer_reset(p);
}

/* ---- what happens to all ---------------------------------------------- */

static void reload(struct chaos *c, struct peer *unused)
{
    (void)unused;
    chaos_choose_settings(c);
    chaos_write_settings(c);
    server_signal(&c->server, SIGHUP);
    c->counts.reloads++;
}

static void report(struct chaos *c, struct peer *unused)
{
    (void)unused;
    server_signal(&c->server, SIGUSR1);
}

static void act_on(struct chaos *c, struct peer *p);

/*
 * Some do their last act, and all of them are reset between two reads of the
 * server: it sleeps meanwhile, mostly.
 */
static void burst(struct chaos *c, struct peer *unused)
{
    uint32_t share = 1 + chaos_dice(c, 4);
    bool stops = chaos_dice(c, 4) > 0;

    (void)unused;
    c->counts.bursts++;
    if (stops)
        server_stop(&c->server);
    for (int i = CHAOS_BYSTANDERS; i < CHAOS_PEERS_MAX; i++) {
        for (uint32_t n = chaos_dice(c, 4); n > 0; n--)
            act_on(c, &c->peers[i]);
        peer_flush(&c->peers[i]);
    }
    for (int i = CHAOS_BYSTANDERS; i < CHAOS_PEERS_MAX; i++) {
        if (c->peers[i].kind != PEER_NONE && chaos_dice(c, 4) < share)
            chaos_reset(c, &c->peers[i]);
    }
    if (chaos_dice(c, 16) == 0)
        reload(c, NULL);
    if (stops)
        server_continue(&c->server);
}

/* ---- all of it -------------------------------------------------------- */

static const struct action actions[] = {
    { "a VM comes", 20, NOBODY, vm_comes },
    { "a destination comes", 20, NOBODY, destination_comes },
    { "a client comes", 40, NOBODY, client_comes },
    { "a person comes to the menu", 20, NOBODY, person_comes },
    { "a silent one comes", 4, NOBODY, silent_comes },
    { "the settings are reloaded", 2, NOBODY, reload },
    { "a report is asked for", 1, NOBODY, report },
    { "a burst", 6, NOBODY, burst },
    { "prints", 40, A_VM, says_some },
    { "prints much", 4, A_VM, says_much },
    { "renames", 8, A_VM, renames },
    { "DO-PROXY", 6, A_VM, asks_for_proxy },
    { "WONT 232", 4, A_VM, stops_forwarding },
    { "WILL 232", 4, A_VM, starts_forwarding },
    { "BEGIN", 20, A_VM, begins_move },
    { "COMPLETE", 20, A_VM, completes_move },
    { "ABORT", 4, A_VM, aborts_move },
    { "is mute or not", 2, A_VM, is_mute },
    { "types", 40, A_CLIENT, says_some },
    { "types much", 4, A_CLIENT, says_much },
    { "keys of the menu", 30, A_CLIENT, types_at_menu },
    { "a break", 12, ANYBODY, breaks },
    { "DTR and RTS", 12, ANYBODY, changes_lines },
    { "RFC 2217", 8, ANYBODY, sets_line },
    { "a command", 8, ANYBODY, says_command },
    { "is deaf or not", 6, ANYBODY, is_deaf },
    { "half-closes", 4, ANYBODY, half_closes },
    { "closes", 8, ANYBODY, closes },
    { "resets", 8, ANYBODY, resets },
};

enum { ACTIONS = sizeof actions / sizeof actions[0] };
_Static_assert((int)ACTIONS <= (int)CHAOS_ACTIONS_MAX, "weights are too few");

void chaos_choose_taste(struct chaos *c)
{
    static const uint32_t factors[] = { 0, 1, 1, 1, 4 };

    for (int i = 0; i < (int)ACTIONS; i++)
        c->weights[i] = actions[i].weight * factors[chaos_dice(c, 5)];
    /* Without these nothing else happens, or nothing ends. */
    c->weights[0] += actions[0].weight;
    c->weights[2] += actions[2].weight;
    c->weights[7] += actions[7].weight;
    for (int i = 0; i < CHAOS_CONSOLES; i++)
        choose_uri(c, c->uris[i]);
}

static const struct action *pick(struct chaos *c)
{
    uint32_t sum = 0, at;

    for (int i = 0; i < (int)ACTIONS; i++)
        sum += c->weights[i];
    at = chaos_dice(c, sum);
    for (int i = 0;; i++) {
        if (at < c->weights[i])
            return &actions[i];
        at -= c->weights[i];
    }
}

void chaos_act(struct chaos *c)
{
    const struct action *action = pick(c);
    struct peer *p = NULL;

    if (action->whom != NOBODY) {
        p = pick_peer(c, action->whom);
        if (p == NULL)
            return;
    }
    chaos_note(c, "%s (peer %d)", action->name,
               p != NULL ? (int)(p - c->peers) : -1);
    action->run(c, p);
}

/* It stays: who is to go goes with the others. */
static void act_on(struct chaos *c, struct peer *p)
{
    const struct action *action = pick(c);

    if (action->whom == NOBODY || !is_meant(p, action->whom) ||
        action->run == closes || action->run == resets)
        return;
    chaos_note(c, "  %s (peer %d)", action->name, (int)(p - c->peers));
    action->run(c, p);
}
