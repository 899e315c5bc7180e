/*
 * tls_lab.h - what tests of TLS need: certificates that are made on the spot,
 * two TLS streams joined in memory, and a bare OpenSSL as a peer that does what
 * a stream of ours never would.
 *
 * Whatever cannot go wrong ends the program if it does.
 */
#ifndef TESTS_TLS_LAB_H
#define TESTS_TLS_LAB_H

#include "net/stream_mem.h"
#include "net/tls/stream_tls.h"

#include <openssl/ssl.h>

/* ---- certificates ------------------------------------------------------ */

/* Files in a folder of its own, which goes with lab_close. */
struct lab {
    char folder[40];
    X509 *ca;
    EVP_PKEY *ca_key;
    char ca_path[64];
};

enum { LAB_DAY = 24 * 60 * 60 };

struct lab_wish {
    const char *common_name; /* NULL: no subject */
    const char *names;       /* "DNS:a,IP:::1"; NULL: no subjectAltName */
    bool is_self_signed;     /* else by the lab's CA */
    long from_s;             /* from now; 0: a day ago */
    long to_s;               /* 0: in a day */
};

struct lab_certificate {
    char path[64];     /* certificate and key */
    char key_path[64]; /* the key alone */
    char pem[2048];
    char sha1[60]; /* with colons, upper case */
    char sha256[96];
};

void lab_open(struct lab *lab);
void lab_close(struct lab *lab);
struct lab_certificate lab_make(struct lab *lab, const char *file,
                                const struct lab_wish *wish);
/* A file in the lab's folder with this text. */
void lab_write(const struct lab *lab, const char *file, const char *text,
               char ret_path[64]);

/* Both end the program if it fails. */
struct tls_context *lab_server(const struct tls_settings *settings);
struct tls_context *lab_client(const struct tls_client_settings *settings);

/* ---- a stream's owner -------------------------------------------------- */

struct end {
    struct stream_mem wire;
    struct stream *tls; /* NULL: closed */
    uint8_t *got;       /* what it has read */
    size_t got_len;
    size_t got_max;
    struct slice to_send; /* written as there is room */
    size_t read_size;     /* of one read; 0: LIMIT_READ */
    bool is_deaf;         /* reads nothing */
    ssize_t result;       /* of the last read that brought nothing: 0 at the
                           * end, -errno; 1: none yet */
    char problem[256];
    unsigned distrusted;   /* how often it was told so; problem has why */
    bool closes_when_over; /* inside on_ready */
};

void end_open(struct end *e, struct tls_hub *hub, struct tls_context *context,
              const char *host);
void end_done(struct end *e);
/* Wants what there is to do now. */
void end_update(struct end *e);

/* ---- two of them ------------------------------------------------------- */

struct pair {
    struct tls_hub hub;
    struct end server;
    struct end client;
    size_t piece; /* bytes of the wire that move at once; 0: all */
};

/* The contexts stay the caller's. */
void pair_open(struct pair *p, struct tls_context *server,
               struct tls_context *client, const char *host);
void pair_close(struct pair *p);

/* Lets things happen until nothing does. */
void pair_rest(struct pair *p);

/* What is due of the hub and of one end's wire; true if anything was. */
bool lab_turn(struct tls_hub *hub, struct end *e);

/* ---- what tests of streams begin with ---------------------------------- */

/* A server with a certificate, and a client that takes any. */
struct lab_kit {
    struct lab lab;
    struct lab_certificate certificate; /* the server's, self-signed */
    struct tls_context *server;
    struct tls_context *client;
};

/* Before and after a group of cmocka's; its state is the kit then. */
int lab_kit_open(void **state);
int lab_kit_close(void **state);
struct lab_kit *lab_kit_of(void **state);

/* Joins its server and its client. */
void lab_kit_pair(struct pair *p, struct lab_kit *kit);

/* ---- a peer that is bare OpenSSL --------------------------------------- */

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in;
    BIO *out;
};

/* certificate_path may be NULL for a client; newest: TLS1_VERSION... */
void raw_open(struct raw *r, bool is_client, const char *certificate_path,
              int newest, const char *ciphers);
void raw_done(struct raw *r);
/* Moves what there is from it and to it; true if there was anything. */
bool raw_send(struct raw *r, struct end *e);
bool raw_receive(struct raw *r, struct end *e);
/* Moves what there is, both ways, until nothing does; the raw end reads into
 * text, if there is data. */
void raw_rest(struct raw *r, struct tls_hub *hub, struct end *e);

#endif
