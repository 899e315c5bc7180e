/*
 * tls_context.h - what one side of TLS connections presents and demands: the
 * certificate, the oldest version, the ciphers, who the peer may be.
 *
 * Immutable once it is open, but for tls_context_follow: a change of settings
 * opens another context.
 *
 * A context is counted, because a reload may come while connections still
 * depend on the former settings. Each holder owns one reference and closes it:
 * the opener, a session or service whose decision to begin TLS is carried out
 * later, and each TLS stream until its end. The context is freed with the last
 * reference. One thread.
 */
#ifndef NET_TLS_TLS_CONTEXT_H
#define NET_TLS_TLS_CONTEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_context;

enum tls_client_check {
    TLS_CLIENTS_ANY,
    TLS_CLIENTS_MAY_SHOW, /* a certificate; if one comes, it must be valid */
    TLS_CLIENTS_MUST_SHOW,
};

/*
 * What in a client's certificate is the name that rules know it by. Of several
 * e-mail addresses, DNS names or URIs (subjectAltName) the first counts, of
 * several common names the last, which is the most special one. DNS names and
 * the domain of e-mail addresses become lower case. A "*" in a name is a letter
 * like any other.
 */
enum tls_name_kind {
    TLS_NAME_CN,
    TLS_NAME_EMAIL,
    TLS_NAME_DNS,
    TLS_NAME_URI,
};
enum { TLS_NAME_KIND_COUNT = TLS_NAME_URI + 1 };

/*
 * A server's settings. Texts are needed during the call only; NULL and "" mean
 * the value in brackets.
 *
 * Ciphers are OpenSSL's names and keywords (openssl-ciphers(1)), separated by
 * colons, commas or spaces. Those of TLS 1.3 (TLS_AES_..., TLS_CHACHA20_...)
 * have a list of their own: if none of them is named, OpenSSL's default for TLS
 * 1.3 stays. If no others are named, TLS 1.2 and older are switched off. Names
 * that OpenSSL does not know are skipped, as long as one is known. No list
 * brings ciphers without a certificate or without encryption; a list with
 * @SECLEVEL is refused.
 *
 * minimum: a version before 1.2 brings SHA-1 signatures to connections of these
 * versions. Nothing else becomes weaker by it.
 */
struct tls_settings {
    const char *certificate_path; /* PEM: ours, followed by its chain */
    const char *key_path; /* PEM [with the certificate]; not for others */
    const char *ca_path;  /* PEM: CAs that sign clients' certificates */
    const char *crl_path; /* PEM: their CRLs; see tls_context_crl_age [none] */
    const char *minimum;  /* "1.0" to "1.3" ["1.2"] */
    const char *ciphers;  /* [OpenSSL's own choice] */
    enum tls_client_check clients;
    enum tls_name_kind name;
    /* checks the other settings only; for no connection */
    bool has_no_certificate;
};

/*
 * A client's settings: those of a URI's fragment
 * (VirtualSerialPortURIBackingInfo, "Authentication Parameters"),
 * percent-encoding undone.
 *
 * Without certificate, thumbprint, peer_name and verify, a connection is
 * encrypted, but the peer may be anyone. Otherwise all that are given must
 * hold:
 *
 *  certificate  The peer's certificate is this one, byte for byte. Being named
 *               makes it trusted: its signer and its dates do not matter.
 *               (Dates bound what a CA vouches for. Here no CA does, and a
 *               console that goes dark overnight helps no one.)
 *  thumbprint   The SHA-1 or SHA-256 of the peer's certificate is this one.
 *               Such a certificate is trusted without signer and dates.
 *  peer_name    The certificate is for this name: a DNS name or IP address
 *               among its subjectAltNames, or its subject's common name.
 *               Without certificate and thumbprint, peer_name turns verify on.
 *  verify       A known CA signed the certificate, it is within its dates, and
 *               it is for peer_name, or else for the host that is dialled
 *               (there the common name counts only without subjectAltNames).
 *               Beside certificate or thumbprint, verify must hold too.
 */
struct tls_client_settings {
    const char *certificate; /* PEM; line ends may be missing */
    const char *thumbprint;  /* hex, in either case, with colons or without */
    const char *peer_name;
    bool verify;
    const char *ciphers; /* as in struct tls_settings */
    const char *minimum; /* "1.0" to "1.3" ["1.2"]; before 1.2 is as 1.2 */
    const char *ca_path; /* PEM: the known CAs [those of the system] */
    /* Instead of ca_path, the CAs of this context, a client's that verifies. To
     * read a system's CAs from one file takes 20 ms and 800 KiB. */
    const struct tls_context *ca_from;
    /* PEM: presented if the peer asks [none] */
    const char *own_certificate_path;
    const char *own_key_path; /* PEM [with own_certificate_path] */
};

/* Whether nobody else can use a file with a secret in it, such as a private
 * key: the same rule for all of them. what: "a private key", for err. 0, or
 * -EINVAL with err filled. */
int tls_context_check_secret(const char *path, const char *what,
                             struct err *err);

/* 0, or -errno with err filled: which file or setting is wrong, and why. */
int tls_context_open(struct tls_context **ret_context,
                     const struct tls_settings *settings, struct err *err);
int tls_context_open_client(struct tls_context **ret_context,
                            const struct tls_client_settings *settings,
                            struct err *err);

/* Returns one more reference, to be closed by tls_context_close. Takes NULL and
 * then returns NULL. */
struct tls_context *tls_context_share(struct tls_context *context);

/* Closes one reference, which the holder must not use afterwards. Takes
 * NULL. */
void tls_context_close(struct tls_context *context);

/*
 * For a reload: what next trusts, c trusts from now on, and gives its names to
 * clients; next is the context of connections to come, or NULL if there is
 * none. So the CAs and CRLs in force are those of all connections, also of
 * those that began before, and of handshakes that are under way. A context that
 * asks clients for no certificate stays so.
 */
void tls_context_follow(struct tls_context *c, const struct tls_context *next);

/*
 * CRLs are looked at for each certificate: the CA that has signed the client's
 * own has to have one, other CAs of the chain may have one. A CRL says until
 * when the next one comes out. After that, new connections with certificates of
 * its CA are refused, because nobody knows any more whose are revoked;
 * connections that are open stay. words: whose CRL it is, and what to do.
 */
enum tls_crl_age {
    TLS_CRL_FRESH, /* or there is none, or it never expires */
    TLS_CRL_OLD,   /* expires in less than 3 days, and a quarter of its time */
    TLS_CRL_EXPIRED,
};
enum tls_crl_age tls_context_crl_age(const struct tls_context *context,
                                     struct err *words);

/* The size of our key, if it is an RSA key; else 0. The loop signs with it in
 * each handshake: 0.6 ms with 2048 bits, 3 ms with 4096, growing with the third
 * power; with an ECDSA P-256 key 0.03 ms. */
unsigned tls_context_rsa_bits(const struct tls_context *context);

/* Fingerprints of our certificate, upper case hex with colons; "" without
 * one. */
struct tls_thumbprints {
    char sha1[20 * 3];
    char sha256[32 * 3];
};
struct tls_thumbprints tls_context_thumbprints(
    const struct tls_context *context);

/*
 * Writes a new key and a self-signed certificate for this host name to these
 * files: ten years, ECDSA P-256. Neither file may exist; only the owner can
 * read the key. 0, or -errno with err filled: then neither file was added.
 */
int tls_make_certificate(const char *certificate_path, const char *key_path,
                         const char *host, struct err *err);

#endif
