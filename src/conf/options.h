/*
 * options.h - all settings of vspcd, as one table.
 *
 * A row says name, type, range, unit, default and text; the command line, the
 * help text and the environment variables that vSPC.py's users know are made
 * from it. Pure but for reading the environment that it is given.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SETTINGS_HOST_MAX = 64,
    SETTINGS_PROXIES_MAX = 8,
    SETTINGS_RULES_MAX = 32,
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
};

/* Of the command line. */
struct settings_rules {
    const char *text[SETTINGS_RULES_MAX];
    uint64_t count;
};

/* --check-uri-as: where the URI stands. */
enum settings_uri_place {
    SETTINGS_URI_SERVER,
    SETTINGS_URI_CLIENT,
    SETTINGS_URI_PROXY,
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
    uint64_t client_limit;    /* 0: no limit */
    uint64_t console_limit;   /* 0: no limit */
    uint64_t tls;             /* enum settings_tls; for VMs */
    uint64_t client_tls;      /* the same for clients */
    uint64_t client_certs;    /* 0 not asked for, 1 optional, 2 required */
    uint64_t proxy_count;     /* in proxies */
    struct settings_proxy proxies[SETTINGS_PROXIES_MAX];
    struct settings_rules service_listen;  /* as proto/uri_rule.h has them */
    struct settings_rules service_connect; /* the same */
    /* Of the command line; NULL: not given. */
    const char *cert; /* else one is made */
    const char *key;  /* else with the certificate */
    const char *client_ca;
    const char *tls_min;
    const char *tls_ciphers;
    uint64_t check_uri_as; /* enum settings_uri_place */
    const char *check_uri; /* of the command line; NULL: not given */
    char proxy_iface[SETTINGS_HOST_MAX];
    char interface[SETTINGS_HOST_MAX];
    bool ssl; /* as vSPC.py has it: tls offered */
    bool no_vm_ports;
    bool no_fork;
    bool to_stdout;
    bool is_debug;
    bool is_multi_console;
    bool is_dcd_always_on;
};

enum options_request {
    OPTIONS_RUN,
    OPTIONS_SHOW_HELP,
    OPTIONS_SHOW_VERSION,
    OPTIONS_SHOW_TLS, /* with the settings as they are */
    OPTIONS_CHECK_URI,
};

/*
 * Defaults, then the environment, then the command line. 0, or -EINVAL with
 * err filled: what is wrong and what was expected.
 */
int options_read(int argc, char **argv, struct settings *ret_settings,
                 enum options_request *ret_request, struct err *err);

/* The table as text, for --help. */
void options_print_help(FILE *to);

#endif
