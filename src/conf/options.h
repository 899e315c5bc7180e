/*
 * options.h - all settings of vspcd, as one table.
 *
 * A row says name, type, range, unit, default and text; the command line, the
 * configuration file, the environment variables that vSPC.py's users know, the
 * help and the manual pages are made from it. Later ones go before earlier
 * ones: defaults, the file, the environment, the command line. A list is
 * replaced as a whole. Called as vSPCServer some defaults are others, and no
 * file is read but that of --config (conf/vspc_server.h).
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "base/err.h"
#include "base/network.h"
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SETTINGS_HOST_MAX = 64,
    SETTINGS_PROXIES_MAX = 8,
    SETTINGS_RULES_MAX = 32,
    SETTINGS_NETWORKS_MAX = 64,
    SETTINGS_ROWS_MAX = 128,
    SETTINGS_NOTICES_MAX = 8,
};

enum settings_source {
    SETTINGS_DEFAULT,
    SETTINGS_VSPC_SERVER, /* vSPC.py's default: conf/vspc_server.h */
    SETTINGS_FILE,
    SETTINGS_ENVIRONMENT,
    SETTINGS_COMMAND_LINE,
};

/* Where a setting comes from. */
struct settings_origin {
    enum settings_source source;
    unsigned line; /* of the file */
};

/* What a port does about TLS; in the order of session/session_context.h. */
enum settings_tls {
    SETTINGS_TLS_OFF,
    SETTINGS_TLS_TELNETS,
    SETTINGS_TLS_OFFERED,
    SETTINGS_TLS_REQUIRED,
};

/* Another port for VMs. */
struct settings_proxy {
    char address[SETTINGS_HOST_MAX]; /* with its port */
    uint64_t tls;                    /* enum settings_tls */
    unsigned line;                   /* of the file */
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

/* --check-uri-as: where the URI stands. */
enum settings_uri_place {
    SETTINGS_URI_SERVER,
    SETTINGS_URI_CLIENT,
    SETTINGS_URI_PROXY,
};

/* As vSPC.py has them. */
enum settings_backend {
    SETTINGS_BACKEND_MEMORY,
    SETTINGS_BACKEND_FILE,
    SETTINGS_BACKEND_LOGGING,
};

struct settings {
    uint64_t proxy_port;       /* where VMs connect; 0: any free one */
    uint64_t port_range_start; /* first of the consoles' telnet ports */
    uint64_t port_range_end;   /* last one */
    uint64_t vm_expire_s;
    uint64_t identity_timeout_s;
    uint64_t hold_ms;
    uint64_t move_timeout_s;
    uint64_t held_input_size; /* bytes a console */
    uint64_t history_size;    /* bytes a console */
    uint64_t history_total;   /* bytes */
    uint64_t attach_lines;    /* of history that a new client sees */
    uint64_t attach_bytes;    /* the same: at most */
    uint64_t client_limit;    /* 0: no limit */
    uint64_t console_limit;   /* 0: no limit */
    uint64_t client_total;    /* of all consoles; 0: no limit */
    uint64_t vm_rate;         /* per second and address; 0: no limit */
    uint64_t vm_burst;
    uint64_t client_rate; /* the same */
    uint64_t client_burst;
    uint64_t unidentified_limit;       /* 0: no limit */
    uint64_t unidentified_per_address; /* the same */
    uint64_t tls;                      /* enum settings_tls; for VMs */
    uint64_t client_tls;               /* the same for clients */
    uint64_t client_certs; /* 0 not asked for, 1 optional, 2 required */
    uint64_t proxy_count;  /* in proxies */
    struct settings_proxy proxies[SETTINGS_PROXIES_MAX];
    struct settings_rules service_listen;  /* as proto/uri_rule.h has them */
    struct settings_rules service_connect; /* the same */
    struct settings_networks vm_allow;     /* none: everybody */
    struct settings_networks client_allow; /* the same */
    struct settings_rules hooks;           /* as hook/hook_spec.h has them */
    uint64_t hook_timeout_s;
    uint64_t hook_limit;
    uint64_t backend; /* enum settings_backend */
    /* Texts are the settings' own; NULL: not given. */
    char *state_file;    /* else in the state directory */
    char *log_directory; /* NULL: no logs, but with backend Logging */
    char *log_name;      /* a pattern */
    char *log_prefix;
    char *log_mode;           /* octal */
    char *log_owner;          /* USER[:GROUP] */
    uint64_t log_format;      /* 0 raw, 1 with timestamps */
    uint64_t log_rotate_size; /* bytes; 0: never */
    uint64_t log_rotate_s;    /* 0: never */
    uint64_t log_keep;
    bool log_compress;
    char *cert; /* else one is made */
    char *key;  /* else with the certificate */
    char *client_ca;
    char *tls_min;
    char *tls_ciphers;
    char *config;          /* as --config gives it */
    uint64_t check_uri_as; /* enum settings_uri_place */
    char *check_uri;
    char *import_ports; /* a file; -: standard input */
    char *pidfile;
    char *messages_to;
    uint64_t messages_level;  /* enum log_level */
    uint64_t messages_format; /* 0 text, 1 JSON */
    char proxy_iface[SETTINGS_HOST_MAX];
    char interface[SETTINGS_HOST_MAX];
    bool ssl; /* as vSPC.py has it: tls offered */
    bool no_vm_ports;
    bool daemon;
    bool no_fork;
    bool to_stdout;
    bool is_debug;
    bool is_multi_console;
    bool is_dcd_always_on;
    /* What they were made from. */
    bool is_vspc_server; /* the program is called so */
    char *file;          /* that was read; NULL: none */
    /* Where relative paths begin, of a program that goes to the background;
     * NULL: wherever it is. */
    char *directory;
    struct settings_origin origins[SETTINGS_ROWS_MAX]; /* a row each */
    /* Options that were taken and do nothing: what to say of them. */
    const char *notices[SETTINGS_NOTICES_MAX]; /* constants */
    int notice_count;
    int argc;    /* borrowed, for options_reload */
    char **argv; /* the same */
};

enum options_request {
    OPTIONS_RUN,
    OPTIONS_SHOW_HELP,
    OPTIONS_SHOW_VERSION,
    OPTIONS_SHOW_TLS, /* with the settings as they are */
    OPTIONS_CHECK_CONFIG,
    OPTIONS_SHOW_CONFIG,
    OPTIONS_CHECK_URI,
    OPTIONS_IMPORT_PORTS,
};

/*
 * From all sources; argv is borrowed for as long as the settings live, which
 * own all else. 0, or -EINVAL with all problems (cleared before). Settings and
 * request are set in either case, the settings to what is valid; they are freed
 * with options_free. For help and version only the command line is looked at.
 */
int options_read(int argc, char **argv, struct settings *ret_settings,
                 enum options_request *ret_request, struct problems *problems);

/* Also of settings that are all 0. */
void options_free(struct settings *settings);

/* What a reload would change: names of settings. */
struct options_changes {
    int count;         /* in name */
    int restart_count; /* in restart */
    const char *name[SETTINGS_ROWS_MAX];
    const char *restart[SETTINGS_ROWS_MAX]; /* stay as they are till then */
};

/* Reads the file again, with the environment and command line of before: what
 * a restart would find. 0, or -EINVAL with all problems, and no next. */
int options_reload(const struct settings *current, struct settings *ret_next,
                   struct problems *problems);

/* Makes of it what would be in force: what may not change while the program
 * runs is as current has it. */
void options_keep(const struct settings *current, struct settings *next,
                  struct options_changes *ret_changes);

/*
 * Where a setting was written, as a message begins: "FILE:LINE: name", "--name"
 * or the variable's name. index: of a list, which one.
 */
struct options_place {
    char text[320];
    unsigned line; /* of the file, else 0 */
};
struct options_place options_where(const struct settings *settings,
                                   const char *name, uint64_t index);

/* Whether the file, the environment or the command line sets it. A flag is
 * given when it is set to true: --debug=false only takes back what is given. */
bool options_is_given(const struct settings *settings, const char *name);

/* Its value as text, cut to size; "" if it is not set. */
void options_value(const struct settings *settings, const char *name, char *to,
                   size_t size);

/* The table as text, for --help. */
void options_print_help(FILE *to);

/* Every setting, as a file has it, and where it comes from. */
void options_print_settings(const struct settings *settings, FILE *to);

/* The sample file: every setting, commented out. */
void options_print_sample(FILE *to);

/* In mdoc, for vspcd(8) (the options) or vspcd.conf(5) (the settings). */
void options_print_manual(FILE *to, bool is_of_file);

#endif
