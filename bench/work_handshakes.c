/*
 * work_handshakes.c - what a full TLS handshake costs the server.
 *
 * What counts: a connection whose handshake is done, and on which a word of the
 * server has come through TLS. vspcd greets; a relay is one that closes
 * when the handshake is done (and dials nobody), so its word is close_notify.
 * Then the next one connects in its place.
 */
#include "end.h"
#include "load.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

/* Not counted: what the server touches or sets up once. */
enum { WARM_UP = 200 };

struct visitor {
    struct end end;
    uint64_t start_us;
    bool was_heard;
};

struct handshakes {
    const struct load *load;
    struct loop *loop;
    struct visitor *visitors; /* as many as are in flight */
    unsigned begun, done, wanted;
    uint32_t *samples_us; /* of those that count */
};

static void hear(struct end *e)
{
    struct visitor *v = e->context;

    v->was_heard = true;
    end_leave_loop(e);
}

static void hear_data(struct end *e, uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    hear(e);
}

static void come(struct handshakes *h, struct visitor *v)
{
    *v = (struct visitor){ .start_us = now_us() };
    v->end.kind = "VM";
    v->end.on_data = hear_data;
    v->end.on_closed = hear;
    v->end.context = v;
    setup_dial_vm(h->load, h->loop, &v->end, h->begun++);
}

/* Between two turns of the loop, when no event can be left for it. */
static void look_after(struct handshakes *h, struct visitor *v)
{
    if (!v->was_heard)
        return;
    h->samples_us[h->done++] = (uint32_t)(now_us() - v->start_us);
    end_close(&v->end);
    v->was_heard = false;
    if (h->begun < h->wanted)
        come(h, v);
}

static void run(struct handshakes *h, unsigned count)
{
    unsigned in_flight = h->load->in_flight;
    uint64_t heard_us = now_us();

    h->begun = h->done = 0;
    h->wanted = count;
    for (unsigned i = 0; i < in_flight && i < count; i++)
        come(h, &h->visitors[i]);
    while (h->done < count) {
        unsigned before = h->done;

        loop_turn(h->loop, 5);
        for (unsigned i = 0; i < in_flight; i++)
            look_after(h, &h->visitors[i]);
        if (h->done > before)
            heard_us = now_us();
        if (now_us() - heard_us > h->load->timeout_s * UINT64_C(1000000))
            die("gave up: %u of %u handshakes are done", h->done, count);
    }
}

void work_handshakes(const struct load *load)
{
    unsigned count = load->handshakes;
    size_t samples = count > WARM_UP ? count : WARM_UP;
    struct loop loop;
    struct handshakes h = {
        .load = load,
        .loop = &loop,
        .visitors = zalloc(load->in_flight, sizeof *h.visitors),
        .samples_us = zalloc(samples, sizeof *h.samples_us),
    };
    uint64_t start_us, start_ns, own_start_ns;
    double seconds, cpu_ns, own_ns;

    if (!load->tls_cipher)
        die("handshakes: --tls is missing");
    loop_init(&loop);
    run(&h, WARM_UP);
    start_ns = server_cpu_ns(&load->server);
    own_start_ns = own_cpu_ns();
    start_us = now_us();
    run(&h, count);
    seconds = (double)(now_us() - start_us) / 1e6;
    cpu_ns = (double)(server_cpu_ns(&load->server) - start_ns);
    own_ns = (double)(own_cpu_ns() - own_start_ns);
    printf("work=handshakes handshakes=%u per_s=%.0f cpu_us=%.1f p50_us=%u "
           "p99_us=%u cpu_percent=%.0f generator_cpu_percent=%.0f\n",
           count, count / seconds, cpu_ns / 1e3 / count,
           percentile(h.samples_us, count, 0.5),
           percentile(h.samples_us, count, 0.99), cpu_ns / 1e7 / seconds,
           own_ns / 1e7 / seconds);
    free(h.visitors);
    free(h.samples_us);
}
