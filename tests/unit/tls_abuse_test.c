/* TLS peers that stall, lie, flood and speak something else: each is told in
 * words, and costs a bounded amount. */
#include "tls_lab.h"

#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void stalled_handshake_falls_due(void **state)
{
    struct pair p;
    struct deadline *d;

    lab_kit_pair(&p, lab_kit_of(state));
    assert_null(
        deadline_pop(&p.hub.handshakes, clock_now_us() + TLS_HANDSHAKE_US / 2));
    d = deadline_pop(&p.hub.handshakes,
                     clock_now_us() + TLS_HANDSHAKE_US + 1000);
    assert_non_null(d);
    p.hub.handshakes.on_due(d, &p.hub);
    while (lab_turn(&p.hub, &p.server))
        ;
    assert_int_equal(p.server.result, -ETIMEDOUT);
    assert_string_equal(p.server.problem, "TLS: the handshake takes too long");
    pair_close(&p);
}

/* One server, and these bytes as its peer's first; what it says of them. */
static void hear(struct lab_kit *kit, struct slice bytes, size_t piece,
                 struct end *ret_end)
{
    struct tls_hub hub;

    tls_hub_init(&hub, NULL);
    end_open(ret_end, &hub, kit->server, NULL);
    for (size_t at = 0; at < bytes.len; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;

        stream_mem_give(&ret_end->wire, slice_of(bytes.data + at, len));
        while (lab_turn(&hub, ret_end))
            ;
        if (ret_end->result != 1)
            break;
    }
    end_done(ret_end);
    tls_hub_done(&hub);
}

static void other_protocols_are_named(void **state)
{
    static const struct {
        struct slice bytes;
        const char *words;
    } heard[] = {
        { { (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18 }, "HTTP" },
        { { (const uint8_t *)"\xff\xfb\x25\xff\xfb\x00", 6 }, "plain telnet" },
        { { (const uint8_t *)"SSH-2.0-OpenSSH\r\n", 17 }, "SSH" },
        { { (const uint8_t *)"root\r\n\r\n\r\n", 10 }, "byte 0x72" },
        { { (const uint8_t *)"\x80\x2e\x01\x03\x01\x00\x15\x00\x00", 9 },
          "byte 0x80" },
        { { (const uint8_t *)"\x16\x16\x16\x16\x16\x16\x16\x16\x16", 9 },
          "a TLS hello was expected" },
        { { (const uint8_t *)"\x16\x03\x01\x00\x50\x02\x00\x00\x4c", 9 },
          "a TLS hello was expected" },
        { { (const uint8_t *)"\x16\x03\x01\x40\x00\x01\x01\x00\x00", 9 },
          "hello is too long" },
        { { (const uint8_t *)"\x16\x03\x01\xff\xff\x01\x00\x10\x00", 9 },
          "longer record" },
        { { (const uint8_t *)"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03",
            11 },
          "broke the protocol" },
    };

    for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++) {
        struct end e;

        hear(lab_kit_of(state), heard[i].bytes, SIZE_MAX, &e);
        assert_int_equal(e.result, -EPROTO);
        if (strstr(e.problem, heard[i].words) == NULL)
            fail_msg("%zu: %s", i, e.problem);
        hear(lab_kit_of(state), heard[i].bytes, 1, &e);
        assert_int_equal(e.result, -EPROTO);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void server_that_speaks_no_tls_is_named(void **state)
{
    struct tls_hub hub;
    struct end e;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->client, "host");
    stream_mem_give(&e.wire, slice_of_text("\xff\xfd\x25"));
    while (lab_turn(&hub, &e))
        ;
    assert_int_equal(e.result, -EPROTO);
    assert_string_equal(e.problem, "TLS: an answer in TLS was expected, and "
                                   "the peer speaks plain telnet");
    end_done(&e);
    tls_hub_done(&hub);
}

/* Bytes that end the handshake say so, whatever was read before it. */
static void garbage_before_anybody_owns_the_stream(void **state)
{
    struct tls_hub hub;
    struct end e = { .result = 1 };

    tls_hub_init(&hub, NULL);
    stream_mem_init(&e.wire, 64 * KIB);
    e.tls = stream_tls_new(&hub, lab_kit_of(state)->server, &e.wire.stream,
                           slice_of_text("\r\n"), NULL);
    assert_string_not_equal(stream_security(e.tls).problem, "");
    assert_int_equal(stream_read(e.tls, &e, 1), -EPROTO);
    end_done(&e);
    tls_hub_done(&hub);
}

static void records_longer_than_allowed_end_it(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;
    uint8_t record[] = { 23, 3, 3, 0x48, 0x01 };

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    stream_mem_give(&e.wire, slice_of(record, sizeof record));
    raw_rest(&raw, &hub, &e);
    assert_int_equal(e.result, -EPROTO);
    assert_non_null(strstr(e.problem, "longer record"));
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

static void changed_data_ends_it(void **state)
{
    struct pair p;
    struct slice record;

    lab_kit_pair(&p, lab_kit_of(state));
    pair_rest(&p);
    assert_int_equal(stream_write(p.server.tls, "some words", 10), 10);
    record = buf_bytes(&p.server.wire.from_session);
    stream_mem_give(&p.client.wire, slice_of(record.data, record.len - 1));
    stream_mem_give(
        &p.client.wire,
        slice_of((uint8_t[]){ record.data[record.len - 1] ^ 1u }, 1));
    buf_done(&p.server.wire.from_session);
    pair_rest(&p);
    assert_int_equal(p.client.result, -EPROTO);
    assert_non_null(strstr(p.client.problem, "changed or damaged"));
    assert_int_equal(p.client.got_len, 0);
    assert_int_equal(ERR_peek_error(), 0);
    pair_close(&p);
}

static void nobody_renegotiates(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_2_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    assert_string_equal(SSL_get_version(raw.ssl), "TLSv1.2");
    assert_int_equal(SSL_renegotiate(raw.ssl), 1);
    ERR_clear_error();
    SSL_do_handshake(raw.ssl);
    assert_true(raw_send(&raw, &e));
    while (lab_turn(&hub, &e))
        ;
    /* Our answer is a warning; what becomes of it is the client's decision:
     * this one gives up. */
    assert_int_equal(e.result, 1);
    assert_true(raw_receive(&raw, &e));
    ERR_clear_error();
    assert_int_equal(SSL_do_handshake(raw.ssl), -1);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
    raw_rest(&raw, &hub, &e);
    assert_int_equal(e.result, -EPROTO);
    assert_string_equal(e.problem, "TLS: the peer ended it: handshake failure");
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

static void key_updates_are_followed(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    for (int i = 0; i < 40; i++) {
        SSL_key_update(raw.ssl, SSL_KEY_UPDATE_REQUESTED);
        assert_int_equal(SSL_write(raw.ssl, "x", 1), 1);
        raw_rest(&raw, &hub, &e);
        assert_int_equal(stream_write(e.tls, "y", 1), 1);
        raw_rest(&raw, &hub, &e);
    }
    assert_int_equal(e.got_len, 40);
    assert_int_equal(e.result, 1);
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

static void flood_of_key_updates_ends_it(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    for (int i = 0; i < 1000; i++) {
        SSL_key_update(raw.ssl, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(raw.ssl);
    }
    raw_rest(&raw, &hub, &e);
    assert_int_equal(e.result, -EPROTO);
    assert_non_null(strstr(e.problem, "flood"));
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

/* Answers that are not taken are bounded: the peer is not read meanwhile. */
static void unread_answers_hold_the_peer_back(void **state)
{
    struct raw raw;
    struct end e;
    struct tls_hub hub;
    int rounds = 0;

    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, lab_kit_of(state)->server, NULL);
    raw_open(&raw, true, NULL, TLS1_3_VERSION, NULL);
    raw_rest(&raw, &hub, &e);
    e.wire.room = 0;
    for (; rounds < 20000 && e.wire.to_session.len == 0; rounds++) {
        char *bytes;
        long len;

        SSL_key_update(raw.ssl, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(raw.ssl);
        len = BIO_get_mem_data(raw.out, &bytes);
        stream_mem_give(&e.wire, slice_of(bytes, (size_t)len));
        (void)BIO_reset(raw.out);
        while (lab_turn(&hub, &e))
            ;
    }
    assert_in_range(rounds, 100, 10000);
    assert_int_equal(e.result, 1);
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
}

/* A peer whose handshake flight is not taken is closed all the same. */
static void handshake_without_room_ends_when_due(void **state)
{
    struct pair p;
    struct deadline *d;

    lab_kit_pair(&p, lab_kit_of(state));
    p.server.wire.room = 100;
    pair_rest(&p);
    d = deadline_pop(&p.hub.handshakes,
                     clock_now_us() + TLS_HANDSHAKE_US + 1000);
    assert_non_null(d);
    p.hub.handshakes.on_due(d, &p.hub);
    pair_rest(&p);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stalled_handshake_falls_due),
        cmocka_unit_test(other_protocols_are_named),
        cmocka_unit_test(server_that_speaks_no_tls_is_named),
        cmocka_unit_test(garbage_before_anybody_owns_the_stream),
        cmocka_unit_test(records_longer_than_allowed_end_it),
        cmocka_unit_test(changed_data_ends_it),
        cmocka_unit_test(nobody_renegotiates),
        cmocka_unit_test(key_updates_are_followed),
        cmocka_unit_test(flood_of_key_updates_ends_it),
        cmocka_unit_test(unread_answers_hold_the_peer_back),
        cmocka_unit_test(handshake_without_room_ends_when_due),
    };

    return cmocka_run_group_tests(tests, lab_kit_open, lab_kit_close);
}
