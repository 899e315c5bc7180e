/*
 * work_stuck.c - peers that stop reading: what the server does for the others,
 * and how much it keeps for the one.
 */
#include "load.h"
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>

enum { SAMPLE_US = 10000, PUSHED_BACK_US = 2000000 };

/* More than the sockets' own buffers on the way can hold. */
enum { DEFAULT_BYTES = 256000000 };

/*
 * Before memory is looked at, another VM and its clients make the server touch
 * all that it touches once: code, and buffers that all sessions share.
 */
enum { WARM_UP_VM = 1, VM_COUNT = 2, WARM_UP_BYTES = 8000000 };

static uint64_t bytes_to_send(const struct load *load)
{
    return load->bytes > 0 ? load->bytes : DEFAULT_BYTES;
}

static void open_and_warm_up(struct rig *rig, const struct load *load,
                             struct loop *l, const struct pattern *p,
                             unsigned clients)
{
    struct stream stream;

    setup_rig(rig, load, l, VM_COUNT, clients);
    stream_init(&stream, rig, WARM_UP_VM, 1, BOTH);
    stream_start(&stream, p, WARM_UP_BYTES);
    loop_wait(l, stream_is_done, &stream, load->timeout_s, "the warm-up");
}

/* The server's memory, looked at again and again while something goes on. */
struct watch {
    const struct load *load;
    uint64_t first_kib, most_kib, next_us;
};

static void watch_start(struct watch *w, const struct load *load)
{
    w->load = load;
    w->first_kib = w->most_kib = server_rss_kib(&load->server);
    w->next_us = 0;
}

static void watch_look(struct watch *w, uint64_t now)
{
    uint64_t kib;

    if (now < w->next_us)
        return;
    kib = server_rss_kib(&w->load->server);
    if (kib > w->most_kib)
        w->most_kib = kib;
    w->next_us = now + SAMPLE_US;
}

/*
 * The VM sends all its bytes to two clients, one of which never reads. The
 * other one must get them all; the VM may be held back for a moment.
 */
void work_stuck_client(const struct load *load)
{
    struct loop loop;
    struct rig rig;
    struct pattern pattern;
    struct stream stream;
    struct watch watch;
    struct end *stuck, *vm;
    uint64_t start_us, give_up_us;
    double seconds;

    loop_init(&loop);
    pattern_init(&pattern, true, 0);
    open_and_warm_up(&rig, load, &loop, &pattern, 2);
    vm = &rig.vms[0];
    stuck = &rig.clients[0];
    end_leave_loop(stuck);
    /* From here on there is one client, the second. */
    rig.clients = &rig.clients[1];
    rig.clients_per_vm = 1;
    stream_init(&stream, &rig, 0, 1, TO_CLIENT);

    watch_start(&watch, load);
    start_us = now_us();
    give_up_us = start_us + load->timeout_s * UINT64_C(1000000);
    stream_start(&stream, &pattern, bytes_to_send(load));
    while (!stream_is_done(&stream)) {
        uint64_t now = now_us();

        watch_look(&watch, now);
        if (now > give_up_us)
            die("a client that does not read stops its VM or its neighbour");
        loop_turn(&loop, 5);
    }
    stream_check_rest(&stream, &loop);
    watch_look(&watch, now_us());
    seconds = (double)(stream_last_us(&stream) - start_us) / 1e6;
    printf("work=stuck-client verified_mb=%.0f seconds=%.2f mb_per_s=%.1f "
           "longest_hold_ms=%.0f rss_growth_kib=%" PRIu64 "\n",
           (double)stream_user_bytes(&stream) / 1e6, seconds,
           (double)stream_user_bytes(&stream) / 1e6 / seconds,
           (double)vm->longest_wait_us / 1e3, watch.most_kib - watch.first_kib);
}

/* Sends until all is sent or nothing was taken for a while. */
static bool push_until_blocked(struct loop *l, struct end *client,
                               struct watch *w)
{
    for (;;) {
        uint64_t now = now_us();

        watch_look(w, now);
        if (atomic_load(&client->out->finished))
            return false;
        if (now > client->sent_us + PUSHED_BACK_US)
            return true;
        loop_turn(l, 5);
    }
}

/*
 * The VM does not read; the client sends until it is pushed back. Then the VM
 * reads on, and what was taken from the client must arrive, all of it.
 */
void work_stuck_vm(const struct load *load)
{
    struct loop loop;
    struct rig rig;
    struct pattern pattern;
    struct stream stream;
    struct watch watch;
    bool pushed_back;
    uint64_t taken, growth_kib;

    loop_init(&loop);
    pattern_init(&pattern, !load_is_relay(load), 0);
    open_and_warm_up(&rig, load, &loop, &pattern, 1);
    stream_init(&stream, &rig, 0, 1, TO_VM);

    watch_start(&watch, load);
    stream_start(&stream, &pattern, bytes_to_send(load));
    loop_turn(&loop, 0); /* the VM has nothing to send: let it say so */
    end_leave_loop(&rig.vms[0]);
    pushed_back = push_until_blocked(&loop, &rig.clients[0], &watch);
    taken = flow_user_bytes(&stream.to_vm[0]);
    growth_kib = watch.most_kib - watch.first_kib;

    stream_stop(&stream);
    end_join_loop(&rig.vms[0], &loop);
    loop_wait(&loop, stream_is_done, &stream, load->timeout_s,
              "what the server took from the client");
    stream_check_rest(&stream, &loop);
    printf("work=stuck-vm verified_mb=%.1f taken_mb=%.1f pushed_back=%d "
           "rss_growth_kib=%" PRIu64 "\n",
           (double)stream_user_bytes(&stream) / 1e6, (double)taken / 1e6,
           pushed_back, growth_kib);
}
