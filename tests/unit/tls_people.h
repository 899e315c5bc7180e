/*
 * tls_people.h - what tests of certificates need: authorities, people whose
 * certificates they have signed, and CRLs. Made by people_open, in the folder
 * of a lab (tls_lab.h), and gone with people_close; both are for cmocka's
 * groups. Whatever cannot go wrong fails the test if it does.
 */
#ifndef TESTS_TLS_PEOPLE_H
#define TESTS_TLS_PEOPLE_H

#include "tls_lab.h"

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    char path[64];
};

struct person {
    X509 *certificate;
    char path[64]; /* certificate, chain, key */
};

struct people {
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
};

extern struct people people;

int people_open(void **state);
int people_close(void **state);

/* to_s: how long its certificate is good from now. The caller frees the
 * certificate. */
struct person people_make(const char *name, const struct authority *by,
                          long to_s);

struct crl_wish {
    const struct authority *by;
    const X509 *revoked; /* NULL: none */
    const EVP_PKEY *key; /* [of by] */
    long last_s;         /* [an hour ago] */
    long next_s;         /* [in a day] */
};

#define CRL(...) (&(struct crl_wish){ __VA_ARGS__ })

struct path {
    char text[64];
};

/* A file with up to two of them; each call writes the same one anew. */
struct path people_write_crls(const struct crl_wish *one,
                              const struct crl_wish *two);

/* A server that demands a certificate of these CAs. crl_path may be NULL. */
struct tls_context *people_server(const char *ca_path, const char *crl_path);
struct tls_context *people_client(const struct person *who);

/* A connection with who's certificate, as far as it goes. */
void people_connect(struct pair *p, struct tls_context *server,
                    const struct person *who);

#endif
