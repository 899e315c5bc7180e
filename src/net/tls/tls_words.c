/*
 * Describes the failure of a TLS connection for a person who reads the log, and
 * knows the URI better than OpenSSL's reason codes.
 */
#include "net/tls/tls_context_private.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

const char *tls_words_version(int version)
{
    switch (version) {
    case SSL3_VERSION:
        return "SSL 3";
    case TLS1_VERSION:
        return "TLS 1.0";
    case TLS1_1_VERSION:
        return "TLS 1.1";
    case TLS1_2_VERSION:
        return "TLS 1.2";
    case TLS1_3_VERSION:
        return "TLS 1.3";
    default:
        return "an unknown version";
    }
}

/* Alerts: what the peer says about us (RFC 8446 section 6.2). */
static const char *alert_words(int alert)
{
    switch (alert) {
    case SSL_AD_UNEXPECTED_MESSAGE:
        return "the peer did not expect what we sent";
    case SSL_AD_BAD_RECORD_MAC:
        return "the peer could not decrypt what we sent";
    case SSL_AD_HANDSHAKE_FAILURE:
        return "the peer has no cipher in common with us, or wants something "
               "else that we did not offer";
    case SSL_AD_BAD_CERTIFICATE:
        return "the peer refuses our certificate";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
        return "the peer refuses our certificate: its kind is not supported "
               "there";
    case SSL_AD_CERTIFICATE_REVOKED:
        return "the peer refuses our certificate: it was revoked";
    case SSL_AD_CERTIFICATE_EXPIRED:
        return "the peer refuses our certificate: it has expired, or is not "
               "valid yet, by the peer's clock";
    case SSL_AD_CERTIFICATE_UNKNOWN:
        return "the peer refuses our certificate: it does not trust it";
    case SSL_AD_UNKNOWN_CA:
        return "the peer refuses our certificate: it does not know who signed "
               "it";
    case SSL_AD_ACCESS_DENIED:
        return "the peer denies us access";
    case SSL_AD_DECRYPT_ERROR:
        return "the peer found a signature or checksum of ours wrong";
    case SSL_AD_PROTOCOL_VERSION:
        return "the peer speaks none of the versions of TLS that we do";
    case SSL_AD_INSUFFICIENT_SECURITY:
        return "the peer wants stronger ciphers than ours";
    case SSL_AD_INTERNAL_ERROR:
        return "the peer had an internal error";
    case SSL_AD_USER_CANCELLED:
        return "the peer cancelled the handshake";
    case SSL_AD_NO_RENEGOTIATION:
        return "the peer does not renegotiate";
    case SSL_AD_UNRECOGNIZED_NAME:
        return "the peer does not serve the host name that we asked for";
    case SSL_AD_CERTIFICATE_REQUIRED:
        return "the peer demands a certificate of ours";
    default:
        return NULL;
    }
}

static void say_alert(const struct tls_words_facts *f, int alert,
                      struct err *ret)
{
    const char *words = alert_words(alert);

    /* Before TLS 1.3 there was no alert for a missing certificate. */
    if (f->was_asked &&
        (alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_BAD_CERTIFICATE))
        words = alert_words(SSL_AD_CERTIFICATE_REQUIRED);
    else if (alert == SSL_AD_HANDSHAKE_FAILURE && !f->is_shaking_hands)
        words = NULL;
    if (words != NULL)
        err_set(ret, "TLS: %s", words);
    else
        err_set(ret, "TLS: the peer ended it: %s",
                SSL_alert_desc_string_long(alert));
}

static void say_version(const struct tls_words_facts *f, struct err *ret)
{
    long oldest = SSL_get_min_proto_version((SSL *)(uintptr_t)f->ssl);

    if (f->peer_version == 0)
        err_set(ret, "TLS: the peer speaks no version of TLS that we do");
    else
        err_set(ret, "TLS: the peer speaks %s at most; at least %s is wanted",
                tls_words_version(f->peer_version),
                tls_words_version((int)oldest));
}

/* "A, B and 3 more": ciphers of the peer's hello that have a name here. SCSVs
 * are none. */
static void name_ciphers(SSL *ssl, char *to, size_t size)
{
    enum { SHOWN = 4, CIPHER_LEN = 2 };
    unsigned char *raw = NULL;
    long raw_len = SSL_get0_raw_cipherlist(ssl, &raw);
    size_t len = 0;
    int count = 0;

    to[0] = '\0';
    for (long i = 0; raw != NULL && i + CIPHER_LEN <= raw_len;
         i += CIPHER_LEN) {
        const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, raw + i);
        const char *name = cipher != NULL ? SSL_CIPHER_get_name(cipher) : "";

        if (name[0] == '\0' || strstr(name, "SCSV") != NULL || ++count > SHOWN)
            continue;
        len += (size_t)snprintf(to + len, size - len, "%s%.40s",
                                count > 1 ? ", " : "", name);
    }
    if (count > SHOWN)
        snprintf(to + len, size - len, " and %d more", count - SHOWN);
}

static void say_no_cipher(const struct tls_words_facts *f, struct err *ret)
{
    char names[240];

    name_ciphers((SSL *)(uintptr_t)f->ssl, names, sizeof names);
    err_set(ret, "TLS: no cipher in common with the peer%s%s",
            names[0] != '\0' ? ", which offers " : "", names);
}

static const char *reason_words(int reason)
{
    switch (reason) {
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_GROUPS:
        return "no key exchange in common with the peer";
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        return "no signature algorithm in common with the peer";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return TLS_WORDS_NO_CERTIFICATE;
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_DECRYPTION_FAILED:
    case SSL_R_BAD_RECORD_TYPE:
        return "what came was changed or damaged on its way";
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_DATA_LENGTH_TOO_LONG:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "the peer sent a longer record than TLS allows";
    case SSL_R_WRONG_VERSION_NUMBER:
        return "what came is no TLS";
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_DH_KEY_TOO_SMALL:
        return "the peer's key is too short";
    default:
        return NULL;
    }
}

void tls_words_failure(const struct tls_words_facts *f, struct err *ret)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    const char *words;

    if (f->refused[0] != '\0') {
        err_set(ret, "TLS: %s", f->refused);
        return;
    }
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        if (reason >= SSL_AD_REASON_OFFSET) {
            say_alert(f, reason - SSL_AD_REASON_OFFSET, ret);
            return;
        }
        if (reason == SSL_R_UNSUPPORTED_PROTOCOL ||
            reason == SSL_R_VERSION_TOO_LOW) {
            say_version(f, ret);
            return;
        }
        if (reason == SSL_R_NO_SHARED_CIPHER && !f->is_client) {
            say_no_cipher(f, ret);
            return;
        }
        words = reason_words(reason);
        if (words != NULL) {
            err_set(ret, "TLS: %s", words);
            return;
        }
    }
    words = ERR_reason_error_string(code);
    err_set(ret, "TLS: the peer broke the protocol: %s",
            words != NULL ? words : "no more is known");
}

/* ---- other protocols -------------------------------------------------- */

static const char *protocol_of(const uint8_t *bytes, size_t len)
{
    static const struct {
        const char *start;
        const char *words;
    } known[] = {
        { "\xff", "plain telnet" },
        { "GET", "an HTTP request" },
        { "POS", "an HTTP request" },
        { "HEA", "an HTTP request" },
        { "PUT", "an HTTP request" },
        { "OPT", "an HTTP request" },
        { "CON", "an HTTP request" },
        { "HTTP", "HTTP" },
        { "SSH-", "SSH" },
        { "220", "a mail or FTP server" },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t start = strlen(known[i].start);

        if (len >= start && memcmp(bytes, known[i].start, start) == 0)
            return known[i].words;
    }
    return NULL;
}

void tls_words_no_tls(bool is_client, const uint8_t *bytes, size_t len,
                      struct err *ret)
{
    const char *protocol = protocol_of(bytes, len);
    const char *expected = is_client ? "an answer in TLS" : "a TLS hello";

    if (protocol != NULL)
        err_set(ret, "TLS: %s was expected, and the peer speaks %s", expected,
                protocol);
    else
        err_set(ret,
                "TLS: %s was expected, and the peer sent something else: "
                "it begins with byte 0x%02x",
                expected, len > 0 ? bytes[0] : 0);
}
