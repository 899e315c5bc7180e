/*
 * What a VM costs without the kernel: brings up sessions with ESXi's bytes
 * over in-memory streams, no sockets and no loop, and prints one line.
 *
 *     sessions [VMS [CLIENTS]]      100000 and 1000 unless given
 *
 * bringup_us            CPU a VM, from accept to serving, all together
 * bringup_first_us      the same over the first tenth
 * bringup_last_us       and over the last: larger where anything grows
 * rss_per_vm            bytes of RSS a VM session and its console
 * heap_per_vm           what of it was asked for from malloc
 * *_struct              bytes of the structs in it that headers show
 * byte_us               CPU a byte, one of each VM, with clients on some
 * rss_per_vm_with_ring  after that: each console has its first history
 *
 * The streams are left out of RSS: they are there before the first VM is.
 */
#include "session/kinds/sessions.h"
#include "base/mem.h"
#include "core/directory.h"
#include "log/log.h"
#include "net/stream_mem.h"
#include "session/client/client_session.h"
#include "session/vm/vm_session.h"
#include "session/wire.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_MAX = 64 * KIB };

#define TEXT(literal) slice_of(literal, sizeof(literal) - 1)
#define EXT(body) "\xff\xfa\xe8" body "\xff\xf0"

struct bench {
    struct directory directory;
    struct session_context ctx;
    struct stream_mem *vms;
    struct stream_mem *clients;
    size_t vm_count;
    size_t client_count;
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "sessions: %s\n", what);
    exit(EXIT_FAILURE);
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double rss(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    require(f != NULL && fscanf(f, "%lu %lu", &size, &resident) == 2,
            "no /proc/self/statm");
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static void forget_said(struct stream_mem *m)
{
    buf_take(&m->from_session, m->from_session.len);
}

static void end_turn(struct bench *b)
{
    struct fact fact;

    (void)session_end_marked(&b->ctx.all);
    while (fact_take(&b->directory.facts, &fact))
        fact_done(&fact);
    session_free_ended(&b->ctx.all);
}

static void give(struct bench *b, struct stream_mem *m, struct slice bytes)
{
    require(stream_mem_give(m, bytes) == 0, "no memory");
    while (stream_mem_turn(m))
        continue;
    forget_said(m);
    end_turn(b);
}

__attribute__((format(printf, 3, 4))) static void give_text(
    struct bench *b, struct stream_mem *m, const char *format, ...)
{
    char text[96];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    give(b, m, slice_of(text, (size_t)len));
}

/* The segments of a real start; the UUID in ESXi's way of writing it. */
static void bring_up(struct bench *b, size_t number)
{
    struct stream_mem *m = &b->vms[number];

    vm_session_start(&b->ctx, &m->stream, TLS_OFF);
    give(b, m, TEXT("\xff\xfb\x25"));
    give(b, m, TEXT("\xff\xfd\0"));
    give(b, m, TEXT("\xff\xfd\3\xff\xfd\1\xff\xfb\0"));
    give(b, m, TEXT("\xff\xfb\3"));
    give(b, m, TEXT("\xff\xfb\xe8"));
    give(b, m,
         TEXT(EXT("\x00\x01\x02\x03\x28\x29\x2b\x2c\x2d\x2e\x30\x46\x47\x49"
                  "\x50\x51\x54\x55\x56\x57\x52\x53") EXT("\x46SvSPC.py")));
    give_text(b, m,
              EXT("\x50"
                  "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af %08zx"),
              number);
    give_text(b, m, EXT("\x52vm-%06zu"), number);
    give_text(b, m, EXT("\x54%032zx"), number);
    give_text(b, m, EXT("\x56%032zx"), number);
}

static void bring_up_all(struct bench *b, double *ret_first, double *ret_last,
                         double *ret_all)
{
    size_t tenth = b->vm_count / 10;
    double start = cpu_us();
    double first = 0, last = 0;

    for (size_t i = 0; i < b->vm_count; i++) {
        if (i == tenth)
            first = cpu_us();
        if (i == b->vm_count - tenth)
            last = cpu_us();
        bring_up(b, i);
    }
    *ret_all = (cpu_us() - start) / (double)b->vm_count;
    *ret_first = (first - start) / (double)tenth;
    *ret_last = (cpu_us() - last) / (double)tenth;
    require(b->directory.console_count == b->vm_count, "not all came up");
}

static void attach_clients(struct bench *b)
{
    struct directory_cursor cursor = { 0 };

    for (size_t i = 0; i < b->client_count; i++) {
        struct console *c = directory_next(&b->directory, &cursor);

        client_session_start(&b->ctx, &b->clients[i].stream, c,
                             client_port_role(TLS_OFF));
        give(b, &b->clients[i],
             TEXT("\xff\xfd\0\xff\xfd\3\xff\xfd\1\xff\xfb\0\xff\xfb\3"));
    }
}

/* One of each VM; returns the CPU time that one took. */
static double send_bytes(struct bench *b)
{
    double start = cpu_us();

    for (size_t i = 0; i < b->vm_count; i++)
        give(b, &b->vms[i], TEXT("x"));
    start = cpu_us() - start;
    for (size_t i = 0; i < b->client_count; i++)
        require(
            slice_is_equal(buf_bytes(&b->clients[i].from_session), TEXT("x")),
            "a byte did not arrive");
    return start / (double)b->vm_count;
}

static struct stream_mem *streams_new(size_t count)
{
    struct stream_mem *streams = xcalloc(count, sizeof *streams);

    for (size_t i = 0; i < count; i++)
        stream_mem_init(&streams[i], STREAM_MAX);
    return streams;
}

static void bench_init(struct bench *b)
{
    static const struct session_settings sessions = {
        .identity_timeout_us = 30 * 1000 * 1000,
        .proxy_port = 13370,
    };
    const struct directory_settings directory = {
        .seed = { 1, 2 },
        .expire_us = 1000 * 1000,
        .hold_us = 1000 * 1000,
        .ring_max = 64 * KIB,
        .history_total = 1024 * 1024 * KIB,
        .held_input_max = 64 * KIB,
    };

    log_open(STDERR_FILENO, LOG_ERROR);
    directory_init(&b->directory, &directory);
    sessions_open(&b->ctx, NULL, &b->directory, &sessions);
    b->vms = streams_new(b->vm_count);
    b->clients = streams_new(b->client_count);
}

static void bench_done(struct bench *b)
{
    session_close_all(&b->ctx.all, "the benchmark is over");
    end_turn(b);
    sessions_close(&b->ctx);
    directory_done(&b->directory);
    for (size_t i = 0; i < b->client_count; i++)
        stream_mem_done(&b->clients[i]);
    for (size_t i = 0; i < b->vm_count; i++)
        stream_mem_done(&b->vms[i]);
    free(b->clients);
    free(b->vms);
}

int main(int argc, char **argv)
{
    struct bench b = {
        .vm_count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000,
        .client_count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000,
    };
    double first, last, all, rss_before, heap_before, rss_idle, heap_idle;
    double bytes_us;

    require(b.vm_count >= 10 && b.client_count <= b.vm_count,
            "expected 10 VMs or more, and no more clients than those");
    bench_init(&b);
    rss_before = rss();
    heap_before = heap();
    bring_up_all(&b, &first, &last, &all);
    rss_idle = (rss() - rss_before) / (double)b.vm_count;
    heap_idle = (heap() - heap_before) / (double)b.vm_count;
    attach_clients(&b);
    bytes_us = send_bytes(&b);
    printf("vms=%zu clients=%zu bringup_us=%.2f bringup_first_us=%.2f "
           "bringup_last_us=%.2f rss_per_vm=%.0f heap_per_vm=%.0f "
           "console_struct=%zu wire_struct=%zu link_struct=%zu byte_us=%.2f "
           "rss_per_vm_with_ring=%.0f\n",
           b.vm_count, b.client_count, all, first, last, rss_idle, heap_idle,
           sizeof(struct console), sizeof(struct wire), sizeof(struct vm_link),
           bytes_us, (rss() - rss_before) / (double)b.vm_count);
    bench_done(&b);
    return 0;
}
