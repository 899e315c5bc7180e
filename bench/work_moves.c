/*
 * work_moves.c - vMotion: VMs go from host to host, some at a time, and again
 * and again; what it costs, how long it takes, and whether a byte is lost.
 *
 * The guest stands still from VMOTION-BEGIN to VMOTION-COMPLETE, so each
 * answer of the server's is measured from the moment in which the question is
 * sent. A move is over when the server has closed the source: that is how it
 * says that it took COMPLETE. VMs take turns, so that a destination becomes
 * the source of a later move.
 *
 * With --typed, the clients of so many VMs type at each step, and their VMs
 * print wherever the server promises to keep the order: on the source up to
 * COMPLETE, on the destination from PEER-OK on.
 */
#include "load.h"
#include "setup.h"
#include "socket.h"
#include "typed.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

enum { SETTLE_MS = 500, REST_MS = 30, MOVE_HOSTS = 32, IAC = 255 };

struct mover {
    struct moves *moves;
    struct end *vm;
    struct end *destination; /* while it moves, from GOAHEAD on */
    struct typed *typed;     /* NULL: it has no client */
    unsigned move;           /* which of all moves its last one is */
    unsigned host;           /* where the destination is */
    bool is_moving, is_completed;
    uint64_t begun_us, peer_us;
};

struct moves {
    const struct load *load;
    struct loop *loop;
    struct end **vms; /* all, by number */
    struct mover *movers;
    struct typed *typed;
    struct pattern pattern;
    struct end **spares; /* unused ends for destinations */
    unsigned spare_count, begun, done, next;
    uint32_t *goahead_us, *peer_ok_us, *whole_us; /* one a move */
};

/* ---- one move --------------------------------------------------------- */

/*
 * No two are alike, every byte has every value, and each eighth sequence has
 * a 255, which must be doubled, followed by whatever comes.
 */
static void make_sequence(uint8_t sequence[TELNET_SEQUENCE_LEN], unsigned move)
{
    uint32_t mixed = move * UINT32_C(0x9e3779b1); /* odd: one to one */

    sequence[0] = move % 8 == 0 ? IAC : (uint8_t)(mixed >> 24);
    sequence[1] = (uint8_t)mixed;
    sequence[2] = (uint8_t)(mixed >> 8);
    sequence[3] = (uint8_t)(mixed >> 16);
}

/* 1 to 4 bytes, never in step with the moves. */
static unsigned some(const struct mover *m)
{
    return 1 + (unsigned)m->typed->to_vm.sent % 4;
}

static void type(struct mover *m)
{
    if (m->typed)
        typed_type(m->typed, some(m));
}

static void print(struct mover *m, struct end *vm)
{
    if (m->typed)
        typed_print(m->typed, vm, some(m));
}

static void vm_data(struct end *e, uint8_t *bytes, size_t len);
static void vm_closed(struct end *e);

static void serve_vm(struct mover *m, struct end *e)
{
    e->kind = "VM";
    e->on_data = vm_data;
    e->on_closed = vm_closed;
    e->context = m;
}

static void begin(struct mover *m)
{
    uint8_t sequence[TELNET_SEQUENCE_LEN];

    m->move = m->moves->begun++;
    m->is_moving = true;
    make_sequence(sequence, m->move);
    type(m);
    print(m, m->vm);
    if (m->move % 2 == 0)
        end_send_reply(m->vm); /* else BEGIN is in the same segment */
    telnet_begin_move(&m->vm->telnet, sequence);
    m->begun_us = now_us();
    end_send_reply(m->vm);
    type(m);
}

/* The next VM that does not move already. */
static void begin_next(struct moves *all)
{
    struct mover *m;

    if (all->begun == all->load->moves)
        return;
    do {
        m = &all->movers[all->next];
        all->next = (all->next + 1) % all->load->movers;
    } while (m->is_moving);
    begin(m);
}

static void take_goahead(struct mover *m)
{
    struct moves *all = m->moves;
    struct end *destination = all->spares[--all->spare_count];

    all->goahead_us[m->move] = (uint32_t)(now_us() - m->begun_us);
    type(m);
    print(m, m->vm);
    end_send_reply(m->vm);

    m->destination = destination;
    m->host = m->host % MOVE_HOSTS + 1;
    serve_vm(m, destination);
    end_open(destination, all->loop,
             socket_dial(all->load->proxy_port, m->host), TELNET_DESTINATION,
             m->vm->number);
    telnet_set_key(&destination->telnet, &m->vm->telnet.key);
}

static void complete(struct mover *m)
{
    m->moves->peer_ok_us[m->move] = (uint32_t)(now_us() - m->peer_us);
    type(m);
    print(m, m->vm);
    end_send_reply(m->vm);
    /* A source may say that it has ended a moment before COMPLETE comes. */
    if (m->typed && m->move % 4 == 0)
        shutdown(m->vm->fd, SHUT_WR);
    print(m, m->destination);
    telnet_complete_move(&m->destination->telnet);
    print(m, m->destination);
    m->is_completed = true;
    end_send_reply(m->destination);
    type(m);
}

static void finish(struct mover *m)
{
    struct moves *all = m->moves;

    all->whole_us[m->move] = (uint32_t)(now_us() - m->begun_us);
    end_close(m->vm);
    all->spares[all->spare_count++] = m->vm;
    m->vm = m->destination;
    m->destination = NULL;
    m->is_moving = m->is_completed = false;
    m->peer_us = 0;
    all->done++;
    type(m);
    print(m, m->vm);
    end_send_reply(m->vm);
    begin_next(all);
}

/* on_closed of both ends. */
static void vm_closed(struct end *e)
{
    struct mover *m = e->context;

    if (e != m->vm || !m->is_completed)
        die("VM %u: the server closed the connection", e->number);
    finish(m);
}

/* on_data of both ends. */
static void vm_data(struct end *e, uint8_t *bytes, size_t len)
{
    struct mover *m = e->context;

    len = telnet_decode(&e->telnet, bytes, len, bytes);
    if (len > 0 && !m->typed)
        die("VM %u: %zu bytes that nobody typed: %.*s", e->number, len,
            (int)(len < 200 ? len : 200), (const char *)bytes);
    if (len > 0)
        typed_take(m->typed, e, bytes, len);
    if (e == m->destination && e->telnet.has_said_peer && m->peer_us == 0)
        m->peer_us = now_us();
    end_send_reply(e);
    if (!m->is_moving || m->is_completed)
        return;
    if (e == m->vm && e->telnet.has_goahead && !m->destination)
        take_goahead(m);
    else if (e == m->destination && e->telnet.has_peer_ok)
        complete(m);
}

/* ---- all of them ------------------------------------------------------ */

/* Those with a client are the VMs that come first, and take their turns among
 * the others, which are spread over all the rest. */
static bool is_typed(const struct load *load, unsigned i, unsigned typed)
{
    return (uint64_t)typed * load->movers < (uint64_t)(i + 1) * load->typed;
}

static unsigned number_of_other(const struct load *load, unsigned i)
{
    return load->typed + (unsigned)((uint64_t)i * (load->vms - load->typed) /
                                    (load->movers - load->typed));
}

static void register_all(struct moves *all)
{
    const struct load *load = all->load;
    struct end *others = zalloc(load->vms, sizeof *others);
    struct rig rig = { 0 };

    if (load->typed > 0)
        setup_rig(&rig, load, all->loop, load->typed, 1);
    setup_vms(load, all->loop, others, load->typed, load->vms - load->typed);
    for (unsigned i = 0; i < load->vms; i++)
        all->vms[i] = i < load->typed ? &rig.vms[i] : &others[i];
    for (unsigned i = 0; i < load->typed; i++)
        typed_init(&all->typed[i], &all->pattern, &rig.clients[i], i);
}

static void prepare(struct moves *all)
{
    const struct load *load = all->load;
    struct end *spares = zalloc(load->in_flight, sizeof *spares);
    unsigned typed = 0;

    register_all(all);
    for (unsigned i = 0; i < load->movers; i++) {
        struct mover *m = &all->movers[i];

        m->moves = all;
        if (is_typed(load, i, typed)) {
            m->typed = &all->typed[typed];
            m->vm = all->vms[typed++];
        } else {
            m->vm = all->vms[number_of_other(load, i - typed)];
        }
        m->host = setup_host(m->vm->number);
        serve_vm(m, m->vm);
    }
    for (unsigned i = 0; i < load->in_flight; i++)
        all->spares[all->spare_count++] = &spares[i];
}

static void serve_for(struct loop *l, uint64_t ms)
{
    uint64_t until = now_us() + ms * 1000;

    while (now_us() < until)
        loop_turn(l, 5);
}

static bool is_done(void *arg)
{
    const struct moves *all = arg;

    return all->done == all->load->moves;
}

static bool is_all_typed_there(void *arg)
{
    const struct moves *all = arg;

    for (unsigned i = 0; i < all->load->typed; i++)
        if (!typed_has_all(&all->typed[i]))
            return false;
    return true;
}

/* Every byte that was sent has arrived, and nothing else comes. */
static void check_typed(struct moves *all)
{
    uint64_t typed = 0, printed = 0;

    if (all->load->typed == 0)
        return;
    loop_wait(all->loop, is_all_typed_there, all, all->load->timeout_s,
              "what was typed and printed while VMs moved");
    serve_for(all->loop, REST_MS);
    for (unsigned i = 0; i < all->load->typed; i++) {
        typed += all->typed[i].to_vm.arrived;
        printed += all->typed[i].to_client.arrived;
    }
    printf(" typed_bytes=%" PRIu64 " printed_bytes=%" PRIu64 " lost=0", typed,
           printed);
}

static void print_times(const char *name, uint32_t *samples, unsigned count)
{
    printf(" %s_p50_us=%u", name, percentile(samples, count, 0.5));
    printf(" %s_p99_us=%u", name, percentile(samples, count, 0.99));
    printf(" %s_max_us=%u", name, percentile(samples, count, 1));
}

static void measure(struct moves *all)
{
    const struct load *load = all->load;
    uint64_t rss_kib = server_rss_kib(&load->server);
    uint64_t start_ns = server_cpu_ns(&load->server);
    uint64_t own_start_ns = own_cpu_ns(), start_us = now_us();
    uint64_t cpu_ns, own_ns, wall_us;

    for (unsigned i = 0; i < load->in_flight; i++)
        begin_next(all);
    loop_wait(all->loop, is_done, all, load->timeout_s, "all moves");
    wall_us = now_us() - start_us;
    own_ns = own_cpu_ns() - own_start_ns;
    cpu_ns = server_cpu_ns(&load->server) - start_ns;
    printf(
        "work=moves vms=%u moves=%u moves_per_s=%.0f cpu_us_per_move=%.1f "
        "cpu_percent=%.0f generator_cpu_percent=%.0f rss_growth_kib=%" PRId64,
        load->vms, load->moves, load->moves * 1e6 / (double)wall_us,
        (double)cpu_ns / 1e3 / load->moves,
        (double)cpu_ns / 10 / (double)wall_us,
        (double)own_ns / 10 / (double)wall_us,
        (int64_t)(server_rss_kib(&load->server) - rss_kib));
    print_times("goahead", all->goahead_us, load->moves);
    print_times("peer_ok", all->peer_ok_us, load->moves);
    print_times("whole", all->whole_us, load->moves);
    check_typed(all);
    putchar('\n');
}

void work_moves(const struct load *load)
{
    struct loop loop;
    struct moves all = {
        .load = load,
        .loop = &loop,
        .vms = zalloc(load->vms, sizeof(struct end *)),
        .movers = zalloc(load->movers, sizeof *all.movers),
        .typed = zalloc(load->typed + 1, sizeof *all.typed),
        .spares = zalloc(load->in_flight, sizeof(struct end *)),
        .goahead_us = zalloc(load->moves, sizeof *all.goahead_us),
        .peer_ok_us = zalloc(load->moves, sizeof *all.peer_ok_us),
        .whole_us = zalloc(load->moves, sizeof *all.whole_us),
    };

    if (load_is_relay(load))
        die("moves: a relay does not move anything");
    if (load->movers > load->vms || load->typed > load->movers)
        die("moves: --movers are some of --vms, --typed some of --movers");
    if (load->in_flight > load->movers || load->in_flight > load->moves)
        die("moves: more in flight than there are");
    loop_init(&loop);
    pattern_init(&all.pattern, false, 5);
    prepare(&all);
    serve_for(&loop, SETTLE_MS);
    measure(&all);
}
