#include "setup.h"

#include "log/log_words.h"
#include "measure.h"
#include "socket.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 4096, MARKER_LEN = 48 };

/* A good many for one host; few enough for socket_dial. */
enum { VMS_PER_HOST = 500, HOSTS_MAX = 200 };

/* ---- VMs -------------------------------------------------------------- */

/* on_data of a VM that registers; context counts those that are done. */
static void register_data(struct end *e, uint8_t *bytes, size_t len)
{
    bool was_ready = telnet_is_ready(&e->telnet);
    unsigned *ready = e->context;

    telnet_decode(&e->telnet, bytes, len, bytes);
    end_send_reply(e);
    if (!was_ready && telnet_is_ready(&e->telnet))
        ++*ready;
}

struct count {
    const unsigned *value;
    unsigned wanted;
};

static bool count_is_reached(void *arg)
{
    const struct count *c = arg;

    return *c->value >= c->wanted;
}

unsigned setup_host(unsigned vm)
{
    return 1 + vm / VMS_PER_HOST % HOSTS_MAX;
}

/* A relay takes on its front whoever speaks TLS. */
void setup_dial_vm(const struct load *load, struct loop *l, struct end *vm,
                   unsigned number)
{
    bool is_relay = load_is_relay(load);
    uint16_t port = is_relay ? load->front_port : load->proxy_port;
    int fd = socket_dial(port, setup_host(number));

    if (load->tls_cipher)
        vm->tls = tls_new(&load->tls, fd, vm->kind, number);
    end_open(vm, l, fd, is_relay ? TELNET_NONE : TELNET_VM, number);
}

void setup_vms(const struct load *load, struct loop *l, struct end *vms,
               unsigned first, unsigned count)
{
    unsigned ready = 0;
    struct count room = { .value = &ready };

    for (unsigned i = 0; i < count; i++) {
        struct end *vm = &vms[first + i];

        vm->kind = "VM";
        vm->on_data = register_data;
        vm->context = &ready;
        setup_dial_vm(load, l, vm, first + i);
        room.wanted = i + 1 > load->in_flight ? i + 1 - load->in_flight : 0;
        loop_wait(l, count_is_reached, &room, load->timeout_s,
                  "a VM to be registered");
        if (i % 16 == 0)
            loop_turn(l, 0);
    }
    room.wanted = count;
    loop_wait(l, count_is_reached, &room, load->timeout_s,
              "all VMs to be registered");
}

/* Fills in the ports of VMs that a line tells of; returns how many. */
static unsigned read_port_line(const char *line, uint16_t *ports,
                               unsigned count)
{
    const char *name = strstr(line, "console=");
    const char *port = strstr(line, " port=");
    unsigned vm, number;

    if (!strstr(line, LOG_CONSOLE_LISTED) || !name || !port ||
        sscanf(name, "console=" VM_NAME_FORMAT, &vm) != 1 ||
        sscanf(port, " port=%u", &number) != 1 || vm >= count || ports[vm])
        return 0;
    ports[vm] = (uint16_t)number;
    return 1;
}

static FILE *open_log(const struct load *load)
{
    FILE *f = fopen(load->log_path, "r");

    if (!f)
        die("%s: %s", load->log_path, strerror(errno));
    return f;
}

/* Lines before this are about the VMs of earlier runs. */
static long log_end(const struct load *load)
{
    FILE *f = open_log(load);
    long end;

    fseek(f, 0, SEEK_END);
    end = ftell(f);
    fclose(f);
    return end;
}

/* A listing of SIGUSR1, as an administrator would ask for it: of so many VMs at
 * once the log has not each by itself. */
static void ask_for_ports(const struct load *load)
{
    if (load->server.count == 0 || kill(load->server.pids[0], SIGUSR1) < 0)
        die("the server's process (--pid) cannot be asked for a listing");
}

static uint16_t *read_ports(const struct load *load, long log_start,
                            unsigned count)
{
    uint16_t *ports = zalloc(count, sizeof *ports);
    uint64_t until = now_us() + load->timeout_s * UINT64_C(1000000);
    char line[LOG_LINE_MAX];
    unsigned found = 0;

    for (unsigned round = 0; found < count; round++) {
        FILE *f;

        if (round % 500 == 0)
            ask_for_ports(load);
        f = open_log(load);
        fseek(f, log_start, SEEK_SET);
        while (fgets(line, sizeof line, f))
            found += read_port_line(line, ports, count);
        fclose(f);
        if (now_us() > until)
            die("%s tells the ports of %u VMs of %u", load->log_path, found,
                count);
        usleep(2000);
    }
    return ports;
}

/* ---- pairs ------------------------------------------------------------ */

/*
 * Neither character 255 nor a second '{': see marker_data. With our process
 * id, because a new client may first be shown what earlier runs have sent.
 */
static unsigned format_marker(char text[MARKER_LEN], const char *kind,
                              unsigned vm)
{
    return (unsigned)snprintf(text, MARKER_LEN, "{%s of %u in run %d}", kind,
                              vm, (int)getpid());
}

/* on_data of both ends while they wait for the other's marker. */
static void marker_data(struct end *e, uint8_t *bytes, size_t len)
{
    const char *wanted = e->context;

    len = telnet_decode(&e->telnet, bytes, len, bytes);
    end_send_reply(e);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == (uint8_t)wanted[e->marker_at])
            e->marker_at++;
        else
            e->marker_at = bytes[i] == '{';
        if (wanted[e->marker_at] == '\0') {
            e->markers++;
            e->marker_at = 0;
        }
    }
}

static void send_marker(struct end *e, unsigned vm)
{
    char text[MARKER_LEN];

    end_send_now(e, text, format_marker(text, e->kind, vm));
}

static void await_marker(struct end *e, const char *other_kind, unsigned vm)
{
    char *text = zalloc(MARKER_LEN, 1);

    format_marker(text, other_kind, vm);
    e->context = text;
    e->on_data = marker_data;
}

static bool is_ready(void *arg)
{
    return end_is_ready(arg);
}

static void prove(struct rig *rig, unsigned vm_number)
{
    struct end *vm = &rig->vms[vm_number];
    struct end *clients = &rig->clients[vm_number * rig->clients_per_vm];
    struct count seen = { &vm->markers, rig->clients_per_vm };

    for (unsigned i = 0; i < rig->clients_per_vm; i++) {
        loop_wait(rig->loop, is_ready, &clients[i], rig->load->timeout_s,
                  "a client's options to be negotiated");
        send_marker(&clients[i], vm_number);
    }
    loop_wait(rig->loop, count_is_reached, &seen, rig->load->timeout_s,
              "the clients' markers at the VM");
    send_marker(vm, vm_number);
    seen.wanted = 1;
    for (unsigned i = 0; i < rig->clients_per_vm; i++) {
        seen.value = &clients[i].markers;
        loop_wait(rig->loop, count_is_reached, &seen, rig->load->timeout_s,
                  "the VM's marker at a client");
    }
}

/* The request is no input, so it goes before the end is a WebSocket. */
static void open_websocket(struct rig *rig, struct end *client,
                           unsigned vm_number, unsigned number)
{
    char name[VM_NAME_LEN];
    char request[512];
    int fd = socket_dial(rig->load->web_port, 0);

    vm_name(name, vm_number);
    end_open(client, rig->loop, fd, TELNET_NONE, number);
    end_send_now(client, request,
                 websocket_put_request(request, sizeof request, name));
    client->websocket = websocket_new();
}

static void open_client(struct rig *rig, unsigned vm_number, unsigned i,
                        uint16_t port)
{
    unsigned number = vm_number * rig->clients_per_vm + i;
    struct end *client = &rig->clients[number];
    bool is_relay = load_is_relay(rig->load);

    client->kind = "client";
    await_marker(client, "VM", vm_number);
    if (rig->load->web_port != 0) {
        open_websocket(rig, client, vm_number, number);
        return;
    }
    end_open(client, rig->loop, socket_dial(port, 0),
             is_relay ? TELNET_NONE : TELNET_CLIENT, number);
}

/* Behind a relay one end comes to be when the other connects: the VM's. */
static void open_relayed(struct rig *rig, unsigned vm_number)
{
    struct end *vm = &rig->vms[vm_number];

    open_client(rig, vm_number, 0, rig->load->front_port);
    vm->kind = "VM";
    await_marker(vm, "client", vm_number);
    end_open(vm, rig->loop, socket_accept(rig->listener), TELNET_NONE,
             vm_number);
}

/* But it is VMs that speak TLS, and so they connect to the front. */
static void open_relayed_tls(struct rig *rig, unsigned vm_number)
{
    struct end *vm = &rig->vms[vm_number];
    struct end *client = &rig->clients[vm_number];

    vm->kind = "VM";
    await_marker(vm, "client", vm_number);
    setup_dial_vm(rig->load, rig->loop, vm, vm_number);
    loop_wait(rig->loop, is_ready, vm, rig->load->timeout_s, "a handshake");
    client->kind = "client";
    await_marker(client, "VM", vm_number);
    end_open(client, rig->loop, socket_accept(rig->listener), TELNET_NONE,
             vm_number);
}

void setup_relayed_pairs(struct rig *rig, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        if (rig->load->tls_cipher)
            open_relayed_tls(rig, i);
        else
            open_relayed(rig, i);
        prove(rig, i);
    }
}

static void rig_init(struct rig *rig, const struct load *load, struct loop *l,
                     unsigned vm_count, unsigned clients_per_vm)
{
    *rig = (struct rig){
        .load = load,
        .loop = l,
        .listener = -1,
        .vm_count = vm_count,
        .clients_per_vm = clients_per_vm,
        .vms = zalloc(vm_count, sizeof *rig->vms),
        .clients =
            zalloc((size_t)vm_count * clients_per_vm, sizeof *rig->clients),
    };
}

void setup_relayed(struct rig *rig, const struct load *load, struct loop *l,
                   unsigned vm_count)
{
    rig_init(rig, load, l, vm_count, 1);
    rig->listener = socket_listen(load->back_port, load->timeout_s);
}

void setup_rig(struct rig *rig, const struct load *load, struct loop *l,
               unsigned vm_count, unsigned clients_per_vm)
{
    uint16_t *ports;
    long log_start;

    if (load_is_relay(load)) {
        if (clients_per_vm != 1)
            die("a relay has one client a VM");
        setup_relayed(rig, load, l, vm_count);
        setup_relayed_pairs(rig, 0, vm_count);
        return;
    }
    rig_init(rig, load, l, vm_count, clients_per_vm);
    log_start = log_end(load);
    setup_vms(load, l, rig->vms, 0, vm_count);
    ports = read_ports(load, log_start, vm_count);
    for (unsigned i = 0; i < vm_count; i++) {
        await_marker(&rig->vms[i], "client", i);
        for (unsigned c = 0; c < clients_per_vm; c++)
            open_client(rig, i, c, ports[i]);
        prove(rig, i);
    }
    free(ports);
}
