#include "tls_lab.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIRE_MAX = 4 * 1024 * KIB };

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "tls_lab: %s\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

/* ---- certificates ------------------------------------------------------ */

static void extend(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    require(extension != NULL, "extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *draft(EVP_PKEY *key, const char *common_name, long from_s,
                   long to_s)
{
    static long serial;
    X509 *certificate = X509_new();

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
    if (common_name != NULL)
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
            (const unsigned char *)common_name, -1, -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static void path_in(const struct lab *lab, const char *file, char to[64])
{
    require(snprintf(to, 64, "%s/%s", lab->folder, file) < 64, "path");
}

void lab_write(const struct lab *lab, const char *file, const char *text,
               char ret_path[64])
{
    FILE *f;

    path_in(lab, file, ret_path);
    f = fopen(ret_path, "w");
    require(f != NULL && fputs(text, f) >= 0, "file");
    fclose(f);
}

void lab_open(struct lab *lab)
{
    FILE *f;

    *lab = (struct lab){ .folder = "/tmp/vspc-tls-XXXXXX" };
    require(mkdtemp(lab->folder) != NULL, "folder");
    lab->ca_key = EVP_EC_gen("P-256");
    lab->ca = draft(lab->ca_key, "the lab's CA", -10L * LAB_DAY, 10L * LAB_DAY);
    X509_set_issuer_name(lab->ca, X509_get_subject_name(lab->ca));
    extend(lab->ca, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(lab->ca, lab->ca_key, EVP_sha256()) > 0, "CA");
    path_in(lab, "ca.pem", lab->ca_path);
    f = fopen(lab->ca_path, "w");
    require(f != NULL && PEM_write_X509(f, lab->ca) == 1, "CA's file");
    fclose(f);
}

void lab_close(struct lab *lab)
{
    char command[80];

    X509_free(lab->ca);
    EVP_PKEY_free(lab->ca_key);
    snprintf(command, sizeof command, "rm -r %s", lab->folder);
    require(system(command) == 0, "folder left");
}

static void fingerprint(const X509 *certificate, const EVP_MD *kind, char *to)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;

    X509_digest(certificate, kind, digest, &len);
    for (unsigned i = 0; i < len; i++)
        to += sprintf(to, "%s%02X", i > 0 ? ":" : "", digest[i]);
}

static void write_both(const char *path, X509 *certificate, EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");

    require(f != NULL && fchmod(fileno(f), 0600) == 0, "certificate's file");
    if (certificate != NULL)
        PEM_write_X509(f, certificate);
    PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
}

struct lab_certificate lab_make(struct lab *lab, const char *file,
                                const struct lab_wish *wish)
{
    struct lab_certificate made = { 0 };
    char name[40];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = draft(key, wish->common_name,
                              wish->from_s != 0 ? wish->from_s : -LAB_DAY,
                              wish->to_s != 0 ? wish->to_s : LAB_DAY);
    X509 *issuer = wish->is_self_signed ? certificate : lab->ca;
    BIO *text = BIO_new(BIO_s_mem());
    int len;

    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (wish->names != NULL)
        extend(certificate, NID_subject_alt_name, wish->names);
    require(X509_sign(certificate, wish->is_self_signed ? key : lab->ca_key,
                      EVP_sha256()) > 0,
            "certificate");
    path_in(lab, file, made.path);
    snprintf(name, sizeof name, "%s.key", file);
    path_in(lab, name, made.key_path);
    write_both(made.path, certificate, key);
    write_both(made.key_path, NULL, key);
    PEM_write_bio_X509(text, certificate);
    len = BIO_read(text, made.pem, sizeof made.pem - 1);
    require(len > 0, "PEM");
    fingerprint(certificate, EVP_sha1(), made.sha1);
    fingerprint(certificate, EVP_sha256(), made.sha256);
    BIO_free(text);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

struct tls_context *lab_server(const struct tls_settings *settings)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    require(tls_context_open(&context, settings, &err) == 0, err.text);
    return context;
}

struct tls_context *lab_client(const struct tls_client_settings *settings)
{
    struct tls_context *context = NULL;
    struct err err = { "" };

    require(tls_context_open_client(&context, settings, &err) == 0, err.text);
    return context;
}

/* ---- a stream's owner -------------------------------------------------- */

void end_update(struct end *e)
{
    unsigned wanted = 0;

    if (e->tls == NULL)
        return;
    if (!e->is_deaf && e->result == 1)
        wanted |= STREAM_READ;
    if (e->to_send.len > 0 && e->result >= 0)
        wanted |= STREAM_WRITE;
    stream_want(e->tls, wanted);
}

static void read_some(struct end *e)
{
    static uint8_t bytes[LIMIT_READ];
    ssize_t n = stream_read(e->tls, bytes,
                            e->read_size > 0 ? e->read_size : sizeof bytes);

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        e->result = n;
        snprintf(e->problem, sizeof e->problem, "%s",
                 stream_security(e->tls).problem);
        return;
    }
    require(e->got_len + (size_t)n <= e->got_max, "more came than expected");
    memcpy(e->got + e->got_len, bytes, (size_t)n);
    e->got_len += (size_t)n;
}

static void on_ready(void *owner, unsigned ready)
{
    struct end *e = owner;

    if (ready & STREAM_DISTRUSTED) {
        e->distrusted++;
        snprintf(e->problem, sizeof e->problem, "%s",
                 stream_security(e->tls).problem);
    }
    if (ready & STREAM_READ)
        read_some(e);
    if ((ready & STREAM_WRITE) && e->result >= 0) {
        ssize_t n = stream_write(e->tls, e->to_send.data, e->to_send.len);

        if (n >= 0) {
            e->to_send = slice_after(e->to_send, (size_t)n);
        } else {
            e->result = n;
            snprintf(e->problem, sizeof e->problem, "%s",
                     stream_security(e->tls).problem);
        }
    }
    if (e->result != 1 && e->closes_when_over) {
        stream_close(e->tls);
        e->tls = NULL;
    }
    end_update(e);
}

static void end_init(struct end *e)
{
    *e = (struct end){ .result = 1, .got_max = 64 * KIB };
    e->got = xmalloc(e->got_max);
    stream_mem_init(&e->wire, WIRE_MAX);
}

void end_open(struct end *e, struct tls_hub *hub, struct tls_context *context,
              const char *host)
{
    end_init(e);
    e->tls =
        stream_tls_new(hub, context, &e->wire.stream, slice_of(NULL, 0), host);
    stream_set_owner(e->tls, on_ready, e);
    end_update(e);
}

void end_done(struct end *e)
{
    if (e->tls != NULL)
        stream_close(e->tls);
    e->tls = NULL;
    free(e->got);
    stream_mem_done(&e->wire);
}

/* ---- two of them ------------------------------------------------------- */

void pair_open(struct pair *p, struct tls_context *server,
               struct tls_context *client, const char *host)
{
    *p = (struct pair){ 0 };
    tls_hub_init(&p->hub, NULL);
    end_open(&p->server, &p->hub, server, NULL);
    end_open(&p->client, &p->hub, client, host);
}

void pair_close(struct pair *p)
{
    end_done(&p->server);
    end_done(&p->client);
    tls_hub_done(&p->hub);
}

static bool move_bytes(struct end *from, struct end *to, size_t piece)
{
    struct slice bytes = buf_bytes(&from->wire.from_session);

    if (to->wire.is_closed)
        buf_done(&from->wire.from_session);
    if (bytes.len == 0 || to->wire.is_closed)
        return false;
    if (piece > 0 && bytes.len > piece)
        bytes.len = piece;
    require(stream_mem_give(&to->wire, bytes) == 0, "wire is full");
    buf_take(&from->wire.from_session, bytes.len);
    return true;
}

static bool turn_queue(struct tls_hub *hub, struct deadline_queue *queue)
{
    /* A turn that is due next is over, whatever the clock says. */
    uint64_t now_us = clock_now_us() + queue->length_us;
    struct deadline *d;
    bool has_happened = false;

    while ((d = deadline_pop(queue, now_us)) != NULL) {
        queue->on_due(d, hub);
        has_happened = true;
    }
    return has_happened;
}

static bool turn_hub(struct tls_hub *hub)
{
    bool has_happened = turn_queue(hub, &hub->turns);

    return turn_queue(hub, &hub->again) || has_happened;
}

bool lab_turn(struct tls_hub *hub, struct end *e)
{
    bool has_happened = stream_mem_turn(&e->wire);

    return turn_hub(hub) || has_happened;
}

void pair_rest(struct pair *p)
{
    for (bool goes_on = true; goes_on;) {
        goes_on = lab_turn(&p->hub, &p->server);
        goes_on |= lab_turn(&p->hub, &p->client);
        goes_on |= move_bytes(&p->server, &p->client, p->piece);
        goes_on |= move_bytes(&p->client, &p->server, p->piece);
    }
}

/* ---- what tests of streams begin with ---------------------------------- */

int lab_kit_open(void **state)
{
    static struct lab_kit kit;

    lab_open(&kit.lab);
    kit.certificate = lab_make(
        &kit.lab, "server.pem",
        &(struct lab_wish){ .common_name = "server", .is_self_signed = true });
    kit.server = lab_server(
        &(struct tls_settings){ .certificate_path = kit.certificate.path });
    kit.client = lab_client(&(struct tls_client_settings){ .verify = false });
    *state = &kit;
    return 0;
}

int lab_kit_close(void **state)
{
    struct lab_kit *kit = lab_kit_of(state);

    tls_context_close(kit->server);
    tls_context_close(kit->client);
    lab_close(&kit->lab);
    return 0;
}

struct lab_kit *lab_kit_of(void **state)
{
    return *state;
}

void lab_kit_pair(struct pair *p, struct lab_kit *kit)
{
    pair_open(p, kit->server, kit->client, "server");
}

/* ---- a peer that is bare OpenSSL --------------------------------------- */

void raw_open(struct raw *r, bool is_client, const char *certificate_path,
              int newest, const char *ciphers)
{
    r->ctx = SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method());
    SSL_CTX_set_security_level(r->ctx, newest < TLS1_2_VERSION ? 0 : 1);
    SSL_CTX_set_min_proto_version(r->ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(r->ctx, newest);
    if (certificate_path != NULL) {
        require(SSL_CTX_use_certificate_file(r->ctx, certificate_path,
                                             SSL_FILETYPE_PEM) == 1,
                "raw certificate");
        require(SSL_CTX_use_PrivateKey_file(r->ctx, certificate_path,
                                            SSL_FILETYPE_PEM) == 1,
                "raw key");
    }
    if (ciphers != NULL)
        require(SSL_CTX_set_cipher_list(r->ctx, ciphers) == 1, "raw ciphers");
    r->ssl = SSL_new(r->ctx);
    r->in = BIO_new(BIO_s_mem());
    r->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(r->in, -1);
    SSL_set_bio(r->ssl, r->in, r->out);
    if (is_client)
        SSL_set_connect_state(r->ssl);
    else
        SSL_set_accept_state(r->ssl);
}

void raw_done(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
}

bool raw_send(struct raw *r, struct end *e)
{
    char *bytes;
    long len = BIO_get_mem_data(r->out, &bytes);

    if (len <= 0)
        return false;
    require(stream_mem_give(&e->wire, slice_of(bytes, (size_t)len)) == 0,
            "raw wire is full");
    (void)BIO_reset(r->out);
    return true;
}

bool raw_receive(struct raw *r, struct end *e)
{
    struct slice bytes = buf_bytes(&e->wire.from_session);
    bool is_any = bytes.len > 0;

    if (is_any)
        BIO_write(r->in, bytes.data, (int)bytes.len);
    buf_done(&e->wire.from_session);
    return is_any;
}

void raw_rest(struct raw *r, struct tls_hub *hub, struct end *e)
{
    char bytes[1000];

    for (bool goes_on = true; goes_on;) {
        ERR_clear_error();
        SSL_read(r->ssl, bytes, sizeof bytes);
        goes_on = raw_send(r, e);
        goes_on |= lab_turn(hub, e);
        goes_on |= raw_receive(r, e);
    }
    ERR_clear_error();
}
