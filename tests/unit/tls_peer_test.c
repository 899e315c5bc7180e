/* The name that a certificate proves: where it stands, and what is no name. */
#include "base/text.h"
#include "net/tls/tls_context_private.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAME_MAX_LEN = 255, PARTS_MAX = 3 };

/* A name as it stands in the certificate: bytes, in a type of ASN.1. */
struct part {
    int kind; /* GEN_EMAIL, GEN_DNS, GEN_URI; 0: a common name */
    const char *bytes;
    size_t len;
    int type; /* of a common name; 0: UTF8String */
};

#define CN(text)                                                               \
    {                                                                          \
        0, text, sizeof text - 1, 0                                            \
    }
#define CN_AS(text, type)                                                      \
    {                                                                          \
        0, text, sizeof text - 1, type                                         \
    }
#define EMAIL(text)                                                            \
    {                                                                          \
        GEN_EMAIL, text, sizeof text - 1, 0                                    \
    }
#define DNS(text)                                                              \
    {                                                                          \
        GEN_DNS, text, sizeof text - 1, 0                                      \
    }
#define URI(text)                                                              \
    {                                                                          \
        GEN_URI, text, sizeof text - 1, 0                                      \
    }

static void add_common_name(X509 *certificate, const struct part *part)
{
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();

    assert_int_equal(
        X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(NID_commonName)), 1);
    assert_int_equal(X509_NAME_ENTRY_set_data(
                         entry,
                         part->type != 0 ? part->type : V_ASN1_UTF8STRING,
                         (const unsigned char *)part->bytes, (int)part->len),
                     1);
    assert_int_equal(
        X509_NAME_add_entry(X509_get_subject_name(certificate), entry, -1, 0),
        1);
    X509_NAME_ENTRY_free(entry);
}

static void add_other_name(GENERAL_NAMES *names, const struct part *part)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();

    assert_int_equal(ASN1_STRING_set(text, part->bytes, (int)part->len), 1);
    GENERAL_NAME_set0_value(name, part->kind, text);
    sk_GENERAL_NAME_push(names, name);
}

/* Not signed, because OpenSSL signs and reads nothing whose common name is
 * wrong in its own type. We do not rely on that. */
static X509 *make(const struct part *parts)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    X509 *certificate = X509_new();

    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    for (int i = 0; i < PARTS_MAX && parts[i].bytes != NULL; i++) {
        if (parts[i].kind == 0)
            add_common_name(certificate, &parts[i]);
        else
            add_other_name(names, &parts[i]);
    }
    if (sk_GENERAL_NAME_num(names) > 0)
        assert_int_equal(
            X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0),
            1);
    GENERAL_NAMES_free(names);
    return certificate;
}

static struct stream_certificate describe(const struct part *parts,
                                          enum tls_name_kind kind)
{
    X509 *certificate = make(parts);
    struct stream_certificate c = tls_peer_describe(certificate, kind);

    X509_free(certificate);
    return c;
}

static void is_named(enum tls_name_kind kind, const char *name,
                     const struct part *parts)
{
    struct stream_certificate c = describe(parts, kind);

    assert_string_equal(c.name, name);
    assert_string_equal(c.nameless, "");
}

static void is_nobody(enum tls_name_kind kind, const char *why,
                      const struct part *parts)
{
    struct stream_certificate c = describe(parts, kind);
    char shown[sizeof c.subject + 8];

    assert_string_equal(c.name, "");
    assert_non_null(strstr(c.nameless, why));
    /* It is described nevertheless, by what is shown. */
    assert_string_not_equal(c.subject, "");
    text_clean(shown, sizeof shown, slice_of_text(c.subject));
    assert_string_equal(c.subject, shown);
    assert_string_not_equal(c.serial, "");
}

#define PARTS(...) ((const struct part[PARTS_MAX]){ __VA_ARGS__ })

static void each_kind_has_its_name(void **state)
{
    const struct part *all =
        PARTS(EMAIL("alice@example.org"), DNS("alice.example.org"),
              URI("spiffe://example.org/alice"));

    (void)state;
    is_named(TLS_NAME_EMAIL, "alice@example.org", all);
    is_named(TLS_NAME_DNS, "alice.example.org", all);
    is_named(TLS_NAME_URI, "spiffe://example.org/alice", all);
    is_named(TLS_NAME_CN, "Alice",
             PARTS(EMAIL("bob@example.org"), CN("Alice")));
}

static void no_kind_stands_for_another(void **state)
{
    (void)state;
    is_nobody(TLS_NAME_CN, "no common name in it",
              PARTS(EMAIL("a@b"), DNS("a"), URI("a:b")));
    is_nobody(TLS_NAME_EMAIL, "no e-mail address in it",
              PARTS(CN("a@b"), DNS("a"), URI("mailto:a@b")));
    is_nobody(TLS_NAME_DNS, "no DNS name in it",
              PARTS(CN("a"), EMAIL("a@b"), URI("a:b")));
    is_nobody(TLS_NAME_URI, "no URI in it",
              PARTS(CN("a:b"), EMAIL("a@b"), DNS("a")));
    is_nobody(TLS_NAME_EMAIL, "--certificate-name", PARTS(CN("a@b")));
}

static void the_first_other_name_and_the_last_common_name_count(void **state)
{
    (void)state;
    is_named(TLS_NAME_DNS, "one", PARTS(EMAIL("x"), DNS("one"), DNS("two")));
    is_named(TLS_NAME_CN, "alice", PARTS(CN("Users"), CN("alice")));
}

static void dns_knows_no_case(void **state)
{
    (void)state;
    is_named(TLS_NAME_DNS, "host.example.org", PARTS(DNS("Host.EXAMPLE.org")));
    is_named(TLS_NAME_EMAIL, "Al\"@B\"ice@example.org",
             PARTS(EMAIL("Al\"@B\"ice@Example.ORG")));
    is_named(TLS_NAME_EMAIL, "ALICE", PARTS(EMAIL("ALICE")));
    is_named(TLS_NAME_URI, "A://B", PARTS(URI("A://B")));
    is_named(TLS_NAME_CN, "ALICE", PARTS(CN("ALICE")));
}

static void a_pattern_is_only_a_text(void **state)
{
    (void)state;
    is_named(TLS_NAME_DNS, "*.example.org", PARTS(DNS("*.example.org")));
    is_named(TLS_NAME_CN, "*", PARTS(CN("*")));
}

static void a_common_name_comes_in_any_letters(void **state)
{
    (void)state;
    is_named(TLS_NAME_CN, "B\xc3\xbcro 4", PARTS(CN("B\xc3\xbcro 4")));
    is_named(TLS_NAME_CN, "ab\xc3\xbc",
             PARTS(CN_AS("\0a\0b\0\xfc", V_ASN1_BMPSTRING)));
    is_named(TLS_NAME_CN, "alice",
             PARTS(CN_AS("alice", V_ASN1_PRINTABLESTRING)));
}

static void what_is_not_shown_is_no_name(void **state)
{
    static const struct part bad[] = {
        CN(""),
        CN("alice\0.example.org"),
        CN("\0"),
        CN("alice\n"),
        CN("alice\r\nclient=root"),
        CN("\x1b[2Jalice"),
        CN("alice\x7f"),
        CN(" alice"),
        CN("alice "),
        CN("al\xc2\xa0ice"),     /* a blank that is none */
        CN("al\xe2\x80\x8bice"), /* without width */
        CN("\xe2\x80\xae"
           "ecila"), /* from right to left */
        CN("al\xff"
           "ice"),
        CN("\xc0\xae"),       /* overlong */
        CN("al\xed\xa0\x80"), /* half a pair */
        CN_AS("\0a\0\0\0b", V_ASN1_BMPSTRING),
        CN_AS("\xd8\x00\xdc\x00", V_ASN1_BMPSTRING),
        CN_AS("\0\x11\0\0", V_ASN1_UNIVERSALSTRING),
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        is_nobody(TLS_NAME_CN, "the common name in it is empty, too long, or",
                  PARTS(bad[i]));
        /* A good one does not help. */
        is_nobody(TLS_NAME_CN, "the common name in it is empty, too long, or",
                  PARTS(CN("alice"), bad[i]));
    }
}

static void what_is_no_ascii_is_no_other_name(void **state)
{
    static const struct {
        enum tls_name_kind kind;
        struct part bad;
    } cases[] = {
        { TLS_NAME_EMAIL, EMAIL("") },
        { TLS_NAME_EMAIL, EMAIL("root@example.org\0@evil.example") },
        { TLS_NAME_EMAIL, EMAIL("a b@example.org") },
        { TLS_NAME_EMAIL, EMAIL("b\xc3\xbcro@example.org") },
        { TLS_NAME_DNS, DNS("ops.example.org\0.evil.example") },
        { TLS_NAME_DNS, DNS("ops.example.org\n") },
        { TLS_NAME_DNS, DNS("\xff") },
        { TLS_NAME_URI, URI("spiffe://a/\x1b[0m") },
        { TLS_NAME_URI, URI("spiffe://a/\x7f") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct part good = cases[i].bad;

        good.bytes = "good";
        good.len = 4;
        is_nobody(cases[i].kind, "in it is empty, too long, or",
                  PARTS(cases[i].bad));
        is_nobody(cases[i].kind, "in it is empty, too long, or",
                  PARTS(cases[i].bad, good));
    }
}

static void a_name_is_never_cut(void **state)
{
    char text[NAME_MAX_LEN + 2];
    const struct part email = { GEN_EMAIL, text, NAME_MAX_LEN, 0 };
    const struct part longer = { GEN_EMAIL, text, NAME_MAX_LEN + 1, 0 };

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    is_nobody(TLS_NAME_EMAIL, "too long", PARTS(longer));
    text[NAME_MAX_LEN] = '\0';
    is_named(TLS_NAME_EMAIL, text, PARTS(email));
}

static void no_certificate_is_nobody(void **state)
{
    struct stream_certificate c = tls_peer_describe(NULL, TLS_NAME_CN);

    (void)state;
    assert_string_equal(c.name, "");
    assert_string_equal(c.nameless, "");
    assert_string_equal(c.serial, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_name),
        cmocka_unit_test(no_kind_stands_for_another),
        cmocka_unit_test(the_first_other_name_and_the_last_common_name_count),
        cmocka_unit_test(dns_knows_no_case),
        cmocka_unit_test(a_pattern_is_only_a_text),
        cmocka_unit_test(a_common_name_comes_in_any_letters),
        cmocka_unit_test(what_is_not_shown_is_no_name),
        cmocka_unit_test(what_is_no_ascii_is_no_other_name),
        cmocka_unit_test(a_name_is_never_cut),
        cmocka_unit_test(no_certificate_is_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
