/*
 * load.c - the command line of the load generator.
 */
#include "load.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
    const char *name;
    void (*run)(const struct load *load);
    bool speaks_tls;
    const char *help;
};

static const struct work works[] = {
    { "bringup", work_bringup, true,
      "CPU and memory a VM costs the server: when it connects, and idle" },
    { "attached", work_attached, false,
      "memory a client of a VM costs the server, and CPU while all are idle" },
    { "stream", work_stream, true,
      "pairs of a VM and a client sending full speed" },
    { "fanout", work_fanout, true,
      "VMs sending full speed to several clients each" },
    { "latency", work_latency, true,
      "a typed byte to the VM and its echo back" },
    { "moves", work_moves, false, "vMotion: VMs go from host to host" },
    { "print", work_print, false, "VMs that print 100 bytes a second each" },
    { "handshakes", work_handshakes, true,
      "VMs that connect in TLS, see the first byte and go away" },
    { "guessing", work_guessing, false,
      "people type beside others who guess passwords and tokens" },
    { "stuck-client", work_stuck_client, false,
      "one of two clients never reads: does the other get everything?" },
    { "stuck-vm", work_stuck_vm, false,
      "a VM does not read for a while: is its client pushed back?" },
};

enum value { TEXT, PORT, NUMBER, SIZE, PIDS, DIRECTION };

struct option_row {
    const char *name;
    enum value value;
    size_t offset; /* in struct load, of what it sets */
    const char *help;
};

#define SETS(member) offsetof(struct load, member)
static const struct option_row options[] = {
    { "proxy-port", PORT, SETS(proxy_port), "vspcd's port for VMs" },
    { "log", TEXT, SETS(log_path), "vspcd's log, which tells consoles' ports" },
    { "front-port", PORT, SETS(front_port), "where a relay takes clients" },
    { "back-port", PORT, SETS(back_port), "where a relay connects to: we" },
    { "web-port", PORT, SETS(web_port),
      "stream, fanout to clients: they are WebSockets of this port's API" },
    { "pid", PIDS, SETS(server), "the server's processes: PID[,PID...]" },
    { "vms", NUMBER, SETS(vms), "bringup, moves, print: how many VMs" },
    { "in-flight", NUMBER, SETS(in_flight),
      "how many VMs register, move or shake hands, or connections guess, at "
      "a time" },
    { "last", NUMBER, SETS(last), "bringup: count CPU over the last so many" },
    { "idle-seconds", NUMBER, SETS(idle_s),
      "bringup, attached: watch idle CPU so long" },
    { "pairs", NUMBER, SETS(pairs), "stream, fanout, guessing: how many VMs" },
    { "clients", NUMBER, SETS(clients),
      "fanout, attached: clients of each VM" },
    { "direction", DIRECTION, SETS(direction),
      "stream: vm-to-client, client-to-vm, both" },
    { "iac-percent", NUMBER, SETS(iac_percent),
      "stream, fanout: that many bytes are 255" },
    { "bytes", SIZE, SETS(bytes),
      "stop after so many (k, m, g: thousands) a direction of a pair" },
    { "seconds", NUMBER, SETS(seconds), "stop after so long" },
    { "lines", NUMBER, SETS(lines), "print: lines that a VM prints at once" },
    { "turns", NUMBER, SETS(turns), "print: how often in a second" },
    { "rounds", NUMBER, SETS(rounds), "latency: round trips" },
    { "idle", NUMBER, SETS(idle), "latency: idle VMs and clients beside" },
    { "streams", NUMBER, SETS(streams),
      "latency: VMs beside that send full speed to a client each" },
    { "moves", NUMBER, SETS(moves), "moves: how many all in all" },
    { "movers", NUMBER, SETS(movers), "moves: VMs that take turns to move" },
    { "typed", NUMBER, SETS(typed),
      "moves: of these, how many have a client that types meanwhile" },
    { "handshakes", NUMBER, SETS(handshakes), "handshakes: how many" },
    { "guesses", NUMBER, SETS(guesses), "guessing: how many all in all" },
    { "tls", TEXT, SETS(tls_cipher),
      "VMs speak TLS 1.3 with this cipher (TLS_AES_128_GCM_SHA256)" },
    { "threads", NUMBER, SETS(threads),
      "stream, fanout: 1, or 2 for VMs and clients apart" },
    { "timeout", NUMBER, SETS(timeout_s),
      "fail after waiting so many seconds" },
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };
enum { WORK_COUNT = sizeof works / sizeof works[0] };

static const struct load defaults = {
    .vms = 1000,
    .in_flight = 32,
    .last = 500,
    .pairs = 1,
    .clients = 1,
    .direction = TO_CLIENT,
    .seconds = 3,
    .lines = 1,
    .turns = 1,
    .rounds = 5000,
    .moves = 3000,
    .movers = 1000,
    .handshakes = 3000,
    .guesses = 10000,
    .threads = 1,
    .timeout_s = 20,
};

static void print_help(void)
{
    puts(
        "Usage: vspc-load WORK [--OPTION VALUE]...\n\n"
        "Plays VMs and clients at full load against vspcd (--proxy-port and\n"
        "--log) or a TCP relay (--front-port and --back-port), checks every\n"
        "byte and prints one line of key=value. Any wrong, missing or doubled\n"
        "byte is a failure.\n\nWorks:");
    for (unsigned i = 0; i < WORK_COUNT; i++)
        printf("  %-14s %s\n", works[i].name, works[i].help);
    puts("\nOptions:");
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        printf("  --%-14s %s\n", options[i].name, options[i].help);
}

static uint64_t parse_number(const char *name, const char *text, uint64_t max)
{
    char *rest;
    uint64_t n = strtoull(text, &rest, 10);

    if (*rest != '\0' || *text < '0' || *text > '9' || n > max)
        die("--%s %s: expected a number up to %" PRIu64, name, text, max);
    return n;
}

static uint64_t parse_size(const char *name, const char *text)
{
    static const char units[] = "kmg";
    char digits[32];
    size_t len = strlen(text);
    const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
    uint64_t factor = 1;

    if (len >= sizeof digits)
        die("--%s %s: too long", name, text);
    memcpy(digits, text, len + 1);
    if (unit && *unit) {
        digits[len - 1] = '\0';
        for (const char *u = units; u <= unit; u++)
            factor *= 1000;
    }
    return parse_number(name, digits, UINT64_MAX / factor) * factor;
}

static void parse_pids(const char *name, const char *text, struct server *s)
{
    char *copy = strdup(text), *rest = copy, *pid;

    while ((pid = strsep(&rest, ","))) {
        if (s->count == SERVER_PIDS_MAX)
            die("--%s: more than %d", name, SERVER_PIDS_MAX);
        s->pids[s->count++] = (pid_t)parse_number(name, pid, INT32_MAX);
    }
    free(copy);
}

static enum direction parse_direction(const char *name, const char *text)
{
    if (strcmp(text, "vm-to-client") == 0)
        return TO_CLIENT;
    if (strcmp(text, "client-to-vm") == 0)
        return TO_VM;
    if (strcmp(text, "both") == 0)
        return BOTH;
    die("--%s %s: expected vm-to-client, client-to-vm or both", name, text);
}

static void set_option(struct load *load, const struct option_row *o,
                       const char *text)
{
    void *target = (char *)load + o->offset;

    switch (o->value) {
    case TEXT:
        *(const char **)target = text;
        break;
    case PORT:
        *(uint16_t *)target = (uint16_t)parse_number(o->name, text, 65535);
        break;
    case NUMBER:
        *(unsigned *)target = (unsigned)parse_number(o->name, text, 1000000);
        break;
    case SIZE:
        *(uint64_t *)target = parse_size(o->name, text);
        break;
    case PIDS:
        parse_pids(o->name, text, target);
        break;
    case DIRECTION:
        *(enum direction *)target = parse_direction(o->name, text);
        break;
    }
}

static void parse_options(struct load *load, int argc, char **argv)
{
    struct option longs[OPTION_COUNT + 2] = { 0 };
    int at;

    for (int i = 0; i < OPTION_COUNT; i++)
        longs[i] =
            (struct option){ options[i].name, required_argument, NULL, i };
    longs[OPTION_COUNT] =
        (struct option){ "help", no_argument, NULL, OPTION_COUNT };
    while ((at = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (at == '?')
            exit(2);
        if (at == OPTION_COUNT) {
            print_help();
            exit(0);
        }
        set_option(load, &options[at], optarg);
    }
}

static void check_options(const struct load *load)
{
    bool is_vspcd = load->proxy_port && load->log_path;
    bool is_relay = load->front_port && load->back_port;

    if (is_vspcd == is_relay)
        die("give --proxy-port and --log, or --front-port and --back-port");
    if (load->server.count == 0)
        die("--pid is missing");
    if (!load->vms || !load->in_flight || !load->last || !load->pairs ||
        !load->clients || !load->rounds || !load->threads || !load->moves ||
        !load->movers || !load->handshakes)
        die("a count is 0");
    if (load->iac_percent > 50)
        die("--iac-percent goes to 50");
    if (load->bytes == 0 && load->seconds == 0)
        die("--bytes and --seconds are both 0: that would never end");
}

static const struct work *find_work(const char *name)
{
    for (unsigned i = 0; i < WORK_COUNT; i++)
        if (strcmp(name, works[i].name) == 0)
            return &works[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct load load = defaults;
    const struct work *work;

    parse_options(&load, argc, argv);
    if (optind != argc - 1) {
        fputs("vspc-load: give one WORK; --help lists them\n", stderr);
        return 2;
    }
    check_options(&load);
    work = find_work(argv[optind]);
    if (!work) {
        fprintf(stderr, "vspc-load: unknown work: %s\n", argv[optind]);
        return 2;
    }
    if (load.tls_cipher && !work->speaks_tls)
        die("%s is not done in TLS", work->name);
    if (load.tls_cipher)
        tls_client_init(&load.tls, load.tls_cipher);
    work->run(&load);
    return 0;
}
