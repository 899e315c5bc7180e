/*
 * end.h - one end of a connection to the server under test, and the loop that
 * serves many of them.
 *
 * An end belongs to one loop, a loop to one thread. A flow is one direction of
 * a pair: its source and its sinks may be in two threads, so what they share
 * is atomic. The owner of the arrays of ends and flows is the work that runs;
 * nothing is freed before the program ends.
 *
 * Whatever goes wrong with a connection, or with one byte, ends the program.
 */
#ifndef BENCH_END_H
#define BENCH_END_H

#include "pattern.h"
#include "telnet.h"
#include "tls.h"
#include "websocket.h"

#include <stdatomic.h>

struct loop {
    int epfd;
    uint8_t *buf;
    atomic_bool quit; /* asks loop_thread to return */
};

/* All in wire bytes, before TLS. */
struct flow {
    const struct pattern *pattern;
    size_t start;          /* offset in the pattern of the first byte */
    _Atomic uint64_t sent; /* taken by the kernel */
    _Atomic uint64_t limit;
    atomic_bool finished; /* sent will not change any more */
};

struct end {
    int fd;
    const char *kind; /* "VM" or "client", for messages */
    unsigned number;
    struct loop *loop;
    struct tls *tls; /* set before end_open, which owns it then; or NULL */
    struct telnet telnet;
    struct websocket *websocket; /* set before end_open; NULL: none */

    /* Called with what was received, undecoded; may write into it. */
    void (*on_data)(struct end *e, uint8_t *bytes, size_t len);
    void (*on_closed)(struct end *e); /* by the server; NULL: die of it */
    void *context;                    /* of these two */

    struct flow *out; /* what this end is the source of; NULL: nothing */
    size_t out_at;    /* offset of the next byte in the pattern */
    uint64_t sent_us; /* when bytes were last taken */
    uint64_t longest_wait_us; /* between two times that bytes were taken */

    struct flow *in; /* what this end is a sink of; NULL: nothing */
    size_t in_at;
    _Atomic uint64_t received;
    uint64_t received_us; /* when the last byte came */

    unsigned marker_at, markers; /* setup.c: matched so far; seen */
    uint8_t typed;               /* work_latency.c: the byte under way */
    bool is_pending;
};

void loop_init(struct loop *l);

/* Waits up to timeout_ms for something to happen and serves it. */
void loop_turn(struct loop *l, int timeout_ms);

/* Turns until done(arg); dies after timeout_s, saying what was waited for. */
void loop_wait(struct loop *l, bool (*done)(void *arg), void *arg,
               unsigned timeout_s, const char *what);

/* A thread's main function; arg is the loop. Ends when quit is set. */
void *loop_thread(void *arg);

/* Takes over the connected socket and joins the loop. */
void end_open(struct end *e, struct loop *l, int fd, enum telnet_role role,
              unsigned number);

/* It has nothing to negotiate any more: neither TLS nor telnet. */
bool end_is_ready(const struct end *e);

/* Only for the end whose on_closed is running: others may have events of this
 * turn to come. The struct may be opened again at once. */
void end_close(struct end *e);

/* Leaving a loop stops reading; bytes then stay with the kernel. */
void end_leave_loop(struct end *e);
void end_join_loop(struct end *e, struct loop *l);

/* Sends a few bytes that must fit into the socket's buffer. */
void end_send_now(struct end *e, const void *bytes, size_t len);

/* Sends what the telnet side has to answer. */
void end_send_reply(struct end *e);

void flow_init(struct flow *f, const struct pattern *p, unsigned number);

/* Makes the source finish now, as soon as no doubled 255 is cut in half. */
void flow_stop(struct flow *f);
uint64_t flow_user_bytes(const struct flow *f);

/* From now on e sends f until its limit, or checks that f arrives. */
void end_start_source(struct end *e, struct flow *f);
void end_start_sink(struct end *e, struct flow *f);

/* All that was sent has arrived; dies if more has. */
bool end_has_all(const struct end *e);

#endif
