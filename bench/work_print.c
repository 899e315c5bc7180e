/*
 * work_print.c - what it costs the server when many VMs print lines now and
 * then, with nobody attached. What has come of the lines (console logs) is
 * looked at by who has called us.
 */
#include "load.h"
#include "setup.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE_LEN = 100,
    LINES_MAX = 100,
    SETTLE_MS = 500,
    US_PER_S = 1000 * 1000
};

static void serve_until(struct loop *l, uint64_t until_us)
{
    while (now_us() < until_us)
        loop_turn(l, 1);
}

/* "VM 17 says ... .\r\n": 100 bytes. */
static void make_line(char to[LINE_LEN], unsigned number, unsigned turn)
{
    char line[LINE_LEN + 1];

    memset(line, '.', LINE_LEN);
    snprintf(line, sizeof line, "VM %u says for the time %u ", number, turn);
    line[strlen(line)] = '.';
    memcpy(line + LINE_LEN - 2, "\r\n", 2);
    memcpy(to, line, LINE_LEN);
}

/* All lines of a turn in one write, as a host sends what a UART has collected.
 */
static void print_lines(struct end *vm, unsigned number, unsigned turn,
                        unsigned count)
{
    char lines[LINES_MAX * LINE_LEN];

    for (unsigned i = 0; i < count; i++)
        make_line(lines + i * LINE_LEN, number, turn);
    end_send_now(vm, lines, (size_t)count * LINE_LEN);
}

/* The VMs one after the other, spread evenly over each turn. */
static void print_for(struct loop *l, struct end *vms, const struct load *load)
{
    uint64_t turn_us = US_PER_S / load->turns;
    uint64_t start_us = now_us();

    for (unsigned turn = 0; turn < load->seconds * load->turns; turn++) {
        for (unsigned i = 0; i < load->vms; i++) {
            uint64_t due_us =
                start_us + turn * turn_us + i * turn_us / load->vms;

            if (now_us() < due_us)
                serve_until(l, due_us);
            print_lines(&vms[i], i, turn, load->lines);
        }
    }
}

void work_print(const struct load *load)
{
    struct end *vms = zalloc(load->vms, sizeof *vms);
    uint64_t start_ns, start_us, rss_kib;
    struct loop loop;

    if (load->lines == 0 || load->lines > LINES_MAX || load->turns == 0)
        die("--lines is 1 to %d, and --turns is not 0", LINES_MAX);
    loop_init(&loop);
    setup_vms(load, &loop, vms, 0, load->vms);
    serve_until(&loop, now_us() + SETTLE_MS * 1000);
    rss_kib = server_rss_kib(&load->server);
    start_ns = server_cpu_ns(&load->server);
    start_us = now_us();
    print_for(&loop, vms, load);
    serve_until(&loop, now_us() + SETTLE_MS * 1000);
    printf("work=print vms=%u bytes_per_vm=%u took_s=%.2f cpu_percent=%.1f "
           "rss_growth_kib_per_vm=%.2f\n",
           load->vms, LINE_LEN * load->lines * load->turns * load->seconds,
           (double)(now_us() - start_us) / US_PER_S,
           (double)(server_cpu_ns(&load->server) - start_ns) / 10 /
               (double)(now_us() - start_us),
           (double)(server_rss_kib(&load->server) - rss_kib) / load->vms);
}
