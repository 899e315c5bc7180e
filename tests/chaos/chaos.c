/* A vspcd in a chaos, round after round: tests/chaos/README.md. */
#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROUND_MS = 5000,
    START_MS = 60 * 1000,  /* machines may be busy, sanitizers are slow */
    ANSWER_MS = 15 * 1000, /* of the bystander's VM */
    END_MS = 30 * 1000,
    LEAVE_MS = 20 * 1000,
    SPARE_DESCRIPTORS = 8, /* its own, for a moment */
};

/* The two that are served whatever happens. */
struct bystander {
    uint64_t asked_ms; /* 0: nothing is asked */
    unsigned question;
};

uint32_t chaos_dice(struct chaos *c, uint32_t below)
{
    uint64_t x = c->dice += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) >> 16) % below;
}

void chaos_note(const struct chaos *c, const char *format, ...)
{
    va_list args;

    if (!c->is_verbose)
        return;
    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

void chaos_fail(struct chaos *c, const char *format, ...)
{
    va_list args;

    if (c->failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(c->failure, sizeof c->failure, format, args);
    va_end(args);
}

static bool has_failed(const struct chaos *c)
{
    return c->failure[0] != '\0';
}

void chaos_choose_settings(struct chaos *c)
{
    static const char *const rights[] = { "read", "write", "break", "control",
                                          NULL };

    c->has_tls = chaos_dice(c, 2);
    c->has_listen = chaos_dice(c, 3) > 0;
    c->has_connect = chaos_dice(c, 3) > 0;
    c->known_right = rights[chaos_dice(c, 5)];
    c->other_right = rights[chaos_dice(c, 5)];
    c->has_one_writer = chaos_dice(c, 2);
}

static void write_rule(FILE *file, const char *pattern, const char *right)
{
    fprintf(file, "access \"%s\" { %s = {\"%s\"} }\n", pattern,
            right != NULL ? right : "read", right != NULL ? "anybody" : "root");
}

/* A VM that gets another name is another console for them. */
static void write_rules(const struct chaos *c, FILE *file)
{
    fprintf(file, "keyboard = %s\n",
            c->has_one_writer ? "one-writer" : "free-for-all");
    fprintf(file,
            "access \"bystander\" { break = {\"anybody from %s\"} "
            "keyboard = free-for-all }\n",
            CHAOS_BYSTANDERS_ADDRESS);
    write_rule(file, "chaos-*", c->known_right);
    write_rule(file, "*", c->other_right);
}

void chaos_write_settings(const struct chaos *c)
{
    char path[168], whole[160];
    FILE *file;

    snprintf(whole, sizeof whole, "%s/vspcd.conf", c->server.folder);
    snprintf(path, sizeof path, "%s.new", whole);
    file = fopen(path, "we");
    if (file == NULL)
        die(path);
    fprintf(file,
            "proxy-port = 0\nproxy-iface = 127.0.0.1\n"
            "interface = 127.0.0.1\nport-range-start = %u\n"
            "port-range-end = %u\nmenu-port = %u\nclient-rate = 0\n"
            "history-size = 4K\nheld-input-size = 4K\nhold-time = 100\n"
            "identity-timeout = 2\nmove-timeout = 2\n"
            "tls = %s\nclient-tls = %s\n",
            c->server.block, c->server.block + SERVER_SERVICE_PORT - 1,
            c->server.block + SERVER_MENU_PORT, c->has_tls ? "offered" : "off",
            c->has_tls ? "offered" : "off");
    write_rules(c, file);
    if (c->has_connect)
        fprintf(file, "service-connect = {\"vspc://*\", \"127.0.0.1:%u\"}\n",
                c->remote_port);
    if (c->has_listen)
        fprintf(file, "service-listen = {\"*:%u-%u\"}\n",
                c->server.block + SERVER_SERVICE_PORT,
                c->server.block + SERVER_SERVICE_PORT + SERVER_SERVICE_PORTS -
                    1);
    if (c->has_console_logs)
        fprintf(file, "logdir = \"%s/logs\"\nlog-rotate-size = 64K\n",
                c->server.folder);
    fclose(file);
    /* An earlier SIGHUP may just be reading it. */
    if (rename(path, whole) < 0)
        die(whole);
}

/* ---- one step --------------------------------------------------------- */

static void look_at_server(struct chaos *c)
{
    server_watch(&c->server);
    if (c->server.pid == 0)
        chaos_fail(c, "vspcd ended: %s %d",
                   WIFSIGNALED(c->server.status) ? "signal" : "status",
                   WIFSIGNALED(c->server.status)
                       ? WTERMSIG(c->server.status)
                       : WEXITSTATUS(c->server.status));
}

static void take_remotes(struct chaos *c)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    for (int i = CHAOS_BYSTANDERS; i < CHAOS_PEERS_MAX; i++) {
        if (c->peers[i].kind == PEER_NONE) {
            peer_open(&c->peers[i], PEER_REMOTE, fd);
            c->peers[i].echoes = chaos_dice(c, 2);
            c->counts.remotes++;
            return;
        }
    }
    close(fd);
}

static void take_key(struct chaos *c, struct peer *p)
{
    struct chaos_key *key = &c->keys[p->console];

    if (!p->has_goahead)
        return;
    p->has_goahead = false;
    key->len = p->key_len;
    memcpy(key->bytes, p->key, p->key_len);
}

static void hear(struct chaos *c, struct peer *p)
{
    if (!peer_read(p) || !peer_flush(p)) {
        peer_close(p);
        return;
    }
    if (p->console < CHAOS_CONSOLES)
        take_key(c, p);
}

/* Sends, waits for something to come, and takes it. */
static void serve(struct chaos *c, int timeout_ms)
{
    struct pollfd polls[CHAOS_PEERS_MAX + 2];
    nfds_t count = CHAOS_PEERS_MAX;

    for (int i = 0; i < CHAOS_PEERS_MAX; i++) {
        struct peer *p = &c->peers[i];

        if (!peer_flush(p))
            peer_close(p);
        polls[i] = (struct pollfd){
            .fd = p->kind != PEER_NONE && !p->is_deaf ? p->fd : -1,
            .events = (short)(POLLIN | (p->out_len > 0 ? POLLOUT : 0)),
        };
    }
    polls[count++] = (struct pollfd){ .fd = c->listener, .events = POLLIN };
    polls[count++] = (struct pollfd){ .fd = c->server.log, .events = POLLIN };
    if (poll(polls, count, timeout_ms) < 0 && errno != EINTR)
        die("poll");
    for (int i = 0; i < CHAOS_PEERS_MAX; i++) {
        if (polls[i].revents & (POLLIN | POLLHUP | POLLERR))
            hear(c, &c->peers[i]);
    }
    if (polls[CHAOS_PEERS_MAX].revents != 0)
        take_remotes(c);
    server_watch(&c->server);
}

/* Connections end before a process does: a sanitizer writes its report. */
static void look_who_is_closed(struct chaos *c)
{
    uint64_t start = now_ms();

    if (c->peers[0].kind != PEER_NONE && c->peers[1].kind != PEER_NONE)
        return;
    while (!has_failed(c) && now_ms() - start < 3000) {
        usleep(10 * 1000);
        look_at_server(c);
    }
    chaos_fail(c, "the bystander's %s was closed",
               c->peers[0].kind == PEER_NONE ? "VM" : "client");
}

/* The bystander's client asks without end, and its VM says it again. */
static void ask(struct chaos *c, struct bystander *b)
{
    struct peer *asker = &c->peers[1];
    char text[24];
    int len;

    look_who_is_closed(c);
    if (has_failed(c))
        return;
    len = snprintf(text, sizeof text, "q%u.", b->question);
    if (b->asked_ms == 0) {
        peer_say_data(asker, text, (size_t)len);
        b->asked_ms = now_ms();
    } else if (memmem(asker->heard, asker->heard_len, text, (size_t)len)) {
        b->asked_ms = 0;
        b->question++;
        c->counts.answers++;
    } else if (now_ms() - b->asked_ms > ANSWER_MS) {
        chaos_fail(c, "nobody is served any more: no answer in %d s",
                   ANSWER_MS / 1000);
    }
}

/* ---- a round ---------------------------------------------------------- */

static void open_remote(struct chaos *c)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;

    c->listener =
        socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->listener < 0 ||
        bind(c->listener, (struct sockaddr *)&address, len) < 0 ||
        listen(c->listener, 64) < 0 ||
        getsockname(c->listener, (struct sockaddr *)&address, &len) < 0)
        die("a listener");
    c->remote_port = ntohs(address.sin_port);
}

static bool is_up(const struct chaos *c)
{
    return c->server.ports[CHAOS_BYSTANDER] != 0;
}

/* The bystander's VM; returns when it is served. */
static void start_bystander(struct chaos *c, struct bystander *b)
{
    uint64_t start = now_ms();
    struct peer *vm = NULL;

    while (!is_up(c) && !has_failed(c)) {
        if (vm == NULL && c->server.proxy != 0) {
            vm = chaos_dial(c, PEER_VM, CHAOS_BYSTANDER, c->server.proxy);
            server_uuid(vm->uuid, CHAOS_BYSTANDER);
            snprintf(vm->name, sizeof vm->name, "bystander");
            snprintf(vm->uri, sizeof vm->uri, "Ss0");
            vm->echoes = true;
            peer_greet(vm);
        }
        serve(c, 10);
        look_at_server(c);
        if (now_ms() - start > START_MS)
            chaos_fail(c, "vspcd does not start");
    }
    if (has_failed(c))
        return;
    chaos_dial(c, PEER_TELNET, CHAOS_BYSTANDER,
               c->server.ports[CHAOS_BYSTANDER]);
    while (b->question == 0 && !has_failed(c)) {
        serve(c, 10);
        ask(c, b);
        look_at_server(c);
    }
}

static void play(struct chaos *c, struct bystander *b, unsigned ms)
{
    uint64_t end = now_ms() + ms;

    while (now_ms() < end && !has_failed(c)) {
        for (uint32_t n = chaos_dice(c, 6); n > 0; n--)
            chaos_act(c);
        serve(c, (int)chaos_dice(c, 3));
        ask(c, b);
        look_at_server(c);
    }
}

/* Everybody is reset: what they had must come back. */
static void leave(struct chaos *c, struct bystander *b, int at_first)
{
    uint64_t start = now_ms();
    int allowed = 0;
    int count;

    for (int i = CHAOS_BYSTANDERS; i < CHAOS_PEERS_MAX; i++) {
        if (c->peers[i].kind != PEER_NONE)
            chaos_reset(c, &c->peers[i]);
    }
    /* Of the many VMs that connected, the log has some; a listing has all. */
    server_signal(&c->server, SIGUSR1);
    while (!has_failed(c) &&
           (count = server_descriptors(&c->server)) > allowed) {
        /* Each console has a port, and some have a listener beside it. */
        allowed = at_first + server_consoles(&c->server) +
                  SERVER_SERVICE_PORTS + SPARE_DESCRIPTORS;
        serve(c, 20);
        /* Nobody takes the calls of services any more. */
        for (int i = CHAOS_BYSTANDERS; i < CHAOS_PEERS_MAX; i++)
            peer_reset(&c->peers[i]);
        ask(c, b);
        look_at_server(c);
        if (now_ms() - start > LEAVE_MS) {
            server_signal(&c->server, SIGUSR1); /* the log says who is left */
            serve(c, 500);
            chaos_fail(c,
                       "%d descriptors are open though all have gone; %d "
                       "are expected",
                       count, allowed);
        }
    }
}

static void end_in_order(struct chaos *c)
{
    uint64_t start = now_ms();

    server_signal(&c->server, SIGTERM);
    while ((c->server.pid > 0 || c->server.log >= 0) && !has_failed(c)) {
        serve(c, 10);
        if (now_ms() - start > END_MS)
            chaos_fail(c, "it does not end: %d s after SIGTERM", END_MS / 1000);
    }
    if (!has_failed(c) && c->server.status != 0)
        look_at_server(c);
}

/* Half of the rounds end in the midst of it, the others in peace. */
static void end_round(struct chaos *c, struct bystander *b, int descriptors)
{
    if (chaos_dice(c, 2) == 0) {
        if (!c->has_console_logs)
            leave(c, b, descriptors);
    } else if (chaos_dice(c, 2) == 0) {
        /* All of it is found in one turn. */
        server_stop(&c->server);
        for (int i = 0; i < 30; i++)
            chaos_act(c);
        for (int i = 0; i < CHAOS_PEERS_MAX; i++)
            peer_flush(&c->peers[i]);
        server_signal(&c->server, SIGTERM);
        server_continue(&c->server);
    }
    if (!has_failed(c))
        end_in_order(c);
}

static void say_result(const struct chaos *c, uint64_t seed)
{
    const struct chaos_counts *n = &c->counts;

    printf("seed %llu: %u VMs, %u clients, %u persons, %u remotes, moves %u "
           "begun, %u "
           "joined, %u completed, %u resets, %u bursts, %u reloads, %u answers"
           ": %s\n",
           (unsigned long long)seed, n->vms, n->clients, n->persons, n->remotes,
           n->moves, n->joined, n->completed, n->resets, n->bursts, n->reloads,
           n->answers, has_failed(c) ? "FAILED" : "good");
    if (has_failed(c)) {
        printf("# %s; play it again with --seed %llu; the end of %s/log:\n",
               c->failure, (unsigned long long)seed, c->server.folder);
        server_show_log(&c->server, 80);
    }
    fflush(stdout);
}

static bool play_round(const char *program, const char *folder, uint64_t seed,
                       bool is_verbose)
{
    struct chaos *c = calloc(1, sizeof *c);
    struct bystander b = { 0 };
    bool is_good;

    if (c == NULL)
        abort();
    c->dice = seed * UINT64_C(0x2545f4914f6cdd1d);
    c->is_verbose = is_verbose;
    chaos_choose_settings(c);
    c->has_console_logs = chaos_dice(c, 3) == 0;
    snprintf(c->server.folder, sizeof c->server.folder, "%s", folder);
    open_remote(c);
    server_take_ports(&c->server);
    chaos_write_settings(c);
    server_start(&c->server, program, folder);
    start_bystander(c, &b);
    if (!has_failed(c)) {
        int descriptors = server_descriptors(&c->server);

        chaos_choose_taste(c);
        play(c, &b, ROUND_MS);
        if (!has_failed(c))
            end_round(c, &b, descriptors);
    }
    server_end(&c->server);
    if (c->server.has_complained)
        chaos_fail(c, "a sanitizer has found something");
    say_result(c, seed);
    is_good = !has_failed(c);
    for (int i = 0; i < CHAOS_PEERS_MAX; i++)
        peer_reset(&c->peers[i]);
    close(c->listener);
    free(c);
    return is_good;
}

static int remove_one(const char *path, const struct stat *unused, int kind,
                      struct FTW *where)
{
    (void)unused;
    (void)kind;
    (void)where;
    return remove(path);
}

/* A round that was good leaves nothing. */
static void forget_round(const char *folder)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
        die(folder);
}

/* ---- the program ------------------------------------------------------ */

static uint64_t random_seed(void)
{
    uint32_t seed;

    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        die("getrandom");
    return seed;
}

static void make_folder(char *folder, size_t size)
{
    const char *place = getenv("TMPDIR");

    snprintf(folder, size, "%s/vspcd-chaos-XXXXXX",
             place != NULL ? place : "/tmp");
    if (mkdtemp(folder) == NULL)
        die(folder);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "seconds", required_argument, NULL, 't' },
        { "verbose", no_argument, NULL, 'v' },
        { 0 },
    };
    uint64_t seed = random_seed(), start = now_ms();
    unsigned seconds = 0;
    bool is_verbose = false, is_good = true;
    char folder[100];
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            seed = strtoull(optarg, NULL, 10);
        else if (option == 't')
            seconds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'v')
            is_verbose = true;
        else
            return 2;
    }
    if (optind != argc - 1) {
        fprintf(stderr,
                "usage: %s [--seed N] [--seconds N] [--verbose] "
                "VSPCD\n",
                argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's writes */
    make_folder(folder, sizeof folder);
    do {
        char below[120];

        snprintf(below, sizeof below, "%s/%llu", folder,
                 (unsigned long long)seed);
        if (mkdir(below, 0700) < 0)
            die(below);
        is_good = play_round(argv[optind], below, seed++, is_verbose);
        if (is_good)
            forget_round(below);
    } while (is_good && now_ms() - start < seconds * UINT64_C(1000));
    if (is_good)
        forget_round(folder);
    return is_good ? 0 : 1;
}
