/* Settings from defaults, environment and command line; addresses as text. */
#include "conf/option_row.h"
#include "net/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARGS_MAX = 8 };

static struct settings settings;
static enum options_request request;
static struct problems problems;
static struct err err; /* the first of them */

/* The command line's words, NULL behind the last. No file is read. */
static int options(const char *first, ...)
{
    static char words[ARGS_MAX][80];
    static char no_file[] = "--config=/dev/null";
    char *argv[ARGS_MAX + 2] = { words[0], no_file };
    int argc = 2;
    va_list more;
    int r;

    memset(words, 0, sizeof words);
    memcpy(words[0], "vspcd", sizeof "vspcd");
    va_start(more, first);
    for (const char *word = first; word != NULL && argc < ARGS_MAX;
         word = va_arg(more, const char *)) {
        strncpy(words[argc - 1], word, sizeof words[0] - 1);
        argv[argc] = words[argc - 1];
        argc++;
    }
    va_end(more);
    options_free(&settings);
    r = options_read(argc, argv, &settings, &request, &problems);
    err_set(&err, "%.255s", problems.count > 0 ? problems.item[0].text : "");
    return r;
}

static void check_refused(const char *word, const char *value, const char *says)
{
    assert_int_equal(options(word, value, NULL), -EINVAL);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
}

static void defaults_are_those_of_vspc_py(void **state)
{
    (void)state;
    assert_int_equal(options(NULL), 0);
    assert_int_equal(settings.proxy_port, 13370);
    assert_string_equal(settings.proxy_iface, "0.0.0.0");
    assert_int_equal(settings.port_range_start, 50000);
    assert_string_equal(settings.interface, "127.0.0.1");
    assert_int_equal(settings.vm_expire_s, 86400);
    assert_int_equal(settings.client_limit, 0);
    assert_int_equal(settings.backend, SETTINGS_BACKEND_FILE);
    assert_null(settings.state_file);
    assert_false(settings.no_vm_ports || settings.is_multi_console);
}

static void values_stand_behind_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    assert_int_equal(options("--proxy-port", "1", "--hold-time=20", "-d", NULL),
                     0);
    assert_int_equal(settings.proxy_port, 1);
    assert_int_equal(settings.hold_ms, 20);
    assert_true(settings.is_debug);
}

static void letters_stand_behind_each_other(void **state)
{
    (void)state;
    assert_int_equal(options("-dddddddddddddddddddddddddddddddddddddddd"
                             "ddddddddddddddddddddddddddddddddddddd",
                             NULL),
                     0);
    assert_true(settings.is_debug);
}

static void sizes_have_units(void **state)
{
    (void)state;
    assert_int_equal(options("--history-size", "128K", NULL), 0);
    assert_int_equal(settings.history_size, 131072);
    assert_int_equal(options("--history-total=2G", NULL), 0);
    assert_int_equal(settings.history_total, UINT64_C(2) << 30);
    check_refused("--history-size", "100K", "power of two");
    check_refused("--history-size", "1K",
                  "bytes, optionally followed by K, M or G, from 4K to 1G");
    check_refused("--history-size", "K", "followed by K, M or G");
    check_refused("--history-size", "99999999999G", "--history-size");
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    check_refused("--proxy-port", "65536", "--proxy-port: '65536'");
    check_refused("--proxy-port", "x", "from 0 to 65535");
    check_refused("--identity-timeout", "0", "from 1");
    check_refused("--proxy-iface", "", "IP address");
    check_refused("--port-range-start", NULL, "needs a value");
    check_refused("extra", NULL, "'extra'");
    assert_int_equal(
        options("--port-range-start", "2", "--port-range-end", "1", NULL),
        -EINVAL);
}

static void times_have_units(void **state)
{
    (void)state;
    assert_int_equal(
        options("--log-rotate-age", "1d", "--vm-expire-time", "36h", NULL), 0);
    assert_int_equal(settings.log_rotate_s, 86400);
    assert_int_equal(settings.vm_expire_s, 36 * 3600);
    assert_int_equal(
        options("--move-timeout", "10m", "--identity-timeout", "5s", NULL), 0);
    assert_int_equal(settings.move_timeout_s, 600);
    assert_int_equal(settings.identity_timeout_s, 5);
    check_refused("--log-rotate-age", "1w",
                  "optionally followed by m, h or d, from");
    check_refused("--log-rotate-age", "d",
                  "optionally followed by m, h or d, from");
    check_refused("--log-rotate-age", "11575d", "from 0 to 1000000000");
    check_refused("--log-rotate-age", "213503982334602d", "from 0 to");
    check_refused("--identity-timeout", "0h", "from 1");
    check_refused("--log-keep", "1d", "expected a number from 0 to 999");
}

static void misspelt_option_gets_a_hint(void **state)
{
    (void)state;
    check_refused("--proxy-prt", "1", "did you mean --proxy-port?");
    check_refused("--colour", NULL, "--help");
    /* Another word for the same thing, but nothing that is only as long. */
    check_refused("--log-level", "debug", "did you mean --messages-level?");
    check_refused("--syslog", NULL, "see vspcd --help");
}

static void environment_is_below_the_command_line(void **state)
{
    (void)state;
    setenv("VM_CLIENT_LIMIT", "3", 1);
    setenv("SUPPORT_MULTI_CONSOLE", "true", 1);
    assert_int_equal(options(NULL), 0);
    assert_int_equal(settings.client_limit, 3);
    assert_true(settings.is_multi_console);
    assert_int_equal(options("--client-limit", "5", NULL), 0);
    assert_int_equal(settings.client_limit, 5);
    setenv("SUPPORT_MULTI_CONSOLE", "no", 1);
    setenv("VM_CLIENT_LIMIT", "", 1);
    assert_int_equal(options(NULL), 0);
    assert_int_equal(settings.client_limit, 0);
    assert_false(settings.is_multi_console);
    assert_int_equal(options("--multi-console", NULL), 0);
    assert_true(settings.is_multi_console);
    setenv("VM_CLIENT_LIMIT", "many", 1);
    check_refused(NULL, NULL, "VM_CLIENT_LIMIT: 'many'");
    unsetenv("VM_CLIENT_LIMIT");
    unsetenv("SUPPORT_MULTI_CONSOLE");
}

static void help_and_version_are_asked_for(void **state)
{
    (void)state;
    assert_int_equal(options("-h", NULL), 0);
    assert_int_equal(request, OPTIONS_SHOW_HELP);
    assert_int_equal(options("--version", NULL), 0);
    assert_int_equal(request, OPTIONS_SHOW_VERSION);
}

static void uri_is_to_be_checked(void **state)
{
    (void)state;
    assert_int_equal(options("--check-uri", "", NULL), 0);
    assert_int_equal(request, OPTIONS_CHECK_URI);
    assert_string_equal(settings.check_uri, "");
    assert_int_equal(settings.check_uri_as, SETTINGS_URI_SERVER);
    assert_int_equal(options("--check-uri-as=client", NULL), 0);
    assert_int_equal(request, OPTIONS_RUN);
    assert_int_equal(settings.check_uri_as, SETTINGS_URI_CLIENT);
    assert_int_equal(options("--check-uri-as=proxy", NULL), 0);
    assert_int_equal(settings.check_uri_as, SETTINGS_URI_PROXY);
    check_refused("--check-uri-as", "serve",
                  "'serve' is not valid: expected one of server|client|proxy");
    check_refused("--check-uri-as", "", "expected one of");
    check_refused("--check-uri", NULL, "needs a value");
}

static void a_token_command_is_a_request(void **state)
{
    (void)state;
    assert_int_equal(options("--token", "list", NULL), 0);
    assert_int_equal(request, OPTIONS_TOKEN);
    assert_string_equal(settings.token_right, "read");
    assert_int_equal(settings.token_expires_s, 90 * 24 * 60 * 60);
    assert_int_equal(options("--token=create", "--token-expires=never", NULL),
                     0);
    assert_int_equal(settings.token_expires_s, 0);
    assert_int_equal(options("--token=create", "--token-expires=2h", NULL), 0);
    assert_int_equal(settings.token_expires_s, 2 * 60 * 60);
    check_refused("--token-expires", "0", "1 to 315360000, or never");
    check_refused("--token-expires", "nev", "or never");
    check_refused("--token-right", "none", "expected one of read|write");
    check_refused("--token-name", "ci", "needs --token");
}

/* A reader has come by grep and has not read the row above. */
static void texts_of_options_stand_alone(void **state)
{
    static const char *const relays[] = { "the same", "that file", "of them",
                                          "as above", "such a ",   "that port",
                                          "that URI" };

    (void)state;
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        for (size_t j = 0; j < sizeof relays / sizeof relays[0]; j++) {
            if (strstr(row->text, relays[j]) != NULL)
                fail_msg("--%s: '%s' needs another text to be understood",
                         row->name, relays[j]);
        }
    }
}

/* It is what the sample file shows. */
static void each_setting_has_a_default_or_an_example(void **state)
{
    (void)state;
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (option_is_setting(row) && option_takes_value(row) &&
            row->standard == NULL && row->example == NULL)
            fail_msg("%s", row->name);
    }
}

static void check_address(const char *host, const char *text)
{
    struct address a;

    assert_int_equal(address_parse(host, 80, &a, NULL), 0);
    assert_string_equal(address_format(&a).text, text);
    assert_int_equal(address_port(&a), 80);
}

static void addresses_are_numeric_in_both_families(void **state)
{
    struct address a;

    (void)state;
    check_address("127.0.0.1", "127.0.0.1:80");
    check_address("::1", "[::1]:80");
    check_address("[::1]", "[::1]:80");
    check_address("::ffff:10.0.0.1", "10.0.0.1:80");
    assert_int_equal(address_parse("localhost", 80, &a, &err), -EINVAL);
    assert_int_equal(address_parse("1.2.3", 80, &a, &err), -EINVAL);
    assert_int_equal(address_parse("", 80, &a, &err), -EINVAL);
}

static void check_split(const char *text, const char *host, uint16_t port)
{
    char got[ADDRESS_HOST_MAX + 1];
    uint16_t got_port = 0;

    assert_int_equal(address_split(text, 7, got, &got_port, NULL), 0);
    assert_string_equal(got, host);
    assert_int_equal(got_port, port);
}

static void host_and_port_are_cut_apart(void **state)
{
    static const char *const wrong[] = { "",        ":80",   "host:",
                                         "host:x",  "[::1",  "[::1]x",
                                         "host:-1", "[]:80", "host:65536" };
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;

    (void)state;
    check_split("host", "host", 7);
    check_split("host:80", "host", 80);
    check_split("[::1]:80", "::1", 80);
    check_split("[::1]", "::1", 7);
    check_split("fe80::1", "fe80::1", 7);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(address_split(wrong[i], 7, host, &port, &err),
                         -EINVAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_vspc_py),
        cmocka_unit_test(values_stand_behind_a_blank_or_an_equals_sign),
        cmocka_unit_test(letters_stand_behind_each_other),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(misspelt_option_gets_a_hint),
        cmocka_unit_test(environment_is_below_the_command_line),
        cmocka_unit_test(help_and_version_are_asked_for),
        cmocka_unit_test(uri_is_to_be_checked),
        cmocka_unit_test(a_token_command_is_a_request),
        cmocka_unit_test(texts_of_options_stand_alone),
        cmocka_unit_test(each_setting_has_a_default_or_an_example),
        cmocka_unit_test(addresses_are_numeric_in_both_families),
        cmocka_unit_test(host_and_port_are_cut_apart),
    };

    int failed;

    /* A file of this machine does not count. */
    setenv("VSPCD_CONFIG", "/dev/null", 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    options_free(&settings);
    return failed;
}
