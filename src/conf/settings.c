#include "base/mem.h"
#include "conf/program_settings.h"
#include "conf/sources.h"
#include "conf/vspc_server.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void set_defaults(struct settings *s)
{
    struct settings_origin origin = { SETTINGS_DEFAULT, 0 };

    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        int r = row->standard != NULL
                    ? option_set(row, origin, row->standard, s, NULL)
                    : 0;

        assert(r == 0);
        (void)r;
    }
}

/* As in vSPC.py, a flag's variable turns the flag on only if it is "true", in
 * any case of its letters. */
static void read_environment(struct settings *s, struct problems *problems)
{
    struct settings_origin origin = { SETTINGS_ENVIRONMENT, 0 };

    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        const char *name = row->environment;
        const char *value = name != NULL ? getenv(name) : NULL;
        struct err err;

        if (value == NULL || value[0] == '\0')
            continue;
        if (row->type == OPTION_FLAG)
            value = strcasecmp(value, "true") == 0 ? "true" : "false";
        if (option_set(row, origin, value, s, &err) < 0)
            problems_add(problems, 0, "%s: %s", name, err.text);
    }
}

static void take_command_line(const struct command_line *line,
                              struct settings *s, struct problems *problems)
{
    struct settings_origin origin = { SETTINGS_COMMAND_LINE, 0 };

    for (int i = 0; i < line->count; i++) {
        const struct command_line_option *o = &line->options[i];
        struct err err;

        if (option_set(o->row, origin, o->value, s, &err) < 0)
            problems_add(problems, 0, "--%s: %s", o->row->name, err.text);
    }
}

/* The path of the last --config, or that of the environment. NULL: none was
 * given. */
static const char *find_config(const struct command_line *line)
{
    const struct option_row *row = option_find("config");
    const char *value = getenv(row->environment);
    int count = line->count;

    while (count > 0 && line->options[count - 1].row != row)
        count--;
    if (count > 0)
        return line->options[count - 1].value;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* --ssl is vSPC.py's name for --tls required: there it means TLS and nothing
 * else. A policy from a source that overrides that of ssl stays, and turns ssl
 * off: --show-config shows what is in force, and can be read again as a file.
 * Beside ssl, in one source, no weaker policy counts. */
static void take_ssl(struct settings *s)
{
    int tls = option_index(option_find("tls"));
    int ssl = option_index(option_find("ssl"));

    if (!s->ssl || s->tls == SETTINGS_TLS_REQUIRED)
        return;
    s->ssl = s->origins[tls].source <= s->origins[ssl].source;
    if (s->ssl) {
        s->tls = SETTINGS_TLS_REQUIRED;
        s->origins[tls] = s->origins[ssl];
    } else {
        s->origins[ssl] = s->origins[tls];
    }
}

/* Adds a problem that begins with the place where the setting was given. */
static void complain(const struct settings *s, const char *name,
                     const char *what, struct problems *problems)
{
    struct options_place place = options_where(s, name, 0);

    problems_add(problems, place.line, "%s: %s", place.text, what);
}

/* The other setting is named as it would be in the place of the first one. */
static void complain_of_need(const struct settings *s, const char *name,
                             const char *other, struct problems *problems)
{
    struct options_place place = options_where(s, name, 0);

    problems_add(problems, place.line, "%s: needs %s%s", place.text,
                 place.line == 0 ? "--" : "", other);
}

/* An option of a token without the command would start a server. */
static void check_token(const struct settings *s, struct problems *problems)
{
    static const char *const names[] = { "token-name", "token-owner",
                                         "token-right", "token-consoles",
                                         "token-expires" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (s->token == NULL && options_is_given(s, names[i]))
            complain_of_need(s, names[i], "token", problems);
    }
}

/* Where TLS is not required, a client in the clear has no certificate to show,
 * and is served. */
static void check_client_certificates(const struct settings *s,
                                      struct problems *problems)
{
    if (s->client_certs == SETTINGS_CERTS_REQUIRED &&
        s->client_tls != SETTINGS_TLS_REQUIRED)
        complain_of_need(s, "client-certs", "client-tls required", problems);
    else if (s->client_certs != 0 && s->client_tls == SETTINGS_TLS_OFF)
        complain_of_need(s, "client-certs", "client-tls", problems);
    else if (s->client_certs != 0 && s->client_ca == NULL)
        complain_of_need(s, "client-certs", "client-ca", problems);
    if (s->client_certs == 0 && s->client_ca != NULL)
        complain_of_need(s, "client-ca", "client-certs", problems);
    if (s->client_crl != NULL && s->client_ca == NULL)
        complain_of_need(s, "client-crl", "client-ca", problems);
}

/* The least and the greatest policy of the ports for VMs. */
static uint64_t vm_tls(const struct settings *s, bool greatest)
{
    uint64_t tls = s->tls;

    for (uint64_t i = 0; i < s->proxies.count; i++)
        if ((s->proxies.item[i].tls > tls) == greatest)
            tls = s->proxies.item[i].tls;
    return tls;
}

/* All of them have one context: a port where TLS is not required would let VMs
 * in without a certificate. */
static void check_vm_certificates(const struct settings *s,
                                  struct problems *problems)
{
    if (s->vm_certs == SETTINGS_CERTS_REQUIRED &&
        s->tls != SETTINGS_TLS_REQUIRED)
        complain_of_need(s, "vm-certs", "tls required", problems);
    else if (s->vm_certs == SETTINGS_CERTS_REQUIRED &&
             vm_tls(s, false) != SETTINGS_TLS_REQUIRED)
        complain(s, "vm-certs", "needs tls=required in each proxy-listen",
                 problems);
    else if (s->vm_certs != 0 && vm_tls(s, true) == SETTINGS_TLS_OFF)
        complain_of_need(s, "vm-certs", "tls", problems);
    else if (s->vm_certs != 0 && s->vm_ca == NULL)
        complain_of_need(s, "vm-certs", "vm-ca", problems);
    if (s->vm_certs == 0 && s->vm_ca != NULL)
        complain_of_need(s, "vm-ca", "vm-certs", problems);
    if (s->vm_crl != NULL && s->vm_ca == NULL)
        complain_of_need(s, "vm-crl", "vm-ca", problems);
}

static bool is_escape(const char *text)
{
    return strcmp(text, "none") == 0 ||
           (strlen(text) == 1 && ispunct((unsigned char)text[0]));
}

static void check_together(const struct settings *s, struct problems *problems)
{
    const char *name;
    const char *problem = program_problem(s, &name);
    struct err err;

    if (problem != NULL)
        complain(s, name, problem, problems);
    if (s->port_range_start > s->port_range_end) {
        err_set(&err, "%llu is above port-range-end: expected at most %llu",
                (unsigned long long)s->port_range_start,
                (unsigned long long)s->port_range_end);
        complain(s, "port-range-start", err.text, problems);
    }
    if (!is_escape(s->menu_escape))
        complain(s, "menu-escape",
                 "expected one printable character of ASCII that is no letter "
                 "or digit, or none",
                 problems);
    if ((s->history_size & (s->history_size - 1)) != 0) {
        err_set(&err,
                "%llu is not valid: expected a power of two, such as 64K or "
                "128K",
                (unsigned long long)s->history_size);
        complain(s, "history-size", err.text, problems);
    }
    if (s->state_file != NULL && s->backend != SETTINGS_BACKEND_FILE)
        complain(s, "file", "needs --backend File", problems);
    /* Without a state no VM is known after a restart. */
    if (s->unknown_vms != 0 && s->backend != SETTINGS_BACKEND_FILE)
        complain_of_need(s, "unknown-vms", "backend File", problems);
    if (s->explain_access != NULL && s->explain_console == NULL)
        complain(s, "explain-access",
                 "expected a principal and a console, such as alice web-1",
                 problems);
    if (s->explain_console != NULL && s->explain_access == NULL)
        complain_of_need(s, "explain-console", "explain-access", problems);
    if (s->vm_keys != 0 && s->vm_key_file == NULL)
        complain_of_need(s, "vm-keys", "vm-key-file", problems);
    if (s->vm_key != NULL && s->vm_key_file == NULL)
        complain_of_need(s, "vm-key", "vm-key-file", problems);
    if (s->key != NULL && s->cert == NULL)
        complain_of_need(s, "key", "cert", problems);
    check_vm_certificates(s, problems);
    check_client_certificates(s, problems);
    if (s->audit_required != 0 && s->audit_log == NULL)
        complain_of_need(s, "audit-required", "audit-log", problems);
    check_token(s, problems);
    if (s->inventory != NULL && s->inventory_program != NULL)
        complain(s, "inventory-program",
                 "excludes inventory: there is one inventory", problems);
}

/* An empty path is no file; option_set refuses it when it sets --config. */
static void read_file(const char *given, const struct options_text *text,
                      struct settings *s, struct problems *problems)
{
    char *path;

    if (text != NULL) {
        s->file = xstrdup(text->name);
        config_text_read(text->name, text->text, text->len, s, problems);
        return;
    }
    /* vSPC.py has no default file. Settings for the service vspcd must not
     * change what an init script for vSPCServer says. */
    if (given == NULL && s->is_vspc_server)
        return;
    path = program_absolute_path(s->directory,
                                 given != NULL ? given : VSPCD_CONFIG_FILE);
    if (given == NULL || given[0] != '\0')
        config_file_read(path, given == NULL, s, problems);
    free(path);
}

/* Sets the settings from all sources, those that override others last. */
static void read_sources(const struct command_line *line,
                         const struct options_text *text, bool is_reload,
                         struct settings *s, struct problems *problems)
{
    set_defaults(s);
    read_file(find_config(line), text, s, problems);
    read_environment(s, problems);
    take_command_line(line, s, problems);
    if (s->is_vspc_server)
        vspc_server_set_defaults(s);
    take_ssl(s);
    program_settle(s, is_reload);
    /* A wrong value has left the default in place: what is compared with it
     * would be reported as wrong too. */
    if (problems->count == 0)
        check_together(s, problems);
}

/* former: the settings in force, at a reload; NULL: at the start. text: in the
 * place of the file; NULL: the file. */
static int read_all(int argc, char **argv, const struct settings *former,
                    const struct options_text *text,
                    struct settings *ret_settings,
                    enum options_request *ret_request,
                    struct problems *problems)
{
    struct settings s = {
        .argc = argc,
        .argv = argv,
        .is_vspc_server = vspc_server_is_name(argv[0]),
    };
    struct command_line line;

    if (former != NULL && former->directory != NULL)
        s.directory = xstrdup(former->directory);
    problems->count = 0;
    command_line_read(argc, argv, &line, problems);
    if (line.request == OPTIONS_SHOW_HELP ||
        line.request == OPTIONS_SHOW_VERSION)
        problems->count = 0;
    else
        read_sources(&line, text, former != NULL, &s, problems);
    *ret_request = line.request;
    command_line_done(&line);
    if (*ret_request == OPTIONS_RUN && s.check_uri != NULL)
        *ret_request = OPTIONS_CHECK_URI;
    if (*ret_request == OPTIONS_RUN && s.explain_access != NULL)
        *ret_request = OPTIONS_EXPLAIN_ACCESS;
    if (*ret_request == OPTIONS_RUN && s.vm_key != NULL)
        *ret_request = OPTIONS_VM_KEY;
    if (*ret_request == OPTIONS_RUN && s.import_ports != NULL)
        *ret_request = OPTIONS_IMPORT_PORTS;
    if (*ret_request == OPTIONS_RUN && s.verify_audit != NULL)
        *ret_request = OPTIONS_VERIFY_AUDIT;
    if (*ret_request == OPTIONS_RUN && s.token != NULL)
        *ret_request = OPTIONS_TOKEN;
    *ret_settings = s;
    return problems->count > 0 ? -EINVAL : 0;
}

int options_read(int argc, char **argv, struct settings *ret_settings,
                 enum options_request *ret_request, struct problems *problems)
{
    return read_all(argc, argv, NULL, NULL, ret_settings, ret_request,
                    problems);
}

void options_free(struct settings *s)
{
    for (int i = 0; i < option_row_count; i++)
        option_clear(&option_rows[i], s);
    access_sections_clear(&s->sections);
    free(s->file);
    s->file = NULL;
    free(s->directory);
    s->directory = NULL;
}

int options_reload(const struct settings *current, struct settings *ret_next,
                   struct problems *problems)
{
    return options_reload_text(current, NULL, ret_next, problems);
}

int options_reload_text(const struct settings *current,
                        const struct options_text *text,
                        struct settings *ret_next, struct problems *problems)
{
    enum options_request request;
    int r = read_all(current->argc, current->argv, current, text, ret_next,
                     &request, problems);

    if (r < 0)
        options_free(ret_next);
    return r;
}

void options_keep(const struct settings *current, struct settings *next,
                  struct options_changes *ret_changes)
{
    struct options_changes changes = { 0 };

    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (option_is_equal(row, current, next))
            continue;
        if (row->is_reloaded) {
            changes.name[changes.count++] = row->name;
        } else {
            changes.restart[changes.restart_count++] = row->name;
            option_copy(row, next, current);
        }
    }
    for (int i = 0; i < SECTION_KINDS; i++) {
        enum access_section_kind kind = (enum access_section_kind)i;

        if (!access_sections_are_equal(&current->sections, &next->sections,
                                       kind))
            changes.name[changes.count++] = access_section_name(kind);
    }
    *ret_changes = changes;
}

static unsigned line_of(const struct settings *s, const struct option_row *row,
                        uint64_t index)
{
    const char *member = (const char *)s + row->offset;

    if (row->type == OPTION_PORT)
        return ((const struct settings_ports *)(const void *)member)
            ->item[index]
            .line;
    if (row->type == OPTION_RULE)
        return ((const struct settings_rules *)(const void *)member)
            ->line[index];
    if (row->type == OPTION_NETWORK)
        return ((const struct settings_networks *)(const void *)member)
            ->line[index];
    return s->origins[option_index(row)].line;
}

struct options_place options_where(const struct settings *s, const char *name,
                                   uint64_t index)
{
    const struct option_row *row = option_find(name);
    struct options_place place = { .line = 0 };

    assert(row != NULL && index < SETTINGS_NETWORKS_MAX);
    switch (s->origins[option_index(row)].source) {
    case SETTINGS_FILE:
        place.line = line_of(s, row, index);
        snprintf(place.text, sizeof place.text, "%.200s:%u: %s",
                 s->file != NULL ? s->file : "", place.line, name);
        break;
    case SETTINGS_ENVIRONMENT:
        snprintf(place.text, sizeof place.text, "%s", row->environment);
        break;
    case SETTINGS_DEFAULT:
    case SETTINGS_VSPC_SERVER:
    case SETTINGS_COMMAND_LINE:
        snprintf(place.text, sizeof place.text, "--%s", name);
        break;
    }
    return place;
}

const char *options_source_name(enum settings_source source)
{
    static const char *const names[] = {
        [SETTINGS_DEFAULT] = "default",
        [SETTINGS_VSPC_SERVER] = "vSPCServer",
        [SETTINGS_FILE] = "file",
        [SETTINGS_ENVIRONMENT] = "environment",
        [SETTINGS_COMMAND_LINE] = "command line",
    };

    return (unsigned)source < sizeof names / sizeof names[0] ? names[source]
                                                             : "?";
}

bool options_next_item(const struct settings *s, int *cursor,
                       struct options_item *ret_item)
{
    while (*cursor < option_row_count) {
        const struct option_row *row = &option_rows[(*cursor)++];

        if (!option_is_setting(row))
            continue;
        *ret_item = (struct options_item){
            .group = row->group,
            .name = row->name,
            .otherwise = row->otherwise,
            .environment = row->environment,
            .origin = s->origins[option_index(row)],
            .is_reloaded = row->is_reloaded,
        };
        return true;
    }
    return false;
}

bool options_is_given(const struct settings *s, const char *name)
{
    const struct option_row *row = option_find(name);

    assert(row != NULL);
    if (row->type == OPTION_FLAG &&
        !*(const bool *)((const char *)s + row->offset))
        return false;
    return s->origins[option_index(row)].source > SETTINGS_VSPC_SERVER;
}

void options_value(const struct settings *s, const char *name, char *to,
                   size_t size)
{
    FILE *file;

    for (int i = 0; i < SECTION_KINDS; i++) {
        if (strcmp(name, access_section_name((enum access_section_kind)i)) != 0)
            continue;
        snprintf(to, size, "%zu section%s", s->sections.of[i].count,
                 s->sections.of[i].count == 1 ? "" : "s");
        return;
    }
    to[0] = '\0';
    file = fmemopen(to, size, "w");
    if (file == NULL)
        return;
    option_print_value(option_find(name), s, file);
    fclose(file);
    to[size - 1] = '\0';
}
