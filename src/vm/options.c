#include "vm/options.h"

#include "vm/common/option_table.h"
#include "vm/host/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_BAUD = 9600,
    LARGEST_BAUD = 4000000,
    DEFAULT_MOVE_TIMEOUT_S = 10,
    LONGEST_S = 24 * 60 * 60,
};

enum option_name {
    PROXY,
    NAME,
    UUID,
    URI,
    DIRECTION,
    CERT,
    KEY,
    NO_RECONNECT,
    EXEC,
    RESPAWN,
    PTY,
    CONNECT,
    DEVICE,
    BAUD,
    RAW,
    MOVE_EVERY,
    MOVE_TO,
    MOVE_AS,
    MOVE_STEP_TIMEOUT,
    QUIET,
    VERBOSE,
    HELP,
    VERSION,
    OPTION_COUNT,
};

/* clang-format off */
static const struct option_table_row rows[OPTION_COUNT] = {
    [PROXY] = { "Concentrator and identity of the VM:", "proxy",
                "HOST[:PORT]",
                "concentrator's port for VMs [port 13370],\n"
                "or its URI: telnet://HOST[:PORT] [port\n"
                "23], in TLS if the concentrator offers it;\n"
                "telnets://HOST[:PORT] [port 992], always\n"
                "in TLS; #PARAMETERS behind the URI verify\n"
                "the concentrator", 0 },
    [NAME] = { NULL, "name", "TEXT", "name of the VM [this host's name]", 0 },
    [UUID] = { NULL, "uuid", "TEXT",
               "UUID of the VM [derived from this host's\n"
               "name and the VM's name]", 0 },
    [URI] = { NULL, "uri", "TEXT",
              "service URI; distinguishes the serial\n"
              "ports of a VM [s0]", 0 },
    [DIRECTION] = { NULL, "direction", "S|C",
                    "S: clients connect to the console; C: the\n"
                    "concentrator connects to the system that\n"
                    "--uri names [S]", 0 },
    [CERT] = { NULL, "cert", "FILE",
               "certificate to show to the concentrator in\n"
               "TLS, and its chain, in PEM", 0 },
    [KEY] = { NULL, "key", "FILE",
              "key of --cert, in PEM [in the file of\n"
              "--cert]", 0 },
    [NO_RECONNECT] = { NULL, "no-reconnect", NULL,
                       "exit with status 1 if the concentrator\n"
                       "cannot be reached, refuses the serial port\n"
                       "or closes the connection", 0 },
    [EXEC] = { "Other end of the serial port [standard input and output]:",
               "exec", "COMMAND",
               "run COMMAND with /bin/sh on a pty; vspc-vm\n"
               "exits with the status of the command", 0 },
    [RESPAWN] = { NULL, "respawn", NULL,
                  "run the command of --exec again each time\n"
                  "it ends", 0 },
    [PTY] = { NULL, "pty", "LINK",
              "create a pty; programs open it by the\n"
              "symbolic link LINK", 0 },
    [CONNECT] = { NULL, "connect", "[telnet:]HOST:PORT",
                  "connect to a TCP socket, plain or telnet,\n"
                  "or to a Unix socket, unix:PATH; reconnect\n"
                  "when the connection is lost", 0 },
    [DEVICE] = { NULL, "device", "PATH",
                 "open a serial port of this host, raw, 8N1", 0 },
    [BAUD] = { NULL, "baud", "RATE",
               "speed of --device; without a device or\n"
               "pty, the speed that the concentrator is\n"
               "notified of [9600]", 0 },
    [RAW] = { NULL, "raw", NULL,
              "send each key of the terminal as it is\n"
              "typed; ^] q exits, ^] b sends a break", 0 },
    [MOVE_EVERY] = { "Rehearsing vMotion:",
                     "move-every", "SECONDS",
                     "move the VM to a new connection again and\n"
                     "again, with SECONDS in between", 0 },
    [MOVE_TO] = { NULL, "move-to", "HOST[:PORT]",
                  "concentrator's address or URI for the host\n"
                  "that the VM moves to [value of --proxy]", 0 },
    [MOVE_AS] = { NULL, "move-as", "HOW",
                  "outcome of the moves: complete, abort,\n"
                  "wrong-secret, no-complete, dead-source or\n"
                  "lost-destination [complete]", 0 },
    [MOVE_STEP_TIMEOUT] = { NULL, "move-timeout", "SECONDS",
                             "how long to wait for the concentrator in\n"
                             "each step of a move [10]", 0 },
    [QUIET] = { "Other:", "quiet", NULL, "write errors only", 'q' },
    [VERBOSE] = { NULL, "verbose", NULL, "write more messages", 'v' },
    [HELP] = { NULL, "help", NULL, "print this help and exit", 'h' },
    [VERSION] = { NULL, "version", NULL, "print the version and exit", 'V' },
};
/* clang-format on */

static const struct option_table table = { rows, OPTION_COUNT, "--help" };

void options_print_help(void)
{
    puts("Usage: vspc-vm --proxy HOST[:PORT] [OPTION]...\n"
         "\n"
         "Plays the VM's end of a virtual serial port: connects a command, a\n"
         "pty, a socket or a device to a concentrator, as an ESXi host "
         "connects\n"
         "the serial ports of its VMs.");
    option_table_print(&table, 36);
    puts("\n"
         "Defaults are shown in []. vspc-vm reconnects after growing pauses.\n"
         "vspc-vm exits when standard input or the command ends, or on SIGINT\n"
         "or SIGTERM. SIGUSR1 moves the VM as --move-every does.\n"
         "vspc-vm rehearse proves a whole concentrator (vspc-vm rehearse "
         "--help).\n"
         "See also: man vspc-vm.");
}

static int read_text(char *to, size_t size, const char *option,
                     const char *value, struct err *err)
{
    char clean[2 * TEXT_ID_MAX];

    text_clean(clean, sizeof clean, slice_of_text(value));
    if (value[0] == '\0' || strlen(value) >= size ||
        strcmp(clean, value) != 0) {
        err_set(err, "--%s %s: expected 1 to %zu bytes of printable text",
                option, value, size - 1);
        return -EINVAL;
    }
    memcpy(to, value, strlen(value) + 1);
    return 0;
}

static int read_uri(struct options *o, const char *value, struct err *err)
{
    if (value[0] == '\0' || strlen(value) > OPTIONS_URI_MAX) {
        err_set(err, "--uri: expected 1 to %d bytes", OPTIONS_URI_MAX);
        return -EINVAL;
    }
    o->uri = value;
    return 0;
}

static int read_direction(struct options *o, const char *value, struct err *err)
{
    if (strcmp(value, "S") != 0 && strcmp(value, "C") != 0) {
        err_set(err, "--direction %s: expected S (server) or C (client)",
                value);
        return -EINVAL;
    }
    o->direction = value[0];
    return 0;
}

static int read_baud(struct options *o, const char *value, struct err *err)
{
    unsigned long baud;

    if (!text_number(value, LARGEST_BAUD, &baud) || baud == 0) {
        err_set(err, "--baud %s: expected a rate such as 9600 or 115200",
                value);
        return -EINVAL;
    }
    o->baud = (unsigned)baud;
    return 0;
}

static int read_seconds(unsigned *to_s, const char *option, const char *value,
                        struct err *err)
{
    unsigned long seconds;

    if (!text_number(value, LONGEST_S, &seconds) || seconds == 0) {
        err_set(err, "--%s %s: expected a number of seconds from 1 to %d",
                option, value, LONGEST_S);
        return -EINVAL;
    }
    *to_s = (unsigned)seconds;
    return 0;
}

static int read_move_way(struct options *o, const char *value, struct err *err)
{
    char names[128] = "";
    size_t len = 0;

    o->move_way = rehearsal_find_way(value);
    if (o->move_way != NULL)
        return 0;
    for (size_t i = 0; i < rehearsal_way_count && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s",
                                i == 0                        ? ""
                                : i + 1 < rehearsal_way_count ? ", "
                                                              : " or ",
                                rehearsal_ways[i].name);
    err_set(err, "--move-as %s: expected %s", value, names);
    return -EINVAL;
}

static int read_uuid(struct options *o, const char *value, struct err *err)
{
    if (identity_read_uuid(o->uuid, value))
        return 0;
    err_set(err,
            "--uuid %s: expected a UUID, or 1 to %d bytes of printable "
            "text",
            value, TEXT_ID_MAX);
    return -EINVAL;
}

static int options_read_row(void *owner, size_t row, const char *value,
                            struct err *err)
{
    struct options *o = owner;

    switch ((enum option_name)row) {
    case PROXY:
        return concentrator_read(&o->proxy, "proxy", value, err);
    case NAME:
        return read_text(o->name, sizeof o->name, "name", value, err);
    case UUID:
        return read_uuid(o, value, err);
    case URI:
        return read_uri(o, value, err);
    case DIRECTION:
        return read_direction(o, value, err);
    case BAUD:
        return read_baud(o, value, err);
    case MOVE_EVERY:
        return read_seconds(&o->move_every_s, "move-every", value, err);
    case MOVE_TO:
        return concentrator_read(&o->move_to, "move-to", value, err);
    case MOVE_AS:
        return read_move_way(o, value, err);
    case MOVE_STEP_TIMEOUT:
        return read_seconds(&o->move_timeout_s, "move-timeout", value, err);
    case CERT:
        o->certificate = value;
        return 0;
    case KEY:
        o->key = value;
        return 0;
    case EXEC:
        o->command = value;
        return 0;
    case PTY:
        o->pty_link = value;
        return 0;
    case CONNECT:
        o->connect_target = value;
        return 0;
    case DEVICE:
        o->device = value;
        return 0;
    case NO_RECONNECT:
        o->is_reconnecting = false;
        return 0;
    case RESPAWN:
        o->is_respawned = true;
        return 0;
    case RAW:
        o->is_raw = true;
        return 0;
    case QUIET:
        o->max_level = SAY_ERROR;
        return 0;
    case VERBOSE:
        o->max_level = SAY_DETAIL;
        return 0;
    case HELP:
        o->request = OPTIONS_SHOW_HELP;
        return 0;
    case VERSION:
        o->request = OPTIONS_SHOW_VERSION;
        return 0;
    case OPTION_COUNT:
        break;
    }
    return -EINVAL;
}

/* Checks what involves more than one option. */
static int check(const struct options *o, struct err *err)
{
    int ends = (o->command != NULL) + (o->pty_link != NULL) +
               (o->connect_target != NULL) + (o->device != NULL);

    if (o->proxy.port == 0)
        err_set(err, "--proxy HOST[:PORT] is missing: it names the "
                     "concentrator (--help shows all options)");
    else if (o->key != NULL && o->certificate == NULL)
        err_set(err, "--key needs --cert");
    else if (ends > 1)
        err_set(err, "only one of --exec, --pty, --connect and --device can "
                     "be given");
    else if (o->is_raw && ends > 0)
        err_set(err, "--raw is for the keys of a terminal: it cannot be given "
                     "with --exec, --pty, --connect or --device");
    else if (o->is_respawned && o->command == NULL)
        err_set(err, "--respawn needs --exec");
    else
        return 0;
    return -EINVAL;
}

static void set_default_identity(struct options *o)
{
    char host[TEXT_ID_MAX + 1] = "";

    (void)gethostname(host, sizeof host - 1);
    if (host[0] == '\0')
        snprintf(host, sizeof host, "localhost");
    if (o->name[0] == '\0')
        snprintf(o->name, sizeof o->name, "%s", host);
    if (o->uuid[0] == '\0')
        identity_make_uuid(o->uuid, host, o->name);
}

int options_read(struct options *o, int argc, char **argv, struct err *err)
{
    int rest;
    int r;

    *o = (struct options){
        .uri = "s0",
        .direction = 'S',
        .baud = DEFAULT_BAUD,
        .is_reconnecting = true,
        .move_way = rehearsal_ways,
        .move_timeout_s = DEFAULT_MOVE_TIMEOUT_S,
        .max_level = SAY_NEWS,
    };
    r = option_table_read(&table, argc, argv, options_read_row, o, &rest, err);
    if (r < 0)
        return r;
    if (o->request != OPTIONS_RUN)
        return 0;
    if (rest < argc) {
        err_set(err, "%s: unexpected argument (--help shows all options)",
                argv[rest]);
        return -EINVAL;
    }
    set_default_identity(o);
    return check(o, err);
}
