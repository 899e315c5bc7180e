/*
 * tls_context.h - what one side of TLS connections shows and demands: the
 * certificate, the oldest version, the ciphers, who may be at the other end.
 *
 * Immutable once it is open: to change anything another one is opened.
 *
 * A context is counted, because settings are loaded again while connections
 * still depend on the former ones. Each holder owns one reference and closes
 * it: whoever opened the context, whoever made a decision with it that is
 * carried out later (a session whose policy says that TLS may begin, a service
 * that listens or connects with it), and each TLS stream until its end. The
 * context goes with the last reference. One thread.
 */
#ifndef NET_TLS_TLS_CONTEXT_H
#define NET_TLS_TLS_CONTEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_context;

enum tls_client_check {
    TLS_CLIENTS_ANY,
    TLS_CLIENTS_MAY_SHOW, /* a certificate; one that is shown must be good */
    TLS_CLIENTS_MUST_SHOW,
};

/*
 * A server's. In all settings: texts are needed for the time of the call only;
 * NULL and "": as in brackets.
 *
 * Ciphers are OpenSSL's names and keywords (openssl-ciphers(1)), separated by
 * colons, commas or spaces. Those of TLS 1.3 (TLS_AES_..., TLS_CHACHA20_...)
 * have a list of their own: where none of them is named its default stays, and
 * where no others are named TLS 1.2 and older are not spoken. Names that
 * OpenSSL does not know are skipped as long as one is known.
 */
struct tls_settings {
    const char *certificate_path; /* PEM: ours, and the chain behind it */
    const char *key_path;         /* PEM [with the certificate] */
    const char *ca_path;          /* PEM: who signs clients' certificates */
    const char *minimum;          /* "1.0" to "1.3" ["1.2"] */
    const char *ciphers;          /* [OpenSSL's own choice] */
    enum tls_client_check clients;
    bool has_no_certificate; /* only the rest is tried: for no connection */
};

/*
 * A client's: what the fragment of a URI says (VirtualSerialPortURIBackingInfo,
 * "Authentication Parameters"), percent-encoding undone.
 *
 * With none of certificate, thumbprint, peer_name and verify a connection is
 * encrypted, but with whom is not known. Otherwise all that is given must hold:
 *
 *  certificate  The peer's is this one, byte for byte. It is trusted for being
 *               named: who signed it and its dates do not matter. (Dates bound
 *               what a CA vouches for. Here nobody does, and a console that
 *               goes dark overnight helps no one.)
 *  thumbprint   The SHA-1 or SHA-256 of the peer's certificate is this one;
 *               trusted as above.
 *  peer_name    The certificate is for this name: a DNS name or IP address
 *               among its subjectAltNames, or its subject's common name. With
 *               neither of the above it is also verified as below.
 *  verify       A known CA signed it, it is within its dates, and it is for
 *               peer_name, or else for the host that is dialled (there the
 *               common name counts only if there are no subjectAltNames). Next
 *               to certificate or thumbprint this is asked for on top.
 */
struct tls_client_settings {
    const char *certificate; /* PEM; line ends may be missing */
    const char *thumbprint;  /* hex, in either case, with colons or without */
    const char *peer_name;
    bool verify;
    const char *ciphers; /* see above */
    const char *minimum; /* "1.0" to "1.3" ["1.2"] */
    const char *ca_path; /* PEM: who is a known CA [those of the system] */
    /* Or: those of this context, a client's that verifies. Where the system
     * has them in one file it takes 20 ms and 800 KiB to read them. */
    const struct tls_context *ca_from;
    const char *own_certificate_path; /* PEM: to show if the peer asks [none] */
    const char *own_key_path;         /* PEM [with own_certificate_path] */
};

/* 0, or -errno with err filled: which file or setting, what is wrong. */
int tls_context_open(struct tls_context **ret_context,
                     const struct tls_settings *settings, struct err *err);
int tls_context_open_client(struct tls_context **ret_context,
                            const struct tls_client_settings *settings,
                            struct err *err);

/* Another reference to the same context, closed by tls_context_close like the
 * first. Takes NULL and then returns NULL. */
struct tls_context *tls_context_share(struct tls_context *context);

/* Gives one reference back; the holder has none afterwards. Takes NULL. */
void tls_context_close(struct tls_context *context);

/* Fingerprints of our certificate, upper case hex with colons; "" without. */
struct tls_thumbprints {
    char sha1[20 * 3];
    char sha256[32 * 3];
};
struct tls_thumbprints tls_context_thumbprints(
    const struct tls_context *context);

/*
 * Writes a new key and a certificate for this host name, signed by itself, to
 * these files: ten years, ECDSA P-256. Neither file is there before; the key is
 * for its owner only. 0, or -errno with err filled: then neither is there, or
 * what was there is as it was.
 */
int tls_make_certificate(const char *certificate_path, const char *key_path,
                         const char *host, struct err *err);

#endif
