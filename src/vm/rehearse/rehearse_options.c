#include "vm/rehearse/rehearse_options.h"

#include "base/text.h"
#include "vm/common/option_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    DEFAULT_VMS = 10,
    DEFAULT_CLIENTS = 10,
    CLIENTS_MAX = 1000,
    DEFAULT_TIMEOUT_S = 30,
    TIMEOUT_MAX_S = 3600,
    URI_MAX = 1024,
};

enum option_name {
    PROXY,
    SERVER,
    TOKEN_FILE,
    CA,
    THUMBPRINT,
    VMS,
    CLIENTS,
    ONLY,
    URI,
    MOVE_TO,
    CERT,
    KEY,
    TIMEOUT,
    OUTPUT,
    QUIET,
    VERBOSE,
    HELP,
    OPTION_COUNT,
};

/* clang-format off */
static const struct option_table_row rows[OPTION_COUNT] = {
    [PROXY] = { NULL, "proxy", "HOST[:PORT]",
                "concentrator's port for VMs, or its URI\n"
                "[the port that --server names]", 0 },
    [SERVER] = { NULL, "server", "PLACE",
                 "API of the concentrator, a vspcd: unix:PATH\n"
                 "or https://HOST[:PORT]; proves the bytes at\n"
                 "the consoles, and forgets these at the end\n"
                 "[with --proxy: none; else as vspc]", 's' },
    [TOKEN_FILE] = { NULL, "token-file", "FILE",
                     "access token for --server", 0 },
    [CA] = { NULL, "ca", "FILE",
             "authorities that may sign the certificate of\n"
             "--server, in PEM [those of the system]", 0 },
    [THUMBPRINT] = { NULL, "thumbprint", "HEX",
                     "thumbprint of the certificate of --server", 0 },
    [VMS] = { NULL, "vms", "N", "how many VMs are played [10]", 0 },
    [CLIENTS] = { NULL, "clients", "N",
                  "at how many consoles the bytes of \"many\" are\n"
                  "read back; at the others they are counted\n"
                  "[10]", 0 },
    [ONLY] = { NULL, "only", "STEP[,STEP]...", "play these steps alone", 0 },
    [URI] = { NULL, "uri", "TEXT", "service URI of the VMs [rehearsal]", 0 },
    [MOVE_TO] = { NULL, "move-to", "HOST[:PORT]",
                  "concentrator's address or URI for the hosts\n"
                  "that VMs move to [value of --proxy]", 0 },
    [CERT] = { NULL, "cert", "FILE",
               "certificate to show to the concentrator", 0 },
    [KEY] = { NULL, "key", "FILE", "key of --cert [in its file]", 0 },
    [TIMEOUT] = { NULL, "timeout", "SECONDS",
                  "how long each thing that is waited for may\n"
                  "take [30]", 0 },
    [OUTPUT] = { NULL, "output", "table|json",
                 "form of the report [table]", 'o' },
    [QUIET] = { NULL, "quiet", NULL,
                "do not show which step is being played", 'q' },
    [VERBOSE] = { NULL, "verbose", NULL, "write more messages", 'v' },
    [HELP] = { NULL, "help", NULL, "print this help and exit", 'h' },
};
/* clang-format on */

static const struct option_table table = { rows, OPTION_COUNT,
                                           "rehearse --help" };

void rehearse_options_print_help(void)
{
    puts("Usage: vspc-vm rehearse [--proxy HOST[:PORT]] [--server PLACE] "
         "[OPTION]...\n"
         "\n"
         "Plays an ESXi host with its VMs against a live concentrator, prints\n"
         "what worked and how long it took, and leaves nothing behind.\n");
    option_table_print(&table, 30);
    puts("\nSteps:");
    for (size_t i = 0; i < step_count; i++)
        option_table_print_text(steps[i].name, 24, steps[i].help);
    puts(
        "\n"
        "Defaults are shown in []. Exit status: 0 nothing failed, 1 something\n"
        "failed, 2 the command line is wrong, 130 interrupted.\n"
        "See also: man vspc-vm, docs/rehearsal.md.");
}

static int read_number(unsigned *to, size_t row, unsigned long max,
                       const char *value, struct err *err)
{
    unsigned long number;

    if (!text_number(value, max, &number) || number == 0) {
        err_set(err, "--%s %s: expected a number from 1 to %lu", rows[row].name,
                value, max);
        return -EINVAL;
    }
    *to = (unsigned)number;
    return 0;
}

static int read_output(struct rehearse_options *o, const char *value,
                       struct err *err)
{
    o->is_json = strcmp(value, "json") == 0;
    if (o->is_json || strcmp(value, "table") == 0)
        return 0;
    err_set(err, "--output %s: expected table or json", value);
    return -EINVAL;
}

static int read_uri(struct rehearse_options *o, const char *value,
                    struct err *err)
{
    if (value[0] == '\0' || strlen(value) > URI_MAX) {
        err_set(err, "--uri: expected 1 to %d bytes", URI_MAX);
        return -EINVAL;
    }
    o->uri = value;
    return 0;
}

/* Whether the step is one of those between the commas. */
static bool is_among(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (;;) {
        size_t next = strcspn(names, ",");

        if (next == len && strncmp(names, name, len) == 0)
            return true;
        if (names[next] == '\0')
            return false;
        names += next + 1;
    }
}

static int read_only(struct rehearse_options *o, const char *value,
                     struct err *err)
{
    const char *at = value;

    for (;;) {
        size_t len = strcspn(at, ",");
        char name[40];

        snprintf(name, sizeof name, "%.*s", (int)(len < 39 ? len : 39), at);
        if (steps_find(name) == NULL) {
            err_set(err, "--only: there is no step %s (--help lists them)",
                    name);
            return -EINVAL;
        }
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    o->only = value;
    return 0;
}

static int rehearse_options_read_row(void *owner, size_t row, const char *value,
                                     struct err *err)
{
    struct rehearse_options *o = owner;

    switch ((enum option_name)row) {
    case PROXY:
        return concentrator_read(&o->proxy, "proxy", value, err);
    case MOVE_TO:
        return concentrator_read(&o->move_to, "move-to", value, err);
    case VMS:
        return read_number(&o->vms, row, STAGE_VMS_MAX, value, err);
    case CLIENTS:
        return read_number(&o->clients, row, CLIENTS_MAX, value, err);
    case TIMEOUT:
        return read_number(&o->timeout_s, row, TIMEOUT_MAX_S, value, err);
    case OUTPUT:
        return read_output(o, value, err);
    case URI:
        return read_uri(o, value, err);
    case ONLY:
        return read_only(o, value, err);
    case SERVER:
        o->server = value;
        return 0;
    case TOKEN_FILE:
        o->token_file = value;
        return 0;
    case CA:
        o->ca = value;
        return 0;
    case THUMBPRINT:
        o->thumbprint = value;
        return 0;
    case CERT:
        o->certificate = value;
        return 0;
    case KEY:
        o->key = value;
        return 0;
    case QUIET:
        o->max_level = SAY_ERROR;
        return 0;
    case VERBOSE:
        o->max_level = SAY_DETAIL;
        return 0;
    case HELP:
        o->request = REHEARSE_SHOW_HELP;
        return 0;
    case OPTION_COUNT:
        break;
    }
    return -EINVAL;
}

int rehearse_options_read(struct rehearse_options *o, int argc, char **argv,
                          struct err *err)
{
    int rest;
    int r;

    *o = (struct rehearse_options){
        .uri = "rehearsal",
        .vms = DEFAULT_VMS,
        .clients = DEFAULT_CLIENTS,
        .timeout_s = DEFAULT_TIMEOUT_S,
        .max_level = SAY_NEWS,
    };
    r = option_table_read(&table, argc, argv, rehearse_options_read_row, o,
                          &rest, err);
    if (r < 0)
        return r;
    if (o->request == REHEARSE_RUN && rest < argc)
        err_set(err,
                "%s: unexpected argument (rehearse --help shows all "
                "options)",
                argv[rest]);
    else if (o->key != NULL && o->certificate == NULL)
        err_set(err, "--key needs --cert");
    else
        return 0;
    return -EINVAL;
}

bool rehearse_options_has_step(const struct rehearse_options *o,
                               const struct step *step)
{
    return o->only == NULL || step->needs & STEP_LAST ||
           is_among(o->only, step->name);
}
