/*
 * work_latency.c - how long a typed character takes to the VM and its echo
 * back, one at a time, beside idle consoles and beside streaming ones.
 *
 * The streams have a thread of their own, so that the generator's own work on
 * them does not stand in the way of the character; it competes for the
 * processor with it, as any other program would.
 */
#include "echo.h"
#include "load.h"
#include "stream.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { WARM_UP = 200 };

/* Stops at load->seconds, too: a round may take long. Returns the count. */
static unsigned measure_rounds(const struct load *load, struct rig *rig,
                               uint32_t *samples)
{
    uint64_t start = now_us();
    uint64_t until = start + load->seconds * UINT64_C(1000000);
    uint64_t warm_until = start + load->seconds * UINT64_C(250000);
    struct end *client = &rig->clients[0];
    unsigned count = 0;

    echo_begin(&rig->vms[0], client);
    for (unsigned i = 0; i < WARM_UP && now_us() < warm_until; i++)
        echo_round_trip_us(client, i, load->timeout_s);
    while (count < load->rounds && (count == 0 || now_us() < until)) {
        samples[count] = echo_round_trip_us(client, count, load->timeout_s);
        count++;
    }
    return count;
}

/* The rig's last VMs stream, in a loop and thread of their own. */
static void start_streams(struct stream *s, const struct rig *rig,
                          const struct pattern *p, struct loop *l,
                          pthread_t *thread)
{
    int r;

    stream_init(s, rig, rig->vm_count - rig->load->streams, rig->load->streams,
                TO_CLIENT);
    for (unsigned i = 0; i < s->vm_count; i++) {
        end_leave_loop(&s->vms[i]);
        end_leave_loop(&s->clients[i]);
        end_join_loop(&s->vms[i], l);
        end_join_loop(&s->clients[i], l);
    }
    stream_start(s, p, 0);
    r = pthread_create(thread, NULL, loop_thread, l);
    if (r != 0)
        die("pthread_create: %s", strerror(r));
}

void work_latency(const struct load *load)
{
    uint32_t *samples = zalloc(load->rounds, sizeof *samples);
    struct loop loop, stream_loop;
    struct pattern pattern;
    struct stream stream;
    struct rig rig;
    pthread_t thread;
    uint64_t start_us;
    unsigned count;
    double mb_per_s = 0;

    loop_init(&loop);
    loop_init(&stream_loop);
    pattern_init(&pattern, !load_is_relay(load), 0);
    setup_rig(&rig, load, &loop, 1 + load->idle + load->streams, 1);
    start_us = now_us();
    if (load->streams > 0)
        start_streams(&stream, &rig, &pattern, &stream_loop, &thread);

    count = measure_rounds(load, &rig, samples);

    if (load->streams > 0) {
        stream_stop(&stream);
        loop_wait(&loop, stream_is_done, &stream, load->timeout_s,
                  "the streams' last bytes");
        stream_check_rest(&stream, &loop);
        atomic_store(&stream_loop.quit, true);
        pthread_join(thread, NULL);
        mb_per_s = (double)stream_user_bytes(&stream) /
                   (double)(stream_last_us(&stream) - start_us);
    }
    printf("work=latency rounds=%u p50_us=%u p99_us=%u max_us=%u "
           "stream_mb_per_s=%.1f\n",
           count, percentile(samples, count, 0.5),
           percentile(samples, count, 0.99), percentile(samples, count, 1),
           mb_per_s);
}
