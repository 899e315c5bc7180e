/*
 * work_stream.c - how fast, and for how much of the server's CPU, the bytes of
 * VMs reach their clients and the other way round.
 */
#include "load.h"
#include "stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The VMs' ends go to a loop and thread of their own. */
static void move_vms(struct rig *rig, struct loop *l)
{
    for (unsigned i = 0; i < rig->vm_count; i++) {
        end_leave_loop(&rig->vms[i]);
        end_join_loop(&rig->vms[i], l);
    }
}

static void run_streams(const struct load *load, struct stream *s,
                        struct loop *l)
{
    uint64_t start_us = now_us();
    uint64_t stop_us = start_us + load->seconds * UINT64_C(1000000);
    uint64_t give_up_us = stop_us + load->timeout_s * UINT64_C(1000000);
    bool stopped = false;

    while (!stream_is_done(s)) {
        uint64_t now = now_us();

        if (now >= stop_us && !stopped) {
            stream_stop(s);
            stopped = true;
        }
        if (now > give_up_us)
            die("bytes are missing: nothing arrives any more");
        loop_turn(l, 5);
    }
}

static void measure(const struct load *load, struct rig *rig, struct loop *l,
                    const char *work)
{
    struct pattern pattern;
    struct stream stream;
    struct loop vm_loop;
    pthread_t thread;
    uint64_t start_us, start_ns, own_start_ns, cpu_ns, own_ns, bytes;
    double seconds;
    int r;

    pattern_init(&pattern, !load_is_relay(load), load->iac_percent);
    stream_init(&stream, rig, 0, rig->vm_count, load->direction);
    loop_init(&vm_loop);
    if (load->threads > 1)
        move_vms(rig, &vm_loop);
    start_ns = server_cpu_ns(&load->server);
    own_start_ns = own_cpu_ns();
    start_us = now_us();
    stream_start(&stream, &pattern, load->bytes);
    if (load->threads > 1) {
        r = pthread_create(&thread, NULL, loop_thread, &vm_loop);
        if (r != 0)
            die("pthread_create: %s", strerror(r));
    }
    run_streams(load, &stream, l);
    cpu_ns = server_cpu_ns(&load->server) - start_ns;
    own_ns = own_cpu_ns() - own_start_ns;
    stream_check_rest(&stream, l);
    if (load->threads > 1) {
        atomic_store(&vm_loop.quit, true);
        pthread_join(thread, NULL);
    }
    bytes = stream_user_bytes(&stream);
    seconds = (double)(stream_last_us(&stream) - start_us) / 1e6;
    printf("work=%s verified_mb=%.0f seconds=%.2f mb_per_s=%.1f "
           "cpu_s_per_gb=%.4f cpu_percent=%.0f generator_cpu_percent=%.0f\n",
           work, (double)bytes / 1e6, seconds, (double)bytes / 1e6 / seconds,
           (double)cpu_ns / (double)bytes, (double)cpu_ns / 1e7 / seconds,
           (double)own_ns / 1e7 / seconds);
}

void work_stream(const struct load *load)
{
    struct loop loop;
    struct rig rig;

    loop_init(&loop);
    setup_rig(&rig, load, &loop, load->pairs, 1);
    measure(load, &rig, &loop, "stream");
}

void work_fanout(const struct load *load)
{
    struct loop loop;
    struct rig rig;

    if (load->direction != TO_CLIENT)
        die("fanout: the direction can only be vm-to-client");
    loop_init(&loop);
    setup_rig(&rig, load, &loop, load->pairs, load->clients);
    measure(load, &rig, &loop, "fanout");
}
