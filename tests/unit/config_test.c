/* Settings from a file: what it may say, what is wrong with it and where, what
 * goes before what, and what a reload would change. */
#include "base/mem.h"
#include "conf/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 8 };

/* Of each test. */
struct bench {
    char path[32];
    char config[48]; /* as option */
    char *argv[ARGS_MAX + 1];
    int argc;
    struct settings settings;
    enum options_request request;
    struct problems problems;
};

static int bench_open(void **state)
{
    struct bench *b = xcalloc(1, sizeof *b);
    static char program[] = "vspcd";
    int fd;

    memcpy(b->path, "/tmp/vspcd-config-XXXXXX", 25);
    fd = mkstemp(b->path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(b->config, sizeof b->config, "--config=%s", b->path);
    b->argv[0] = program;
    b->argv[1] = b->config;
    b->argc = 2;
    *state = b;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *b = *state;

    unlink(b->path);
    options_free(&b->settings);
    free(b);
    return 0;
}

static void write_bytes(const struct bench *b, const char *text, size_t len)
{
    FILE *file = fopen(b->path, "w");

    assert_non_null(file);
    fwrite(text, 1, len, file);
    fclose(file);
}

static void write_file(const struct bench *b, const char *text)
{
    write_bytes(b, text, strlen(text));
}

static int read_settings(struct bench *b)
{
    options_free(&b->settings);
    return options_read(b->argc, b->argv, &b->settings, &b->request,
                        &b->problems);
}

/* One word more on the command line. */
static void give(struct bench *b, char *word)
{
    assert_true(b->argc < ARGS_MAX);
    b->argv[b->argc++] = word;
}

static void read_text(struct bench *b, const char *text)
{
    write_file(b, text);
    if (read_settings(b) < 0)
        fail_msg("'%s': %s", text, b->problems.item[0].text);
}

static void every_type_has_a_form_in_the_file(void **state)
{
    struct bench *b = *state;
    const struct settings *s = &b->settings;

    read_text(b, "# a comment\n"
                 "proxy-port = 1 # and one behind\n"
                 "history-size=128K debug = true\r\n"
                 "tls = required\n"
                 "interface = \"::1\"\n"
                 "cert = '/etc/a \"b\".pem'\n"
                 "proxy-listen = {\"[::]:992,tls=off\", # first\n"
                 "                \"10.0.0.1:99\"}\n"
                 "service-connect = \"vspc://*\"\n"
                 "service-connect += {\"#1:2\"}\n"
                 "service-listen = {}\n");
    assert_int_equal(s->proxy_port, 1);
    assert_int_equal(s->history_size, 131072);
    assert_true(s->is_debug);
    assert_int_equal(s->tls, SETTINGS_TLS_REQUIRED);
    assert_string_equal(s->interface, "::1");
    assert_string_equal(s->cert, "/etc/a \"b\".pem");
    assert_int_equal(s->proxies.count, 2);
    assert_string_equal(s->proxies.item[0].address, "[::]:992");
    assert_int_equal(s->proxies.item[0].tls, SETTINGS_TLS_OFF);
    assert_int_equal(s->proxies.item[1].tls, SETTINGS_TLS_TELNETS);
    assert_int_equal(s->service_connect.count, 2);
    assert_string_equal(s->service_connect.text[0], "vspc://*");
    assert_string_equal(s->service_connect.text[1], "#1:2");
    assert_int_equal(s->service_listen.count, 0);
    assert_string_equal(s->file, b->path);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } wrong[] = {
        { "proxy-port = 65536", 1,
          "proxy-port: '65536' is not valid: expected "
          "a number from 0 to 65535" },
        { "\n\ntls =\n on", 4, "expected one of off|telnets|" },
        { "debug = yes", 1, "expected one of false|true" },
        { "proxy-prot = 1", 1,
          "unknown setting 'proxy-prot': did you mean proxy-port?" },
        { "colour = red", 1, "unknown setting 'colour': see vspcd.conf(5)" },
        { "colour = {}", 1, "unknown setting 'colour'" },
        { "a|b = 1", 1, "for 'a'" },
        { "\"\\n\" = 1", 1, "syntax error: expected" },
        { "check-uri = s0", 1, "it is for the command line only" },
        { "config = x", 1, "it is for the command line only" },
        { "help = 1", 1, "it is for the command line only" },
        { "hold-time = 5\n# \"\n\nhold-time = 6", 4,
          "hold-time: already set in line 1: expected it once" },
        { "service-listen = a:1\nservice-listen = b:2", 2,
          "already set in line 1" },
        { "proxy-port 1", 1, "missing equal sign" },
        { "proxy-port = {1}", 1, "unexpected token '{'" },
        { "proxy-port = 1, 2", 1, "unexpected token ','" },
        { "proxy-port += 1", 1, "append to non-list" },
        { "proxy-listen = {\"a:1\"\n\"b:2\"}", 2, "unexpected token 'b:2'" },
        { "proxy-listen = {\"a:1\",", 1, "expected a closing quote or brace" },
        { "proxy-listen = \"a:1,tls=x\"", 1, "expected one of off|" },
        { "tls", 1, "premature end of file" },
        { "tls = off }", 1, "unexpected closing brace" },
        { "\n\ncert = \"abc\n", 3, "expected a closing quote or brace" },
        { "\ncert = ${HOME\n}", 2, "expected a closing quote or brace" },
        { "\ncert = \"${HOME\n}\"", 2, "expected a closing quote or brace" },
        { "cert = //a", 1, "// and /* are allowed only in quotes" },
        { "/* no */", 1, "expected # for a comment" },
        { "cert = ''", 1, "'' is not valid" },
        { "cert = 'a\x1b[2J'", 1,
          "contains control characters or invalid UTF-8" },
        { "cert = 'a\xff'", 1, "contains control characters or invalid UTF-8" },
        { "history-size =\n 100K", 2, "expected a power of two" },
        { "port-range-end = 9", 0,
          "--port-range-start: 50000 is above port-range-end" },
        { "\nkey = a", 2, "key: needs cert" },
        { "client-certs = optional", 1, "client-certs: needs client-tls" },
        { "client-tls = offered\nclient-certs = required\nclient-ca = a", 2,
          "client-certs: needs client-tls required" },
        { "client-ca = a", 1, "client-ca: needs client-certs" },
        { "\nclient-crl = a", 2, "client-crl: needs client-ca" },
        { "vm-certs = required\nvm-ca = a", 1, "vm-certs: needs tls required" },
        { "tls = required\nproxy-listen = {\"a:1,tls=required\",\n\"b:2\"}\n"
          "vm-certs = required\nvm-ca = a",
          4, "vm-certs: needs tls=required in each proxy-listen" },
        { "tls = off\nvm-certs = optional\nvm-ca = a", 2,
          "vm-certs: needs tls" },
        { "tls = required\nvm-certs = required", 2, "vm-certs: needs vm-ca" },
        { "vm-ca = a", 1, "vm-ca: needs vm-certs" },
        { "\nvm-crl = a", 2, "vm-crl: needs vm-ca" },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct problem *first = &b->problems.item[0];
        char place[64] = "--";

        write_file(b, wrong[i].text);
        if (read_settings(b) == 0)
            fail_msg("'%s' is taken", wrong[i].text);
        if (wrong[i].line > 0)
            snprintf(place, sizeof place, "%s:%u: ", b->path, wrong[i].line);
        if (strstr(first->text, wrong[i].says) == NULL ||
            strncmp(first->text, place, strlen(place)) != 0)
            fail_msg("'%s': '%s' is not '%s%s'", wrong[i].text, first->text,
                     place, wrong[i].says);
    }
}

static void all_problems_are_said_in_the_order_of_lines(void **state)
{
    struct bench *b = *state;
    static char option[] = "--move-timeout=0";

    give(b, option);
    write_file(b, "tls = x\nfoo1 = 1\nhold-time = 0\nfoo2 = {}\nfoo1 = 2\n");
    assert_int_equal(read_settings(b), -EINVAL);
    assert_int_equal(b->problems.count, 5);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(b->problems.item[i].line, i + 1);
    assert_non_null(strstr(b->problems.item[4].text, "--move-timeout"));
}

static void there_is_an_end_to_problems(void **state)
{
    struct bench *b = *state;
    char text[4096] = "";
    size_t len = 0;

    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "unknown%d=1 hold-time=%d\n", i, -i);
    write_file(b, text);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_true(b->problems.count >= 17);
    assert_int_equal(b->problems.item[0].line, 1);
}

static void a_file_that_is_no_text_is_refused(void **state)
{
    struct bench *b = *state;
    char *large = xcalloc(1, (1 << 20) + 1);

    write_bytes(b, "tls = off\n\0", 11);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_int_equal(b->problems.item[0].line, 2);
    memset(large, '\n', (1 << 20) + 1);
    write_bytes(b, large, (1 << 20) + 1);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_non_null(strstr(b->problems.item[0].text, "cannot be read: File "));
    write_bytes(b, large, 1 << 20);
    assert_int_equal(read_settings(b), 0);
    free(large);
}

static void a_file_that_was_asked_for_must_be_there(void **state)
{
    struct bench *b = *state;

    unlink(b->path);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_non_null(strstr(b->problems.item[0].text, "No such file"));
    b->config[sizeof "--config=" - 1] = '\0';
    assert_int_equal(read_settings(b), -EINVAL);
    assert_non_null(strstr(b->problems.item[0].text, "--config: ''"));
    memcpy(b->config, "--config=/tmp", 14);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_non_null(strstr(b->problems.item[0].text, "directory"));
    memcpy(b->path, b->config, 9); /* nothing to remove */
}

/* What a setting is, given in any of the places; NULL: not there. */
static void command_line_environment_file_default(void **state)
{
    static char on_line[] = "--client-limit=3";
    static const struct {
        const char *file, *variable;
        char *option;
        uint64_t is;
        const char *where; /* behind the path, for a file */
    } rows[] = {
        { NULL, NULL, NULL, 0, "--client-limit" },
        { "client-limit = 1", NULL, NULL, 1, ":1: client-limit" },
        { "client-limit = 1", "2", NULL, 2, "VM_CLIENT_LIMIT" },
        { "client-limit = 1", "", NULL, 1, ":1: client-limit" },
        { NULL, "2", NULL, 2, "VM_CLIENT_LIMIT" },
        { "client-limit = 1", "2", on_line, 3, "--client-limit" },
        { "client-limit = 1", NULL, on_line, 3, "--client-limit" },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *where;

        b->argc = 2;
        if (rows[i].option != NULL)
            give(b, rows[i].option);
        if (rows[i].variable != NULL)
            setenv("VM_CLIENT_LIMIT", rows[i].variable, 1);
        read_text(b, rows[i].file != NULL ? rows[i].file : "");
        unsetenv("VM_CLIENT_LIMIT");
        assert_int_equal(b->settings.client_limit, rows[i].is);
        where = options_where(&b->settings, "client-limit", 0).text;
        if (strncmp(where, b->path, strlen(b->path)) == 0)
            where += strlen(b->path);
        assert_string_equal(where, rows[i].where);
    }
}

static void a_flag_can_be_taken_back(void **state)
{
    struct bench *b = *state;
    static char not_debug[] = "--debug=false";

    setenv("SUPPORT_MULTI_CONSOLE", "no", 1);
    give(b, not_debug);
    read_text(b, "debug = true\nmulti-console = true\nno-vm-ports = true");
    unsetenv("SUPPORT_MULTI_CONSOLE");
    assert_false(b->settings.is_debug || b->settings.is_multi_console);
    assert_true(b->settings.no_vm_ports);
}

static void a_list_of_the_command_line_replaces_the_files(void **state)
{
    struct bench *b = *state;
    static char one[] = "--service-listen=c:3", two[] = "--service-listen=d:4";

    give(b, one);
    give(b, two);
    read_text(b, "service-listen = {\"a:1\", \"b:2\", \"x:9\"}\n"
                 "service-connect = \"e:5\"");
    assert_int_equal(b->settings.service_listen.count, 2);
    assert_string_equal(b->settings.service_listen.text[0], "c:3");
    assert_string_equal(b->settings.service_listen.text[1], "d:4");
    assert_int_equal(b->settings.service_connect.count, 1);
}

static void ssl_of_a_file_is_below_a_policy_of_the_command_line(void **state)
{
    struct bench *b = *state;
    static char off[] = "--tls=off";

    read_text(b, "ssl = true\ntls = telnets");
    assert_int_equal(b->settings.tls, SETTINGS_TLS_REQUIRED);
    read_text(b, "ssl = true\ntls = offered");
    assert_int_equal(b->settings.tls, SETTINGS_TLS_REQUIRED);
    read_text(b, "ssl = true\ntls = required");
    assert_int_equal(b->settings.tls, SETTINGS_TLS_REQUIRED);
    give(b, off);
    read_text(b, "ssl = true");
    assert_int_equal(b->settings.tls, SETTINGS_TLS_OFF);
}

static void variables_stand_for_their_values(void **state)
{
    struct bench *b = *state;

    setenv("CONFIG_TEST", "a#b", 1);
    read_text(b, "cert = \"${CONFIG_TEST}/${CONFIG_NONE:-c}\"\n"
                 "key = ${CONFIG_TEST} client-certs = off\n"
                 "tls-ciphers = '${CONFIG_TEST}'");
    unsetenv("CONFIG_TEST");
    assert_string_equal(b->settings.cert, "a#b/c");
    assert_string_equal(b->settings.key, "a#b");
    assert_string_equal(b->settings.tls_ciphers, "${CONFIG_TEST}");
}

static char *shown(const struct settings *s)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    options_print_settings(s, to);
    fclose(to);
    return text;
}

static void what_is_shown_can_be_read_again(void **state)
{
    struct bench *b = *state;
    char *first, *second;
    struct settings before;

    read_text(b, "cert = \"a \\\"\\\\\\${HOME}'#//\"\nhistory-size = 8K\n"
                 "proxy-listen = {\"[::]:1,tls=off\", \"h:2\"}\n"
                 "history-total = 1000 ssl = true\n"
                 "service-connect = {\"*:1-2\", \"vspc://a b\"}\n");
    before = b->settings;
    b->settings = (struct settings){ 0 };
    first = shown(&before);
    read_text(b, first);
    second = shown(&b->settings);
    assert_string_equal(b->settings.cert, "a \"\\${HOME}'#//");
    for (char *a = first, *c = second; *a != '\0'; a++, c++) {
        /* The same but for where it comes from. */
        assert_int_equal(*a, *c);
        if (strncmp(a, " # ", 3) == 0) {
            a = strchr(a, '\n');
            c = strchr(c, '\n');
        }
    }
    free(first);
    free(second);
    options_free(&before);
}

/* A line of the sample without its #, or the lines of a section. Returns how
 * far its last line is. */
static size_t take_setting(const char *line, char *to, size_t size)
{
    const char *at = line;
    int len = 0;

    for (;;) {
        size_t line_len = strcspn(at + 1, "\n");

        len += snprintf(to + len, size - (size_t)len, "%.*s\n", (int)line_len,
                        at + 1);
        if (strstr(to, "{\n") == NULL || at[1] == '}')
            return (size_t)(at - line);
        at += line_len + 2;
    }
}

static void every_line_of_the_sample_is_a_setting(void **state)
{
    struct bench *b = *state;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    int count = 0;

    assert_non_null(to);
    options_print_sample(to);
    fclose(to);
    read_text(b, text);
    for (char *line = text; line != NULL; line = strchr(line, '\n')) {
        char one[1024];

        line += *line == '\n';
        if (line[0] != '#' || line[1] == ' ' || line[1] == '\n')
            continue;
        line += take_setting(line, one, sizeof one);
        write_file(b, one);
        /* Some need another one. */
        if (read_settings(b) < 0 &&
            strstr(b->problems.item[0].text, ": needs ") == NULL)
            fail_msg("'%s': %s", one, b->problems.item[0].text);
        count++;
    }
    assert_true(count > 25);
    /* What has no default has an example. */
    assert_non_null(strstr(text, "\n#file = \"/var/lib/vspcd/state.db\"\n"));
    /* Rows stand below headings. */
    assert_non_null(strstr(
        text, "\n# ---- Console logs ----\n\n# directory for console logs"));
    free(text);
}

static void a_reload_takes_what_may_change(void **state)
{
    struct bench *b = *state;
    static char hold[] = "--hold-time=7";
    struct options_changes changes;
    struct settings next;

    give(b, hold);
    read_text(b, "vm-expire-time = 1 proxy-port = 1 cert = a\n"
                 "service-listen = \"a:1\"\n");
    write_file(b, "\nvm-expire-time = 2 hold-time = 8 proxy-port = 2\n"
                  "service-listen = \"b:1\" proxy-listen = \"h:1\"\n");
    assert_int_equal(options_reload(&b->settings, &next, &b->problems), 0);
    assert_int_equal(next.proxy_port, 2);
    options_keep(&b->settings, &next, &changes);
    assert_int_equal(next.vm_expire_s, 2);
    assert_int_equal(next.hold_ms, 7);
    assert_int_equal(next.proxy_port, 1);
    assert_int_equal(next.proxies.count, 0);
    assert_null(next.cert);
    assert_string_equal(next.service_listen.text[0], "b:1");
    assert_int_equal(changes.count, 3);
    /* In the order of the table. */
    assert_string_equal(changes.name[0], "vm-expire-time");
    assert_string_equal(changes.name[1], "service-listen");
    assert_string_equal(changes.name[2], "cert");
    assert_int_equal(changes.restart_count, 2);
    assert_string_equal(changes.restart[0], "proxy-port");
    assert_string_equal(changes.restart[1], "proxy-listen");
    options_free(&next);
}

/* In the place of the file, and of the file alone. */
static void a_text_takes_the_place_of_the_file(void **state)
{
    struct bench *b = *state;
    static char hold[] = "--hold-time=7";
    static const char text[] = "vm-expire-time = 2\nhold-time = 8\n";
    const struct options_text good = { "posted", text, sizeof text - 1 };
    const struct options_text bad = { "posted", "\nbogus = 1\n", 11 };
    struct settings next;

    give(b, hold);
    read_text(b, "vm-expire-time = 1 client-limit = 3\n");
    assert_int_equal(
        options_reload_text(&b->settings, &good, &next, &b->problems), 0);
    assert_int_equal(next.vm_expire_s, 2);
    assert_int_equal(next.client_limit, 0);
    assert_int_equal(next.hold_ms, 7);
    assert_string_equal(next.file, "posted");
    options_free(&next);
    assert_int_equal(
        options_reload_text(&b->settings, &bad, &next, &b->problems), -EINVAL);
    assert_int_equal(b->problems.item[0].line, 2);
    assert_non_null(strstr(b->problems.item[0].text, "posted:2: "));
}

/* As --show-config has them. */
static void every_setting_is_an_item(void **state)
{
    struct bench *b = *state;
    struct options_item item;
    bool has_hold = false;
    int cursor = 0;

    read_text(b, "\nhold-time = 8\n");
    while (options_next_item(&b->settings, &cursor, &item)) {
        char value[64];

        assert_string_not_equal(item.name, "config");
        assert_string_not_equal(item.name, "help");
        if (strcmp(item.name, "hold-time") != 0)
            continue;
        has_hold = true;
        options_value(&b->settings, item.name, value, sizeof value);
        assert_string_equal(value, "8");
        assert_int_equal(item.origin.source, SETTINGS_FILE);
        assert_int_equal(item.origin.line, 2);
        assert_true(item.is_reloaded);
        assert_string_equal(options_source_name(item.origin.source), "file");
    }
    assert_true(has_hold);
}

static void networks_are_a_list(void **state)
{
    struct bench *b = *state;
    const struct settings_networks *allow = &b->settings.vm_allow;
    struct options_changes changes;
    struct settings next;

    read_text(b, "vm-allow = {\"10.0.0.0/8\",\n\"::1\"}\n"
                 "vm-allow += \"192.0.2.0/24\"\n");
    assert_int_equal(allow->count, 3);
    assert_string_equal(network_format(&allow->item[2]).text, "192.0.2.0/24");
    assert_int_equal(options_where(&b->settings, "vm-allow", 1).line, 2);
    assert_int_equal(options_where(&b->settings, "vm-allow", 2).line, 3);
    assert_true(options_is_given(&b->settings, "vm-allow"));
    assert_false(options_is_given(&b->settings, "client-allow"));
    /* Written otherwise, and the same. */
    write_file(b, "vm-allow = {\"::ffff:10.0.0.0/104\", \"0::1/128\", "
                  "\"192.0.2.0/24\"}\n");
    assert_int_equal(options_reload(&b->settings, &next, &b->problems), 0);
    options_keep(&b->settings, &next, &changes);
    assert_int_equal(changes.count + changes.restart_count, 0);
    options_free(&next);
    write_file(b, "vm-allow = {}\n");
    assert_int_equal(options_reload(&b->settings, &next, &b->problems), 0);
    options_keep(&b->settings, &next, &changes);
    assert_int_equal(changes.count, 1);
    assert_string_equal(changes.name[0], "vm-allow");
    assert_int_equal(next.vm_allow.count, 0);
    options_free(&next);
}

static void any_is_every_address_of_those_who_connect(void **state)
{
    struct bench *b = *state;
    const struct settings_networks *allow = &b->settings.vm_allow;
    struct settings next;

    read_text(b, "vm-allow = \"any\"\n");
    assert_int_equal(allow->count, 2);
    assert_string_equal(network_format(&allow->item[0]).text, "0.0.0.0/0");
    assert_string_equal(network_format(&allow->item[1]).text, "::/0");
    write_file(b, "proxy-protocol-from = \"any\"\n");
    assert_int_equal(options_reload(&b->settings, &next, &b->problems),
                     -EINVAL);
}

static void there_is_an_end_to_networks(void **state)
{
    struct bench *b = *state;
    char text[4096] = "client-allow = {\"10.0.0.0\"";
    size_t len = strlen(text);

    for (int i = 0; i < SETTINGS_NETWORKS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                ",\n\"10.0.0.%d\"", i);
    snprintf(text + len, sizeof text - len, "}\n");
    write_file(b, text);
    assert_int_equal(read_settings(b), -EINVAL);
    assert_int_equal(b->problems.count, 1);
    assert_non_null(
        strstr(b->problems.item[0].text,
               ":65: client-allow: too many networks: the limit is 64"));
}

static void a_reload_of_the_same_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct options_changes changes;
    struct settings next;

    read_text(b, "cert = a key = b proxy-listen = \"h:1\" hold-time = 1\n"
                 "service-listen = {\"a:1\", \"b:2\"}\n");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(options_reload(&b->settings, &next, &b->problems), 0);
        options_keep(&b->settings, &next, &changes);
        assert_int_equal(changes.count + changes.restart_count, 0);
        options_free(&b->settings);
        b->settings = next;
    }
}

static void a_reload_of_something_wrong_gives_nothing(void **state)
{
    struct bench *b = *state;
    struct settings next;

    read_text(b, "cert = a");
    write_file(b, "cert = b hold-time = 0");
    assert_int_equal(options_reload(&b->settings, &next, &b->problems),
                     -EINVAL);
    assert_int_equal(b->problems.count, 1);
    assert_string_equal(b->settings.cert, "a");
}

int main(void)
{
#define BENCH_TEST(f)                                                          \
    cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
    static const struct CMUnitTest tests[] = {
        BENCH_TEST(every_type_has_a_form_in_the_file),
        BENCH_TEST(what_is_wrong_is_said_with_its_line),
        BENCH_TEST(all_problems_are_said_in_the_order_of_lines),
        BENCH_TEST(there_is_an_end_to_problems),
        BENCH_TEST(a_file_that_is_no_text_is_refused),
        BENCH_TEST(a_file_that_was_asked_for_must_be_there),
        BENCH_TEST(command_line_environment_file_default),
        BENCH_TEST(a_flag_can_be_taken_back),
        BENCH_TEST(a_list_of_the_command_line_replaces_the_files),
        BENCH_TEST(ssl_of_a_file_is_below_a_policy_of_the_command_line),
        BENCH_TEST(variables_stand_for_their_values),
        BENCH_TEST(what_is_shown_can_be_read_again),
        BENCH_TEST(every_line_of_the_sample_is_a_setting),
        BENCH_TEST(a_reload_takes_what_may_change),
        BENCH_TEST(a_text_takes_the_place_of_the_file),
        BENCH_TEST(every_setting_is_an_item),
        BENCH_TEST(networks_are_a_list),
        BENCH_TEST(any_is_every_address_of_those_who_connect),
        BENCH_TEST(there_is_an_end_to_networks),
        BENCH_TEST(a_reload_of_the_same_changes_nothing),
        BENCH_TEST(a_reload_of_something_wrong_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
