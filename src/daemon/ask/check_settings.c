#include "daemon/ask/check_settings.h"

#include "audit/audit_file.h"
#include "daemon/access/daemon_access.h"
#include "daemon/alerts/alert_sections.h"
#include "daemon/alerts/webhook_sections.h"
#include "daemon/inventory/daemon_inventory.h"
#include "daemon/parts/daemon_tls.h"
#include "daemon/parts/logs_settings.h"
#include "daemon/process/privileges.h"
#include "daemon/process/secret_file.h"
#include "daemon/process/state_path.h"
#include "daemon/records/daemon_records.h"
#include "hook/hook_spec.h"
#include "net/address.h"
#include "proto/uri/uri_rule.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void complain(const struct settings *s, const char *name, uint64_t index,
                     const struct err *err, struct problems *problems)
{
    struct options_place place = options_where(s, name, index);

    problems_add(problems, place.line, "%s: %s", place.text, err->text);
}

/* has_port: a port may follow the address. */
static void check_address(const struct settings *s, const char *name,
                          uint64_t index, const char *text, bool has_port,
                          struct problems *problems)
{
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port = 1;
    struct address address;
    struct err err;
    int r = 0;

    if (has_port)
        r = address_split(text, port, host, &port, &err);
    if (r == 0)
        r = address_parse(has_port ? host : text, port, &address, &err);
    if (r < 0)
        complain(s, name, index, &err, problems);
}

static void check_rules(const struct settings *s, const char *name,
                        const struct settings_rules *rules,
                        enum uri_place place, struct problems *problems)
{
    for (uint64_t i = 0; i < rules->count; i++) {
        struct uri_rule rule;
        struct err err;

        if (uri_rule_parse(rules->text[i], place, &rule, &err) < 0)
            complain(s, name, i, &err, problems);
    }
}

static void check_hooks(const struct settings *s, bool looks_at_disk,
                        struct problems *problems)
{
    for (uint64_t i = 0; i < s->hooks.count; i++) {
        struct hook_spec spec;
        struct err err;
        int r = hook_spec_parse(s->hooks.text[i], &spec, &err);

        /* check_settings has reported settings that cannot be parsed. */
        if (looks_at_disk)
            r = r == 0 ? hook_spec_check(&spec, &err) : 0;
        if (r < 0)
            complain(s, "hook", i, &err, problems);
    }
}

static void check_user(const struct settings *s, struct problems *problems)
{
    struct err err;

    if (privileges_check(s->user, &err) < 0)
        complain(s, "user", 0, &err, problems);
}

/* True if path is in the directory, or would be: neither has to exist. */
static bool is_within(const char *path, const char *directory)
{
    char real_path[PATH_MAX], real_directory[PATH_MAX];
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len;

    snprintf(parent, sizeof parent, "%.*s",
             slash == NULL ? 1 : (int)(slash + 1 - path),
             slash == NULL ? "." : path);
    if (realpath(directory, real_directory) == NULL)
        snprintf(real_directory, sizeof real_directory, "%s", directory);
    if (realpath(parent, real_path) == NULL)
        snprintf(real_path, sizeof real_path, "%s", parent);
    len = strlen(real_directory);
    return strncmp(real_path, real_directory, len) == 0 &&
           (real_path[len] == '/' || real_path[len] == '\0' ||
            (len > 0 && real_directory[len - 1] == '/'));
}

/* A console log has the name that its VM has chosen, and is rotated and
 * deleted. */
static void check_audit_log(const struct settings *s, struct problems *problems)
{
    const char *directory = logs_settings_directory(s);
    struct err err;

    if (s->audit_log == NULL || directory == NULL ||
        !is_within(s->audit_log, directory))
        return;
    err_set(&err,
            "%.200s is in the directory of console logs, where VMs choose "
            "names of files: use another directory",
            s->audit_log);
    complain(s, "audit-log", 0, &err, problems);
}

void check_settings(const struct settings *s, struct problems *problems)
{
    check_address(s, "proxy-iface", 0, s->proxy_iface, true, problems);
    check_address(s, "interface", 0, s->interface, false, problems);
    check_address(s, "admin-iface", 0, s->admin_iface, false, problems);
    for (uint64_t i = 0; i < s->proxies.count; i++)
        check_address(s, "proxy-listen", i, s->proxies.item[i].address, true,
                      problems);
    for (uint64_t i = 0; i < s->web.count; i++)
        check_address(s, "web", i, s->web.item[i].address, true, problems);
    check_rules(s, "service-listen", &s->service_listen, URI_SERVER, problems);
    check_rules(s, "service-connect", &s->service_connect, URI_CLIENT,
                problems);
    logs_settings_check(s, problems);
    daemon_records_check(s, problems);
    check_audit_log(s, problems);
    check_user(s, problems);
    check_hooks(s, false, problems);
    daemon_inventory_check(s, false, problems);
    webhook_sections_check(s, problems);
    daemon_access_check(s, problems, NULL);
    alert_sections_check(s, problems);
}

/* Checks one file after the other, so that the problem can name its setting.
 * A certificate of our own is not read: it need not exist before the first
 * start. */
static void check_tls(const struct settings *s, struct problems *problems)
{
    enum { CERT, CIPHERS, VM_CA, VM_CRL, CLIENT_CA, CLIENT_CRL, COUNT };
    static const char *const names[COUNT] = { "cert",      "tls-ciphers",
                                              "vm-ca",     "vm-crl",
                                              "client-ca", "client-crl" };
    struct err err;
    int r = 0;

    for (int i = 0; i < COUNT && r == 0; i++) {
        struct settings some = *s; /* borrows its texts */

        some.tls_ciphers = i < CIPHERS ? NULL : s->tls_ciphers;
        some.vm_certs = i < VM_CA ? 0 : s->vm_certs;
        some.vm_crl = i < VM_CRL ? NULL : s->vm_crl;
        some.client_certs = i < CLIENT_CA ? 0 : s->client_certs;
        some.client_crl = i < CLIENT_CRL ? NULL : s->client_crl;
        r = daemon_tls_check(&some, &err);
        if (r < 0)
            complain(s, names[i], 0, &err, problems);
    }
}

static void check_vm_key_file(const struct settings *s,
                              struct problems *problems)
{
    uint8_t site_key[TLS_DIGEST_LEN];
    struct err err;

    if (secret_file_read_vm_key(s, site_key, &err) < 0)
        problems_add(problems, options_where(s, "vm-key-file", 0).line, "%s",
                     err.text);
    explicit_bzero(site_key, sizeof site_key);
}

static void check_state_file(const struct settings *s,
                             struct problems *problems)
{
    struct err err;

    if (s->state_file != NULL && state_path_check(s->state_file, &err) < 0)
        complain(s, "file", 0, &err, problems);
}

/* A missing directory will be made, and a disk that does not work may work
 * later; but a file will never be a directory. */
static void check_log_directory(const struct settings *s,
                                struct problems *problems)
{
    struct stat found;
    struct err err;

    if (s->log_directory == NULL || stat(s->log_directory, &found) < 0 ||
        S_ISDIR(found.st_mode))
        return;
    err_set(&err, "%.200s is no directory", s->log_directory);
    complain(s, "logdir", 0, &err, problems);
}

static void check_audit_file(const struct settings *s,
                             struct problems *problems)
{
    struct err err;

    if (s->audit_log != NULL && audit_file_check(s->audit_log, &err) < 0)
        complain(s, "audit-log", 0, &err, problems);
}

void check_settings_files(const struct settings *s, struct problems *problems)
{
    check_tls(s, problems);
    check_vm_key_file(s, problems);
    check_state_file(s, problems);
    check_log_directory(s, problems);
    check_audit_file(s, problems);
    check_hooks(s, true, problems);
    daemon_inventory_check(s, true, problems);
    webhook_sections_check_files(s, problems);
    alert_sections_compile(s, problems);
}
