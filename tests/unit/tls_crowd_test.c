/* A crowd of handshakes: each turn of the loop takes a few steps of them. */
#include "tls_lab.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CROWD = 100 };

/* Peers that have said their hellos, to servers that have not answered. */
struct crowd {
    struct tls_hub hub;
    struct tls_hub hub_of_clients;
    struct end client;
    struct end servers[CROWD];
    uint8_t hello[2 * KIB];
    size_t hello_len;
};

static void crowd_open(struct crowd *c, struct lab_kit *kit)
{
    struct slice hello;

    *c = (struct crowd){ 0 };
    tls_hub_init(&c->hub, NULL);
    tls_hub_init(&c->hub_of_clients, NULL);
    end_open(&c->client, &c->hub_of_clients, kit->client, "server");
    hello = buf_bytes(&c->client.wire.from_session);
    c->hello_len = hello.len;
    assert_in_range(hello.len, 100, sizeof c->hello);
    memcpy(c->hello, hello.data, hello.len);
    buf_take(&c->client.wire.from_session, hello.len);
    for (int i = 0; i < CROWD; i++) {
        end_open(&c->servers[i], &c->hub, kit->server, NULL);
        assert_int_equal(stream_mem_give(&c->servers[i].wire,
                                         slice_of(c->hello, c->hello_len)),
                         0);
    }
}

static void crowd_close(struct crowd *c)
{
    for (int i = 0; i < CROWD; i++)
        end_done(&c->servers[i]);
    end_done(&c->client);
    tls_hub_done(&c->hub);
    tls_hub_done(&c->hub_of_clients);
}

static bool has_answered(const struct end *e)
{
    return e->wire.from_session.len > 0;
}

/* How many of the crowd have an answer; they are the first ones. */
static int answered(const struct crowd *c)
{
    int count = 0;

    while (count < CROWD && has_answered(&c->servers[count]))
        count++;
    for (int i = count; i < CROWD; i++)
        assert_false(has_answered(&c->servers[i]));
    return count;
}

/* The wires of one turn of the loop. */
static void crowd_wires(struct crowd *c)
{
    for (int i = 0; i < CROWD; i++)
        (void)stream_mem_turn(&c->servers[i].wire);
}

static bool move_all(struct end *from, struct end *to)
{
    struct slice bytes = buf_bytes(&from->wire.from_session);

    if (bytes.len == 0)
        return false;
    assert_int_equal(stream_mem_give(&to->wire, bytes), 0);
    buf_take(&from->wire.from_session, bytes.len);
    return true;
}

static void next_turn(struct tls_hub *hub)
{
    struct deadline *d = deadline_pop(&hub->turns, UINT64_MAX);

    assert_non_null(d);
    hub->turns.on_due(d, hub);
}

static void a_turn_has_few_steps_for_a_crowd(void **state)
{
    int before = 0;
    struct crowd c;

    crowd_open(&c, lab_kit_of(state));
    crowd_wires(&c);
    while (answered(&c) < CROWD) {
        int now = answered(&c);

        assert_in_range(now - before, 1, TLS_STEPS_PER_TURN);
        before = now;
        next_turn(&c.hub);
        crowd_wires(&c);
    }
    crowd_close(&c);
}

/* The bytes of a handshake that waits stay below; those of others do not. */
static void who_has_shaken_hands_does_not_wait_behind_a_crowd(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);
    struct crowd c;
    struct end *e;

    crowd_open(&c, kit);
    e = &c.servers[0];
    for (bool goes_on = true; goes_on;) {
        goes_on = lab_turn(&c.hub, e);
        goes_on |= lab_turn(&c.hub_of_clients, &c.client);
        goes_on |= move_all(e, &c.client);
        goes_on |= move_all(&c.client, e);
    }
    c.client.to_send = slice_of_text("typed");
    end_update(&c.client);
    (void)lab_turn(&c.hub_of_clients, &c.client);
    crowd_wires(&c); /* the crowd's hellos come in the same turn */
    assert_true(move_all(&c.client, e));
    (void)stream_mem_turn(&e->wire);
    assert_int_equal(e->got_len, 5);
    assert_memory_equal(e->got, "typed", 5);
    assert_false(has_answered(&c.servers[CROWD - 1]));
    crowd_close(&c);
}

static void who_goes_while_it_waits_leaves_the_queue(void **state)
{
    struct crowd c;

    crowd_open(&c, lab_kit_of(state));
    crowd_wires(&c);
    for (int i = 0; i < CROWD; i += 2) {
        stream_close(c.servers[i].tls);
        c.servers[i].tls = NULL;
    }
    while (!list_is_empty(&c.hub.waiting))
        next_turn(&c.hub);
    for (int i = 1; i < CROWD; i += 2)
        assert_true(has_answered(&c.servers[i]));
    crowd_close(&c);
}

/* Bytes that were read before the stream began are kept for their step. */
static void a_hello_that_was_read_before_waits_too(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);
    struct end late = { .result = 1 };
    struct crowd c;

    crowd_open(&c, kit);
    crowd_wires(&c);
    stream_mem_init(&late.wire, 64 * KIB);
    late.tls = stream_tls_new(&c.hub, kit->server, &late.wire.stream,
                              slice_of(c.hello, c.hello_len), NULL);
    stream_want(late.tls, 0);
    assert_false(has_answered(&late));
    while (!list_is_empty(&c.hub.waiting))
        next_turn(&c.hub);
    assert_true(has_answered(&late));
    end_done(&late);
    crowd_close(&c);
}

/* "": the handshake has failed. */
static const char *shaken_with(struct lab_kit *kit, const char *group,
                               int newest)
{
    struct tls_hub hub;
    const char *with = "";
    struct raw peer;
    struct end e;

    tls_hub_init(&hub, NULL);
    raw_open(&peer, true, NULL, newest, NULL);
    assert_int_equal(SSL_set1_groups_list(peer.ssl, group), 1);
    end_open(&e, &hub, kit->server, NULL);
    raw_rest(&peer, &hub, &e);
    if (SSL_is_init_finished(peer.ssl))
        with = group;
    end_done(&e);
    raw_done(&peer);
    tls_hub_done(&hub);
    return with;
}

/* The peer chooses, and the loop computes. P-256 is what every host offers. */
static void groups_that_cost_much_are_refused(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    struct lab_kit *kit = lab_kit_of(state);

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        assert_string_equal(shaken_with(kit, "P-521", versions[i]), "");
        assert_string_equal(shaken_with(kit, "P-384", versions[i]), "");
        assert_string_equal(shaken_with(kit, "P-256", versions[i]), "P-256");
        assert_string_equal(shaken_with(kit, "X25519:P-256", versions[i]),
                            "X25519:P-256");
        assert_string_equal(shaken_with(kit, "P-521:P-384:P-256", versions[i]),
                            "P-521:P-384:P-256");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_has_few_steps_for_a_crowd),
        cmocka_unit_test(who_has_shaken_hands_does_not_wait_behind_a_crowd),
        cmocka_unit_test(who_goes_while_it_waits_leaves_the_queue),
        cmocka_unit_test(a_hello_that_was_read_before_waits_too),
        cmocka_unit_test(groups_that_cost_much_are_refused),
    };

    return cmocka_run_group_tests(tests, lab_kit_open, lab_kit_close);
}
