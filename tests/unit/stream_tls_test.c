/* TLS streams: what goes in comes out, whatever carries it. */
#include "tls_lab.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/stream_fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(const struct end *e, const char *text)
{
    assert_int_equal(e->got_len, strlen(text));
    assert_memory_equal(e->got, text, e->got_len);
}

static void say(struct end *e, const char *text)
{
    e->to_send = slice_of_text(text);
    end_update(e);
}

static void both_ends_talk(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    assert_string_equal(stream_security(p.server.tls).terms, "");
    say(&p.server, "login: ");
    say(&p.client, "root\r");
    pair_rest(&p);
    expect(&p.client, "login: ");
    expect(&p.server, "root\r");
    assert_string_equal(stream_security(p.server.tls).terms,
                        "TLSv1.3, TLS_AES_256_GCM_SHA384");
    assert_string_equal(stream_security(p.server.tls).problem, "");
    assert_true(stream_security(p.server.tls).is_secure);
    assert_false(stream_security(&p.server.wire.stream).is_secure);
    pair_close(&p);
}

/* However the wire cuts handshake and records. */
static void every_segmentation_is_the_same(void **state)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    for (size_t piece = 1; piece < 700; piece += piece < 64 ? 1 : 61) {
        struct pair p;

        lab_kit_pair(&p, lab_kit_of(state));
        p.piece = piece;
        say(&p.server, text);
        say(&p.client, text);
        pair_rest(&p);
        expect(&p.client, text);
        expect(&p.server, text);
        pair_close(&p);
    }
}

static void bytes_read_before_are_the_hello(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);

    for (size_t before = 0; before < 300; before += 7) {
        struct pair p;
        struct slice hello;
        size_t len;

        lab_kit_pair(&p, kit);
        /* The server anew, on what the client said first. */
        end_done(&p.server);
        hello = buf_bytes(&p.client.wire.from_session);
        len = before < hello.len ? before : hello.len;
        p.server = (struct end){ .result = 1, .got_max = 100 };
        p.server.got = xmalloc(p.server.got_max);
        stream_mem_init(&p.server.wire, 64 * KIB);
        p.server.tls =
            stream_tls_new(&p.hub, kit->server, &p.server.wire.stream,
                           slice_of(hello.data, len), NULL);
        buf_take(&p.client.wire.from_session, len);
        stream_want(p.server.tls, 0);
        pair_rest(&p);
        assert_string_not_equal(stream_security(p.server.tls).terms, "");
        pair_close(&p);
    }
}

/* No owner has to know what kind of a stream it has. */
static void a_stream_says_what_protects_it(void **state)
{
    struct stream_security security;
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    security = stream_security(&p.server.wire.stream);
    assert_false(security.is_secure);
    assert_string_equal(security.terms, "none");
    assert_string_equal(security.problem, "");
    security = stream_security(p.server.tls);
    assert_true(security.is_secure);
    assert_string_equal(security.terms, "");
    pair_rest(&p);
    security = stream_security(p.server.tls);
    assert_string_equal(security.terms, "TLSv1.3, TLS_AES_256_GCM_SHA384");
    assert_string_equal(security.problem, "");
    p.server.wire.is_ended = true; /* without close_notify */
    pair_rest(&p);
    security = stream_security(p.server.tls);
    assert_string_equal(security.problem,
                        "TLS: the connection was cut: the peer went away "
                        "without saying so");
    assert_false(security.has_refused);
    pair_close(&p);
}

static void all_byte_values_pass(void **state)
{
    uint8_t all[256];
    struct pair p;

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    lab_kit_pair(&p, lab_kit_of(state));
    p.server.to_send = p.client.to_send = slice_of(all, sizeof all);
    end_update(&p.server);
    end_update(&p.client);
    pair_rest(&p);
    assert_int_equal(p.server.got_len, sizeof all);
    assert_int_equal(p.client.got_len, sizeof all);
    assert_memory_equal(p.server.got, all, sizeof all);
    assert_memory_equal(p.client.got, all, sizeof all);
    pair_close(&p);
}

static void make_room(struct end *e, size_t max)
{
    free(e->got);
    e->got = xmalloc(max);
    e->got_max = max;
}

static uint8_t *noise(size_t len, unsigned seed)
{
    uint8_t *bytes = xmalloc(len);
    uint32_t x = seed | 1u;

    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        bytes[i] = (uint8_t)x;
    }
    return bytes;
}

static void assert_same_digest(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t digest_a[SHA256_DIGEST_LENGTH];
    uint8_t digest_b[SHA256_DIGEST_LENGTH];

    SHA256(a, len, digest_a);
    SHA256(b, len, digest_b);
    assert_memory_equal(digest_a, digest_b, sizeof digest_a);
}

static void sixteen_mebibytes_both_ways(void **state)
{
    enum { LEN = 16 * 1024 * KIB };
    static const size_t pieces[] = { 0, 1447, 65536 };
    uint8_t *down = noise(LEN, 1);
    uint8_t *up = noise(LEN, 2);

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct pair p;

        lab_kit_pair(&p, lab_kit_of(state));
        make_room(&p.server, LEN);
        make_room(&p.client, LEN);
        p.piece = pieces[i];
        /* In steps: what the wire in between holds is bounded. */
        for (size_t at = 0; at < LEN; at += LEN / 16) {
            p.server.to_send = slice_of(down + at, LEN / 16);
            p.client.to_send = slice_of(up + at, LEN / 16);
            end_update(&p.server);
            end_update(&p.client);
            pair_rest(&p);
        }
        assert_int_equal(p.server.got_len, LEN);
        assert_int_equal(p.client.got_len, LEN);
        assert_same_digest(p.client.got, down, LEN);
        assert_same_digest(p.server.got, up, LEN);
        pair_close(&p);
    }
    free(down);
    free(up);
}

/* A wire that takes a little at a time: each byte goes out once, in order. */
static void little_room_on_the_wire_loses_nothing(void **state)
{
    enum { LEN = 200 * KIB };
    uint8_t *bytes = noise(LEN, 3);
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    make_room(&p.client, LEN);
    p.server.to_send = slice_of(bytes, LEN);
    end_update(&p.server);
    for (size_t room = 0; p.client.got_len < LEN; room = (room + 97) % 4099) {
        p.server.wire.room = room;
        pair_rest(&p);
    }
    assert_same_digest(p.client.got, bytes, LEN);
    pair_close(&p);
    free(bytes);
}

static void peer_that_does_not_read_holds_the_writer(void **state)
{
    enum { LEN = 1024 * KIB };
    uint8_t *bytes = noise(LEN, 4);
    size_t taken;
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.wire.room = 0;
    p.server.to_send = slice_of(bytes, LEN);
    end_update(&p.server);
    p.server.wire.room = 1;
    pair_rest(&p);
    taken = LEN - p.server.to_send.len;
    assert_in_range(taken, 1, 64 * KIB);
    assert_int_equal(stream_write(p.server.tls, "x", 1), 0);
    /* It still reads meanwhile. */
    say(&p.client, "still there?");
    pair_rest(&p);
    expect(&p.server, "still there?");
    pair_close(&p);
    free(bytes);
}

/* Many parts of one byte (255 doubled) do not become as many records. */
static void small_parts_share_records(void **state)
{
    enum { COUNT = 500 };
    struct iovec part[COUNT];
    char text[COUNT];
    struct pair p;

    memset(text, 'x', sizeof text);
    for (int i = 0; i < COUNT; i++)
        part[i] = (struct iovec){ .iov_base = text + i, .iov_len = 1 };
    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    assert_int_equal(stream_writev(p.server.tls, part, COUNT), COUNT);
    assert_in_range(p.server.wire.from_session.len, COUNT, COUNT + 40);
    pair_rest(&p);
    assert_int_equal(p.client.got_len, COUNT);
    pair_close(&p);
}

static void parts_of_all_sizes_keep_their_order(void **state)
{
    static const size_t sizes[] = { 1, 16383, 0, 16384, 1, 16385, 40000, 5 };
    enum { COUNT = 8, LEN = 100 * KIB };
    uint8_t *bytes = noise(LEN, 5);

    for (size_t first = 0; first < COUNT; first++) {
        struct iovec part[COUNT];
        uint8_t *at = bytes;
        size_t taken;
        struct pair p;

        for (size_t i = 0; i < COUNT; i++) {
            part[i] = (struct iovec){ at, sizes[(first + i) % COUNT] };
            at += part[i].iov_len;
        }
        lab_kit_pair(&p, lab_kit_of(state));
        pair_rest(&p);
        taken = (size_t)stream_writev(p.server.tls, part, COUNT);
        assert_int_equal(taken, 64 * KIB);
        pair_rest(&p);
        assert_int_equal(p.client.got_len, taken);
        assert_memory_equal(p.client.got, bytes, taken);
        pair_close(&p);
    }
    free(bytes);
}

/* What is decrypted already is told of, though nothing comes any more. */
static void small_reads_get_all(void **state)
{
    enum { LEN = 40 * KIB };
    uint8_t *bytes = noise(LEN, 6);
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.client.read_size = 7;
    p.server.to_send = slice_of(bytes, LEN);
    end_update(&p.server);
    pair_rest(&p);
    assert_int_equal(p.client.got_len, LEN);
    assert_memory_equal(p.client.got, bytes, LEN);
    pair_close(&p);
    free(bytes);
}

static void who_wants_nothing_is_told_later(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.client.read_size = 3;
    assert_int_equal(stream_write(p.server.tls, "0123456789", 10), 10);
    stream_mem_give(&p.client.wire, buf_bytes(&p.server.wire.from_session));
    buf_done(&p.server.wire.from_session);
    assert_true(stream_mem_turn(&p.client.wire));
    p.client.is_deaf = true;
    end_update(&p.client);
    pair_rest(&p);
    expect(&p.client, "012");
    p.client.is_deaf = false;
    end_update(&p.client);
    pair_rest(&p);
    expect(&p.client, "0123456789");
    pair_close(&p);
}

/* Half a record is nothing to read: the loop must not turn for it. */
static void half_a_record_is_silence(void **state)
{
    struct pair p;
    struct slice record;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    assert_int_equal(stream_write(p.server.tls, "some words", 10), 10);
    record = buf_bytes(&p.server.wire.from_session);
    for (size_t i = 0; i + 1 < record.len; i++) {
        stream_mem_give(&p.client.wire, slice_of(record.data + i, 1));
        while (stream_mem_turn(&p.client.wire))
            ;
        assert_true(list_is_empty(&p.hub.again.waiting));
        assert_int_equal(p.client.got_len, 0);
    }
    stream_mem_give(&p.client.wire, slice_after(record, record.len - 1));
    buf_done(&p.server.wire.from_session);
    pair_rest(&p);
    expect(&p.client, "some words");
    pair_close(&p);
}

static void idle_connection_waits_for_nothing(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    say(&p.server, "words");
    pair_rest(&p);
    assert_true(list_is_empty(&p.hub.again.waiting));
    assert_true(list_is_empty(&p.hub.handshakes.waiting));
    pair_close(&p);
}

/* ---- ends -------------------------------------------------------------- */

static void closed_is_told_from_cut(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    say(&p.server, "bye");
    lab_turn(&p.hub, &p.server);
    stream_close_gently(p.server.tls);
    p.server.tls = NULL;
    pair_rest(&p);
    expect(&p.client, "bye");
    assert_int_equal(p.client.result, 0);
    assert_string_equal(p.client.problem, "");
    pair_close(&p);

    lab_kit_pair(&p, lab_kit_of(state));
    say(&p.server, "by");
    pair_rest(&p);
    p.client.wire.is_ended = true;
    pair_rest(&p);
    expect(&p.client, "by");
    assert_int_equal(p.client.result, -ECONNABORTED);
    assert_non_null(strstr(p.client.problem, "was cut"));
    pair_close(&p);
}

static void one_can_write_after_the_peers_end(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;
    char text[20] = "";

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    SSL_shutdown(raw.ssl);
    raw_rest(&raw, &hub, &e);
    assert_int_equal(e.result, 0);
    assert_int_equal(stream_write(e.tls, "last", 4), 4);
    BIO_write(raw.in, buf_bytes(&e.wire.from_session).data,
              (int)e.wire.from_session.len);
    assert_int_equal(SSL_read(raw.ssl, text, sizeof text), 4);
    assert_string_equal(text, "last");
    /* Its own end is answered in kind. */
    buf_done(&e.wire.from_session);
    stream_close_gently(e.tls);
    e.tls = NULL;
    BIO_write(raw.in, buf_bytes(&e.wire.from_session).data,
              (int)e.wire.from_session.len);
    assert_int_equal(SSL_read(raw.ssl, text, sizeof text), 0);
    assert_int_equal(SSL_get_shutdown(raw.ssl),
                     SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

/* The end with data before it: first the data. */
static void one_can_read_after_saying_the_end(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    stream_finish(p.client.tls); /* too early: means nothing */
    pair_rest(&p);
    say(&p.client, "all");
    lab_turn(&p.hub, &p.client);
    stream_finish(p.client.tls);
    stream_finish(p.client.tls);
    pair_rest(&p);
    expect(&p.server, "all");
    assert_int_equal(p.server.result, 0);
    say(&p.server, "some more");
    pair_rest(&p);
    expect(&p.client, "some more");
    assert_int_equal(p.client.result, 1);
    stream_close(p.server.tls);
    p.server.tls = NULL;
    pair_rest(&p);
    assert_int_equal(p.client.result, 0);
    assert_string_equal(p.client.problem, "");
    pair_close(&p);
}

static void data_before_the_end_is_read_first(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.client.read_size = 2;
    p.client.is_deaf = true;
    end_update(&p.client);
    assert_int_equal(stream_write(p.server.tls, "12345", 5), 5);
    stream_close_gently(p.server.tls);
    p.server.tls = NULL;
    pair_rest(&p);
    p.client.is_deaf = false;
    end_update(&p.client);
    pair_rest(&p);
    expect(&p.client, "12345");
    assert_int_equal(p.client.result, 0);
    pair_close(&p);
}

static void gentle_end_waits_for_the_wire(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.wire.room = 0;
    assert_int_equal(stream_write(p.server.tls, "last words", 10), 10);
    stream_close_gently(p.server.tls);
    p.server.tls = NULL;
    pair_rest(&p);
    assert_false(p.server.wire.is_closed);
    p.server.wire.room = 5;
    pair_rest(&p);
    assert_false(p.server.wire.is_closed);
    p.server.wire.room = SIZE_MAX;
    pair_rest(&p);
    assert_true(p.server.wire.is_closed);
    expect(&p.client, "last words");
    assert_int_equal(p.client.result, 0);
    pair_close(&p);
}

static void gentle_end_does_not_wait_for_ever(void **state)
{
    struct pair p;
    struct deadline *d;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.wire.room = 0;
    assert_int_equal(stream_write(p.server.tls, "last words", 10), 10);
    stream_close_gently(p.server.tls);
    p.server.tls = NULL;
    d = deadline_pop(&p.hub.handshakes,
                     clock_now_us() + TLS_HANDSHAKE_US + 1000);
    assert_non_null(d);
    p.hub.handshakes.on_due(d, &p.hub);
    assert_true(p.server.wire.is_closed);
    pair_close(&p);
}

static void hub_ends_what_is_closing(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.wire.room = 0;
    assert_int_equal(stream_write(p.server.tls, "last words", 10), 10);
    stream_close_gently(p.server.tls);
    p.server.tls = NULL;
    stream_close(p.client.tls);
    p.client.tls = NULL;
    tls_hub_done(&p.hub);
    assert_true(p.server.wire.is_closed);
    assert_true(p.client.wire.is_closed);
    end_done(&p.server);
    end_done(&p.client);
}

static void owners_close_in_the_middle_of_it(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    p.server.closes_when_over = true;
    p.client.closes_when_over = true;
    pair_rest(&p);
    p.client.wire.is_broken = true;
    pair_rest(&p);
    assert_null(p.client.tls);
    assert_int_equal(p.client.result, -ECONNRESET);
    assert_string_equal(p.client.problem, "TLS: Connection reset by peer");
    p.server.wire.is_ended = true;
    pair_rest(&p);
    assert_null(p.server.tls);
    pair_close(&p);
}

static void close_at_any_moment_of_the_handshake(void **state)
{
    for (int turns = 0; turns < 12; turns++) {
        for (int gently = 0; gently < 2; gently++) {
            struct pair p;

            lab_kit_pair(&p, lab_kit_of(state));
            for (int i = 0; i < turns; i++) {
                struct end *e = i % 2 == 0 ? &p.client : &p.server;
                struct end *other = i % 2 == 0 ? &p.server : &p.client;
                struct slice bytes = buf_bytes(&e->wire.from_session);

                stream_mem_give(&other->wire,
                                slice_of(bytes.data, bytes.len / 2));
                buf_take(&e->wire.from_session, bytes.len / 2);
                stream_mem_turn(&other->wire);
            }
            if (gently)
                stream_close_gently(p.server.tls);
            else
                stream_close(p.server.tls);
            p.server.tls = NULL;
            assert_true(p.server.wire.is_closed);
            p.client.wire.is_ended = true;
            pair_rest(&p);
            assert_true(p.client.result <= 0);
            pair_close(&p);
        }
    }
}

static void write_to_who_is_gone_says_so(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.wire.is_broken = true;
    assert_int_equal(stream_write(p.server.tls, "x", 1), 1);
    assert_int_equal(stream_write(p.server.tls, "x", 1), -EPIPE);
    pair_close(&p);
}

/* Wherever it breaks: below, or in TLS itself. */
static void a_break_wakes_an_owner_that_wants_nothing(void **state)
{
    struct pair p;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    p.server.is_deaf = true;
    end_update(&p.server);
    assert_int_equal(p.server.tls->interest, 0);
    pair_rest(&p);
    p.server.wire.is_broken = true;
    pair_rest(&p);
    assert_int_equal(p.server.result, -ECONNRESET);
    assert_int_equal(p.server.tls->error, -ECONNRESET);
    pair_close(&p);

    lab_kit_pair(&p, lab_kit_of(state));
    p.server.is_deaf = true;
    end_update(&p.server);
    stream_mem_give(&p.server.wire, slice_of("GET / HTTP/1.0\r\n\r\n", 18));
    pair_rest(&p);
    assert_int_equal(p.server.result, -EPROTO);
    pair_close(&p);
}

static void context_goes_while_its_connections_live(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);
    struct tls_context *server = lab_server(
        &(struct tls_settings){ .certificate_path = kit->certificate.path });
    struct tls_context *client = lab_client(&(struct tls_client_settings){
        .peer_name = "server", .thumbprint = kit->certificate.sha1 });
    struct pair p;

    pair_open(&p, server, client, NULL);
    tls_context_close(server);
    tls_context_close(client);
    say(&p.server, "before");
    pair_rest(&p);
    expect(&p.client, "before");
    pair_close(&p);
}

/* ---- on sockets and a loop ---------------------------------------------- */

struct talker {
    struct stream *stream; /* NULL: closed */
    size_t sent;
    size_t received;
    uint64_t sum;
    ssize_t result;
};

enum { TALK_LEN = 3 * 1024 * KIB + 5 };

static void on_talk(void *owner, unsigned ready)
{
    static uint8_t bytes[LIMIT_READ];
    struct talker *t = owner;

    if (ready & STREAM_WRITE) {
        size_t left = TALK_LEN - t->sent;
        ssize_t n;

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)((t->sent + i) % 251);
        n = stream_write(t->stream, bytes,
                         left < sizeof bytes ? left : sizeof bytes);
        assert_true(n >= 0);
        t->sent += (size_t)n;
        if (t->sent == TALK_LEN) {
            stream_close_gently(t->stream);
            t->stream = NULL;
        }
        return;
    }
    t->result = stream_read(t->stream, bytes, sizeof bytes);
    for (ssize_t i = 0; i < t->result; i++)
        t->sum += bytes[i] != (uint8_t)(t->received++ % 251);
    if (t->result <= 0 && t->result != -EAGAIN) {
        stream_close(t->stream);
        t->stream = NULL;
    }
}

/* The loop ends when nothing is left of them. */
static void on_a_loop(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);
    struct talker talkers[2] = { { .result = 1 }, { .result = 1 } };
    struct tls_hub hub;
    struct loop *loop;
    int ends[2];

    assert_int_equal(loop_open(&loop), 0);
    tls_hub_init(&hub, loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends),
                     0);
    for (int i = 0; i < 2; i++) {
        struct stream *below;

        assert_int_equal(stream_fd_open(loop, ends[i], NULL, &below), 0);
        talkers[i].stream =
            stream_tls_new(&hub, i == 0 ? kit->server : kit->client, below,
                           slice_of(NULL, 0), NULL);
        stream_set_owner(talkers[i].stream, on_talk, &talkers[i]);
        stream_want(talkers[i].stream, i == 0 ? STREAM_WRITE : STREAM_READ);
    }
    loop_run(loop);
    assert_int_equal(talkers[0].sent, TALK_LEN);
    assert_int_equal(talkers[1].received, TALK_LEN);
    assert_int_equal(talkers[1].sum, 0);
    assert_int_equal(talkers[1].result, 0);
    assert_int_equal(hub.stream_count, 0);
    tls_hub_done(&hub);
    loop_close(loop);
}

static void reset_in_the_handshake_is_told(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    struct linger reset = { .l_onoff = 1, .l_linger = 0 };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int far = socket(AF_INET, SOCK_STREAM, 0);
    struct talker t = { .result = 1 };
    struct tls_hub hub;
    struct loop *loop;
    struct stream *below;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&address, &len);
    assert_int_equal(connect(far, (struct sockaddr *)&address, len), 0);
    assert_int_equal(loop_open(&loop), 0);
    tls_hub_init(&hub, loop);
    assert_int_equal(
        stream_fd_open(loop, accept4(listener, NULL, NULL, SOCK_NONBLOCK), NULL,
                       &below),
        0);
    t.stream =
        stream_tls_new(&hub, kit->server, below, slice_of(NULL, 0), NULL);
    stream_set_owner(t.stream, on_talk, &t);
    stream_want(t.stream, STREAM_READ);
    setsockopt(far, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(far);
    loop_run(loop);
    assert_null(t.stream);
    assert_int_equal(t.result, -ECONNRESET);
    tls_hub_done(&hub);
    loop_close(loop);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_talk),
        cmocka_unit_test(every_segmentation_is_the_same),
        cmocka_unit_test(bytes_read_before_are_the_hello),
        cmocka_unit_test(a_stream_says_what_protects_it),
        cmocka_unit_test(all_byte_values_pass),
        cmocka_unit_test(sixteen_mebibytes_both_ways),
        cmocka_unit_test(little_room_on_the_wire_loses_nothing),
        cmocka_unit_test(peer_that_does_not_read_holds_the_writer),
        cmocka_unit_test(small_parts_share_records),
        cmocka_unit_test(parts_of_all_sizes_keep_their_order),
        cmocka_unit_test(small_reads_get_all),
        cmocka_unit_test(who_wants_nothing_is_told_later),
        cmocka_unit_test(half_a_record_is_silence),
        cmocka_unit_test(idle_connection_waits_for_nothing),
        cmocka_unit_test(closed_is_told_from_cut),
        cmocka_unit_test(one_can_write_after_the_peers_end),
        cmocka_unit_test(one_can_read_after_saying_the_end),
        cmocka_unit_test(data_before_the_end_is_read_first),
        cmocka_unit_test(gentle_end_waits_for_the_wire),
        cmocka_unit_test(gentle_end_does_not_wait_for_ever),
        cmocka_unit_test(hub_ends_what_is_closing),
        cmocka_unit_test(owners_close_in_the_middle_of_it),
        cmocka_unit_test(close_at_any_moment_of_the_handshake),
        cmocka_unit_test(write_to_who_is_gone_says_so),
        cmocka_unit_test(a_break_wakes_an_owner_that_wants_nothing),
        cmocka_unit_test(context_goes_while_its_connections_live),
        cmocka_unit_test(on_a_loop),
        cmocka_unit_test(reset_in_the_handshake_is_told),
    };

    return cmocka_run_group_tests(tests, lab_kit_open, lab_kit_close);
}
