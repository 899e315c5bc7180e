#include "tls_people.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

struct people people;

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

static FILE *people_create_file(const char *file, char path[64])
{
    FILE *f;

    assert_true(snprintf(path, 64, "%s/%s", people.lab.folder, file) < 64);
    f = fopen(path, "w");
    assert_non_null(f);
    return f;
}

static struct authority make_authority(const char *name, const char *file,
                                       const struct authority *issuer)
{
    struct authority a = { .key = EVP_EC_gen("P-256") };
    FILE *f = people_create_file(file, a.path);

    a.certificate = sign(name, a.key, issuer, true, 9 * LAB_DAY);
    PEM_write_X509(f, a.certificate);
    fclose(f);
    return a;
}

struct person people_make(const char *name, const struct authority *by,
                          long to_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct person p;
    char file[40];
    FILE *f;

    snprintf(file, sizeof file, "%s.pem", name);
    f = people_create_file(file, p.path);
    p.certificate = sign(name, key, by, false, to_s);
    PEM_write_X509(f, p.certificate);
    PEM_write_X509(f, by->certificate);
    PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    assert_int_equal(chmod(p.path, 0600), 0);
    EVP_PKEY_free(key);
    return p;
}

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

struct path people_write_crls(const struct crl_wish *one,
                              const struct crl_wish *two)
{
    const struct crl_wish *wishes[] = { one, two };
    struct path path;
    FILE *f = people_create_file("crls.pem", path.text);

    for (int i = 0; i < 2 && wishes[i] != NULL; i++) {
        X509_CRL *crl = make_crl(wishes[i]);

        PEM_write_X509_CRL(f, crl);
        X509_CRL_free(crl);
    }
    fclose(f);
    return path;
}

int people_open(void **state)
{
    FILE *f;

    (void)state;
    lab_open(&people.lab);
    people.server = lab_make(
        &people.lab, "server.pem",
        &(struct lab_wish){ .common_name = "server", .is_self_signed = true });
    people.root = make_authority("root", "root.pem", NULL);
    people.middle = make_authority("middle", "middle.pem", &people.root);
    people.other = make_authority("other", "other.pem", NULL);
    people.namesake = make_authority("root", "namesake.pem", NULL);
    people.alice = people_make("alice", &people.root, LAB_DAY);
    people.bob = people_make("bob", &people.root, LAB_DAY);
    people.carol = people_make("carol", &people.middle, LAB_DAY);
    people.dave = people_make("dave", &people.other, LAB_DAY);
    people.eve = people_make("eve", &people.namesake, LAB_DAY);
    f = people_create_file("all.pem", people.all_path);
    PEM_write_X509(f, people.root.certificate);
    PEM_write_X509(f, people.other.certificate);
    fclose(f);
    return 0;
}

int people_close(void **state)
{
    struct authority *authorities[] = { &people.root, &people.middle,
                                        &people.other, &people.namesake };
    struct person *persons[] = { &people.alice, &people.bob, &people.carol,
                                 &people.dave, &people.eve };

    (void)state;
    for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
        X509_free(authorities[i]->certificate);
        EVP_PKEY_free(authorities[i]->key);
    }
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++)
        X509_free(persons[i]->certificate);
    lab_close(&people.lab);
    return 0;
}

/* ---- connections --------------------------------------------------------- */

struct tls_context *people_server(const char *ca_path, const char *crl_path)
{
    return lab_server(
        &(struct tls_settings){ .certificate_path = people.server.path,
                                .ca_path = ca_path,
                                .crl_path = crl_path,
                                .clients = TLS_CLIENTS_MUST_SHOW });
}

struct tls_context *people_client(const struct person *who)
{
    return lab_client(
        &(struct tls_client_settings){ .own_certificate_path = who->path });
}

void people_connect(struct pair *p, struct tls_context *server,
                    const struct person *who)
{
    struct tls_context *client = people_client(who);

    pair_open(p, server, client, NULL);
    tls_context_close(client);
    pair_rest(p);
}
