#include "vm/rehearse/rehearse_options.h"

#include "base/text.h"

#include <errno.h>
#include <getopt.h>
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
static const struct row {
    const char *name;
    const char *value; /* NULL: it has no value */
    const char *text;
    char letter;
} rows[OPTION_COUNT] = {
    [PROXY] = { "proxy", "HOST[:PORT]",
                "concentrator's port for VMs, or its URI\n"
                "[the port that --server names]", 0 },
    [SERVER] = { "server", "PLACE",
                 "API of the concentrator, a vspcd: unix:PATH\n"
                 "or https://HOST[:PORT]; proves the bytes at\n"
                 "the consoles, and forgets these at the end\n"
                 "[with --proxy: none; else as vspc]", 's' },
    [TOKEN_FILE] = { "token-file", "FILE",
                     "access token for --server", 0 },
    [CA] = { "ca", "FILE", "authorities that may sign the certificate of\n"
             "--server, in PEM [those of the system]", 0 },
    [THUMBPRINT] = { "thumbprint", "HEX",
                     "thumbprint of the certificate of --server", 0 },
    [VMS] = { "vms", "N", "how many VMs are played [10]", 0 },
    [CLIENTS] = { "clients", "N",
                  "at how many consoles the bytes of \"many\" are\n"
                  "read back; at the others they are counted\n"
                  "[10]", 0 },
    [ONLY] = { "only", "STEP[,STEP]...", "play these steps alone", 0 },
    [URI] = { "uri", "TEXT", "service URI of the VMs [rehearsal]", 0 },
    [MOVE_TO] = { "move-to", "HOST[:PORT]",
                  "concentrator's address or URI for the hosts\n"
                  "that VMs move to [value of --proxy]", 0 },
    [CERT] = { "cert", "FILE", "certificate to show to the concentrator", 0 },
    [KEY] = { "key", "FILE", "key of --cert [in its file]", 0 },
    [TIMEOUT] = { "timeout", "SECONDS",
                  "how long each thing that is waited for may\n"
                  "take [30]", 0 },
    [OUTPUT] = { "output", "table|json", "form of the report [table]", 'o' },
    [QUIET] = { "quiet", NULL, "do not show which step is being played", 'q' },
    [VERBOSE] = { "verbose", NULL, "write more messages", 'v' },
    [HELP] = { "help", NULL, "print this help and exit", 'h' },
};
/* clang-format on */

static void print_left_and_text(const char *left, int width, const char *text)
{
    const char *end;

    do {
        end = strchr(text, '\n');
        printf("  %-*s%.*s\n", width, left,
               end != NULL ? (int)(end - text) : (int)strlen(text), text);
        text = end != NULL ? end + 1 : text;
        left = "";
    } while (end != NULL);
}

void rehearse_options_print_help(void)
{
    puts("Usage: vspc-vm rehearse [--proxy HOST[:PORT]] [--server PLACE] "
         "[OPTION]...\n"
         "\n"
         "Plays an ESXi host with its VMs against a live concentrator, prints\n"
         "what worked and how long it took, and leaves nothing behind.\n");
    for (int i = 0; i < OPTION_COUNT; i++) {
        char left[40];
        char letter[] = "    ";

        if (rows[i].letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, rows[i].name,
                 rows[i].value != NULL ? rows[i].value : "");
        print_left_and_text(left, 30, rows[i].text);
    }
    puts("\nSteps:");
    for (size_t i = 0; i < step_count; i++)
        print_left_and_text(steps[i].name, 24, steps[i].help);
    puts(
        "\n"
        "Defaults are shown in []. Exit status: 0 nothing failed, 1 something\n"
        "failed, 2 the command line is wrong, 130 interrupted.\n"
        "See also: man vspc-vm, docs/rehearsal.md.");
}

static int read_number(unsigned *to, enum option_name name, unsigned long max,
                       const char *value, struct err *err)
{
    unsigned long number;

    if (!text_number(value, max, &number) || number == 0) {
        err_set(err, "--%s %s: expected a number from 1 to %lu",
                rows[name].name, value, max);
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

static int read_option(struct rehearse_options *o, enum option_name name,
                       const char *value, struct err *err)
{
    switch (name) {
    case PROXY:
        return concentrator_read(&o->proxy, "proxy", value, err);
    case MOVE_TO:
        return concentrator_read(&o->move_to, "move-to", value, err);
    case VMS:
        return read_number(&o->vms, name, STAGE_VMS_MAX, value, err);
    case CLIENTS:
        return read_number(&o->clients, name, CLIENTS_MAX, value, err);
    case TIMEOUT:
        return read_number(&o->timeout_s, name, TIMEOUT_MAX_S, value, err);
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

/* The row of getopt's result; -1: none. */
static int find_row(int answer)
{
    if (answer >= 256)
        return answer - 256;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (rows[i].letter == answer && answer != 0)
            return i;
    return -1;
}

int rehearse_options_read(struct rehearse_options *o, int argc, char **argv,
                          struct err *err)
{
    struct option table[OPTION_COUNT + 1] = { { 0 } };
    int answer;

    *o = (struct rehearse_options){
        .uri = "rehearsal",
        .vms = DEFAULT_VMS,
        .clients = DEFAULT_CLIENTS,
        .timeout_s = DEFAULT_TIMEOUT_S,
        .max_level = SAY_NEWS,
    };
    for (int i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){
            .name = rows[i].name,
            .has_arg = rows[i].value != NULL ? required_argument : no_argument,
            .val = 256 + i,
        };
    opterr = 0;
    while ((answer = getopt_long(argc, argv, ":hqvs:o:", table, NULL)) != -1) {
        int row = find_row(answer);

        if (row < 0) {
            err_set(err, "%s: %s (rehearse --help shows all options)",
                    argv[optind - 1],
                    answer == ':'
                        ? "needs a value"
                        : "unknown option, or one that takes no value");
            return -EINVAL;
        }
        if (read_option(o, (enum option_name)row, optarg, err) < 0)
            return -EINVAL;
    }
    if (o->request == REHEARSE_RUN && optind < argc)
        err_set(err,
                "%s: unexpected argument (rehearse --help shows all "
                "options)",
                argv[optind]);
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
