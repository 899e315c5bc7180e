/* What a reload, and a date, make of certificates that were accepted before. */
#include "base/clock.h"
#include "net/tls/tls_context_private.h"
#include "tls_people.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- reloads ------------------------------------------------------------- */

/* An open connection of alice, whose server then follows next. */
struct reload {
    struct tls_context *before;
    struct tls_context *next;
    struct pair p;
};

static void reload_open(struct reload *r, const struct person *who)
{
    struct path crl = people_write_crls(CRL(.by = &people.root), NULL);

    *r = (struct reload){ .before = people_server(people.root.path, crl.text) };
    people_connect(&r->p, r->before, who);
    assert_true(stream_security(r->p.server.tls).has_certificate);
}

static void follow(struct reload *r, struct tls_context *next)
{
    tls_context_close(r->next);
    r->next = next;
    stream_tls_follow(r->p.server.tls, next);
    pair_rest(&r->p);
}

static void reload_close(struct reload *r)
{
    pair_close(&r->p);
    tls_context_close(r->before);
    tls_context_close(r->next);
}

/* Whatever its owner then does: the stream works. */
static void still_works(struct reload *r)
{
    size_t had = r->p.client.got_len;

    r->p.server.to_send = slice_of_text("the reason");
    end_update(&r->p.server);
    pair_rest(&r->p);
    assert_int_equal(r->p.client.got_len, had + 10);
}

static void is_trusted(struct reload *r)
{
    assert_int_equal(r->p.server.distrusted, 0);
    assert_true(stream_security(r->p.server.tls).has_certificate);
    assert_string_equal(stream_security(r->p.server.tls).problem, "");
    assert_string_not_equal(stream_certificate(r->p.server.tls).name, "");
    still_works(r);
}

static void is_distrusted(struct reload *r, const char *words)
{
    assert_int_equal(r->p.server.distrusted, 1);
    assert_string_equal(r->p.server.problem, words);
    assert_false(stream_security(r->p.server.tls).has_certificate);
    assert_string_equal(stream_certificate(r->p.server.tls).name, "");
    assert_string_equal(stream_certificate(r->p.server.tls).serial, "");
    still_works(r);
    /* Once. */
    stream_tls_follow(r->p.server.tls, NULL);
    pair_rest(&r->p);
    assert_int_equal(r->p.server.distrusted, 1);
}

static void who_is_revoked_loses_an_open_connection(void **state)
{
    struct reload r;
    struct path crl;

    (void)state;
    reload_open(&r, &people.alice);
    crl = people_write_crls(
        CRL(.by = &people.root, .revoked = people.bob.certificate), NULL);
    follow(&r, people_server(people.root.path, crl.text));
    is_trusted(&r);
    crl = people_write_crls(
        CRL(.by = &people.root, .revoked = people.alice.certificate), NULL);
    follow(&r, people_server(people.root.path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

static void who_is_signed_by_nobody_known_loses_it(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    follow(&r, people_server(people.all_path, NULL));
    is_trusted(&r);
    follow(&r, people_server(people.other.path, NULL));
    is_distrusted(&r, "TLS: a certificate behind the peer's is signed by a "
                      "CA that is "
                      "not known here: root");
    reload_close(&r);
}

static void the_chain_that_was_shown_counts(void **state)
{
    struct reload r;
    struct path crl = people_write_crls(CRL(.by = &people.middle), NULL);

    (void)state;
    r = (struct reload){ .before = people_server(people.root.path, crl.text) };
    people_connect(&r.p, r.before, &people.carol);
    follow(&r, people_server(people.all_path, crl.text));
    is_trusted(&r);
    crl = people_write_crls(
        CRL(.by = &people.middle, .revoked = people.carol.certificate), NULL);
    follow(&r, people_server(people.all_path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

static void where_none_is_asked_for_none_counts(void **state)
{
    struct tls_context *any = lab_server(
        &(struct tls_settings){ .certificate_path = people.server.path });

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct reload r;

        reload_open(&r, &people.alice);
        follow(&r, i == 0 ? NULL : tls_context_share(any));
        is_distrusted(&r, "TLS: the peer shows a certificate, and none is "
                          "asked for any more");
        reload_close(&r);
    }
    tls_context_close(any);
}

/* What it says is still so, and whose newest CRL is missing was let in. */
static void an_expired_crl_ends_no_open_connection(void **state)
{
    struct reload r;
    struct path crl;

    (void)state;
    reload_open(&r, &people.alice);
    crl = people_write_crls(CRL(.by = &people.root,
                                .revoked = people.bob.certificate,
                                .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
                            NULL);
    follow(&r, people_server(people.root.path, crl.text));
    is_trusted(&r);
    crl = people_write_crls(CRL(.by = &people.root,
                                .revoked = people.alice.certificate,
                                .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
                            NULL);
    follow(&r, people_server(people.root.path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

/* SIGHUP comes each night, for the sake of the logs. */
static void nobody_is_judged_where_nothing_has_changed(void **state)
{
    struct reload r;
    struct path crl;

    (void)state;
    reload_open(&r, &people.alice);
    crl = (struct path){ "" };
    snprintf(crl.text, sizeof crl.text, "%s/crls.pem", people.lab.folder);
    r.next = people_server(people.root.path, crl.text);
    stream_tls_follow(r.p.server.tls, r.next);
    assert_true(list_is_empty(&r.p.hub.waiting));
    /* The former files' contents are no longer in memory nevertheless. */
    assert_ptr_equal(SSL_CTX_get_cert_store(r.before->ctx),
                     SSL_CTX_get_cert_store(r.next->ctx));
    is_trusted(&r);
    reload_close(&r);
}

static void the_name_follows(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    assert_string_equal(stream_certificate(r.p.server.tls).name, "alice");
    follow(&r, lab_server(&(struct tls_settings){
                   .certificate_path = people.server.path,
                   .ca_path = people.root.path,
                   .clients = TLS_CLIENTS_MUST_SHOW,
                   .name = TLS_NAME_DNS }));
    assert_string_equal(stream_certificate(r.p.server.tls).name, "");
    assert_string_not_equal(stream_certificate(r.p.server.tls).nameless, "");
    assert_int_equal(r.p.server.distrusted, 0);
    reload_close(&r);
}

/* Judged by what is trusted now, whatever its context began with. */
static void a_handshake_under_way_follows(void **state)
{
    struct path crl = people_write_crls(CRL(.by = &people.root), NULL);
    struct tls_context *server = people_server(people.root.path, crl.text);
    struct tls_context *client = people_client(&people.alice);
    struct tls_context *next;
    struct pair p;

    (void)state;
    pair_open(&p, server, client, NULL);
    crl = people_write_crls(
        CRL(.by = &people.root, .revoked = people.alice.certificate), NULL);
    next = people_server(people.root.path, crl.text);
    stream_tls_follow(p.server.tls, next);
    pair_rest(&p);
    assert_string_equal(p.server.problem,
                        "TLS: the peer's certificate has been revoked");
    pair_close(&p);
    tls_context_close(server);
    tls_context_close(client);
    tls_context_close(next);
}

static void who_showed_none_is_not_judged(void **state)
{
    struct tls_context *server = lab_server(
        &(struct tls_settings){ .certificate_path = people.server.path,
                                .ca_path = people.root.path,
                                .clients = TLS_CLIENTS_MAY_SHOW });
    struct tls_context *next = people_server(people.other.path, NULL);
    struct tls_context *client =
        lab_client(&(struct tls_client_settings){ .verify = false });
    struct pair p;

    (void)state;
    pair_open(&p, server, client, NULL);
    pair_rest(&p);
    stream_tls_follow(p.server.tls, next);
    pair_rest(&p);
    assert_int_equal(p.server.distrusted, 0);
    assert_string_equal(p.server.problem, "");
    pair_close(&p);
    tls_context_close(server);
    tls_context_close(next);
    tls_context_close(client);
}

/* Other streams have nothing to follow. */
static void streams_without_certificates_follow_nothing(void **state)
{
    struct tls_context *next = people_server(people.other.path, NULL);
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    stream_tls_follow(r.p.client.tls, next);
    stream_tls_follow(&r.p.server.wire.stream, next);
    pair_rest(&r.p);
    is_trusted(&r);
    reload_close(&r);
    tls_context_close(next);
}

static void its_owner_may_close_it_at_once(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    r.p.server.result = 0;
    r.p.server.closes_when_over = true;
    follow(&r, NULL);
    assert_null(r.p.server.tls);
    assert_int_equal(r.p.server.distrusted, 1);
    reload_close(&r);
}

static void one_that_is_closed_is_not_judged(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    stream_tls_follow(r.p.server.tls, NULL);
    stream_close(r.p.server.tls);
    r.p.server.tls = NULL;
    assert_true(list_is_empty(&r.p.hub.waiting));
    pair_rest(&r.p);
    assert_int_equal(r.p.server.distrusted, 0);
    reload_close(&r);
}

/* ---- dates --------------------------------------------------------------- */

/* The looks of a minute, now; false: nobody is looked at. */
static bool look(struct tls_hub *hub)
{
    struct deadline *d = deadline_pop(&hub->looks, UINT64_MAX);

    if (d != NULL)
        hub->looks.on_due(d, hub);
    return d != NULL;
}

static void a_certificate_that_expires_is_seen(void **state)
{
    struct person brief = people_make("brief", &people.root, 1);
    struct reload r = { .before = people_server(people.root.path, NULL) };
    uint64_t until_us = clock_now_us() + 20 * 1000 * 1000;

    (void)state;
    people_connect(&r.p, r.before, &brief);
    assert_int_equal(r.p.server.distrusted, 0);
    while (r.p.server.distrusted == 0) {
        assert_true(clock_now_us() < until_us);
        assert_true(look(&r.p.hub));
        pair_rest(&r.p);
    }
    assert_memory_equal(r.p.server.problem,
                        "TLS: the peer's certificate has expired on 20", 45);
    assert_false(look(&r.p.hub));
    still_works(&r);
    reload_close(&r);
    X509_free(brief.certificate);
}

static void only_certificates_are_looked_at(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &people.alice);
    /* Of the two ends, one; again and again. */
    assert_true(look(&r.p.hub));
    assert_true(look(&r.p.hub));
    assert_true(list_is_empty(&r.p.hub.waiting));
    stream_close(r.p.server.tls);
    r.p.server.tls = NULL;
    assert_false(look(&r.p.hub));
    reload_close(&r);
}

/* ---- a crowd ------------------------------------------------------------- */

static bool move_all(struct end *from, struct end *to)
{
    struct slice bytes = buf_bytes(&from->wire.from_session);

    if (bytes.len == 0)
        return false;
    assert_int_equal(stream_mem_give(&to->wire, bytes), 0);
    buf_take(&from->wire.from_session, bytes.len);
    return true;
}

/* All of them are judged, and no turn has more of them than of handshakes. */
static void a_crowd_is_judged_in_turns(void **state)
{
    enum { CROWD = 3 * TLS_STEPS_PER_TURN };
    static struct end servers[CROWD];
    static struct end clients[CROWD];
    struct tls_context *server = people_server(people.root.path, NULL);
    struct tls_context *client = people_client(&people.alice);
    struct tls_hub hub;
    int turns = 0;
    int before = 0;

    (void)state;
    tls_hub_init(&hub, NULL);
    for (int i = 0; i < CROWD; i++) {
        end_open(&servers[i], &hub, server, NULL);
        end_open(&clients[i], &hub, client, NULL);
        for (bool goes_on = true; goes_on;) {
            goes_on = lab_turn(&hub, &servers[i]);
            goes_on |= lab_turn(&hub, &clients[i]);
            goes_on |= move_all(&servers[i], &clients[i]);
            goes_on |= move_all(&clients[i], &servers[i]);
        }
        assert_true(stream_security(servers[i].tls).has_certificate);
    }
    for (int i = 0; i < CROWD; i++)
        stream_tls_follow(servers[i].tls, NULL);
    while (before < CROWD) {
        struct deadline *d = deadline_pop(&hub.turns, UINT64_MAX);
        int now = 0;

        assert_non_null(d);
        hub.turns.on_due(d, &hub);
        for (int i = 0; i < CROWD; i++)
            now += (int)servers[i].distrusted;
        assert_in_range(now - before, 0, TLS_STEPS_PER_TURN);
        before = now;
        turns++;
    }
    assert_true(turns >= CROWD / TLS_STEPS_PER_TURN);
    for (int i = 0; i < CROWD; i++) {
        end_done(&servers[i]);
        end_done(&clients[i]);
    }
    tls_hub_done(&hub);
    tls_context_close(server);
    tls_context_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_revoked_loses_an_open_connection),
        cmocka_unit_test(who_is_signed_by_nobody_known_loses_it),
        cmocka_unit_test(the_chain_that_was_shown_counts),
        cmocka_unit_test(where_none_is_asked_for_none_counts),
        cmocka_unit_test(an_expired_crl_ends_no_open_connection),
        cmocka_unit_test(nobody_is_judged_where_nothing_has_changed),
        cmocka_unit_test(the_name_follows),
        cmocka_unit_test(a_handshake_under_way_follows),
        cmocka_unit_test(who_showed_none_is_not_judged),
        cmocka_unit_test(streams_without_certificates_follow_nothing),
        cmocka_unit_test(its_owner_may_close_it_at_once),
        cmocka_unit_test(one_that_is_closed_is_not_judged),
        cmocka_unit_test(a_certificate_that_expires_is_seen),
        cmocka_unit_test(only_certificates_are_looked_at),
        cmocka_unit_test(a_crowd_is_judged_in_turns),
    };

    return cmocka_run_group_tests(tests, people_open, people_close);
}
