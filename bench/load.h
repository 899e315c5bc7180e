/*
 * load.h - what the command line asks for, and the works that can be done.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "measure.h"
#include "tls.h"

#include <stdbool.h>
#include <stdint.h>

enum direction { TO_CLIENT = 1, TO_VM = 2, BOTH = 3 };

struct load {
    /* The server: either vspcd's proxy port and log, or a relay's two ports. */
    uint16_t proxy_port;
    const char *log_path;
    uint16_t front_port, back_port;
    uint16_t web_port; /* clients come by WebSocket; 0: by telnet */
    struct server server;

    unsigned vms, in_flight, last, idle_s;
    unsigned pairs, clients, iac_percent;
    enum direction direction;
    uint64_t bytes; /* 0: no limit */
    unsigned seconds;
    unsigned lines, turns; /* print: at once, and how often in a second */
    unsigned rounds, idle, streams;
    unsigned moves, movers, typed;
    unsigned handshakes;
    unsigned guesses;
    const char *tls_cipher; /* of VMs; NULL: they speak in the clear */
    struct tls_client tls;
    unsigned threads, timeout_s;
};

static inline bool load_is_relay(const struct load *load)
{
    return load->front_port != 0;
}

/* Each prints one line of key=value on stdout, or dies. */
void work_bringup(const struct load *load);
void work_attached(const struct load *load);
void work_stream(const struct load *load);
void work_fanout(const struct load *load);
void work_latency(const struct load *load);
void work_moves(const struct load *load);
void work_print(const struct load *load);
void work_handshakes(const struct load *load);
void work_guessing(const struct load *load);
void work_stuck_client(const struct load *load);
void work_stuck_vm(const struct load *load);

#endif
