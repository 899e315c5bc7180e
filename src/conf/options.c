#include "conf/options.h"

#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_type {
    OPTION_FLAG,    /* given or not */
    OPTION_NUMBER,  /* from min to max */
    OPTION_SIZE,    /* bytes; K, M, G behind it multiply by 1024 */
    OPTION_ADDRESS, /* text: an IP address */
    OPTION_TEXT,    /* text, of min bytes at least, or one of words; as long as
                     * the command line lives */
    OPTION_WORD,    /* one of words; the setting is its number */
    OPTION_PROXY,   /* ADDRESS:PORT[,tls=WORD]; may be given again */
    OPTION_RULE,    /* text; may be given again */
    OPTION_REQUEST, /* not a setting: asks for something else */
};

struct option_row {
    const char *name;        /* long option; NULL: environment only */
    const char *environment; /* variable; NULL: command line only */
    const char *value;       /* what the help calls its value */
    const char *standard;    /* default, as it would be written */
    const char *text;        /* for the help; lines are wrapped by hand */
    const char *words;       /* OPTION_WORD, OPTION_TEXT: "first|second|..." */
    uint64_t min, max;
    size_t offset; /* in struct settings */
    enum option_type type;
    char letter; /* short option, or 0 */
};

#define AT(member) .offset = offsetof(struct settings, member)

#define TLS_WORDS "off|telnets|offered|required"

static const struct option_row rows[] = {
    { .name = "proxy-port",
      .type = OPTION_NUMBER,
      AT(proxy_port),
      .value = "PORT",
      .standard = "13370",
      .max = 65535,
      .text = "TCP port where ESXi hosts connect their VMs' serial\n"
              "ports; 0 takes any free one" },
    { .name = "proxy-iface",
      .type = OPTION_ADDRESS,
      AT(proxy_iface),
      .value = "ADDRESS",
      .standard = "0.0.0.0",
      .text = "address of that port, or ADDRESS:PORT; :: is all of\n"
              "IPv6 and IPv4" },
    { .name = "proxy-listen",
      .type = OPTION_PROXY,
      AT(proxies),
      .value = "ADDRESS:PORT[,tls=POLICY]",
      .text = "one more port for VMs, with its own policy about TLS;\n"
              "may be given up to 8 times" },
    { .name = "tls",
      .type = OPTION_WORD,
      AT(tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "telnets",
      .text = "TLS towards VMs: off; telnets (telnet:// is in the\n"
              "clear, telnets:// in TLS); offered (telnet:// goes\n"
              "over to TLS too, where the host can); required" },
    { .name = "ssl",
      .type = OPTION_FLAG,
      AT(ssl),
      .text = "the same as --tls offered" },
    { .name = "cert",
      .type = OPTION_TEXT,
      AT(cert),
      .min = 1,
      .value = "FILE",
      .text = "certificate and chain, PEM, read again at SIGHUP\n"
              "[one is made at the first start]" },
    { .name = "key",
      .type = OPTION_TEXT,
      AT(key),
      .min = 1,
      .value = "FILE",
      .text = "its private key [in the certificate's file]" },
    { .name = "tls-min",
      .type = OPTION_TEXT,
      AT(tls_min),
      .words = "1.0|1.1|1.2|1.3",
      .value = "VERSION",
      .standard = "1.2",
      .text = "oldest version of TLS: 1.0, 1.1, 1.2 or 1.3" },
    { .name = "tls-ciphers",
      .type = OPTION_TEXT,
      AT(tls_ciphers),
      .min = 1,
      .value = "LIST",
      .text = "as openssl ciphers takes it [OpenSSL's own]" },
    { .name = "show-tls",
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_TLS,
      .text = "show the certificate's thumbprints and the proxy URIs\n"
              "for vSphere that go with them" },
    { .name = "port-range-start",
      .type = OPTION_NUMBER,
      AT(port_range_start),
      .value = "PORT",
      .standard = "50000",
      .min = 1,
      .max = 65535,
      .text = "first of the consoles' telnet ports; each console\n"
              "gets the first free one upwards and keeps it" },
    { .name = "port-range-end",
      .type = OPTION_NUMBER,
      AT(port_range_end),
      .value = "PORT",
      .standard = "65535",
      .min = 1,
      .max = 65535,
      .text = "last of them" },
    { .name = "interface",
      .type = OPTION_ADDRESS,
      AT(interface),
      .value = "ADDRESS",
      .standard = "127.0.0.1",
      .text = "address of the consoles' telnet ports" },
    { .name = "client-tls",
      .type = OPTION_WORD,
      AT(client_tls),
      .words = TLS_WORDS,
      .value = "POLICY",
      .standard = "off",
      .text = "the same as --tls, towards clients" },
    { .name = "client-certs",
      .type = OPTION_WORD,
      AT(client_certs),
      .words = "off|optional|required",
      .value = "POLICY",
      .standard = "off",
      .text = "certificates of clients: off, optional or required" },
    { .name = "client-ca",
      .type = OPTION_TEXT,
      AT(client_ca),
      .min = 1,
      .value = "FILE",
      .text = "who signs them, PEM" },
    { .name = "service-listen",
      .type = OPTION_RULE,
      AT(service_listen),
      .value = "ADDRESS:PORTS",
      .text = "where VMs may ask for listeners of their own, such as\n"
              "*:4000-4999; may be given up to 32 times [nowhere]" },
    { .name = "service-connect",
      .type = OPTION_RULE,
      AT(service_connect),
      .value = "HOST:PORTS",
      .text = "where VMs may have us connect to, such as\n"
              "*.example.org:23, or vspc://* for each other's\n"
              "consoles; may be given up to 32 times [nowhere]" },
    { .name = "no-vm-ports",
      .type = OPTION_FLAG,
      AT(no_vm_ports),
      .text = "open no telnet ports for consoles (nothing else leads\n"
              "to them yet)" },
    { .name = "vm-expire-time",
      .type = OPTION_NUMBER,
      AT(vm_expire_s),
      .value = "SECONDS",
      .standard = "86400",
      .max = 1000000000,
      .text = "how long a console keeps its port and history after\n"
              "VM and clients are gone" },
    { .name = "identity-timeout",
      .type = OPTION_NUMBER,
      AT(identity_timeout_s),
      .value = "SECONDS",
      .standard = "30",
      .min = 1,
      .max = 86400,
      .text = "how long a new connection may take to say which VM\n"
              "it is" },
    { .name = "hold-time",
      .type = OPTION_NUMBER,
      AT(hold_ms),
      .value = "MILLISECONDS",
      .standard = "1000",
      .min = 1,
      .max = 3600000,
      .text = "how long a slow client may hold back a VM; after that\n"
              "it is told how many bytes it has missed" },
    { .name = "move-timeout",
      .type = OPTION_NUMBER,
      AT(move_timeout_s),
      .value = "SECONDS",
      .standard = "300",
      .min = 1,
      .max = 1000000,
      .text = "how long a vMotion may wait for its next step before\n"
              "it has failed" },
    { .name = "held-input-size",
      .type = OPTION_SIZE,
      AT(held_input_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 1024,
      .max = 1 << 30,
      .text = "input kept for each console whose VM is moving; then\n"
              "its clients wait" },
    { .name = "history-size",
      .type = OPTION_SIZE,
      AT(history_size),
      .value = "BYTES",
      .standard = "64K",
      .min = 4096,
      .max = 1 << 30,
      .text = "output kept for each console (a power of two): how\n"
              "far behind a client may be" },
    { .name = "history-total",
      .type = OPTION_SIZE,
      AT(history_total),
      .value = "BYTES",
      .standard = "1G",
      .max = UINT64_C(1) << 50,
      .text = "the same for all consoles together, beyond the first\n"
              "4K of each" },
    { .name = "console-limit",
      .type = OPTION_NUMBER,
      AT(console_limit),
      .value = "COUNT",
      .standard = "100000",
      .max = 100000000,
      .text = "consoles at most; 0 is no limit" },
    { .name = "client-limit",
      .environment = "VM_CLIENT_LIMIT",
      .type = OPTION_NUMBER,
      AT(client_limit),
      .value = "COUNT",
      .min = 1,
      .max = 1000000,
      .text = "clients of a console at most [no limit]" },
    { .name = "multi-console",
      .environment = "SUPPORT_MULTI_CONSOLE",
      .type = OPTION_FLAG,
      AT(is_multi_console),
      .text = "show every console as NAME_LABEL" },
    { .name = "dcd-always-on",
      .type = OPTION_FLAG,
      AT(is_dcd_always_on),
      .text = "VMs see carrier (DCD) also while no client is there" },
    { .name = "no-fork",
      .type = OPTION_FLAG,
      AT(no_fork),
      .text = "stay in the foreground, as it does anyway" },
    { .name = "stdout",
      .type = OPTION_FLAG,
      AT(to_stdout),
      .text = "log to standard output, not to standard error" },
    { .name = "debug",
      .letter = 'd',
      .type = OPTION_FLAG,
      AT(is_debug),
      .text = "log more" },
    { .name = "check-uri",
      .type = OPTION_TEXT,
      AT(check_uri),
      .value = "URI",
      .text = "say what this service URI means, or what is wrong with\n"
              "it, and end" },
    { .name = "check-uri-as",
      .type = OPTION_WORD,
      AT(check_uri_as),
      .value = "PLACE",
      .standard = "server",
      .words = "server|client|proxy",
      .text = "where that URI stands: server or client is the\n"
              "direction of the serial port, proxy the URI of the\n"
              "concentrator" },
    { .name = "help",
      .letter = 'h',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_HELP,
      .text = "show this" },
    { .name = "version",
      .letter = 'V',
      .type = OPTION_REQUEST,
      .min = OPTIONS_SHOW_VERSION,
      .text = "show the version" },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool takes_value(const struct option_row *row)
{
    return row->type != OPTION_FLAG && row->type != OPTION_REQUEST;
}

/* "64K" -> 65536. False: not a size. */
static bool parse_size(const char *text, uint64_t max, uint64_t *ret)
{
    static const char units[] = "KMG";
    char digits[24];
    size_t len = strlen(text);
    const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
    unsigned long number;
    unsigned shift = unit != NULL ? 10 * (unsigned)(unit - units + 1) : 0;

    if (unit != NULL)
        len--;
    if (len == 0 || len >= sizeof digits)
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!text_number(digits, max >> shift, &number))
        return false;
    *ret = (uint64_t)number << shift;
    return true;
}

/* The number of value in "first|second|...". False: it is not there. */
static bool find_word(const char *words, const char *value, uint64_t *ret)
{
    size_t len = strlen(value);

    for (uint64_t i = 0; *words != '\0'; i++) {
        size_t n = strcspn(words, "|");

        if (n == len && memcmp(words, value, n) == 0) {
            *ret = i;
            return true;
        }
        words += n + (words[n] == '|');
    }
    return false;
}

static int bad_word(const char *words, const char *from, const char *value,
                    struct err *err)
{
    err_set(err, "%s: '%.60s' is not valid: expected one of %s", from, value,
            words);
    return -EINVAL;
}

static int bad_value(const struct option_row *row, const char *from,
                     const char *value, struct err *err)
{
    char example[24] = "";

    if (row->type == OPTION_SIZE)
        snprintf(example, sizeof example, ", such as %s", row->standard);
    err_set(
        err, "%s: '%.60s' is not valid: expected %s from %llu to %llu%s", from,
        value, row->type == OPTION_SIZE ? "a number of bytes" : "a number",
        (unsigned long long)row->min, (unsigned long long)row->max, example);
    return -EINVAL;
}

static int add_proxy(const char *from, const char *value,
                     struct settings *settings, struct err *err)
{
    struct settings_proxy *proxy = &settings->proxies[settings->proxy_count];
    size_t len = strcspn(value, ",");
    const char *rest = value + len;

    if (settings->proxy_count == SETTINGS_PROXIES_MAX) {
        err_set(err, "%s: given too often: %d more ports for VMs are the limit",
                from, SETTINGS_PROXIES_MAX);
        return -EINVAL;
    }
    if (len == 0 || len >= sizeof proxy->address ||
        (rest[0] != '\0' && strncmp(rest, ",tls=", 5) != 0)) {
        err_set(err,
                "%s: '%.80s' is not valid: expected ADDRESS:PORT or "
                "ADDRESS:PORT,tls=POLICY",
                from, value);
        return -EINVAL;
    }
    *proxy = (struct settings_proxy){ .tls = SETTINGS_TLS_TELNETS };
    memcpy(proxy->address, value, len);
    settings->proxy_count++;
    if (rest[0] != '\0' && !find_word(TLS_WORDS, rest + 5, &proxy->tls))
        return bad_word(TLS_WORDS, from, rest + 5, err);
    return 0;
}

static int add_rule(struct settings_rules *rules, const char *from,
                    const char *value, struct err *err)
{
    if (rules->count == SETTINGS_RULES_MAX) {
        err_set(err, "%s: given too often: %d rules are the limit", from,
                SETTINGS_RULES_MAX);
        return -EINVAL;
    }
    rules->text[rules->count++] = value;
    return 0;
}

/* One value into the settings; from says where it was written. */
static int set_value(const struct option_row *row, const char *from,
                     const char *value, struct settings *settings,
                     struct err *err)
{
    char *member = (char *)settings + row->offset;
    unsigned long number;
    uint64_t result;

    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)(void *)member = true;
        return 0;
    case OPTION_ADDRESS:
        if (strlen(value) >= SETTINGS_HOST_MAX || value[0] == '\0') {
            err_set(err, "%s: '%.60s' is not valid: expected an IP address",
                    from, value);
            return -EINVAL;
        }
        memcpy(member, value, strlen(value) + 1);
        return 0;
    case OPTION_TEXT:
        if (row->words != NULL && !find_word(row->words, value, &result))
            return bad_word(row->words, from, value, err);
        if (strlen(value) < row->min) {
            err_set(err, "%s: '' is not valid: expected some text", from);
            return -EINVAL;
        }
        *(const char **)(void *)member = value;
        return 0;
    case OPTION_RULE:
        return add_rule((struct settings_rules *)(void *)member, from, value,
                        err);
    case OPTION_PROXY:
        return add_proxy(from, value, settings, err);
    case OPTION_WORD:
        if (!find_word(row->words, value, &result))
            return bad_word(row->words, from, value, err);
        break;
    case OPTION_SIZE:
        if (!parse_size(value, row->max, &result) || result < row->min)
            return bad_value(row, from, value, err);
        break;
    default:
        if (!text_number(value, row->max, &number) || number < row->min)
            return bad_value(row, from, value, err);
        result = number;
        break;
    }
    *(uint64_t *)(void *)member = result;
    return 0;
}

static int set_defaults(struct settings *settings, struct err *err)
{
    int r = 0;

    *settings = (struct settings){ 0 };
    for (int i = 0; i < ROW_COUNT && r == 0; i++) {
        if (rows[i].standard != NULL)
            r = set_value(&rows[i], rows[i].name, rows[i].standard, settings,
                          err);
    }
    return r;
}

/* vSPC.py takes a flag's variable for set only if it is "true". */
static int read_environment(struct settings *settings, struct err *err)
{
    int r = 0;

    for (int i = 0; i < ROW_COUNT && r == 0; i++) {
        const char *name = rows[i].environment;
        const char *value = name != NULL ? getenv(name) : NULL;

        if (value == NULL || value[0] == '\0')
            continue;
        if (rows[i].type != OPTION_FLAG || strcasecmp(value, "true") == 0)
            r = set_value(&rows[i], name, value, settings, err);
    }
    return r;
}

/* How many letters have to be changed, added or left out (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 32 };
    size_t row[MOST + 1];
    size_t len = strlen(b);

    if (len > MOST || strlen(a) > MOST)
        return MOST;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            row[j + 1] = best;
        }
    }
    return row[len];
}

static void unknown_option(const char *argument, struct err *err)
{
    char name[32] = "";
    const char *nearest = NULL;
    size_t least = 4; /* further away is no misspelling */

    if (strncmp(argument, "--", 2) == 0)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(argument + 2, "="),
                 argument + 2);
    for (int i = 0; i < ROW_COUNT; i++) {
        size_t far = distance(name, rows[i].name);

        if (far < least) {
            least = far;
            nearest = rows[i].name;
        }
    }
    if (nearest != NULL)
        err_set(err, "unknown option '%.60s': did you mean --%s?", argument,
                nearest);
    else
        err_set(err, "unknown option '%.60s': see vspcd --help", argument);
}

/* getopt_long's tables, made from ours. An option's value is its row. */
static void make_getopt_tables(struct option *options, char *letters)
{
    *letters++ = ':'; /* tell a missing value from an unknown option */
    for (int i = 0; i < ROW_COUNT; i++) {
        options[i] = (struct option){
            .name = rows[i].name,
            .has_arg = takes_value(&rows[i]) ? required_argument : no_argument,
            .val = 256 + i,
        };
        if (rows[i].letter != 0)
            *letters++ = rows[i].letter;
    }
    options[ROW_COUNT] = (struct option){ 0 };
    *letters = '\0';
}

static const struct option_row *row_of(int found)
{
    if (found >= 256)
        return &rows[found - 256];
    for (int i = 0; i < ROW_COUNT; i++) {
        if (rows[i].letter == found)
            return &rows[i];
    }
    return NULL;
}

static int read_command_line(int argc, char **argv, struct settings *settings,
                             enum options_request *request, struct err *err)
{
    struct option options[ROW_COUNT + 1];
    char letters[ROW_COUNT + 2];
    int found;
    int r = 0;

    make_getopt_tables(options, letters);
    opterr = 0;
    optind = 0; /* start anew: tests call this more than once */
    while (r == 0 &&
           (found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        const struct option_row *row = row_of(found);
        char from[40];

        if (found == ':') {
            err_set(err, "%.60s needs a value", argv[optind - 1]);
            return -EINVAL;
        }
        if (row == NULL) {
            unknown_option(argv[optind - 1], err);
            return -EINVAL;
        }
        if (row->type == OPTION_REQUEST) {
            *request = (enum options_request)row->min;
            if (*request != OPTIONS_SHOW_TLS)
                return 0;
            continue;
        }
        snprintf(from, sizeof from, "--%s", row->name);
        r = set_value(row, from, optarg, settings, err);
    }
    if (r == 0 && optind < argc) {
        err_set(err, "'%.60s' is one argument too many: see vspcd --help",
                argv[optind]);
        r = -EINVAL;
    }
    return r;
}

static int check_together(const struct settings *s, struct err *err)
{
    if (s->port_range_start > s->port_range_end) {
        err_set(err, "--port-range-start %llu is above --port-range-end %llu",
                (unsigned long long)s->port_range_start,
                (unsigned long long)s->port_range_end);
        return -EINVAL;
    }
    if ((s->history_size & (s->history_size - 1)) != 0) {
        err_set(err,
                "--history-size: %llu is not valid: expected a power of two, "
                "such as 64K or 128K",
                (unsigned long long)s->history_size);
        return -EINVAL;
    }
    if (s->key != NULL && s->cert == NULL) {
        err_set(err, "--key: needs --cert, the certificate that it belongs to");
        return -EINVAL;
    }
    if (s->client_certs != 0 && s->client_tls == SETTINGS_TLS_OFF) {
        err_set(err, "--client-certs: needs --client-tls");
        return -EINVAL;
    }
    if ((s->client_certs != 0) != (s->client_ca != NULL)) {
        err_set(err, "--client-certs and --client-ca need each other");
        return -EINVAL;
    }
    return 0;
}

int options_read(int argc, char **argv, struct settings *ret_settings,
                 enum options_request *ret_request, struct err *err)
{
    struct settings settings;
    enum options_request request = OPTIONS_RUN;
    int r = set_defaults(&settings, err);

    if (r == 0)
        r = read_environment(&settings, err);
    if (r == 0)
        r = read_command_line(argc, argv, &settings, &request, err);
    if (settings.ssl && settings.tls < SETTINGS_TLS_OFFERED)
        settings.tls = SETTINGS_TLS_OFFERED;
    if (r == 0 && (request == OPTIONS_RUN || request == OPTIONS_SHOW_TLS))
        r = check_together(&settings, err);
    if (r < 0)
        return r;
    if (request == OPTIONS_RUN && settings.check_uri != NULL)
        request = OPTIONS_CHECK_URI;
    *ret_settings = settings;
    *ret_request = request;
    return 0;
}

enum { HELP_COLUMN = 10 };

static void print_text(FILE *to, const char *text)
{
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');

        if (line != text)
            fprintf(to, "\n%*s", HELP_COLUMN, "");
        fprintf(to, "%.*s",
                (int)(end != NULL ? end - line : (ptrdiff_t)strlen(line)),
                line);
        line = end != NULL ? end + 1 : NULL;
    }
}

void options_print_help(FILE *to)
{
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &rows[i];
        char letter[] = { '-', row->letter, ',', '\0' };

        fprintf(to, "  %3s --%s%s%s\n%*s", row->letter != 0 ? letter : "",
                row->name, row->value != NULL ? " " : "",
                row->value != NULL ? row->value : "", HELP_COLUMN, "");
        print_text(to, row->text);
        if (row->standard != NULL)
            fprintf(to, " [%s]", row->standard);
        if (row->environment != NULL)
            fprintf(to, "\n%*s(environment: %s)", HELP_COLUMN, "",
                    row->environment);
        fputc('\n', to);
    }
}
