/* Who is at the other end: each parameter of a URI's fragment accepts and
 * refuses, and each refusal says why. */
#include "net/tls/tls_context_private.h"
#include "tls_lab.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct kit {
    struct lab lab;
    struct lab_certificate own;      /* self-signed: web-01, 10.0.0.1, ::1 */
    struct lab_certificate other;    /* self-signed, the same names */
    struct lab_certificate plain;    /* by the CA; common name only */
    struct lab_certificate named;    /* by the CA; web-01 */
    struct lab_certificate expired;  /* by the CA; web-01 */
    struct lab_certificate unripe;   /* likewise */
    struct lab_certificate outdated; /* self-signed, expired */
};

static struct kit kit;

static int open_kit(void **state)
{
    static const char names[] = "DNS:web-01,DNS:*.lab.example,IP:10.0.0.1,"
                                "IP:::1";

    (void)state;
    lab_open(&kit.lab);
    kit.own = lab_make(&kit.lab, "own.pem",
                       &(struct lab_wish){ .common_name = "concentrator",
                                           .names = names,
                                           .is_self_signed = true });
    kit.other = lab_make(&kit.lab, "other.pem",
                         &(struct lab_wish){ .common_name = "concentrator",
                                             .names = names,
                                             .is_self_signed = true });
    kit.plain = lab_make(&kit.lab, "plain.pem",
                         &(struct lab_wish){ .common_name = "Lab rack 4" });
    kit.named = lab_make(
        &kit.lab, "named.pem",
        &(struct lab_wish){ .common_name = "concentrator", .names = names });
    kit.expired = lab_make(&kit.lab, "expired.pem",
                           &(struct lab_wish){ .common_name = "concentrator",
                                               .names = names,
                                               .from_s = -3 * LAB_DAY,
                                               .to_s = -LAB_DAY });
    kit.unripe = lab_make(&kit.lab, "unripe.pem",
                          &(struct lab_wish){ .common_name = "concentrator",
                                              .names = names,
                                              .from_s = LAB_DAY,
                                              .to_s = 3 * LAB_DAY });
    kit.outdated = lab_make(&kit.lab, "outdated.pem",
                            &(struct lab_wish){ .common_name = "concentrator",
                                                .is_self_signed = true,
                                                .from_s = -3 * LAB_DAY,
                                                .to_s = -LAB_DAY });
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    lab_close(&kit.lab);
    return 0;
}

/* What a connection comes to: the problems of both ends, "" if it stands. */
struct outcome {
    char client[256];
    char server[256];
};

static struct outcome connect_with(const struct tls_settings *server,
                                   const struct tls_client_settings *client,
                                   const char *host)
{
    struct tls_context *server_context = lab_server(server);
    struct tls_context *client_context = lab_client(client);
    struct outcome o;
    struct pair p;

    pair_open(&p, server_context, client_context, host);
    p.server.to_send = slice_of_text("welcome");
    p.client.closes_when_over = p.server.closes_when_over = true;
    end_update(&p.server);
    pair_rest(&p);
    /* The end of the wire, for who was only cut off. */
    if (p.client.tls == NULL)
        p.server.wire.is_ended = true;
    if (p.server.tls == NULL)
        p.client.wire.is_ended = true;
    pair_rest(&p);
    memcpy(o.client, p.client.problem, sizeof o.client);
    memcpy(o.server, p.server.problem, sizeof o.server);
    assert_int_equal(o.client[0] == '\0', p.client.result == 1);
    assert_int_equal(o.client[0] == '\0' && o.server[0] == '\0',
                     p.client.got_len == 7);
    pair_close(&p);
    tls_context_close(server_context);
    tls_context_close(client_context);
    return o;
}

static struct outcome meet(const struct lab_certificate *server,
                           const struct tls_client_settings *client,
                           const char *host)
{
    return connect_with(
        &(struct tls_settings){ .certificate_path = server->path }, client,
        host);
}

static void stands(const struct lab_certificate *server,
                   const struct tls_client_settings *client, const char *host)
{
    struct outcome o = meet(server, client, host);

    assert_string_equal(o.client, "");
    assert_string_equal(o.server, "");
}

static void fails(const struct lab_certificate *server,
                  const struct tls_client_settings *client, const char *host,
                  const char *words)
{
    struct outcome o = meet(server, client, host);

    if (strstr(o.client, words) == NULL)
        fail_msg("'%s' instead of '%s'", o.client, words);
    assert_non_null(strstr(o.server, "refuses our certificate"));
}

/* The text without this character. */
static void leave_out(char c, const char *text, char *to)
{
    for (; *text != '\0'; text++)
        if (*text != c)
            *to++ = *text;
    *to = '\0';
}

#define CLIENT(...) (&(struct tls_client_settings){ __VA_ARGS__ })

static void without_parameters_anybody_will_do(void **state)
{
    (void)state;
    stands(&kit.own, CLIENT(.verify = false), "elsewhere");
    stands(&kit.outdated, CLIENT(.verify = false), NULL);
}

static void thumbprint_is_trust_enough(void **state)
{
    char bare[100];

    (void)state;
    stands(&kit.own, CLIENT(.thumbprint = kit.own.sha1), "elsewhere");
    stands(&kit.own, CLIENT(.thumbprint = kit.own.sha256), "elsewhere");
    stands(&kit.outdated, CLIENT(.thumbprint = kit.outdated.sha256), NULL);
    leave_out(':', kit.own.sha256, bare);
    stands(&kit.own, CLIENT(.thumbprint = bare), NULL);
    for (char *c = bare; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    stands(&kit.own, CLIENT(.thumbprint = bare), NULL);
}

static void another_thumbprint_is_refused(void **state)
{
    char expected[300];
    char is[100];
    char wanted[100];

    (void)state;
    leave_out(':', kit.own.sha1, is);
    leave_out(':', kit.other.sha1, wanted);
    snprintf(expected, sizeof expected,
             "TLS: the peer's certificate has another thumbprint (SHA-1): it "
             "is %s, expected was %s",
             is, wanted);
    fails(&kit.own, CLIENT(.thumbprint = kit.other.sha1), NULL, expected);
    fails(&kit.own, CLIENT(.thumbprint = kit.other.sha256), NULL,
          "another thumbprint (SHA-256)");
}

static void certificate_is_trust_enough(void **state)
{
    char flat[2048];

    (void)state;
    stands(&kit.own, CLIENT(.certificate = kit.own.pem), "elsewhere");
    stands(&kit.outdated, CLIENT(.certificate = kit.outdated.pem), NULL);
    /* As it is when a URI was pasted. */
    leave_out('\n', kit.own.pem, flat);
    stands(&kit.own, CLIENT(.certificate = flat), NULL);
    fails(&kit.own, CLIENT(.certificate = kit.other.pem), NULL,
          "is not the one that was expected: it is for concentrator, web-01");
}

static void all_that_is_given_must_hold(void **state)
{
    (void)state;
    stands(&kit.own,
           CLIENT(.certificate = kit.own.pem, .thumbprint = kit.own.sha1,
                  .peer_name = "web-01"),
           NULL);
    fails(&kit.own,
          CLIENT(.certificate = kit.own.pem, .thumbprint = kit.other.sha1),
          NULL, "another thumbprint");
    fails(&kit.own, CLIENT(.thumbprint = kit.own.sha1, .peer_name = "web-02"),
          NULL, "is not for 'web-02'");
    fails(&kit.own, CLIENT(.thumbprint = kit.own.sha1, .verify = true),
          "web-01", "signed by itself");
    stands(&kit.named,
           CLIENT(.thumbprint = kit.named.sha1, .verify = true,
                  .ca_path = kit.lab.ca_path),
           "web-01");
}

static void peer_name_is_any_of_its_names(void **state)
{
    static const char *const names[] = { "web-01",        "WEB-01",
                                         "a.lab.example", "10.0.0.1",
                                         "::1",           "0:0:0:0:0:0:0:1",
                                         "concentrator" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        stands(&kit.named,
               CLIENT(.peer_name = names[i], .ca_path = kit.lab.ca_path),
               "elsewhere");
    stands(&kit.plain,
           CLIENT(.peer_name = "Lab rack 4", .ca_path = kit.lab.ca_path), NULL);
    fails(&kit.named, CLIENT(.peer_name = "web-02", .ca_path = kit.lab.ca_path),
          "web-01",
          "TLS: the peer's certificate is not for 'web-02', but for "
          "concentrator, web-01, *.lab.example, 10.0.0.1, 0:0:0:0:0:0:0:1");
    fails(&kit.named,
          CLIENT(.peer_name = "10.0.0.2", .ca_path = kit.lab.ca_path), NULL,
          "is not for '10.0.0.2'");
}

static void verify_looks_at_the_host_that_is_dialled(void **state)
{
    (void)state;
    stands(&kit.named, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
           "web-01");
    stands(&kit.named, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
           "10.0.0.1");
    fails(&kit.named, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
          "web-03", "is not for 'web-03'");
    /* A common name does not count next to other names. */
    fails(&kit.named, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
          "concentrator", "is not for 'concentrator'");
    fails(&kit.named, CLIENT(.verify = true, .ca_path = kit.lab.ca_path), NULL,
          "there is no name");
}

static void signers_and_dates_are_checked(void **state)
{
    (void)state;
    fails(&kit.own, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
          "web-01",
          "TLS: the peer's certificate is signed by itself, and is not known "
          "here");
    /* The system's CAs do not know the lab's. */
    fails(&kit.named, CLIENT(.verify = true), "web-01",
          "TLS: the peer's certificate is signed by a CA that is not known "
          "here: the?lab's?CA");
    fails(&kit.expired, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
          "web-01", "TLS: the peer's certificate has expired on 20");
    fails(&kit.unripe, CLIENT(.verify = true, .ca_path = kit.lab.ca_path),
          "web-01", "TLS: the peer's certificate is not valid before 20");
    /* A self-signed one can be a CA for itself, in a file. */
    stands(&kit.own, CLIENT(.verify = true, .ca_path = kit.own.path), "web-01");
}

/* ---- ciphers and versions ----------------------------------------------- */

static void no_common_cipher_is_said_by_both(void **state)
{
    struct outcome o = connect_with(
        &(struct tls_settings){
            .certificate_path = kit.own.path,
            .ciphers = "TLS_AES_128_GCM_SHA256,ECDHE-ECDSA-AES128-GCM-SHA256" },
        CLIENT(.ciphers = "TLS_AES_256_GCM_SHA384"), NULL);

    (void)state;
    assert_string_equal(o.server, "TLS: no cipher in common with the peer, "
                                  "which offers TLS_AES_256_GCM_SHA384");
    assert_string_equal(o.client,
                        "TLS: the peer has no cipher in common with us, or "
                        "wants something else that we did not offer");
}

static void ciphers_are_separated_by_anything_usual(void **state)
{
    static const char *const lists[] = {
        "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256",
        "TLS_AES_128_GCM_SHA256, ECDHE-ECDSA-AES256-GCM-SHA384",
        "NO-SUCH-CIPHER TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct tls_context *server = lab_server(&(struct tls_settings){
            .certificate_path = kit.own.path, .ciphers = lists[i] });
        struct tls_context *client = lab_client(CLIENT(.verify = false));
        struct pair p;

        pair_open(&p, server, client, NULL);
        pair_rest(&p);
        assert_string_equal(stream_security(p.client.tls).terms,
                            "TLSv1.3, TLS_AES_128_GCM_SHA256");
        pair_close(&p);
        tls_context_close(server);
        tls_context_close(client);
    }
}

/* A peer that speaks old versions only. Servers alone can be told to accept
 * what is older than 1.2. */
static void old_peers_are_refused_by_name(void **state)
{
    static const struct {
        int newest;
        const char *minimum;
        const char *words; /* of a server; "": it stands */
    } cases[] = {
        { TLS1_VERSION, NULL, "speaks TLS 1.0 at most; at least TLS 1.2" },
        { TLS1_1_VERSION, "1.2", "speaks TLS 1.1 at most; at least TLS 1.2" },
        { TLS1_2_VERSION, "1.3", "speaks TLS 1.2 at most; at least TLS 1.3" },
        { TLS1_2_VERSION, "1.2", "" },
        { TLS1_2_VERSION, "1.0", "" },
        { TLS1_1_VERSION, "1.1", "" },
        { TLS1_VERSION, "1.0", "" },
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        bool is_server = i % 2 == 0;
        bool stands = cases[i / 2].words[0] == '\0' &&
                      (is_server || cases[i / 2].newest >= TLS1_2_VERSION);
        struct tls_context *context =
            is_server ? lab_server(&(struct tls_settings){
                            .certificate_path = kit.own.path,
                            .minimum = cases[i / 2].minimum })
                      : lab_client(CLIENT(.minimum = cases[i / 2].minimum));
        struct tls_hub hub;
        struct raw raw;
        struct end e;

        tls_hub_init(&hub, NULL);
        end_open(&e, &hub, context, NULL);
        raw_open(&raw, is_server, is_server ? NULL : kit.own.path,
                 cases[i / 2].newest, NULL);
        raw_rest(&raw, &hub, &e);
        /* A server that knows our oldest does not answer with an older one. */
        if (stands)
            assert_string_equal(e.problem, "");
        else if (is_server)
            assert_non_null(strstr(e.problem, cases[i / 2].words));
        else
            assert_string_equal(e.problem, "TLS: the peer speaks none of the "
                                           "versions of TLS that we do");
        assert_int_equal(e.result == 1, stands);
        end_done(&e);
        raw_done(&raw);
        tls_hub_done(&hub);
        tls_context_close(context);
    }
}

/* What a server that accepts old versions gives to others is as strong as
 * without: TLS 1.2 has no SHA-1 signatures, and no ciphers below the level. */
static void old_versions_weaken_no_others(void **state)
{
    struct tls_context *server = lab_server(&(struct tls_settings){
        .certificate_path = kit.own.path, .minimum = "1.0" });

    (void)state;
    for (int newest = TLS1_1_VERSION; newest <= TLS1_2_VERSION; newest++) {
        struct tls_hub hub;
        struct raw raw;
        struct end e;

        tls_hub_init(&hub, NULL);
        end_open(&e, &hub, server, NULL);
        raw_open(&raw, true, NULL, newest, NULL);
        SSL_set_security_level(raw.ssl, 0);
        assert_int_equal(SSL_set1_sigalgs_list(raw.ssl, "ECDSA+SHA1"), 1);
        raw_rest(&raw, &hub, &e);
        assert_string_equal(e.problem,
                            newest < TLS1_2_VERSION
                                ? ""
                                : "TLS: no signature algorithm in common with "
                                  "the peer");
        end_done(&e);
        raw_done(&raw);
        tls_hub_done(&hub);
    }
    tls_context_close(server);
}

/* A server without a certificate: no list of ours agrees with it. */
static void no_list_leads_to_an_anonymous_server(void **state)
{
    static const char *const lists[] = {
        "HIGH",
        "ALL:COMPLEMENTOFALL",
        "aNULL:AES128-SHA",
        "AES128-SHA:ADH-AES256-SHA:+aNULL",
        "AECDH-AES256-SHA AES128-SHA @STRENGTH",
        "eNULL:aNULL:ALL",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct tls_context *client =
            lab_client(CLIENT(.ciphers = lists[i], .thumbprint = kit.own.sha1));
        struct tls_hub hub;
        struct raw raw;
        struct end e;

        tls_hub_init(&hub, NULL);
        end_open(&e, &hub, client, NULL);
        raw_open(&raw, false, NULL, TLS1_2_VERSION, "ALL:eNULL:@SECLEVEL=0");
        raw_rest(&raw, &hub, &e);
        assert_string_not_equal(e.problem, "");
        assert_int_not_equal(e.result, 1);
        end_done(&e);
        raw_done(&raw);
        tls_hub_done(&hub);
        tls_context_close(client);
    }
}

/* Were such a cipher agreed on all the same, a demand would still be one. */
static void a_demand_without_a_certificate_is_not_met(void **state)
{
    static const struct tls_client_settings demands[] = {
        { .thumbprint = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3" },
        { .certificate = kit.own.pem },
        { .peer_name = "server" },
        { .verify = true },
        { .verify = false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof demands / sizeof demands[0]; i++) {
        bool is_demand = i + 1 < sizeof demands / sizeof demands[0];
        struct tls_context *client = lab_client(&demands[i]);
        struct tls_hub hub;
        struct raw raw;
        struct end e;

        tls_hub_init(&hub, NULL);
        SSL_CTX_set_security_level(client->ctx, 0);
        assert_int_equal(SSL_CTX_set_cipher_list(client->ctx, "aNULL"), 1);
        SSL_CTX_set_max_proto_version(client->ctx, TLS1_2_VERSION);
        end_open(&e, &hub, client, "server");
        raw_open(&raw, false, NULL, TLS1_2_VERSION, "aNULL:@SECLEVEL=0");
        raw_rest(&raw, &hub, &e);
        assert_string_equal(e.problem, is_demand
                                           ? "TLS: the peer shows no "
                                             "certificate, and one is demanded"
                                           : "");
        assert_int_equal(e.result == 1, !is_demand);
        end_done(&e);
        raw_done(&raw);
        tls_hub_done(&hub);
        tls_context_close(client);
    }
}

/* ---- certificates of clients -------------------------------------------- */

static struct outcome show(enum tls_client_check check,
                           const struct lab_certificate *client,
                           const char *minimum, const char *ciphers)
{
    return connect_with(
        &(struct tls_settings){ .certificate_path = kit.own.path,
                                .ca_path = kit.lab.ca_path,
                                .minimum = minimum,
                                .ciphers = ciphers,
                                .clients = check },
        CLIENT(.own_certificate_path = client != NULL ? client->path : NULL,
               .thumbprint = kit.own.sha1),
        NULL);
}

static void clients_show_certificates(void **state)
{
    struct outcome o;

    (void)state;
    o = show(TLS_CLIENTS_MUST_SHOW, &kit.named, NULL, NULL);
    assert_string_equal(o.server, "");
    o = show(TLS_CLIENTS_MAY_SHOW, &kit.named, NULL, NULL);
    assert_string_equal(o.server, "");
    o = show(TLS_CLIENTS_MAY_SHOW, NULL, NULL, NULL);
    assert_string_equal(o.server, "");
    o = show(TLS_CLIENTS_ANY, &kit.other, NULL, NULL);
    assert_string_equal(o.server, "");
}

static void clients_certificates_are_refused_in_words(void **state)
{
    struct outcome o;

    (void)state;
    o = show(TLS_CLIENTS_MUST_SHOW, NULL, NULL, NULL);
    assert_string_equal(o.server, "TLS: the peer shows no certificate, and one "
                                  "is demanded");
    assert_string_equal(o.client,
                        "TLS: the peer demands a certificate of ours");
    o = show(TLS_CLIENTS_MAY_SHOW, &kit.other, NULL, NULL);
    assert_string_equal(o.server, "TLS: the peer's certificate is signed by "
                                  "itself, and is not known here");
    assert_string_equal(o.client,
                        "TLS: the peer refuses our certificate: it does not "
                        "know who signed it");
    o = show(TLS_CLIENTS_MUST_SHOW, &kit.expired, NULL, NULL);
    assert_non_null(strstr(o.server, "the peer's certificate has expired on"));
    assert_non_null(strstr(o.client, "it has expired, or is not valid yet"));
}

/* Who the peer is, as it is logged: nothing in it ends a line, or is another
 * part of the name. */
static void a_client_is_known_by_its_certificate(void **state)
{
    static const struct {
        struct lab_wish wish;
        const char *subject;
    } cases[] = {
        { { .common_name = "alice" }, "CN=alice" },
        { { .common_name = "al\nice,O=root" }, "CN=al\\0Aice\\,O=root" },
        { { .common_name = "b\xc3\xbcro" }, "CN=b\xc3\xbcro" },
        { { .names = "email:alice@example.org" }, "alice@example.org" },
        { { .names = "IP:192.0.2.1" }, "nameless" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab_certificate shown =
            lab_make(&kit.lab, "shown.pem", &cases[i].wish);
        struct tls_context *server = lab_server(
            &(struct tls_settings){ .certificate_path = kit.own.path,
                                    .ca_path = kit.lab.ca_path,
                                    .clients = TLS_CLIENTS_MUST_SHOW });
        struct tls_context *client =
            lab_client(CLIENT(.own_certificate_path = shown.path));
        struct stream_certificate c;
        struct pair p;

        pair_open(&p, server, client, NULL);
        assert_string_equal(stream_certificate(p.server.tls).serial, "");
        pair_rest(&p);
        c = stream_certificate(p.server.tls);
        assert_string_equal(c.subject, cases[i].subject);
        assert_string_equal(c.issuer, "CN=the lab's CA");
        assert_string_not_equal(c.serial, "");
        pair_close(&p);
        tls_context_close(server);
        tls_context_close(client);
    }
}

static void who_shows_none_is_nobody(void **state)
{
    struct tls_context *server =
        lab_server(&(struct tls_settings){ .certificate_path = kit.own.path });
    struct tls_context *client = lab_client(CLIENT(.verify = false));
    struct pair p;

    (void)state;
    pair_open(&p, server, client, NULL);
    pair_rest(&p);
    assert_string_equal(stream_certificate(p.server.tls).subject, "");
    assert_string_equal(stream_certificate(p.server.tls).serial, "");
    pair_close(&p);
    tls_context_close(server);
    tls_context_close(client);
}

static void older_servers_demand_certificates_too(void **state)
{
    struct tls_context *client = lab_client(CLIENT(.verify = false));
    struct tls_hub hub;
    struct raw raw;
    struct end e;

    (void)state;
    tls_hub_init(&hub, NULL);
    end_open(&e, &hub, client, NULL);
    raw_open(&raw, false, kit.own.path, TLS1_2_VERSION, NULL);
    SSL_set_verify(raw.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                   NULL);
    raw_rest(&raw, &hub, &e);
    assert_string_equal(e.problem,
                        "TLS: the peer demands a certificate of ours");
    end_done(&e);
    raw_done(&raw);
    tls_hub_done(&hub);
    tls_context_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_parameters_anybody_will_do),
        cmocka_unit_test(thumbprint_is_trust_enough),
        cmocka_unit_test(another_thumbprint_is_refused),
        cmocka_unit_test(certificate_is_trust_enough),
        cmocka_unit_test(all_that_is_given_must_hold),
        cmocka_unit_test(peer_name_is_any_of_its_names),
        cmocka_unit_test(verify_looks_at_the_host_that_is_dialled),
        cmocka_unit_test(signers_and_dates_are_checked),
        cmocka_unit_test(no_common_cipher_is_said_by_both),
        cmocka_unit_test(ciphers_are_separated_by_anything_usual),
        cmocka_unit_test(old_peers_are_refused_by_name),
        cmocka_unit_test(old_versions_weaken_no_others),
        cmocka_unit_test(no_list_leads_to_an_anonymous_server),
        cmocka_unit_test(a_demand_without_a_certificate_is_not_met),
        cmocka_unit_test(clients_show_certificates),
        cmocka_unit_test(clients_certificates_are_refused_in_words),
        cmocka_unit_test(a_client_is_known_by_its_certificate),
        cmocka_unit_test(who_shows_none_is_nobody),
        cmocka_unit_test(older_servers_demand_certificates_too),
    };

    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
