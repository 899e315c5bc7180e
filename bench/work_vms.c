/*
 * work_vms.c - what it costs the server to take in a VM, and to have it.
 */
#include "load.h"
#include "setup.h"

#include <stdio.h>

enum { SETTLE_MS = 500 };

static void serve_for(struct loop *l, uint64_t ms)
{
    uint64_t until = now_us() + ms * 1000;

    while (now_us() < until)
        loop_turn(l, 5);
}

static double idle_percent(const struct load *load, struct loop *l)
{
    uint64_t start_us = now_us(), start_ns = server_cpu_ns(&load->server);

    serve_for(l, load->idle_s * UINT64_C(1000));
    return (double)(server_cpu_ns(&load->server) - start_ns) / 10 /
           (double)(now_us() - start_us);
}

struct bringup {
    const struct load *load;
    struct loop *loop;
    struct end *vms; /* of vspcd */
    struct rig rig;  /* of a relay */
};

static void bringup_init(struct bringup *b, const struct load *load,
                         struct loop *l)
{
    *b = (struct bringup){ .load = load, .loop = l };
    if (load_is_relay(load))
        setup_relayed(&b->rig, load, l, load->vms);
    else
        b->vms = zalloc(load->vms, sizeof *b->vms);
}

static void bring_up(struct bringup *b, unsigned first, unsigned count)
{
    if (load_is_relay(b->load))
        setup_relayed_pairs(&b->rig, first, count);
    else
        setup_vms(b->load, b->loop, b->vms, first, count);
}

/*
 * To a relay a VM is a pair, and to register to pass a marker each way.
 *
 * CPU is counted over the last VMs only, when all others are there already:
 * a server that gets slower with their number shows it.
 */
void work_bringup(const struct load *load)
{
    unsigned last = load->last < load->vms ? load->last : load->vms;
    uint64_t rss_kib, start_ns, start_us, cpu_ns, wall_us;
    struct bringup b;
    struct loop loop;

    loop_init(&loop);
    bringup_init(&b, load, &loop);
    rss_kib = server_rss_kib(&load->server);
    bring_up(&b, 0, load->vms - last);
    serve_for(&loop, SETTLE_MS);

    start_ns = server_cpu_ns(&load->server);
    start_us = now_us();
    bring_up(&b, load->vms - last, last);
    wall_us = now_us() - start_us;
    serve_for(&loop, SETTLE_MS);
    cpu_ns = server_cpu_ns(&load->server) - start_ns;

    rss_kib = server_rss_kib(&load->server) - rss_kib;
    printf("work=bringup vms=%u cpu_us_per_vm=%.1f wall_us_per_vm=%.1f "
           "rss_kib_per_vm=%.2f idle_cpu_percent=%.2f\n",
           load->vms, (double)cpu_ns / 1e3 / last, (double)wall_us / last,
           (double)rss_kib / load->vms,
           load->idle_s > 0 ? idle_percent(load, &loop) : 0.0);
}

/* Everybody is shown who else comes, so it is awaited that this has ended. */
void work_attached(const struct load *load)
{
    uint64_t rss_kib = server_rss_kib(&load->server);
    struct loop loop;
    struct rig rig;

    loop_init(&loop);
    setup_rig(&rig, load, &loop, 1, load->clients);
    serve_for(&loop, SETTLE_MS);
    rss_kib = server_rss_kib(&load->server) - rss_kib;
    printf("work=attached clients=%u rss_kib_per_client=%.2f "
           "idle_cpu_percent=%.2f\n",
           load->clients, (double)rss_kib / load->clients,
           idle_percent(load, &loop));
}
