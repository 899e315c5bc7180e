#include "daemon/parts/daemon_tls.h"

#include "core/directory.h"
#include "daemon/process/state_directory.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/address.h"
#include "net/tls/tls_context.h"
#include "session/session_context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- where our own certificate is kept -------------------------------- */

/* Certificates contain the host's name as it is; a name with characters other
 * than these is no host name. */
static void own_host_name(char *to, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    if (gethostname(to, size) < 0)
        to[0] = '\0';
    to[size - 1] = '\0';
    if (to[0] == '\0' || to[strspn(to, letters)] != '\0')
        snprintf(to, size, "localhost");
}

/* A key without a certificate is left of a start that was interrupted: it is
 * replaced. */
static int make_certificate(struct daemon_tls *t, struct err *err)
{
    char host[65];

    if (access(t->certificate, F_OK) == 0)
        return 0;
    own_host_name(host, sizeof host);
    (void)unlink(t->key);
    return tls_make_certificate(t->certificate, t->key, host, err);
}

/* Finds or makes the files of our own certificate. */
static int find_own_certificate(struct daemon_tls *t, struct err *err)
{
    char directory[STATE_DIRECTORY_MAX];
    int fd, r;

    if (!state_directory_find(directory)) {
        err_set(err, "there is no directory to keep a certificate in: set "
                     "STATE_DIRECTORY, or give --cert and --key");
        return -ENOENT;
    }
    snprintf(t->certificate, sizeof t->certificate, "%s/certificate.pem",
             directory);
    snprintf(t->key, sizeof t->key, "%s/key.pem", directory);
    r = state_directory_make(directory);
    fd = r == 0 ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (r == 0 && fd < 0)
        r = -errno;
    /* Two processes must not make it at one time. */
    if (r == 0 && flock(fd, LOCK_EX) < 0)
        r = -errno;
    if (r < 0)
        err_set(err, "%s: no certificate can be kept there: %s", directory,
                strerror(-r));
    else
        r = make_certificate(t, err);
    if (fd >= 0)
        close(fd);
    return r;
}

/* ---- contexts --------------------------------------------------------- */

static bool vms_have_tls(const struct settings *s)
{
    bool any = s->tls != SETTINGS_TLS_OFF;

    for (uint64_t i = 0; i < s->proxies.count; i++)
        any = any || s->proxies.item[i].tls != SETTINGS_TLS_OFF;
    return any;
}

/* True on the consoles' ports, if a VM may ask for a listener, or for the
 * API. */
static bool clients_have_tls(const struct settings *s)
{
    return s->client_tls != SETTINGS_TLS_OFF || s->service_listen.count > 0 ||
           s->web.count > 0;
}

/* True if a person relies on TLS, so that running without would be wrong. */
static bool is_asked_for(const struct settings *s)
{
    bool asked = s->tls > SETTINGS_TLS_TELNETS || s->cert != NULL ||
                 s->tls_ciphers != NULL || s->vm_certs != SETTINGS_CERTS_OFF ||
                 s->client_tls != SETTINGS_TLS_OFF || s->web.count > 0;

    for (uint64_t i = 0; i < s->proxies.count; i++)
        asked = asked || s->proxies.item[i].tls > SETTINGS_TLS_TELNETS;
    return asked;
}

static int open_contexts(const struct daemon_tls *t, struct tls_context **vms,
                         struct tls_context **clients, struct err *err)
{
    const struct settings *s = t->settings;
    struct tls_settings settings = {
        .certificate_path = t->certificate,
        .key_path = t->key[0] != '\0' ? t->key : NULL,
        .has_no_certificate = t->certificate[0] == '\0',
        .minimum = s->vm_tls_min != NULL ? s->vm_tls_min : s->tls_min,
        .ciphers = s->tls_ciphers,
        .ca_path = s->vm_ca,
        .crl_path = s->vm_crl,
        .clients = (enum tls_client_check)s->vm_certs,
    };
    int r = 0;

    /* Two contexts with one certificate: demands on the peers' certificates,
     * and the oldest version, belong to a context. VMs' hosts have no
     * certificate to present, and may be older than anybody's client; other
     * ends of VMs have other CAs than people. */
    *vms = NULL;
    *clients = NULL;
    if (vms_have_tls(s))
        r = tls_context_open(vms, &settings, err);
    settings.minimum =
        s->client_tls_min != NULL ? s->client_tls_min : s->tls_min;
    settings.ca_path = s->client_ca;
    settings.crl_path = s->client_crl;
    settings.clients = (enum tls_client_check)s->client_certs;
    settings.name = (enum tls_name_kind)s->certificate_name;
    if (r == 0 && clients_have_tls(s))
        r = tls_context_open(clients, &settings, err);
    if (r < 0) {
        tls_context_close(*vms);
        *vms = NULL;
    }
    return r;
}

static void use_given_certificate(struct daemon_tls *t)
{
    const struct settings *s = t->settings;

    snprintf(t->certificate, sizeof t->certificate, "%s", s->cert);
    snprintf(t->key, sizeof t->key, "%s", s->key != NULL ? s->key : "");
}

/* The loop signs: while it does, nobody is served. */
static bool is_slow(const struct daemon_tls *t, struct err *ret)
{
    enum { RSA_BITS_MAX = 2048 };
    const struct tls_context *any = t->vms != NULL ? t->vms : t->clients;
    unsigned bits = any != NULL ? tls_context_rsa_bits(any) : 0;

    if (bits <= RSA_BITS_MAX)
        return false;
    err_set(ret,
            "each TLS handshake signs with an RSA key of %u bits, and nothing "
            "else is served meanwhile; use an ECDSA P-256 key, or RSA with "
            "%d bits",
            bits, RSA_BITS_MAX);
    return true;
}

static const char *const crl_settings[DAEMON_TLS_CONTEXTS] = { "vm-crl",
                                                               "client-crl" };

/* Of the VMs' context, of the clients'. FRESH: there is nothing to say. */
static enum tls_crl_age age_of_crls(const struct daemon_tls *t, int which,
                                    struct err *ret)
{
    const struct tls_context *contexts[DAEMON_TLS_CONTEXTS] = { t->vms,
                                                                t->clients };

    return contexts[which] != NULL ? tls_context_crl_age(contexts[which], ret)
                                   : TLS_CRL_FRESH;
}

void daemon_tls_warn(const struct settings *settings, struct problems *warnings)
{
    struct daemon_tls t = { .settings = settings };
    struct err err;

    if (settings->cert != NULL)
        use_given_certificate(&t);
    if (open_contexts(&t, &t.vms, &t.clients, &err) < 0)
        return;
    if (is_slow(&t, &err))
        problems_add(warnings, 0, "cert: %s", err.text);
    for (int i = 0; i < DAEMON_TLS_CONTEXTS; i++)
        if (age_of_crls(&t, i, &err) != TLS_CRL_FRESH)
            problems_add(warnings, 0, "%s: %s", crl_settings[i], err.text);
    daemon_tls_close(&t);
}

int daemon_tls_check(const struct settings *settings, struct err *err)
{
    struct daemon_tls t = { .settings = settings };
    int r;

    if (settings->cert != NULL)
        use_given_certificate(&t);
    r = open_contexts(&t, &t.vms, &t.clients, err);
    if (r == 0)
        daemon_tls_close(&t);
    return r;
}

int daemon_tls_open(struct daemon_tls *t, const struct settings *settings,
                    struct err *err)
{
    int r = 0;

    *t = (struct daemon_tls){ .settings = settings };
    if (!vms_have_tls(settings) && !clients_have_tls(settings))
        return 0;
    if (settings->cert != NULL)
        use_given_certificate(t);
    else
        r = find_own_certificate(t, err);
    if (r == 0)
        r = open_contexts(t, &t->vms, &t->clients, err);
    if (r == 0 || is_asked_for(settings))
        return r;
    snprintf(t->trouble, sizeof t->trouble, "%s", err->text);
    return 0;
}

void daemon_tls_close(struct daemon_tls *t)
{
    /* Closes the daemon's references only: connections have theirs, and keep
     * what they began with. */
    tls_context_close(t->vms);
    tls_context_close(t->clients);
}

void daemon_tls_use(const struct daemon_tls *t, struct session_context *ctx)
{
    ctx->vm_tls = t->vms;
    ctx->client_tls = t->clients;
}

/* True if our own certificate existed before. */
static bool has_own_certificate(const struct daemon_tls *t)
{
    return t->settings->cert == NULL && (t->vms != NULL || t->clients != NULL);
}

int daemon_tls_reopen(const struct daemon_tls *t, const struct settings *next,
                      struct daemon_tls *ret_next, struct err *err)
{
    /* Our own certificate is kept. Making one needs a lock and a disk, for
     * which the loop cannot wait; and hosts know the present one by its
     * thumbprint. */
    if (next->cert != NULL || !has_own_certificate(t))
        return daemon_tls_open(ret_next, next, err);
    *ret_next = *t;
    ret_next->settings = next;
    return open_contexts(ret_next, &ret_next->vms, &ret_next->clients, err);
}

/* ---- for vSphere ------------------------------------------------------ */

static struct tls_thumbprints thumbprints(const struct daemon_tls *t)
{
    return tls_context_thumbprints(t->vms != NULL ? t->vms : t->clients);
}

/* What was said already is not said again before it gets worse. */
static void look_at_crls(struct daemon_tls *t, int which)
{
    struct err why;
    enum tls_crl_age age = age_of_crls(t, which, &why);
    bool is_worse = age > (enum tls_crl_age)t->told_age[which];

    t->told_age[which] = (uint8_t)age;
    if (!is_worse)
        return;
    if (age == TLS_CRL_EXPIRED)
        log_error(LOG_TLS_CRL_EXPIRED " setting=%s reason=%s",
                  crl_settings[which], LOG_TEXT(why.text));
    else
        log_warning(LOG_TLS_CRL_OLD " setting=%s reason=%s",
                    crl_settings[which], LOG_TEXT(why.text));
}

void daemon_tls_look(struct daemon_tls *t)
{
    for (int i = 0; i < DAEMON_TLS_CONTEXTS; i++)
        look_at_crls(t, i);
}

void daemon_tls_log(struct daemon_tls *t)
{
    struct tls_thumbprints prints;
    struct err why;

    if (t->trouble[0] != '\0')
        log_warning(LOG_TLS_OFF " reason=%s", LOG_TEXT(t->trouble));
    if (t->vms == NULL && t->clients == NULL)
        return;
    prints = thumbprints(t);
    log_audit(LOG_INFO, NULL, NULL,
              LOG_TLS_CERTIFICATE " certificate=%s sha1=%s sha256=%s",
              LOG_TEXT(t->certificate), prints.sha1, prints.sha256);
    if (is_slow(t, &why))
        log_warning(LOG_TLS_SLOW_KEY " reason=%s", LOG_TEXT(why.text));
    memset(t->told_age, TLS_CRL_FRESH, sizeof t->told_age);
    daemon_tls_look(t);
}

/* TLS that is off for want of a certificate must not lead into the clear what
 * has come by TLS, so it is for a person to decide. */
void daemon_tls_check_kept(const struct daemon_tls *t,
                           const struct directory *directory)
{
    struct directory_cursor cursor = { 0 };
    const struct console *c;
    unsigned count = 0;

    if (t->vms != NULL || !directory->settings.keeps_tls)
        return;
    while ((c = directory_next(directory, &cursor)) != NULL)
        count += c->came_by_tls;
    if (count > 0)
        log_warning(LOG_TLS_KEPT " consoles=%u reason=%s", count,
                    LOG_TEXT("their VMs have come by TLS, and TLS for VMs is "
                             "off (--tls); set --vm-tls-keep off to serve them "
                             "in the clear"));
}

/* "HOST:PORT" for a URI, by which vSphere's hosts may reach us: the only
 * address that we listen on, or our name. */
static void find_authority(const struct settings *s, char *to, size_t size)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port = (uint16_t)s->proxy_port;
    struct err err;

    if (address_split(s->proxy_iface, port, host, &port, &err) < 0 ||
        strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        own_host_name(host, sizeof host);
    snprintf(to, size, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
             port);
}

void daemon_tls_print(const struct daemon_tls *t, FILE *to)
{
    char authority[ADDRESS_HOST_MAX + 16];
    struct tls_thumbprints prints;

    if (t->vms == NULL && t->clients == NULL) {
        fprintf(to, "TLS is off%s%s\n", t->trouble[0] != '\0' ? ": " : "",
                t->trouble);
        return;
    }
    prints = thumbprints(t);
    find_authority(t->settings, authority, sizeof authority);
    fprintf(to,
            "certificate  %s\n"
            "SHA-1        %s\n"
            "SHA-256      %s\n",
            t->certificate, prints.sha1, prints.sha256);
    if (t->vms == NULL)
        return;
    fprintf(to,
            "\nProxy URIs for vSphere (a VM's serial port, \"virtual serial "
            "port concentrator\"):\n"
            "  telnets://%s#thumbprint=%s\n"
            "  telnets://%s#thumbprint=%s\n",
            authority, prints.sha1, authority, prints.sha256);
    if (t->settings->tls >= SETTINGS_TLS_OFFERED)
        fprintf(to, "  telnet://%s#thumbprint=%s\n", authority, prints.sha1);
    fputs("The part from # on makes a host refuse any other certificate; "
          "without it\nit takes every one.\n"
          "vspc uri has this for vSphere, govc, PowerCLI and others, while "
          "vspcd runs.\n",
          to);
}
