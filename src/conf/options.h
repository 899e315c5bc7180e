/*
 * options.h - the settings of vspcd, read from a table and four sources.
 *
 * The table (option_row.h) has a row for each option: name, type, range, unit,
 * default and text. The command line, the configuration file, the environment
 * variables, the help and the manual pages are made from the table. Later
 * sources override earlier ones: defaults, file, environment, command line. A
 * list is overridden as a whole. If the program is called as vSPCServer, some
 * defaults differ, and only the file of --config is read (vspc_server.h).
 *
 * This module does not check what depends on the system, such as addresses and
 * certificates: daemon/ask/check_settings.h does. It does not log.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "base/err.h"
#include "base/network.h"
#include "conf/access_sections.h"
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SETTINGS_HOST_MAX = 64, /* bytes of an address with its port and a NUL */
    SETTINGS_PORTS_MAX = 8,
    SETTINGS_RULES_MAX = 32,
    SETTINGS_NETWORKS_MAX = 64,
    SETTINGS_ROWS_MAX = 192, /* more than the table has */
};

enum settings_source {
    SETTINGS_DEFAULT,
    SETTINGS_VSPC_SERVER, /* vSPC.py's default: conf/vspc_server.h */
    SETTINGS_FILE,
    SETTINGS_ENVIRONMENT,
    SETTINGS_COMMAND_LINE,
};

/* The source of a setting's value. */
struct settings_origin {
    enum settings_source source;
    unsigned line; /* of the file, from 1; 0 for the other sources */
};

/* TLS policy of a port, in the order of session/session_context.h. */
enum settings_tls {
    SETTINGS_TLS_OFF,
    SETTINGS_TLS_TELNETS,
    SETTINGS_TLS_OFFERED,
    SETTINGS_TLS_REQUIRED,
};

/* Whether a client, or a VM's end, in TLS shows a certificate. */
enum settings_certs {
    SETTINGS_CERTS_OFF,
    SETTINGS_CERTS_OPTIONAL,
    SETTINGS_CERTS_REQUIRED,
};

/* Of a port of the API. */
enum settings_web_tls {
    SETTINGS_WEB_CLEAR,
    SETTINGS_WEB_TLS,
};

/* What in a client's certificate is its name. */
enum settings_certificate_name {
    SETTINGS_NAME_CN,
    SETTINGS_NAME_EMAIL,
    SETTINGS_NAME_DNS,
    SETTINGS_NAME_URI,
};

/* Ports, each with its TLS policy. */
struct settings_port {
    char address[SETTINGS_HOST_MAX]; /* ADDRESS:PORT */
    uint64_t tls;                    /* index of the row's words */
    bool has_tls;                    /* a policy was given */
    unsigned line;                   /* of the file */
};
struct settings_ports {
    struct settings_port item[SETTINGS_PORTS_MAX];
    uint64_t count;
};

struct settings_rules {
    char *text[SETTINGS_RULES_MAX];
    unsigned line[SETTINGS_RULES_MAX]; /* of the file */
    uint64_t count;
};

struct settings_networks {
    struct network item[SETTINGS_NETWORKS_MAX];
    unsigned line[SETTINGS_NETWORKS_MAX]; /* of the file */
    uint64_t count;
};

/* --check-uri-as: what the URI is used for. */
enum settings_uri_place {
    SETTINGS_URI_SERVER,
    SETTINGS_URI_CLIENT,
    SETTINGS_URI_PROXY,
};

/* The backends of vSPC.py. */
enum settings_backend {
    SETTINGS_BACKEND_MEMORY,
    SETTINGS_BACKEND_FILE,
    SETTINGS_BACKEND_LOGGING,
};

/*
 * All settings. options_read makes them and options_free ends them. They own
 * their texts and lists, but not argv. A char * that is NULL was not given.
 */
struct settings {
    uint64_t proxy_port;       /* TCP port for VMs; 0: any free one */
    uint64_t port_range_start; /* first TCP port for consoles */
    uint64_t port_range_end;   /* last TCP port for consoles */
    uint64_t menu_port;        /* 0: there is no menu */
    uint64_t admin_port;       /* 0: there is no admin port */
    uint64_t vm_expire_s;
    uint64_t new_console_expire_s;
    uint64_t identity_timeout_s;
    uint64_t hold_ms;
    uint64_t half_close_ms;
    uint64_t writer_idle_s; /* 0: nobody takes an idle writer's keyboard */
    uint64_t client_nop_s;  /* 0: no NOPs */
    uint64_t client_idle_s; /* 0: no end */
    uint64_t interrupt;     /* 0 off, 1 on */
    uint64_t enter;         /* 0 as-is, 1 cr */
    uint64_t vm_keys;       /* 0 off, 1 optional, 2 required */
    char *vm_key_file;
    uint64_t unknown_vms; /* 0 accept, 1 refuse */
    uint64_t vm_takeover; /* 0 probe, 1 allow, 2 refuse */
    uint64_t move_timeout_s;
    uint64_t held_input_size;     /* bytes for each console */
    uint64_t history_size;        /* bytes for each console */
    uint64_t history_total;       /* bytes for all consoles together */
    uint64_t attach_lines;        /* lines of history for a new client */
    uint64_t attach_bytes;        /* maximum of history for a new client */
    uint64_t client_limit;        /* clients of each console; 0: no limit */
    uint64_t console_limit;       /* consoles; 0: no limit */
    uint64_t client_total;        /* clients of all consoles; 0: no limit */
    uint64_t clients_per_address; /* without a certificate; 0: no limit */
    uint64_t client_reserve;      /* of client_total, for a certificate */
    uint64_t vm_rate;             /* per second and address; 0: no limit */
    uint64_t vm_burst;            /* connections of an address */
    uint64_t new_console_rate;    /* per second and address; 0: no limit */
    uint64_t new_console_burst;   /* new consoles of an address */
    uint64_t vm_tls_keep;         /* 0 off, 1 on */
    uint64_t client_rate;         /* per second and address; 0: no limit */
    uint64_t client_burst;        /* connections of an address */
    uint64_t unidentified_limit;  /* connections; 0: no limit */
    uint64_t unidentified_per_address; /* connections; 0: no limit */
    uint64_t tls;                      /* enum settings_tls, for VMs */
    uint64_t client_tls;               /* enum settings_tls, for clients */
    uint64_t vm_certs;                 /* enum settings_certs */
    uint64_t client_certs;             /* enum settings_certs */
    uint64_t certificate_name;         /* enum settings_certificate_name */
    struct settings_ports proxies;     /* more ports for VMs; enum
                                        * settings_tls */
    struct settings_ports web;         /* of the API; enum settings_web_tls */
    struct settings_rules web_origins;
    uint64_t session_idle_s; /* of people on pages: since the last use */
    uint64_t session_s;      /* the same, since the login */
    struct settings_networks metrics_from; /* who may get the metrics */
    struct settings_networks web_proxies;  /* whose word about people counts */
    bool web_proxy_socket;                 /* root's on the Unix socket, too */
    char *web_user_field;
    char *web_groups_field;
    char *ssh_login_user; /* whose word about people counts; NULL: nobody's */
    char *socket;         /* "none", a path, or NULL: in the run directory */
    char *socket_group;   /* NULL: "vspcd", if there is such a group */
    struct settings_rules service_listen;  /* syntax: proto/uri_rule.h */
    struct settings_rules service_connect; /* syntax: proto/uri_rule.h */
    struct settings_networks vm_allow;     /* empty: every address */
    struct settings_networks client_allow; /* empty: every address */
    struct settings_networks balancers;    /* empty: nobody is believed */
    struct access_sections sections;       /* of the file alone */
    uint64_t keyboard;       /* 0 free-for-all, 1 one-writer: where sections say
                              * nothing else */
    char *inventory;         /* path; NULL: none */
    char *inventory_program; /* path; NULL: none */
    uint64_t inventory_time_s;
    uint64_t inventory_metrics;   /* 0 off, 1 folder, 2 owner, 3 host, 4 tag */
    struct settings_rules hooks;  /* syntax: hook/hook_spec.h */
    struct settings_rules alerts; /* names of alert/match/alert_sets.h */
    uint64_t alert_repeat_s;      /* 0: each find is an alert */
    char *web_url;                /* NULL: there are no links */
    uint64_t hook_timeout_s;
    uint64_t hook_limit;
    uint64_t backend;    /* enum settings_backend */
    char *state_file;    /* NULL: in the state directory */
    char *log_directory; /* NULL: no console logs, unless backend Logging */
    char *log_name;      /* a pattern */
    char *log_prefix;
    char *log_mode;           /* octal */
    char *log_owner;          /* USER[:GROUP] */
    uint64_t log_format;      /* 0 raw, 1 with timestamps */
    uint64_t log_rotate_size; /* bytes; 0: never */
    uint64_t log_rotate_s;    /* 0: never */
    uint64_t log_keep;
    bool log_compress;
    uint64_t log_total;          /* bytes; 0: any number */
    uint64_t log_keep_free;      /* bytes; 0: none */
    char *record_directory;      /* NULL: beside the state file; "none" */
    uint64_t record_format;      /* 0 v2, 1 v3 */
    uint64_t record_rotate_size; /* bytes; 0: never */
    uint64_t record_keep_s;      /* 0: for ever */
    uint64_t record_keep_size;   /* bytes; 0: any number */
    char *cert;                  /* NULL: a certificate is made */
    char *key;                   /* NULL: in the certificate's file */
    char *vm_ca;
    char *vm_crl;      /* NULL: no certificate is revoked */
    char *menu_escape; /* one character, or "none" */
    char *client_ca;
    char *client_crl; /* NULL: no certificate is revoked */
    uint64_t login;   /* 0 pam, 1 off */
    char *pam_socket; /* NULL: vspcd-pam is where auth/pam.h says */
    char *tls_min;
    char *vm_tls_min;     /* NULL: tls_min */
    char *client_tls_min; /* NULL: tls_min */
    char *tls_ciphers;
    char *config;          /* the value of --config */
    char *vm_key;          /* UUID or UUID/LABEL */
    uint64_t check_uri_as; /* enum settings_uri_place */
    char *check_uri;
    char *explain_access;  /* a principal */
    char *explain_console; /* its console */
    char *import_ports;    /* path of a file, or - for standard input */
    char *token;           /* "create", "list", "revoke" */
    char *token_name;
    char *token_owner;        /* NULL: whoever asks */
    char *token_right;        /* a name of access/right.h */
    char *token_consoles;     /* a pattern; NULL: all */
    uint64_t token_expires_s; /* from now; 0: never */
    char *pidfile;
    char *user;
    char *audit_log;         /* NULL: none */
    uint64_t audit_required; /* 0 off, 1 on */
    char *verify_audit;      /* path of a file, or - for standard input */
    char *messages_to;
    uint64_t messages_level;  /* enum log_level */
    uint64_t messages_format; /* 0 text, 1 JSON */
    char proxy_iface[SETTINGS_HOST_MAX];
    char interface[SETTINGS_HOST_MAX];
    char admin_iface[SETTINGS_HOST_MAX];
    bool ssl; /* vSPC.py's name for tls required */
    bool no_vm_ports;
    bool daemon;
    bool no_fork;
    bool to_stdout;
    bool is_debug;
    bool is_multi_console;
    bool is_dcd_always_on;
    /* The sources of the settings above. */
    bool is_vspc_server; /* the program is called as vSPCServer */
    char *file;          /* configuration file that was read; NULL: none */
    /* Where relative paths begin, for a program that goes to the background;
     * NULL: in the working directory. */
    char *directory;
    struct settings_origin origins[SETTINGS_ROWS_MAX]; /* by row */
    int argc;                                          /* for options_reload */
    char **argv; /* borrowed, for options_reload */
};

/* What the command line requests. */
enum options_request {
    OPTIONS_RUN,
    OPTIONS_SHOW_HELP,
    OPTIONS_SHOW_VERSION,
    OPTIONS_SHOW_TLS,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_SHOW_CONFIG,
    OPTIONS_CHECK_URI,
    OPTIONS_EXPLAIN_ACCESS,
    OPTIONS_VM_KEY,
    OPTIONS_IMPORT_PORTS,
    OPTIONS_VERIFY_AUDIT,
    OPTIONS_TOKEN,
};

/*
 * Reads all sources. argv is borrowed for as long as the settings live. Returns
 * 0, or -EINVAL with every problem; problems is cleared first. Settings and
 * request are set in either case, the settings to the values that are valid;
 * the caller ends them with options_free. For help and version, only the
 * command line is read.
 */
int options_read(int argc, char **argv, struct settings *ret_settings,
                 enum options_request *ret_request, struct problems *problems);

/* Frees what the settings own. Settings that are all 0 are allowed. */
void options_free(struct settings *settings);

/* Names of the settings that a reload changes, and of the kinds of sections. */
struct options_changes {
    int count;         /* entries of name */
    int restart_count; /* entries of restart */
    /* Take effect at once. */
    const char *name[SETTINGS_ROWS_MAX + SECTION_KINDS];
    const char *restart[SETTINGS_ROWS_MAX]; /* take effect at a restart */
};

/* Reads all sources again, with the command line of current: next is what a
 * restart would use. Returns 0, or -EINVAL with every problem and no next. */
int options_reload(const struct settings *current, struct settings *ret_next,
                   struct problems *problems);

/* A text in the place of the configuration file; problems call it name. Text
 * and name are borrowed for the call. */
struct options_text {
    const char *name;
    const char *text;
    size_t len;
};

/* The same, as if this text were the configuration file. */
int options_reload_text(const struct settings *current,
                        const struct options_text *text,
                        struct settings *ret_next, struct problems *problems);

/* Gives next the value of current for each setting that needs a restart, so
 * that next can be put in force; lists what differs. */
void options_keep(const struct settings *current, struct settings *next,
                  struct options_changes *ret_changes);

/*
 * The place where a setting was given, for the beginning of a message:
 * "FILE:LINE: name", "--name", or the name of the environment variable. index
 * selects an entry of a list.
 */
struct options_place {
    char text[320];
    unsigned line; /* of the file, from 1; 0: not in the file */
};
struct options_place options_where(const struct settings *settings,
                                   const char *name, uint64_t index);

/* "default", "vSPCServer", "file", "environment", "command line". */
const char *options_source_name(enum settings_source source);

/* A row of the table that is a setting, as the settings have it. */
struct options_item {
    const char *group; /* heading of this row and those behind it; or NULL */
    const char *name;
    const char *otherwise;   /* the default in words, if it is no value */
    const char *environment; /* variable; NULL: none */
    struct settings_origin origin;
    bool is_reloaded; /* a change takes effect at a reload */
};

/* The setting at this cursor, which is 0 at first. False: there are no more. */
bool options_next_item(const struct settings *settings, int *cursor,
                       struct options_item *ret_item);

/* Whether the file, the environment or the command line sets it. A flag is
 * given when it is set to true: --debug=false only takes back what is given. */
bool options_is_given(const struct settings *settings, const char *name);

/* Writes the value as a text of less than size bytes, cut if it is longer. A
 * setting without a value is "". Of sections, it is their number. */
void options_value(const struct settings *settings, const char *name, char *to,
                   size_t size);

/* A value of a section, in the form that settings have. */
enum options_kind {
    OPTIONS_NUMBER,
    OPTIONS_SIZE,    /* bytes; a suffix K, M or G is a factor of 1024^1..3 */
    OPTIONS_SECONDS, /* a suffix s, m, h or d is a unit; words: one that is 0 */
    OPTIONS_WORD,    /* one of words; the value is its index */
};
struct options_form {
    enum options_kind kind;
    const char *words; /* "first|second|..."; NULL: none */
    uint64_t min, max;
};

/* 0, or -EINVAL with err filled: what was expected, without the name. */
int options_parse(const struct options_form *form, const char *value,
                  uint64_t *ret, struct err *err);

/* Prints the table for --help. */
void options_print_help(FILE *to);

/* Prints every setting and its source, in the syntax of the file. */
void options_print_settings(const struct settings *settings, FILE *to);

/* Prints the sections in the syntax of the file. file: name of the file for a
 * comment with the place of each; NULL: no comments. */
void options_print_sections(const struct access_sections *sections,
                            const char *file, FILE *to);

/* Prints the sample file: every setting, commented out. */
void options_print_sample(FILE *to);

/* Prints the table in mdoc: the options for vspcd(8), or with is_of_file the
 * settings for vspcd.conf(5). */
void options_print_manual(FILE *to, bool is_of_file);

#endif
