/*
 * uri_parameters.h - the authentication parameters of a URI: the text behind
 * its '#', key[=value][&key[=value] ...]. docs/uris.md has each of them.
 */
#ifndef PROTO_URI_URI_PARAMETERS_H
#define PROTO_URI_URI_PARAMETERS_H

#include "base/slice.h"
#include "proto/uri/uri_problem.h"

#include <stdbool.h>

enum {
    URI_PEER_NAME_MAX = 255,
    URI_CIPHERS_MAX = 1023,
    /* base64 of a certificate: six times the size of a large one. A telnet
     * suboption has room for twice this. */
    URI_BASE64_MAX = 8 * 1024,
    URI_PEM_MAX = URI_BASE64_MAX + URI_BASE64_MAX / 64 + 64,
    URI_SHA1_LEN = 20,
    URI_SHA256_LEN = 32,
    URI_THUMBPRINT_MAX = 3 * URI_SHA256_LEN - 1, /* as text */
};

/* The authentication parameters; those that were not given are empty. */
struct uri_parameters {
    struct slice certificate; /* as written; see uri_get_certificate */
    uint8_t thumbprint[URI_SHA256_LEN];
    size_t thumbprint_len; /* 0, URI_SHA1_LEN or URI_SHA256_LEN */
    char peer_name[URI_PEER_NAME_MAX + 1]; /* printable UTF-8 */
    char ciphers[URI_CIPHERS_MAX + 1];     /* ':' between them */
    bool has_verify;                       /* verify itself was given */
};

/*
 * Fills *ret, which is all zeros, from fragment, which is not empty. After a
 * problem, *ret_at points to its place in fragment, and *ret is undefined.
 */
enum uri_problem uri_parameters_read(struct slice fragment,
                                     struct uri_parameters *ret,
                                     const uint8_t **ret_at);

/* True if verification is asked for, or a parameter says what to check. */
bool uri_is_verifying(const struct uri_parameters *parameters);

/*
 * The certificate as PEM in lines of 64, whatever its lines were in the URI.
 * Returns the length, 0 if there is none; to is terminated.
 */
size_t uri_get_certificate(const struct uri_parameters *parameters,
                           char to[URI_PEM_MAX + 1]);

/* The thumbprint in its canonical form, upper case with colons; "" if there is
 * none. */
void uri_get_thumbprint(const struct uri_parameters *parameters,
                        char to[URI_THUMBPRINT_MAX + 1]);

#endif
