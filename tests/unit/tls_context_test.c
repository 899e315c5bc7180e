/* Settings of TLS: what is wrong with them is said, and files are as they
 * should be. */
#include "net/tls/tls_context_private.h"
#include "net/tls/tls_digest.h"
#include "tls_lab.h"

#include <errno.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct lab lab;
static struct lab_certificate good;
static struct lab_certificate other;

static int open_kit(void **state)
{
    (void)state;
    lab_open(&lab);
    good = lab_make(
        &lab, "good.pem",
        &(struct lab_wish){ .common_name = "good", .is_self_signed = true });
    other = lab_make(
        &lab, "other.pem",
        &(struct lab_wish){ .common_name = "other", .is_self_signed = true });
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    lab_close(&lab);
    return 0;
}

#define SERVER(...) (&(struct tls_settings){ __VA_ARGS__ })
#define CLIENT(...) (&(struct tls_client_settings){ __VA_ARGS__ })

static void server_fails(const struct tls_settings *settings, const char *words)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    assert_true(tls_context_open(&context, settings, &err) < 0);
    assert_null(context);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' instead of '%s'", err.text, words);
    assert_int_equal(ERR_peek_error(), 0);
}

static void client_fails(const struct tls_client_settings *settings,
                         const char *words)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    assert_true(tls_context_open_client(&context, settings, &err) < 0);
    assert_null(context);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' instead of '%s'", err.text, words);
    assert_int_equal(ERR_peek_error(), 0);
}

static void files_that_are_wrong_are_named(void **state)
{
    char empty[64];
    char garbage[64];

    (void)state;
    lab_write(&lab, "empty.pem", "", empty);
    lab_write(&lab, "garbage.pem",
              "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
              garbage);
    server_fails(SERVER(.certificate_path = "/nonexistent/x.pem"),
                 "/nonexistent/x.pem: no certificate can be read");
    server_fails(SERVER(.certificate_path = empty),
                 "empty.pem: no certificate can be read");
    server_fails(SERVER(.certificate_path = garbage),
                 "garbage.pem: no certificate can be read");
    server_fails(SERVER(.certificate_path = NULL), "a certificate is needed");
    server_fails(
        SERVER(.certificate_path = good.path, .key_path = "/nonexistent/x.key"),
        "/nonexistent/x.key: no key can be read");
    server_fails(
        SERVER(.certificate_path = good.path, .key_path = other.key_path),
        "other.pem.key: no key can be read from it that fits");
    server_fails(SERVER(.certificate_path = lab.ca_path),
                 "ca.pem: no key can be read");
}

static void key_may_stand_in_its_own_file(void **state)
{
    (void)state;
    tls_context_close(lab_server(SERVER(.certificate_path = good.path)));
    tls_context_close(lab_server(
        SERVER(.certificate_path = good.path, .key_path = good.key_path)));
    tls_context_close(
        lab_server(SERVER(.certificate_path = good.path, .key_path = "")));
    tls_context_close(NULL);
}

/* Modes of a file with a key; the tests own it, so that for root its group is
 * as good as another user's. */
static void keys_that_others_can_read_are_refused(void **state)
{
    bool is_root = geteuid() == 0;
    const struct {
        mode_t mode;
        const char *words; /* NULL: it is fine */
    } cases[] = {
        { 0600, NULL },
        { 0400, NULL },
        { 0700, NULL },
        { 0604, "everybody can use it (mode 0604)" },
        { 0644, "everybody can use it (mode 0644)" },
        { 0602, "everybody can use it (mode 0602)" },
        { 0660, "its group can use it (mode 0660)" },
        { 0640, is_root ? NULL : "its group can use it (mode 0640)" },
        { 0440, is_root ? NULL : "its group can use it (mode 0440)" },
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        bool is_alone = i % 2 == 0;
        const char *path = is_alone ? good.key_path : good.path;
        const struct tls_settings settings = {
            .certificate_path = good.path,
            .key_path = is_alone ? path : NULL,
        };

        assert_int_equal(chmod(path, cases[i / 2].mode), 0);
        if (cases[i / 2].words == NULL)
            tls_context_close(lab_server(&settings));
        else
            server_fails(&settings, cases[i / 2].words);
        assert_int_equal(chmod(path, 0600), 0);
    }
    /* The certificate is for everybody. */
    assert_int_equal(chmod(good.path, 0644), 0);
    tls_context_close(lab_server(
        SERVER(.certificate_path = good.path, .key_path = good.key_path)));
    assert_int_equal(chmod(good.path, 0600), 0);
}

static void versions_are_checked(void **state)
{
    static const char *const fine[] = { NULL, "", "1.0", "1.1", "1.2", "1.3" };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        tls_context_close(lab_server(
            SERVER(.certificate_path = good.path, .minimum = fine[i])));
    server_fails(SERVER(.certificate_path = good.path, .minimum = "1.4"),
                 "'1.4' is no version of TLS: expected 1.0, 1.1, 1.2 or 1.3");
    client_fails(CLIENT(.minimum = "TLSv1.2"), "'TLSv1.2' is no version");
}

static void ciphers_are_checked(void **state)
{
    static const char *const fine[] = {
        "HIGH:!aNULL",
        "ECDHE-RSA-AES256-GCM-SHA384,AES256-SHA",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256 NO-SUCH-CIPHER",
        " :,AES128-SHA,: ",
        "ALL:@STRENGTH",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        tls_context_close(lab_client(CLIENT(.ciphers = fine[i])));
    client_fails(CLIENT(.ciphers = "ROT13"), "no cipher of 'ROT13' is known");
    client_fails(CLIENT(.ciphers = "TLS_ROT13"),
                 "no cipher of 'TLS_ROT13' is known");
    client_fails(CLIENT(.ciphers = ",:"), "no cipher of ',:' is known");
    server_fails(SERVER(.certificate_path = good.path, .ciphers = "x y"),
                 "no cipher of 'x y' is known");
    client_fails(CLIENT(.ciphers = "aNULL:eNULL"),
                 "no cipher of 'aNULL:eNULL' is known that authenticates and "
                 "encrypts");
    client_fails(CLIENT(.ciphers = "ALL:!aNULL:@seclevel=0"),
                 "@SECLEVEL is no cipher");
    server_fails(
        SERVER(.certificate_path = good.path, .ciphers = "AES@SECLEVEL=1"),
        "@SECLEVEL is no cipher");
}

static bool has_cipher_without(const struct tls_context *c, int nothing)
{
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(c->ctx);

    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(all, i);

        if (SSL_CIPHER_get_auth_nid(cipher) == nothing ||
            SSL_CIPHER_get_cipher_nid(cipher) == nothing)
            return true;
    }
    return false;
}

static void no_list_has_what_neither_authenticates_nor_encrypts(void **state)
{
    static const char *const lists[] = {
        NULL,
        "HIGH",
        "ALL:COMPLEMENTOFALL:COMPLEMENTOFDEFAULT",
        "aNULL:eNULL:AES128-SHA:+aNULL:@STRENGTH",
        "ADH-AES256-SHA AES128-SHA NULL-SHA",
    };
    static const char *const minimums[] = { "1.0", "1.2" };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof lists / sizeof lists[0]; i++) {
        struct tls_context *c = lab_server(SERVER(.certificate_path = good.path,
                                                  .ciphers = lists[i / 2],
                                                  .minimum = minimums[i % 2]));

        assert_false(has_cipher_without(c, NID_auth_null));
        assert_false(has_cipher_without(c, NID_undef));
        assert_true(SSL_CTX_get_security_level(c->ctx) >= 1);
        tls_context_close(c);
    }
}

static void clients_cannot_be_checked_without_a_ca(void **state)
{
    (void)state;
    server_fails(
        SERVER(.certificate_path = good.path, .clients = TLS_CLIENTS_MAY_SHOW),
        "without a CA");
    server_fails(SERVER(.certificate_path = good.path,
                        .ca_path = "/nonexistent/ca.pem",
                        .clients = TLS_CLIENTS_MUST_SHOW),
                 "/nonexistent/ca.pem: no CA can be read from it");
    client_fails(CLIENT(.verify = true, .ca_path = "/nonexistent/ca.pem"),
                 "/nonexistent/ca.pem: no CA can be read from it");
}

static void thumbprints_have_a_form(void **state)
{
    static const char *const wrong[] = {
        "xyz",
        "AB:CD",
        "A94A8FE5CCB19BA61C4C0873D391E987982FBBD",   /* a digit short */
        "A94A8FE5CCB19BA61C4C0873D391E987982FBBD33", /* one too many */
        "A94A8FE5CCB19BA61C4C0873D391E987982FBBDG",
        ":A94A8FE5CCB19BA61C4C0873D391E987982FBBD3",
        "A:94A8FE5CCB19BA61C4C0873D391E987982FBBD3",
        "sha1:A94A8FE5CCB19BA61C4C0873D391E987982FBBD3",
        "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A0800",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        client_fails(CLIENT(.thumbprint = wrong[i]), "is no thumbprint");
    tls_context_close(lab_client(
        CLIENT(.thumbprint = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3")));
    tls_context_close(lab_client(CLIENT(.thumbprint = good.sha256)));
}

static void certificates_have_a_form(void **state)
{
    char cut[200];

    (void)state;
    snprintf(cut, sizeof cut, "%.150s", good.pem);
    client_fails(CLIENT(.certificate = "nonsense"), "expected PEM");
    client_fails(CLIENT(.certificate = cut), "expected PEM");
    client_fails(CLIENT(.certificate = "-----BEGIN CERTIFICATE-----"
                                       "-----END CERTIFICATE-----"),
                 "expected PEM");
    client_fails(CLIENT(.certificate = "-----BEGIN CERTIFICATE-----"
                                       "AAAA"
                                       "-----END CERTIFICATE-----"),
                 "expected PEM");
    tls_context_close(lab_client(CLIENT(.certificate = good.pem)));
}

static void thumbprints_are_those_of_the_certificate(void **state)
{
    struct tls_context *server =
        lab_server(SERVER(.certificate_path = good.path));
    struct tls_context *client = lab_client(CLIENT(.verify = false));
    struct tls_thumbprints t = tls_context_thumbprints(server);

    (void)state;
    assert_string_equal(t.sha1, good.sha1);
    assert_string_equal(t.sha256, good.sha256);
    t = tls_context_thumbprints(client);
    assert_string_equal(t.sha1, "");
    assert_string_equal(t.sha256, "");
    tls_context_close(server);
    tls_context_close(client);
}

static void a_context_lasts_as_long_as_its_last_reference(void **state)
{
    struct tls_context *opened =
        lab_server(SERVER(.certificate_path = good.path));
    struct tls_context *shared = tls_context_share(opened);

    (void)state;
    assert_ptr_equal(shared, opened);
    tls_context_close(opened);
    assert_string_equal(tls_context_thumbprints(shared).sha1, good.sha1);
    tls_context_close(shared); /* a sanitizer says if it stays */
    assert_null(tls_context_share(NULL));
}

/* ---- a certificate of our own ------------------------------------------- */

struct paths {
    char certificate[80];
    char key[80];
};

static struct paths new_paths(const char *name)
{
    struct paths p;

    snprintf(p.certificate, sizeof p.certificate, "%s/%s.crt", lab.folder,
             name);
    snprintf(p.key, sizeof p.key, "%s/%s.key", lab.folder, name);
    return p;
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void made_certificate_serves(void **state)
{
    struct paths paths = new_paths("made");
    struct tls_context *server;
    struct tls_context *client;
    struct pair p;
    struct err err;
    mode_t mask = umask(0);

    (void)state;
    assert_int_equal(tls_make_certificate(paths.certificate, paths.key,
                                          "vspc.example", &err),
                     0);
    umask(mask);
    assert_int_equal(mode_of(paths.key), 0600);
    assert_int_equal(mode_of(paths.certificate), 0644);
    server = lab_server(
        SERVER(.certificate_path = paths.certificate, .key_path = paths.key));
    client = lab_client(CLIENT(.verify = true, .ca_path = paths.certificate));
    pair_open(&p, server, client, "vspc.example");
    pair_rest(&p);
    assert_string_equal(p.client.problem, "");
    assert_string_not_equal(stream_security(p.client.tls).terms, "");
    pair_close(&p);
    tls_context_close(server);
    tls_context_close(client);
}

static void hosts_of_all_kinds_get_a_certificate(void **state)
{
    static const char *const hosts[] = {
        "a",
        "192.0.2.1",
        "2001:db8::1",
        "a-name-of-a-host-that-is-longer-than-a-common-name-may-be.example.org",
    };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char name[20];
        struct paths paths;
        struct err err = { "" };

        snprintf(name, sizeof name, "host%zu", i);
        paths = new_paths(name);
        assert_int_equal(
            tls_make_certificate(paths.certificate, paths.key, hosts[i], &err),
            0);
    }
}

static void no_host_gets_none(void **state)
{
    static const char *const hosts[] = { "", "a,DNS:b", "a:b" };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct paths paths = new_paths("none");
        struct err err = { "" };

        assert_true(tls_make_certificate(paths.certificate, paths.key, hosts[i],
                                         &err) < 0);
        assert_string_not_equal(err.text, "");
        assert_int_equal(access(paths.key, F_OK), -1);
        assert_int_equal(access(paths.certificate, F_OK), -1);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void nothing_is_overwritten(void **state)
{
    struct paths paths = new_paths("kept");
    char path[64];
    char text[10] = "";
    struct err err;
    FILE *f;

    (void)state;
    lab_write(&lab, "kept.crt", "precious", path);
    assert_int_equal(
        tls_make_certificate(paths.certificate, paths.key, "host", &err),
        -EEXIST);
    assert_non_null(strstr(err.text, "kept.crt: File exists"));
    /* Nor is half of it left. */
    assert_int_equal(access(paths.key, F_OK), -1);
    f = fopen(paths.certificate, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "precious");
    lab_write(&lab, "kept.key", "precious", path);
    assert_int_equal(
        tls_make_certificate(paths.certificate, paths.key, "host", &err),
        -EEXIST);
    assert_int_equal(access(paths.key, F_OK), 0);
    assert_int_equal(
        tls_make_certificate("/nonexistent/a", "/nonexistent/b", "host", &err),
        -ENOENT);
}

/* FIPS 180-2, B.1: names of files depend on it. */
static void digest_is_sha_256(void **state)
{
    static const uint8_t expected[TLS_DIGEST_LEN] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    };
    uint8_t digest[TLS_DIGEST_LEN];

    (void)state;
    tls_digest(slice_of_text("abc"), digest);
    assert_memory_equal(digest, expected, sizeof digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_wrong_are_named),
        cmocka_unit_test(key_may_stand_in_its_own_file),
        cmocka_unit_test(keys_that_others_can_read_are_refused),
        cmocka_unit_test(versions_are_checked),
        cmocka_unit_test(ciphers_are_checked),
        cmocka_unit_test(no_list_has_what_neither_authenticates_nor_encrypts),
        cmocka_unit_test(clients_cannot_be_checked_without_a_ca),
        cmocka_unit_test(thumbprints_have_a_form),
        cmocka_unit_test(certificates_have_a_form),
        cmocka_unit_test(thumbprints_are_those_of_the_certificate),
        cmocka_unit_test(a_context_lasts_as_long_as_its_last_reference),
        cmocka_unit_test(made_certificate_serves),
        cmocka_unit_test(hosts_of_all_kinds_get_a_certificate),
        cmocka_unit_test(no_host_gets_none),
        cmocka_unit_test(nothing_is_overwritten),
        cmocka_unit_test(digest_is_sha_256),
    };

    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
