#include "net/tls/tls_certificate.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/tls/tls_context_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void tls_certificate_hex(const unsigned char *bytes, unsigned len,
                         const char *between, char *to)
{
    to[0] = '\0';
    for (unsigned i = 0; i < len; i++)
        to += sprintf(to, "%02X%s", bytes[i], i + 1 < len ? between : "");
}

static void format_digest(const X509 *certificate, const EVP_MD *kind, char *to)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (certificate == NULL ||
        X509_digest(certificate, kind, digest, &len) != 1)
        len = 0;
    tls_certificate_hex(digest, len, ":", to);
}

struct tls_thumbprints tls_context_thumbprints(
    const struct tls_context *context)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context->ctx);
    struct tls_thumbprints t = { "", "" };

    format_digest(certificate, EVP_sha1(), t.sha1);
    format_digest(certificate, EVP_sha256(), t.sha256);
    return t;
}

/* ---- what stands in it ------------------------------------------------- */

static void add_name(struct tls_certificate *c, const char *text, size_t len)
{
    char *to = c->name[c->name_count];

    if (c->name_count < TLS_CERTIFICATE_NAMES_MAX && len > 0 &&
        text_clean(to, TLS_CERTIFICATE_NAME_MAX,
                   slice_of((const uint8_t *)text, len)) == len &&
        memcmp(to, text, len) == 0)
        c->name_count++;
}

static void add_address(struct tls_certificate *c, const ASN1_STRING *bytes)
{
    int len = ASN1_STRING_length(bytes);
    char text[INET6_ADDRSTRLEN];

    if ((len == 4 || len == 16) &&
        inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes),
                  text, sizeof text) != NULL)
        add_name(c, text, strlen(text));
}

static void read_names(struct tls_certificate *c, const X509 *certificate)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[TLS_CERTIFICATE_NAME_MAX];

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int kind;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);

        if (kind == GEN_DNS)
            add_name(c, (const char *)ASN1_STRING_get0_data(value),
                     (size_t)ASN1_STRING_length(value));
        else if (kind == GEN_IPADD)
            add_address(c, value);
    }
    GENERAL_NAMES_free(names);
    if (c->name_count == 0 &&
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                                  NID_commonName, common, sizeof common) > 0)
        add_name(c, common, strlen(common));
}

/* 0: the date cannot be read. */
static int64_t seconds_of(const ASN1_TIME *date)
{
    struct tm tm;

    return ASN1_TIME_to_tm(date, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void read_key(struct tls_certificate *c, const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *kind = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
    char group[32];
    size_t len;

    if (kind == NULL)
        return;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1)
        snprintf(c->key, sizeof c->key, "%.14s %s", kind, group);
    else
        snprintf(c->key, sizeof c->key, "%.14s %d", kind,
                 EVP_PKEY_get_bits(key));
}

static char *pem_of(const X509 *certificate)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    char *pem = NULL;
    long len = 0;

    if (text != NULL && PEM_write_bio_X509(text, certificate) == 1)
        len = BIO_get_mem_data(text, &bytes);
    pem = xstrndup(len > 0 ? bytes : "", (size_t)len);
    BIO_free(text);
    return pem;
}

struct tls_certificate *tls_certificate_read(const struct tls_context *context)
{
    X509 *certificate = SSL_CTX_get0_certificate(context->ctx);
    struct tls_certificate *c;

    if (certificate == NULL)
        return NULL;
    c = xcalloc(1, sizeof *c);
    tls_peer_format_name(X509_get_subject_name(certificate), c->subject,
                         sizeof c->subject);
    tls_peer_format_name(X509_get_issuer_name(certificate), c->issuer,
                         sizeof c->issuer);
    read_names(c, certificate);
    c->not_before_s = seconds_of(X509_get0_notBefore(certificate));
    c->not_after_s = seconds_of(X509_get0_notAfter(certificate));
    c->is_self_signed = X509_self_signed(certificate, 0) == 1;
    read_key(c, certificate);
    c->prints = tls_context_thumbprints(context);
    c->pem = pem_of(certificate);
    ERR_clear_error();
    return c;
}

void tls_certificate_free(struct tls_certificate *c)
{
    if (c == NULL)
        return;
    free(c->pem);
    free(c);
}

/* ---- a certificate of our own ----------------------------------------- */

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension == NULL)
        return false;
    is_added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool is_ip_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, bytes) == 1 ||
           inet_pton(AF_INET6, host, bytes) == 1;
}

/* The host as subjectAltName, and the names of this machine. */
static bool add_names(X509 *certificate, const char *host)
{
    char names[300];

    /* OpenSSL's notation would read such a host as several names. */
    if (strpbrk(host, ",:;\n") != NULL && !is_ip_address(host))
        return false;
    snprintf(names, sizeof names, "%s:%.200s,DNS:localhost,IP:127.0.0.1",
             is_ip_address(host) ? "IP" : "DNS", host);
    return add_extension(certificate, NID_subject_alt_name, names);
}

/* A common name has 64 characters at most (RFC 5280, ub-common-name). */
static bool set_subject(X509 *certificate, const char *host)
{
    enum { COMMON_NAME_MAX = 64 };
    X509_NAME *name = X509_get_subject_name(certificate);
    int len = (int)strnlen(host, COMMON_NAME_MAX);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)host, len, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static bool set_serial(X509 *certificate)
{
    BIGNUM *serial = BN_new();
    bool is_set =
        serial != NULL && BN_rand(serial, 127, 0, 0) == 1 &&
        BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;

    BN_free(serial);
    return is_set;
}

/* Valid from yesterday on, because clocks differ. */
static bool set_dates(X509 *certificate)
{
    enum { DAYS = 3650, SECONDS_PER_DAY = 24 * 60 * 60 };

    return X509_gmtime_adj(X509_getm_notBefore(certificate),
                           -SECONDS_PER_DAY) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), DAYS, 0, NULL) !=
               NULL;
}

static bool fill_in(X509 *certificate, EVP_PKEY *key, const char *host)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           set_serial(certificate) && set_dates(certificate) &&
           set_subject(certificate, host) &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_basic_constraints, "CA:FALSE") &&
           add_names(certificate, host) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* Creates a new file; NULL: errno has the reason. */
static FILE *create(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (fd >= 0 && file == NULL)
        close(fd);
    return file;
}

/* Writes the key if one is given, else the certificate. */
static int write_file(const char *path, mode_t mode, const X509 *certificate,
                      const EVP_PKEY *key, struct err *err)
{
    FILE *file = create(path, mode);
    bool is_written;
    int r;

    if (file == NULL) {
        r = -errno;
        err_set(err, "cannot create %.150s: %s", path, strerror(-r));
        return r;
    }
    errno = 0;
    is_written = key != NULL ? PEM_write_PKCS8PrivateKey(file, key, NULL, NULL,
                                                         0, NULL, NULL) == 1
                             : PEM_write_X509(file, certificate) == 1;
    if (fflush(file) != 0 || fsync(fileno(file)) != 0)
        is_written = false;
    r = is_written ? 0 : errno != 0 ? -errno : -EIO;
    fclose(file);
    if (r < 0) {
        (void)unlink(path);
        err_set(err, "cannot write %.150s: %s", path, strerror(-r));
    }
    return r;
}

int tls_make_certificate(const char *certificate_path, const char *key_path,
                         const char *host, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    int r;

    if (key == NULL || certificate == NULL ||
        !fill_in(certificate, key, host)) {
        const char *why = ERR_reason_error_string(ERR_peek_error());

        r = -EINVAL;
        err_set(err, "no certificate can be made for '%.100s': %s", host,
                why != NULL ? why : "that is no host name");
        goto done;
    }
    r = write_file(key_path, 0600, NULL, key, err);
    if (r < 0)
        goto done;
    r = write_file(certificate_path, 0644, certificate, NULL, err);
    /* A key without its certificate would make the next try fail. */
    if (r < 0)
        (void)unlink(key_path);

done:
    ERR_clear_error();
    X509_free(certificate);
    EVP_PKEY_free(key);
    return r;
}
