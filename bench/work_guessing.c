/*
 * work_guessing.c - whether people notice that others guess passwords.
 *
 * People type at their consoles, a byte each 2 ms all in all, and wait for the
 * echo: for a while alone, then beside guessers, then alone again. So what is
 * compared is of one run, on one machine, with one server.
 *
 * Guessers come from 50 addresses to the ports of other consoles. Every second
 * guess is no password but a token. A connection guesses until the server ends
 * it, and then the next one comes in its place. They have a thread of their
 * own, as the streams of work_latency.c have.
 *
 * The server must let 127.0.0.1 type, and others log in.
 */
#include "echo.h"
#include "load.h"
#include "setup.h"
#include "socket.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GUESSED = 10,     /* consoles at which is guessed */
    ADDRESSES = 50,   /* 127.0.1.1 and on: */
    FIRST_HOST = 256, /* see socket_dial */
    TYPING_US = 2000, /* from one byte to the next */
    SAMPLES_MAX = 100000,
    LOW_PRIORITY = 19,
    TAIL = 7, /* of a question, which ends what was said */
};

/* ---- those who guess ------------------------------------------------------
 */

struct guesser {
    struct end end;
    struct guessing *all;
    char tail[TAIL + 1]; /* the last that was said */
    bool has_ended;
};

struct guessing {
    const struct load *load;
    struct loop loop;
    struct guesser *guessers;
    uint16_t ports[GUESSED];
    unsigned come;
    atomic_uint guesses;
    atomic_bool quit;
};

/* It may have been closed; then reading tells. */
static void say(const struct guesser *g, const void *text, size_t len)
{
    (void)!send(g->end.fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void guess(struct guesser *g)
{
    unsigned number = atomic_fetch_add(&g->all->guesses, 1);
    char text[64];

    snprintf(text, sizeof text, number % 2 == 0 ? "guess-%u\r" : "vspc_%049u\r",
             number);
    say(g, text, strlen(text));
}

static void answer(struct guesser *g)
{
    if (strcmp(g->tail, "login: ") == 0)
        say(g, "alice\r", 6);
    else if (strcmp(g->tail, "sword: ") == 0)
        guess(g);
}

static void guesser_data(struct end *e, uint8_t *bytes, size_t len)
{
    struct guesser *g = e->context;

    len = telnet_decode(&e->telnet, bytes, len, bytes);
    say(g, e->telnet.reply, e->telnet.reply_len);
    e->telnet.reply_len = 0;
    for (size_t i = 0; i < len; i++) {
        memmove(g->tail, g->tail + 1, TAIL - 1);
        g->tail[TAIL - 1] = (char)bytes[i];
    }
    if (len > 0)
        answer(g);
}

static void guesser_closed(struct end *e)
{
    struct guesser *g = e->context;

    g->has_ended = true;
    end_leave_loop(e);
}

static void come(struct guessing *all, struct guesser *g)
{
    unsigned number = all->come++;

    *g = (struct guesser){ .all = all };
    memset(g->tail, ' ', TAIL);
    g->end.kind = "guesser";
    g->end.on_data = guesser_data;
    g->end.on_closed = guesser_closed;
    g->end.context = g;
    end_open(&g->end, &all->loop,
             socket_dial(all->ports[number % GUESSED],
                         FIRST_HOST + number % ADDRESSES),
             TELNET_CLIENT, number);
}

/* A thread's main function. */
static void *guess_all(void *arg)
{
    struct guessing *all = arg;
    unsigned count = all->load->in_flight;

    /* They are on machines of their own, and take no processor from people:
     * the thread's priority, in Linux. */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), LOW_PRIORITY) < 0)
        die("setpriority");
    /* Not all in one moment, in which the server would answer all of them. */
    for (unsigned i = 0; i < count; i++) {
        come(all, &all->guessers[i]);
        loop_turn(&all->loop, 1);
    }
    while (!atomic_load(&all->quit)) {
        loop_turn(&all->loop, 5);
        for (unsigned i = 0; i < count; i++) {
            if (!all->guessers[i].has_ended)
                continue;
            end_close(&all->guessers[i].end);
            come(all, &all->guessers[i]);
        }
    }
    for (unsigned i = 0; i < count; i++)
        end_close(&all->guessers[i].end);
    return NULL;
}

static uint16_t port_of(const struct end *client)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;

    if (getpeername(client->fd, (struct sockaddr *)&address, &len) < 0)
        die("getpeername of a client");
    return ntohs(address.sin_port);
}

/* ---- those who type -------------------------------------------------------
 */

struct samples {
    uint32_t us[SAMPLES_MAX];
    unsigned count;
    uint64_t cpu_ns; /* of the server, meanwhile */
};

static void type_once(const struct rig *rig, struct samples *s)
{
    uint64_t next = now_us() + TYPING_US, now;

    if (s->count == SAMPLES_MAX)
        die("guessing: more than %d bytes were typed", SAMPLES_MAX);
    s->us[s->count] =
        echo_round_trip_us(&rig->clients[s->count % rig->load->pairs], s->count,
                           rig->load->timeout_s);
    s->count++;
    now = now_us();
    if (now < next)
        usleep((useconds_t)(next - now));
}

static void type_alone(const struct rig *rig, struct samples *s)
{
    uint64_t until = now_us() + rig->load->seconds * UINT64_C(1000000);
    uint64_t cpu_ns = server_cpu_ns(&rig->load->server);

    while (now_us() < until)
        type_once(rig, s);
    s->cpu_ns += server_cpu_ns(&rig->load->server) - cpu_ns;
}

/* Returns how many seconds it took. */
static double type_beside(const struct rig *rig, struct samples *s,
                          struct guessing *all)
{
    uint64_t start = now_us();
    uint64_t cpu_ns = server_cpu_ns(&rig->load->server);
    pthread_t thread;

    if (pthread_create(&thread, NULL, guess_all, all) != 0)
        die("pthread_create");
    while (atomic_load(&all->guesses) < rig->load->guesses)
        type_once(rig, s);
    s->cpu_ns = server_cpu_ns(&rig->load->server) - cpu_ns;
    atomic_store(&all->quit, true);
    pthread_join(thread, NULL);
    return (double)(now_us() - start) / 1e6;
}

static void print_times(struct samples *alone, struct samples *beside)
{
    uint32_t p50 = percentile(alone->us, alone->count, 0.5);
    uint32_t p99 = percentile(alone->us, alone->count, 0.99);
    uint32_t beside_p50 = percentile(beside->us, beside->count, 0.5);
    uint32_t beside_p99 = percentile(beside->us, beside->count, 0.99);

    printf(" alone=%u alone_p50_us=%u alone_p99_us=%u beside=%u "
           "beside_p50_us=%u beside_p99_us=%u p50_ratio=%.2f p99_ratio=%.2f\n",
           alone->count, p50, p99, beside->count, beside_p50, beside_p99,
           (double)beside_p50 / p50, (double)beside_p99 / p99);
}

void work_guessing(const struct load *load)
{
    struct samples *alone = zalloc(1, sizeof *alone);
    struct samples *beside = zalloc(1, sizeof *beside);
    struct guessing all = {
        .load = load,
        .guessers = zalloc(load->in_flight, sizeof *all.guessers),
    };
    struct loop loop;
    struct rig rig;
    double seconds, guess_ns;

    loop_init(&loop);
    loop_init(&all.loop);
    setup_rig(&rig, load, &loop, load->pairs + GUESSED, 1);
    for (unsigned i = 0; i < load->pairs; i++)
        echo_begin(&rig.vms[i], &rig.clients[i]);
    for (unsigned i = 0; i < GUESSED; i++)
        all.ports[i] = port_of(&rig.clients[load->pairs + i]);
    for (unsigned i = 0; i < load->pairs; i++)
        echo_round_trip_us(&rig.clients[i], i, load->timeout_s);

    type_alone(&rig, alone);
    seconds = type_beside(&rig, beside, &all);
    type_alone(&rig, alone);
    guess_ns = (double)beside->cpu_ns -
               (double)alone->cpu_ns * beside->count / alone->count;
    printf("work=guessing guesses=%u connections=%u guesses_per_s=%.0f "
           "guess_cpu_us=%.0f cpu_percent=%.0f",
           atomic_load(&all.guesses), all.come,
           atomic_load(&all.guesses) / seconds,
           guess_ns / 1e3 / atomic_load(&all.guesses),
           (double)beside->cpu_ns / 1e7 / seconds);
    print_times(alone, beside);
}
