/* Whose certificates a server accepts: CAs, CRLs, and what a reload makes of
 * connections that are open, or on their way. */
#include "net/tls/tls_context_private.h"
#include "tls_lab.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- authorities, people, CRLs ------------------------------------------ */

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    char path[64];
};

struct person {
    X509 *certificate;
    char path[64]; /* certificate, chain, key */
};

static struct {
    struct lab lab;
    struct lab_certificate server;
    struct authority root;
    struct authority middle; /* by root */
    struct authority other;
    struct authority namesake; /* of root, with another key */
    struct person alice;       /* by root */
    struct person bob;         /* by root */
    struct person carol;       /* by middle */
    struct person dave;        /* by other */
    struct person eve;         /* by namesake */
    char all_path[64];         /* root and other */
} kit;

static long serial;

static X509 *sign(const char *name, EVP_PKEY *key,
                  const struct authority *issuer, bool is_ca, long to_s)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(
        NULL, NULL, NID_basic_constraints, is_ca ? "CA:TRUE" : "CA:FALSE");

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -LAB_DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(
        certificate,
        issuer != NULL ? X509_get_subject_name(issuer->certificate) : subject);
    X509_set_pubkey(certificate, key);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(certificate, issuer != NULL ? issuer->key : key,
                          EVP_sha256()) > 0);
    return certificate;
}

static FILE *create(const char *file, char path[64])
{
    FILE *f;

    snprintf(path, 64, "%s/%s", kit.lab.folder, file);
    f = fopen(path, "w");
    assert_non_null(f);
    return f;
}

static struct authority make_authority(const char *name, const char *file,
                                       const struct authority *issuer)
{
    struct authority a = { .key = EVP_EC_gen("P-256") };
    FILE *f = create(file, a.path);

    a.certificate = sign(name, a.key, issuer, true, 9 * LAB_DAY);
    PEM_write_X509(f, a.certificate);
    fclose(f);
    return a;
}

static struct person make_person(const char *name, const struct authority *by,
                                 long to_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct person p;
    char file[40];
    FILE *f;

    snprintf(file, sizeof file, "%s.pem", name);
    f = create(file, p.path);
    p.certificate = sign(name, key, by, false, to_s);
    PEM_write_X509(f, p.certificate);
    PEM_write_X509(f, by->certificate);
    PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    assert_int_equal(chmod(p.path, 0600), 0);
    EVP_PKEY_free(key);
    return p;
}

struct crl_wish {
    const struct authority *by;
    const X509 *revoked; /* NULL: none */
    const EVP_PKEY *key; /* [of by] */
    long last_s;         /* [an hour ago] */
    long next_s;         /* [in a day] */
};

static X509_CRL *make_crl(const struct crl_wish *wish)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *last =
        X509_gmtime_adj(NULL, wish->last_s != 0 ? wish->last_s : -60L * 60);
    ASN1_TIME *next =
        X509_gmtime_adj(NULL, wish->next_s != 0 ? wish->next_s : LAB_DAY);
    EVP_PKEY *key =
        wish->key != NULL ? (EVP_PKEY *)(uintptr_t)wish->key : wish->by->key;

    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(wish->by->certificate));
    X509_CRL_set1_lastUpdate(crl, last);
    X509_CRL_set1_nextUpdate(crl, next);
    if (wish->revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();

        X509_REVOKED_set_serialNumber(
            entry,
            (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(wish->revoked));
        X509_REVOKED_set_revocationDate(entry, last);
        X509_CRL_add0_revoked(crl, entry);
    }
    X509_CRL_sort(crl);
    assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
    ASN1_TIME_free(last);
    ASN1_TIME_free(next);
    return crl;
}

struct path {
    char text[64];
};

/* Up to two of them in a file. */
static struct path write_crls(const struct crl_wish *one,
                              const struct crl_wish *two)
{
    const struct crl_wish *wishes[] = { one, two };
    struct path path;
    FILE *f = create("crls.pem", path.text);

    for (int i = 0; i < 2 && wishes[i] != NULL; i++) {
        X509_CRL *crl = make_crl(wishes[i]);

        PEM_write_X509_CRL(f, crl);
        X509_CRL_free(crl);
    }
    fclose(f);
    return path;
}

#define CRL(...) (&(struct crl_wish){ __VA_ARGS__ })

static int open_kit(void **state)
{
    FILE *f;

    (void)state;
    lab_open(&kit.lab);
    kit.server = lab_make(
        &kit.lab, "server.pem",
        &(struct lab_wish){ .common_name = "server", .is_self_signed = true });
    kit.root = make_authority("root", "root.pem", NULL);
    kit.middle = make_authority("middle", "middle.pem", &kit.root);
    kit.other = make_authority("other", "other.pem", NULL);
    kit.namesake = make_authority("root", "namesake.pem", NULL);
    kit.alice = make_person("alice", &kit.root, LAB_DAY);
    kit.bob = make_person("bob", &kit.root, LAB_DAY);
    kit.carol = make_person("carol", &kit.middle, LAB_DAY);
    kit.dave = make_person("dave", &kit.other, LAB_DAY);
    kit.eve = make_person("eve", &kit.namesake, LAB_DAY);
    f = create("all.pem", kit.all_path);
    PEM_write_X509(f, kit.root.certificate);
    PEM_write_X509(f, kit.other.certificate);
    fclose(f);
    return 0;
}

static int close_kit(void **state)
{
    struct authority *authorities[] = { &kit.root, &kit.middle, &kit.other,
                                        &kit.namesake };
    struct person *people[] = { &kit.alice, &kit.bob, &kit.carol, &kit.dave,
                                &kit.eve };

    (void)state;
    for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
        X509_free(authorities[i]->certificate);
        EVP_PKEY_free(authorities[i]->key);
    }
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        X509_free(people[i]->certificate);
    lab_close(&kit.lab);
    return 0;
}

/* ---- connections --------------------------------------------------------- */

static struct tls_context *server_of(const char *ca_path, const char *crl_path)
{
    return lab_server(
        &(struct tls_settings){ .certificate_path = kit.server.path,
                                .ca_path = ca_path,
                                .crl_path = crl_path,
                                .clients = TLS_CLIENTS_MUST_SHOW });
}

static struct tls_context *client_of(const struct person *who)
{
    return lab_client(
        &(struct tls_client_settings){ .own_certificate_path = who->path });
}

/* A connection with who's certificate; both contexts are given to it. */
static void connect_to(struct pair *p, struct tls_context *server,
                       const struct person *who)
{
    struct tls_context *client = client_of(who);

    pair_open(p, server, client, NULL);
    tls_context_close(client);
    pair_rest(p);
}

/* words NULL: it is accepted. */
static void meets(const char *ca_path, const struct path *crl,
                  const struct person *who, const char *words)
{
    struct tls_context *server =
        server_of(ca_path, crl != NULL ? crl->text : NULL);
    struct pair p;

    connect_to(&p, server, who);
    assert_string_equal(p.server.problem, words != NULL ? words : "");
    assert_int_equal(stream_security(p.server.tls).has_certificate,
                     words == NULL);
    pair_close(&p);
    tls_context_close(server);
}

static void a_revoked_certificate_is_refused(void **state)
{
    struct path crl = write_crls(
        CRL(.by = &kit.root, .revoked = kit.alice.certificate), NULL);

    (void)state;
    meets(kit.root.path, NULL, &kit.alice, NULL);
    meets(kit.root.path, &crl, &kit.bob, NULL);
    meets(kit.root.path, &crl, &kit.alice,
          "TLS: the peer's certificate has been revoked");
}

/* A name is easily given: the key counts, of certificates and of CRLs. */
static void a_ca_of_the_same_name_is_another_one(void **state)
{
    struct path crl = write_crls(CRL(.by = &kit.root), NULL);

    (void)state;
    meets(kit.root.path, &crl, &kit.eve,
          "TLS: the peer's certificate is refused: certificate signature "
          "failure");
}

static void the_peer_learns_that_it_was_revoked(void **state)
{
    struct path crl = write_crls(
        CRL(.by = &kit.root, .revoked = kit.alice.certificate), NULL);
    struct tls_context *server = server_of(kit.root.path, crl.text);
    struct pair p;

    (void)state;
    connect_to(&p, server, &kit.alice);
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
    struct path crl = write_crls(CRL(.by = &kit.root), NULL);

    (void)state;
    meets(kit.all_path, &crl, &kit.alice, NULL);
    meets(kit.all_path, &crl, &kit.dave,
          "TLS: the peer's certificate is signed by a CA of which there is no "
          "CRL here: other; add its CRL to the others");
    crl = write_crls(CRL(.by = &kit.root), CRL(.by = &kit.other));
    meets(kit.all_path, &crl, &kit.dave, NULL);
}

static void a_ca_above_may_have_a_crl(void **state)
{
    struct path crl = write_crls(CRL(.by = &kit.middle), NULL);

    (void)state;
    meets(kit.root.path, &crl, &kit.carol, NULL);
    crl = write_crls(CRL(.by = &kit.root), NULL);
    meets(kit.root.path, &crl, &kit.carol,
          "TLS: the peer's certificate is signed by a CA of which there is no "
          "CRL here: middle; add its CRL to the others");
    crl = write_crls(CRL(.by = &kit.middle),
                     CRL(.by = &kit.root, .revoked = kit.middle.certificate));
    meets(kit.root.path, &crl, &kit.carol,
          "TLS: a certificate behind the peer's has been revoked");
    crl = write_crls(CRL(.by = &kit.middle, .revoked = kit.carol.certificate),
                     NULL);
    meets(kit.root.path, &crl, &kit.carol,
          "TLS: the peer's certificate has been revoked");
}

static void an_expired_crl_refuses_newcomers(void **state)
{
    struct path crl = write_crls(
        CRL(.by = &kit.root, .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY), NULL);

    (void)state;
    meets(kit.root.path, &crl, &kit.alice,
          "TLS: the CRL of the CA that has signed the peer's certificate has "
          "expired: root; get a newer CRL, and send SIGHUP");
    crl = write_crls(
        CRL(.by = &kit.root, .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
        CRL(.by = &kit.root));
    meets(kit.root.path, &crl, &kit.alice, NULL);
}

/* ---- files --------------------------------------------------------------- */

static void fails(const char *crl_path, const char *words)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    assert_int_equal(tls_context_open(&context,
                                      &(struct tls_settings){
                                          .certificate_path = kit.server.path,
                                          .ca_path = kit.root.path,
                                          .crl_path = crl_path,
                                          .clients = TLS_CLIENTS_MAY_SHOW },
                                      &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, words));
    assert_memory_equal(err.text, crl_path, strlen(crl_path));
}

static void files_that_have_no_crl_are_named(void **state)
{
    struct path crl =
        write_crls(CRL(.by = &kit.root, .key = kit.other.key), NULL);
    char path[64];
    FILE *f;

    (void)state;
    fails(crl.text, ": the CRL of CN=root in it is not signed by the CA of "
                    "this name");
    fails("/nonexistent", ": no CRL can be read from it: No such file");
    fails(kit.root.path, ": there is no CRL in it: expected PEM (openssl crl "
                         "-inform DER makes it)");
    lab_write(&kit.lab, "empty.pem", "", path);
    fails(path, ": there is no CRL in it");
    lab_write(&kit.lab, "bad.pem",
              "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", path);
    fails(path, ": a CRL in it is damaged: ");
    /* Half a file, as a copy leaves it that was interrupted. */
    crl = write_crls(CRL(.by = &kit.root), CRL(.by = &kit.other));
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
            write_crls(CRL(.by = &kit.root, .last_s = cases[i].last_s,
                           .next_s = cases[i].next_s),
                       NULL);
        struct tls_context *c = server_of(kit.root.path, crl.text);
        struct err words = { "" };

        assert_int_equal(tls_context_crl_age(c, &words), cases[i].age);
        assert_non_null(strstr(words.text, cases[i].words));
        tls_context_close(c);
        crl = write_crls(
            CRL(.by = &kit.root, .last_s = cases[i].last_s,
                .next_s = cases[i].next_s),
            CRL(.by = &kit.root, .last_s = -10, .next_s = 9 * LAB_DAY));
        c = server_of(kit.root.path, crl.text);
        assert_int_equal(tls_context_crl_age(c, &words), TLS_CRL_FRESH);
        tls_context_close(c);
    }
}

/* ---- reloads ------------------------------------------------------------- */

/* An open connection of alice, whose server then follows next. */
struct reload {
    struct tls_context *before;
    struct tls_context *next;
    struct pair p;
};

static void reload_open(struct reload *r, const struct person *who)
{
    struct path crl = write_crls(CRL(.by = &kit.root), NULL);

    *r = (struct reload){ .before = server_of(kit.root.path, crl.text) };
    connect_to(&r->p, r->before, who);
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
    reload_open(&r, &kit.alice);
    crl =
        write_crls(CRL(.by = &kit.root, .revoked = kit.bob.certificate), NULL);
    follow(&r, server_of(kit.root.path, crl.text));
    is_trusted(&r);
    crl = write_crls(CRL(.by = &kit.root, .revoked = kit.alice.certificate),
                     NULL);
    follow(&r, server_of(kit.root.path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

static void who_is_signed_by_nobody_known_loses_it(void **state)
{
    struct reload r;

    (void)state;
    reload_open(&r, &kit.alice);
    follow(&r, server_of(kit.all_path, NULL));
    is_trusted(&r);
    follow(&r, server_of(kit.other.path, NULL));
    is_distrusted(&r, "TLS: a certificate behind the peer's is signed by a "
                      "CA that is "
                      "not known here: root");
    reload_close(&r);
}

static void the_chain_that_was_shown_counts(void **state)
{
    struct reload r;
    struct path crl = write_crls(CRL(.by = &kit.middle), NULL);

    (void)state;
    r = (struct reload){ .before = server_of(kit.root.path, crl.text) };
    connect_to(&r.p, r.before, &kit.carol);
    follow(&r, server_of(kit.all_path, crl.text));
    is_trusted(&r);
    crl = write_crls(CRL(.by = &kit.middle, .revoked = kit.carol.certificate),
                     NULL);
    follow(&r, server_of(kit.all_path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

static void where_none_is_asked_for_none_counts(void **state)
{
    struct tls_context *any = lab_server(
        &(struct tls_settings){ .certificate_path = kit.server.path });

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct reload r;

        reload_open(&r, &kit.alice);
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
    reload_open(&r, &kit.alice);
    crl = write_crls(CRL(.by = &kit.root, .revoked = kit.bob.certificate,
                         .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
                     NULL);
    follow(&r, server_of(kit.root.path, crl.text));
    is_trusted(&r);
    crl = write_crls(CRL(.by = &kit.root, .revoked = kit.alice.certificate,
                         .last_s = -2 * LAB_DAY, .next_s = -LAB_DAY),
                     NULL);
    follow(&r, server_of(kit.root.path, crl.text));
    is_distrusted(&r, "TLS: the peer's certificate has been revoked");
    reload_close(&r);
}

/* SIGHUP comes each night, for the sake of the logs. */
static void nobody_is_judged_where_nothing_has_changed(void **state)
{
    struct reload r;
    struct path crl;

    (void)state;
    reload_open(&r, &kit.alice);
    crl = (struct path){ "" };
    snprintf(crl.text, sizeof crl.text, "%s/crls.pem", kit.lab.folder);
    r.next = server_of(kit.root.path, crl.text);
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
    reload_open(&r, &kit.alice);
    assert_string_equal(stream_certificate(r.p.server.tls).name, "alice");
    follow(&r, lab_server(
                   &(struct tls_settings){ .certificate_path = kit.server.path,
                                           .ca_path = kit.root.path,
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
    struct path crl = write_crls(CRL(.by = &kit.root), NULL);
    struct tls_context *server = server_of(kit.root.path, crl.text);
    struct tls_context *client = client_of(&kit.alice);
    struct tls_context *next;
    struct pair p;

    (void)state;
    pair_open(&p, server, client, NULL);
    crl = write_crls(CRL(.by = &kit.root, .revoked = kit.alice.certificate),
                     NULL);
    next = server_of(kit.root.path, crl.text);
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
    struct tls_context *server =
        lab_server(&(struct tls_settings){ .certificate_path = kit.server.path,
                                           .ca_path = kit.root.path,
                                           .clients = TLS_CLIENTS_MAY_SHOW });
    struct tls_context *next = server_of(kit.other.path, NULL);
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
    struct tls_context *next = server_of(kit.other.path, NULL);
    struct reload r;

    (void)state;
    reload_open(&r, &kit.alice);
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
    reload_open(&r, &kit.alice);
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
    reload_open(&r, &kit.alice);
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
    struct person brief = make_person("brief", &kit.root, 1);
    struct reload r = { .before = server_of(kit.root.path, NULL) };

    (void)state;
    connect_to(&r.p, r.before, &brief);
    assert_int_equal(r.p.server.distrusted, 0);
    while (r.p.server.distrusted == 0) {
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
    reload_open(&r, &kit.alice);
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
    struct tls_context *server = server_of(kit.root.path, NULL);
    struct tls_context *client = client_of(&kit.alice);
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
        cmocka_unit_test(a_revoked_certificate_is_refused),
        cmocka_unit_test(a_ca_of_the_same_name_is_another_one),
        cmocka_unit_test(the_peer_learns_that_it_was_revoked),
        cmocka_unit_test(the_ca_of_the_peer_has_to_have_a_crl),
        cmocka_unit_test(a_ca_above_may_have_a_crl),
        cmocka_unit_test(an_expired_crl_refuses_newcomers),
        cmocka_unit_test(files_that_have_no_crl_are_named),
        cmocka_unit_test(the_age_of_crls_is_told),
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

    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
