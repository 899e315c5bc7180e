/* Whose certificates a server accepts: its CAs and their CRLs, as files. */
#include "tls_people.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void meets(const char *ca_path, const struct path *crl,
                  const struct person *who, const char *words)
{
    struct tls_context *server =
        people_server(ca_path, crl != NULL ? crl->text : NULL);
    struct pair p;

    people_connect(&p, server, who);
    assert_string_equal(p.server.problem, words != NULL ? words : "");
    assert_int_equal(stream_security(p.server.tls).has_certificate,
                     words == NULL);
    pair_close(&p);
    tls_context_close(server);
}

static void a_revoked_certificate_is_refused(void **state)
{
    struct path crl = people_write_crls(
        CRL(.by = &people.root, .revoked = people.alice.certificate), NULL);

    (void)state;
    meets(people.root.path, NULL, &people.alice, NULL);
    meets(people.root.path, &crl, &people.bob, NULL);
    meets(people.root.path, &crl, &people.alice,
          "TLS: the peer's certificate has been revoked");
}

/* A name is easily given: the key counts, of certificates and of CRLs. */
static void a_ca_of_the_same_name_is_another_one(void **state)
{
    struct path crl = people_write_crls(CRL(.by = &people.root), NULL);

    (void)state;
    meets(people.root.path, &crl, &people.eve,
          "TLS: the peer's certificate is refused: certificate signature "
          "failure");
}

static void the_peer_learns_that_it_was_revoked(void **state)
{
    struct path crl = people_write_crls(
        CRL(.by = &people.root, .revoked = people.alice.certificate), NULL);
    struct tls_context *server = people_server(people.root.path, crl.text);
    struct pair p;

    (void)state;
    people_connect(&p, server, &people.alice);
    stream_close(p.server.tls);
    p.server.tls = NULL;
    pair_rest(&p);
    assert_string_equal(p.client.problem,
                        "TLS: the peer refuses our certificate: it was "
                        "revoked");
    pair_close(&p);
    tls_context_close(server);
}

/* Or nothing that it signs could be revoked. */
static void the_ca_of_the_peer_has_to_have_a_crl(void **state)
{
    struct path crl = people_write_crls(CRL(.by = &people.root), NULL);

    (void)state;
    meets(people.all_path, &crl, &people.alice, NULL);
    meets(people.all_path, &crl, &people.dave,
          "TLS: the peer's certificate is signed by a CA of which there is no "
          "CRL here: other; add its CRL to the others");
    crl = people_write_crls(CRL(.by = &people.root), CRL(.by = &people.other));
    meets(people.all_path, &crl, &people.dave, NULL);
}

static void a_ca_above_may_have_a_crl(void **state)
{
    struct path crl = people_write_crls(CRL(.by = &people.middle), NULL);

    (void)state;
    meets(people.root.path, &crl, &people.carol, NULL);
    crl = people_write_crls(CRL(.by = &people.root), NULL);
    meets(people.root.path, &crl, &people.carol,
          "TLS: the peer's certificate is signed by a CA of which there is no "
          "CRL here: middle; add its CRL to the others");
    crl = people_write_crls(
        CRL(.by = &people.middle),
        CRL(.by = &people.root, .revoked = people.middle.certificate));
    meets(people.root.path, &crl, &people.carol,
          "TLS: a certificate behind the peer's has been revoked");
    crl = people_write_crls(
        CRL(.by = &people.middle, .revoked = people.carol.certificate), NULL);
    meets(people.root.path, &crl, &people.carol,
          "TLS: the peer's certificate has been revoked");
}

static void an_expired_crl_refuses_newcomers(void **state)
{
    struct path crl = people_write_crls(
        CRL(.by = &people.root, .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
        NULL);

    (void)state;
    meets(people.root.path, &crl, &people.alice,
          "TLS: the CRL of the CA that has signed the peer's certificate has "
          "expired: root; get a newer CRL, and send SIGHUP");
    crl = people_write_crls(
        CRL(.by = &people.root, .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
        CRL(.by = &people.root));
    meets(people.root.path, &crl, &people.alice, NULL);
}

/* ---- files --------------------------------------------------------------- */

static void fails(const char *crl_path, const char *words)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    assert_int_equal(
        tls_context_open(
            &context,
            &(struct tls_settings){ .certificate_path = people.server.path,
                                    .ca_path = people.root.path,
                                    .crl_path = crl_path,
                                    .clients = TLS_CLIENTS_MAY_SHOW },
            &err),
        -EINVAL);
    assert_non_null(strstr(err.text, words));
    assert_memory_equal(err.text, crl_path, strlen(crl_path));
}

static void files_that_have_no_crl_are_named(void **state)
{
    struct path crl = people_write_crls(
        CRL(.by = &people.root, .key = people.other.key), NULL);
    char path[64];
    FILE *f;

    (void)state;
    fails(crl.text, ": the CRL of CN=root in it is not signed by the CA of "
                    "this name");
    fails("/nonexistent", ": no CRL can be read from it: No such file");
    fails(people.root.path,
          ": there is no CRL in it: expected PEM (openssl crl "
          "-inform DER makes it)");
    lab_write(&people.lab, "empty.pem", "", path);
    fails(path, ": there is no CRL in it");
    lab_write(&people.lab, "bad.pem",
              "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", path);
    fails(path, ": a CRL in it is damaged: ");
    /* Half a file, as a copy leaves it that was interrupted. */
    crl = people_write_crls(CRL(.by = &people.root), CRL(.by = &people.other));
    f = fopen(crl.text, "r+");
    assert_non_null(f);
    fseek(f, -60, SEEK_END);
    assert_int_equal(ftruncate(fileno(f), ftell(f)), 0);
    fclose(f);
    fails(crl.text, ": a CRL in it is damaged: ");
}

static void the_age_of_crls_is_told(void **state)
{
    static const struct {
        long last_s, next_s;
        enum tls_crl_age age;
        const char *words;
    } cases[] = {
        { -LAB_DAY, 20 * LAB_DAY, TLS_CRL_FRESH, "" },
        { -17 * LAB_DAY, 4 * LAB_DAY, TLS_CRL_FRESH, "" },
        { -20 * LAB_DAY, 2 * LAB_DAY, TLS_CRL_OLD, "CN=root expires on 20" },
        { -12 * 60 * 60, 12 * 60 * 60, TLS_CRL_FRESH, "" },
        { -23 * 60 * 60, 60 * 60, TLS_CRL_OLD, "send SIGHUP" },
        { -LAB_DAY, -60, TLS_CRL_EXPIRED, "CN=root has expired on 20" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path crl =
            people_write_crls(CRL(.by = &people.root, .last_s = cases[i].last_s,
                                  .next_s = cases[i].next_s),
                              NULL);
        struct tls_context *c = people_server(people.root.path, crl.text);
        struct err words = { "" };

        assert_int_equal(tls_context_crl_age(c, &words), cases[i].age);
        assert_non_null(strstr(words.text, cases[i].words));
        tls_context_close(c);
        crl = people_write_crls(
            CRL(.by = &people.root, .last_s = cases[i].last_s,
                .next_s = cases[i].next_s),
            CRL(.by = &people.root, .last_s = -10, .next_s = 9 * LAB_DAY));
        c = people_server(people.root.path, crl.text);
        assert_int_equal(tls_context_crl_age(c, &words), TLS_CRL_FRESH);
        tls_context_close(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_certificate_is_refused),
        cmocka_unit_test(a_ca_of_the_same_name_is_another_one),
        cmocka_unit_test(the_peer_learns_that_it_was_revoked),
        cmocka_unit_test(the_ca_of_the_peer_has_to_have_a_crl),
        cmocka_unit_test(a_ca_above_may_have_a_crl),
        cmocka_unit_test(an_expired_crl_refuses_newcomers),
        cmocka_unit_test(files_that_have_no_crl_are_named),
        cmocka_unit_test(the_age_of_crls_is_told),
    };

    return cmocka_run_group_tests(tests, people_open, people_close);
}
