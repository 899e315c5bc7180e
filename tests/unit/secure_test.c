/*
 * AUTHENTICATION of VMs and clients up to the hello, in every segmentation,
 * and what time does to it. Peers are raw here: every byte counts. Whole
 * sessions in TLS are in tests/program/test_tls*.py.
 */
#include "session_peer.h"
#include "tls_lab.h"

#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CLIENT_GREETING                                                        \
    IAC WILL BINARY IAC WILL SGA IAC WILL ECHO IAC DO BINARY IAC DO SGA
#define VM_GREETING CLIENT_GREETING IAC DO VMWARE
#define SB37 IAC SB AUTHENTICATION
#define OFFERS IAC WILL AUTHENTICATION
#define ASKS IAC DO AUTHENTICATION SB37 "\1\7\0" IAC SE
#define STARTS SB37 "\0\7\0\1" IAC SE
#define REFUSES SB37 "\0\0\0" IAC SE
#define ACCEPTS SB37 "\2\7\0\2" IAC SE
#define QUESTION IAC DO "c"
#define ANSWER IAC WONT "c"

enum { HELLO_MAX = 2 * KIB };

static struct lab lab;
static struct tls_context *context;
static uint8_t hello[HELLO_MAX];
static size_t hello_len;

struct side {
    const char *name;
    bool is_vm;
    struct slice greeting;
};

static const struct side sides[] = {
    { "VM", true, { (const uint8_t *)VM_GREETING, sizeof VM_GREETING - 1 } },
    { "client",
      false,
      { (const uint8_t *)CLIENT_GREETING, sizeof CLIENT_GREETING - 1 } },
};

static struct peer *connect_to(struct site *s, const struct side *side,
                               enum tls_policy policy)
{
    struct directory_settings settings = site_settings();
    struct peer *p;

    site_open(s, &settings);
    s->ctx.vm_tls = context;
    s->ctx.client_tls = context;
    if (!side->is_vm)
        (void)vm_start(s);
    s->policy = policy;
    p = side->is_vm ? vm_arrive(s) : client_arrive(s, site_console(s));
    p->is_raw = true;
    site_run(s);
    return p;
}

static void expect(struct peer *p, struct slice expected)
{
    struct slice got = buf_bytes(&p->data);

    assert_int_equal(got.len, expected.len);
    if (got.len > 0)
        assert_memory_equal(got.data, expected.data, got.len);
    peer_forget(p);
}

static void expect_greeting_and(struct peer *p, const struct side *side,
                                struct slice rest)
{
    struct slice got = buf_bytes(&p->data);

    assert_true(got.len >= side->greeting.len);
    assert_memory_equal(got.data, side->greeting.data, side->greeting.len);
    assert_int_equal(got.len, side->greeting.len + rest.len);
    assert_memory_equal(got.data + side->greeting.len, rest.data, rest.len);
    peer_forget(p);
}

/* For every side, and every size of pieces. */
static void in_all_pieces(struct slice said, enum tls_policy policy,
                          void (*check)(struct peer *p,
                                        const struct side *side))
{
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        for (size_t piece = 1; piece <= said.len; piece++) {
            struct site s;
            struct peer *p = connect_to(&s, &sides[i], policy);

            expect(p, BYTES(""));
            peer_give_pieces(p, said, piece);
            check(p, &sides[i]);
            site_close(&s);
        }
    }
}

/* The server's part of a handshake is there, in records. */
static void check_server_hello(struct peer *p)
{
    struct slice got = buf_bytes(&p->data);

    assert_true(got.len > 100);
    assert_memory_equal(got.data, "\x16\3\3", 3);
}

static void say_hello_in_pieces(struct peer *p, size_t piece)
{
    peer_give_pieces(p, slice_of(hello, hello_len), piece);
    site_tls_due(p->site);
    check_server_hello(p);
}

static void check_accepted(struct peer *p, const struct side *side)
{
    expect_greeting_and(p, side, BYTES(ASKS ACCEPTS));
    say_hello_in_pieces(p, hello_len);
}

static void what_has_to_wait_comes_after_it(void **state)
{
    (void)state;
    in_all_pieces(BYTES(OFFERS QUESTION STARTS), TLS_OFFERED, check_accepted);
    in_all_pieces(BYTES(OFFERS QUESTION STARTS), TLS_REQUIRED, check_accepted);
}

static void check_clear(struct peer *p, const struct side *side)
{
    expect_greeting_and(p, side, BYTES(ASKS ANSWER));
    peer_give(p, BYTES(STARTS QUESTION));
    expect(p, BYTES(ANSWER));
}

static void refused_it_goes_on_in_the_clear(void **state)
{
    (void)state;
    in_all_pieces(BYTES(OFFERS QUESTION REFUSES), TLS_OFFERED, check_clear);
}

static void check_clear_after_accept(struct peer *p, const struct side *side)
{
    expect_greeting_and(p, side, BYTES(ASKS ACCEPTS ANSWER));
}

static void no_hello_after_accept_is_clear_telnet(void **state)
{
    (void)state;
    in_all_pieces(BYTES(OFFERS STARTS QUESTION), TLS_OFFERED,
                  check_clear_after_accept);
}

static void check_refused(struct peer *p, const struct side *side)
{
    if (!side->is_vm)
        site_negotiations_due(p->site);
    assert_true(p->stream.is_closed);
}

static void where_it_is_required_there_is_no_way_around(void **state)
{
    (void)state;
    in_all_pieces(BYTES(OFFERS STARTS QUESTION), TLS_REQUIRED, check_refused);
    in_all_pieces(BYTES(OFFERS REFUSES), TLS_REQUIRED, check_refused);
    in_all_pieces(BYTES(IAC WONT AUTHENTICATION), TLS_REQUIRED, check_refused);
    in_all_pieces(BYTES(OFFERS "data"), TLS_REQUIRED, check_refused);
}

static void a_hello_may_come_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        for (size_t piece = 1; piece <= hello_len; piece += 1 + piece / 8) {
            struct site s;
            struct peer *p = connect_to(&s, &sides[i], TLS_TELNETS);

            say_hello_in_pieces(p, piece);
            site_close(&s);
            p = connect_to(&s, &sides[i], TLS_OFFERED);
            peer_give(p, BYTES(OFFERS STARTS));
            peer_forget(p);
            say_hello_in_pieces(p, piece);
            site_close(&s);
        }
    }
}

static void a_handshake_has_its_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        for (size_t len = 1; len <= hello_len; len += 37) {
            struct site s;
            struct peer *p = connect_to(&s, &sides[i], TLS_REQUIRED);

            peer_give(p, slice_of(hello, len));
            site_first_bytes_due(&s);
            assert_false(p->stream.is_closed);
            site_tls_due(&s);
            assert_true(p->stream.is_closed);
            site_close(&s);
        }
    }
}

static void who_says_nothing_is_greeted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct site s;
        struct peer *p = connect_to(&s, &sides[i], TLS_OFFERED);

        expect(p, BYTES(""));
        site_first_bytes_due(&s);
        expect_greeting_and(p, &sides[i], BYTES(IAC DO AUTHENTICATION));
        peer_give(p, BYTES(OFFERS STARTS));
        expect(p, BYTES(SB37 "\1\7\0" IAC SE ACCEPTS));
        say_hello_in_pieces(p, 10);
        site_close(&s);
    }
}

static void half_of_it_has_its_time(void **state)
{
    static const struct slice said[] = {
        { (const uint8_t *)OFFERS, sizeof OFFERS - 1 },
        { (const uint8_t *)(OFFERS STARTS), sizeof(OFFERS STARTS) - 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        for (size_t n = 0; n < 2; n++) {
            struct site s;
            struct peer *p = connect_to(&s, &sides[i], TLS_OFFERED);

            peer_give(p, said[n]);
            assert_false(p->stream.is_closed);
            if (sides[i].is_vm)
                site_identities_due(&s);
            else
                site_drains_due(&s);
            assert_true(p->stream.is_closed);
            site_close(&s);
        }
    }
}

/* 0: none. */
static uint64_t next_due(const struct deadline_queue *q)
{
    const struct deadline *d = deadline_first(q);

    return d != NULL ? d->due_us : 0;
}

/* NAME (RFC 2941) changes nothing here, however often it comes. */
static void what_is_ignored_gives_no_more_time(void **state)
{
    struct site s;
    struct peer *p = connect_to(&s, &sides[1], TLS_OFFERED);
    uint64_t due_us;

    (void)state;
    peer_give(p, BYTES(OFFERS));
    due_us = next_due(&s.ctx.clients->exchanges);
    assert_int_not_equal(due_us, 0);
    for (int i = 0; i < 3; i++)
        peer_give(p, BYTES(SB37 "\3me" IAC SE));
    assert_int_equal(next_due(&s.ctx.clients->exchanges), due_us);
    site_drains_due(&s);
    assert_true(p->stream.is_closed);
    site_close(&s);
}

static void who_takes_no_answers_gets_no_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        for (size_t room = 0; room < 40; room++) {
            struct site s;
            struct peer *p = connect_to(&s, &sides[i], TLS_OFFERED);

            p->stream.room = room;
            peer_give(p, BYTES(OFFERS STARTS));
            peer_give(p, slice_of(hello, hello_len));
            assert_true(buf_bytes(&p->data).len <= room);
            peer_unblock(p);
            site_tls_due(&s);
            site_close(&s);
        }
    }
}

static int open_lab(void **state)
{
    static const struct lab_wish wish = { .common_name = "vspcd" };
    struct lab_certificate certificate;
    struct raw raw;

    (void)state;
    lab_open(&lab);
    certificate = lab_make(&lab, "server.pem", &wish);
    context = lab_server(
        &(struct tls_settings){ .certificate_path = certificate.path });
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    (void)SSL_do_handshake(raw.ssl);
    hello_len = (size_t)BIO_read(raw.out, hello, sizeof hello);
    raw_done(&raw);
    return 0;
}

static int close_lab(void **state)
{
    (void)state;
    tls_context_close(context);
    lab_close(&lab);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_to_wait_comes_after_it),
        cmocka_unit_test(refused_it_goes_on_in_the_clear),
        cmocka_unit_test(no_hello_after_accept_is_clear_telnet),
        cmocka_unit_test(where_it_is_required_there_is_no_way_around),
        cmocka_unit_test(a_hello_may_come_in_any_pieces),
        cmocka_unit_test(a_handshake_has_its_time),
        cmocka_unit_test(who_says_nothing_is_greeted),
        cmocka_unit_test(half_of_it_has_its_time),
        cmocka_unit_test(what_is_ignored_gives_no_more_time),
        cmocka_unit_test(who_takes_no_answers_gets_no_tls),
    };

    return cmocka_run_group_tests_name("secure", tests, open_lab, close_lab);
}
