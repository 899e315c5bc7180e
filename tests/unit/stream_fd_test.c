/* Streams on descriptors: who is told of what, above all of a break. */
#include "net/stream_fd.h"

#include "base/clock.h"
#include "base/limits.h"
#include "net/loop_private.h"
#include "net/stream_mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* An owner that reads, or does not, and ends the loop when it has seen enough.
 */
struct owner {
    struct loop *loop;
    struct stream *stream;
    unsigned wants;   /* set again in each call */
    unsigned told;    /* all bits that it was ever told */
    int told_count;   /* calls */
    int broken_count; /* of these, with STREAM_BROKEN */
    int enough;       /* calls with STREAM_BROKEN that end the loop */
    bool reads;       /* one read in each call */
    char got[64];     /* what it has read */
    size_t got_len;
    ssize_t result; /* of the last read that brought nothing; 1: none */
};

static void owner_on_ready(void *arg, unsigned ready)
{
    struct owner *o = arg;

    o->told |= ready;
    o->told_count++;
    if (o->reads && ready & STREAM_READ) {
        ssize_t n = stream_read(o->stream, o->got + o->got_len, 2);

        if (n > 0)
            o->got_len += (size_t)n;
        else if (n != -EAGAIN)
            o->result = n;
        if (n <= 0 && n != -EAGAIN)
            loop_stop(o->loop);
    }
    stream_want(o->stream, o->wants);
    if (ready & STREAM_BROKEN && ++o->broken_count == o->enough)
        loop_stop(o->loop);
}

/* Two ends of a TCP connection: a reset needs one. */
static void connect_pair(int ends[2])
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(ends[1], (struct sockaddr *)&at, len), 0);
    ends[0] = accept(listening, NULL, NULL);
    assert_true(ends[0] >= 0);
    close(listening);
}

static void reset(int fd)
{
    const struct linger now = { .l_onoff = 1 };

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now),
                     0);
    close(fd);
}

struct site {
    struct loop *loop;
    struct owner owner;
    struct deadline_queue patience;
    struct deadline limit;
    int peer;
};

static void site_limit_due(struct deadline *d, void *arg)
{
    (void)d;
    loop_stop(arg);
}

static void site_open(struct site *s, unsigned wants)
{
    int ends[2];

    *s = (struct site){ 0 };
    connect_pair(ends);
    assert_int_equal(loop_open(&s->loop), 0);
    s->peer = ends[1];
    s->owner = (struct owner){ .loop = s->loop, .wants = wants, .result = 1 };
    assert_int_equal(stream_fd_open(s->loop, ends[0], NULL, &s->owner.stream),
                     0);
    stream_set_owner(s->owner.stream, owner_on_ready, &s->owner);
    stream_want(s->owner.stream, wants);
}

/* Until the owner has seen enough; so long at most. */
static void site_run(struct site *s, uint64_t most_us)
{
    deadline_init(&s->limit);
    deadline_queue_open(&s->patience, most_us, site_limit_due, s->loop);
    loop_watch(s->loop, &s->patience);
    deadline_start(&s->patience, &s->limit, clock_now_us());
    loop_run(s->loop);
    deadline_stop(&s->limit);
    deadline_queue_close(&s->patience);
}

static void site_close(struct site *s)
{
    stream_close(s->owner.stream);
    loop_close(s->loop);
}

enum { LONG_US = 10 * 1000 * 1000, SHORT_US = 100 * 1000 };

static void bytes_before_a_reset_are_read_and_then_the_reset(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    s.owner.reads = true;
    assert_int_equal(write(s.peer, "last words", 10), 10);
    reset(s.peer);
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.got_len, 10);
    assert_memory_equal(s.owner.got, "last words", 10);
    assert_int_equal(s.owner.result, -ECONNRESET);
    assert_int_equal(s.owner.stream->error, -ECONNRESET);
    assert_true(s.owner.told & STREAM_BROKEN);
    /* It stays what it is. */
    assert_int_equal(stream_read(s.owner.stream, s.owner.got, 1), -ECONNRESET);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), -ECONNRESET);
    site_close(&s);
}

/* The peer closes, and answers what comes then with a reset. To who reads, it
 * has ended in order. */
static void a_reset_behind_the_end_is_the_end(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    assert_int_equal(write(s.peer, "bye", 3), 3);
    close(s.peer);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), 1);
    s.owner.enough = 1;
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.broken_count, 1);
    s.owner.reads = true;
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.got_len, 3);
    assert_int_equal(s.owner.result, 0);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), -EPIPE);
    site_close(&s);
}

/* One that does not read hears of it again and again. */
static void a_break_is_told_in_each_turn_to_who_wants_anything(void **state)
{
    static const unsigned wishes[] = { STREAM_READ,
                                       STREAM_READ | STREAM_WRITE };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct site s;

        site_open(&s, wishes[i]);
        s.owner.enough = 20;
        reset(s.peer);
        site_run(&s, LONG_US);
        assert_int_equal(s.owner.broken_count, 20);
        site_close(&s);
    }
}

/* It fills its socket first, or it would always be told. */
static void a_break_is_told_to_who_only_wants_to_write(void **state)
{
    static const uint8_t zeros[64 * KIB];
    struct site s;

    (void)state;
    site_open(&s, 0);
    while (stream_write(s.owner.stream, zeros, sizeof zeros) > 0)
        continue;
    s.owner.wants = STREAM_WRITE;
    stream_want(s.owner.stream, STREAM_WRITE);
    s.owner.enough = 3;
    reset(s.peer);
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.broken_count, 3);
    assert_int_equal(s.owner.told, STREAM_READ | STREAM_WRITE | STREAM_BROKEN);
    site_close(&s);
}

static void a_break_is_told_once_to_who_wants_nothing(void **state)
{
    struct rusage before, after;
    struct site s;

    (void)state;
    /* It has wanted to read, bytes came that it did not want any more, and
     * since then nothing of it is watched but a break. */
    site_open(&s, STREAM_READ);
    s.owner.wants = 0;
    assert_int_equal(write(s.peer, "abcd", 4), 4);
    site_run(&s, SHORT_US);
    assert_int_equal(s.owner.told, STREAM_READ);
    assert_int_equal(s.owner.told_count, 1);
    reset(s.peer);
    s.owner.enough = 1;
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.broken_count, 1);
    assert_int_equal(s.owner.stream->error, -ECONNRESET);
    /* Once, and without turning in the meantime. */
    getrusage(RUSAGE_SELF, &before);
    site_run(&s, SHORT_US);
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(s.owner.broken_count, 1);
    assert_true(after.ru_nvcsw - before.ru_nvcsw < 20);
    /* Who wants to read after all has all that came. */
    s.owner.reads = true;
    s.owner.wants = STREAM_READ;
    stream_want(s.owner.stream, STREAM_READ);
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.got_len, 4);
    assert_int_equal(s.owner.result, -ECONNRESET);
    site_close(&s);
}

static void a_finished_stream_still_reads(void **state)
{
    struct site s;
    char got[4];

    (void)state;
    site_open(&s, STREAM_READ);
    s.owner.reads = true;
    assert_int_equal(stream_write(s.owner.stream, "bye", 3), 3);
    stream_finish(s.owner.stream);
    assert_int_equal(recv(s.peer, got, 3, MSG_WAITALL), 3);
    assert_int_equal(read(s.peer, got, sizeof got), 0);
    assert_int_equal(write(s.peer, "so long", 7), 7);
    close(s.peer);
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.got_len, 7);
    assert_int_equal(s.owner.result, 0);
    assert_false(s.owner.told & STREAM_BROKEN);
    site_close(&s);
}

/* The end of a pty's program, or of a Unix peer, is for those who read. */
static void the_end_of_input_is_no_break(void **state)
{
    struct owner o = { .result = 1 };
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(loop_open(&o.loop), 0);
    assert_int_equal(stream_fd_open(o.loop, ends[0], NULL, &o.stream), 0);
    stream_set_owner(o.stream, owner_on_ready, &o);
    o.wants = STREAM_READ;
    stream_want(o.stream, STREAM_READ);
    o.reads = true;
    assert_int_equal(write(ends[1], "ab", 2), 2);
    close(ends[1]);
    loop_run(o.loop);
    assert_int_equal(o.got_len, 2);
    assert_int_equal(o.result, 0);
    assert_false(o.told & STREAM_BROKEN);
    stream_close(o.stream);
    loop_close(o.loop);
}

/* The peer can tell it from an end. */
static void a_reset_is_no_end(void **state)
{
    char byte;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct site s;

        site_open(&s, 0);
        stream_close_as(s.owner.stream,
                        i == 0 ? STREAM_CLOSE : STREAM_CLOSE_RESET);
        loop_close(s.loop);
        assert_int_equal(read(s.peer, &byte, 1), i == 0 ? 0 : -1);
        close(s.peer);
    }
    assert_int_equal(errno, ECONNRESET);
}

/* Streams that rest are closed like others, also in the call of another. */
struct couple {
    struct owner *one;
    struct owner *other;
};

static void couple_on_ready(void *arg, unsigned ready)
{
    struct couple *c = arg;

    assert_true(ready & STREAM_BROKEN);
    c->one->broken_count++;
    stream_close(c->one->stream);
    stream_close(c->other->stream);
    loop_stop(c->one->loop);
}

static void a_broken_stream_may_close_another(void **state)
{
    struct owner first = { 0 }, second = { 0 };
    struct couple couples[2] = { { &first, &second }, { &first, &second } };
    int one[2], two[2];
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    connect_pair(one);
    connect_pair(two);
    first.loop = second.loop = loop;
    assert_int_equal(stream_fd_open(loop, one[0], NULL, &first.stream), 0);
    assert_int_equal(stream_fd_open(loop, two[0], NULL, &second.stream), 0);
    stream_set_owner(first.stream, couple_on_ready, &couples[0]);
    stream_set_owner(second.stream, couple_on_ready, &couples[1]);
    stream_want(first.stream, STREAM_READ);
    stream_want(second.stream, STREAM_READ);
    reset(one[1]);
    reset(two[1]);
    loop_run(loop);
    assert_int_equal(first.broken_count, 1);
    loop_close(loop);
}

/* The stream in memory, which sessions are tested with, keeps the contract. */
static void memory_breaks_alike(void **state)
{
    struct stream_mem m;
    struct owner o = { .stream = &m.stream, .reads = true, .result = 1 };

    (void)state;
    assert_int_equal(loop_open(&o.loop), 0);
    stream_mem_init(&m, 100);
    stream_set_owner(&m.stream, owner_on_ready, &o);
    stream_mem_give(&m, slice_of("abc", 3));
    m.is_broken = true;
    /* Wanting nothing: once. */
    o.reads = false;
    assert_true(stream_mem_turn(&m));
    assert_false(stream_mem_turn(&m));
    assert_int_equal(o.told, STREAM_READ | STREAM_BROKEN);
    /* Wanting anything: in each turn, and all that came is there. */
    o.reads = true;
    o.wants = STREAM_READ;
    stream_want(&m.stream, STREAM_READ);
    assert_true(stream_mem_turn(&m));
    assert_true(stream_mem_turn(&m));
    assert_int_equal(o.got_len, 3);
    assert_true(stream_mem_turn(&m));
    assert_int_equal(o.result, -ECONNRESET);
    stream_mem_done(&m);
    loop_close(o.loop);
}

/* ---- peers that are gone without a word --------------------------------- */

/* The peer's system takes nothing any more and says nothing: the filter drops
 * each packet before TCP sees it. */
static void drop_all_packets(int fd)
{
    struct sock_filter drop = { .code = BPF_RET | BPF_K };
    struct sock_fprog program = { .len = 1, .filter = &drop };

    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
        0);
}

/* A minute passes in 0.1 s. */
static void site_hurry(struct site *s)
{
    deadline_queue_set_length(&s->loop->silence_queue, SHORT_US);
}

static void fill(struct site *s)
{
    static const uint8_t zeros[64 * KIB];

    while (stream_write(s->owner.stream, zeros, sizeof zeros) > 0)
        continue;
}

static void who_is_gone_with_bytes_on_their_way_is_told(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    site_hurry(&s);
    drop_all_packets(s.peer);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), 1);
    assert_int_equal(stream_owed(s.owner.stream), 1);
    s.owner.enough = 1;
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.broken_count, 1);
    assert_int_equal(s.owner.stream->error, -ETIMEDOUT);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), -ETIMEDOUT);
    site_close(&s);
    close(s.peer);
}

/* A stopped terminal: its system answers, and takes nothing. Then it is gone,
 * too. */
static void who_takes_nothing_is_not_gone_before_it_is(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    fill(&s);
    site_hurry(&s);
    assert_true(stream_owed(s.owner.stream) > 0);
    s.owner.enough = 1;
    site_run(&s, 10 * SHORT_US);
    assert_int_equal(s.owner.broken_count, 0);
    drop_all_packets(s.peer);
    site_run(&s, LONG_US);
    assert_int_equal(s.owner.broken_count, 1);
    assert_int_equal(s.owner.stream->error, -ETIMEDOUT);
    site_close(&s);
    close(s.peer);
}

static void who_has_taken_all_is_not_asked_again(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    site_hurry(&s);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), 1);
    site_run(&s, 3 * SHORT_US);
    assert_int_equal(stream_owed(s.owner.stream), 0);
    assert_null(deadline_first(&s.loop->silence_queue));
    assert_int_equal(s.owner.broken_count, 0);
    site_close(&s);
    close(s.peer);
}

/* Nobody reads at the other end: its system answers. */
static void a_pulse_is_the_answers_of_the_peers_system(void **state)
{
    struct stream_pulse before, after;
    struct site s;

    (void)state;
    site_open(&s, STREAM_READ);
    before = stream_pulse(s.owner.stream);
    assert_false(before.is_answer_due);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), 1);
    do
        after = stream_pulse(s.owner.stream);
    while (after.is_answer_due);
    assert_true(after.heard != before.heard);
    drop_all_packets(s.peer);
    assert_int_equal(stream_write(s.owner.stream, "x", 1), 1);
    before = stream_pulse(s.owner.stream);
    assert_true(before.is_answer_due);
    assert_int_equal(before.heard, after.heard);
    site_close(&s);
    close(s.peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_is_no_end),
        cmocka_unit_test(bytes_before_a_reset_are_read_and_then_the_reset),
        cmocka_unit_test(a_reset_behind_the_end_is_the_end),
        cmocka_unit_test(a_break_is_told_in_each_turn_to_who_wants_anything),
        cmocka_unit_test(a_break_is_told_to_who_only_wants_to_write),
        cmocka_unit_test(a_break_is_told_once_to_who_wants_nothing),
        cmocka_unit_test(a_finished_stream_still_reads),
        cmocka_unit_test(the_end_of_input_is_no_break),
        cmocka_unit_test(a_broken_stream_may_close_another),
        cmocka_unit_test(memory_breaks_alike),
        cmocka_unit_test(who_is_gone_with_bytes_on_their_way_is_told),
        cmocka_unit_test(who_takes_nothing_is_not_gone_before_it_is),
        cmocka_unit_test(who_has_taken_all_is_not_asked_again),
        cmocka_unit_test(a_pulse_is_the_answers_of_the_peers_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
