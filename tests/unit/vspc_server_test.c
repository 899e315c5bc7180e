/* vSPC.py's command lines and lists: what they mean here. */
#include "conf/vspc_server.h"

#include "base/mem.h"
#include "conf/sources.h"
#include "store/port_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 12 };

static struct settings settings;
static struct problems problems;
static enum options_request request;

/* The command line's words, NULL behind the last. */
static int options(const char *program, ...)
{
    static char *argv[ARGS_MAX + 2];
    int argc = 0;
    va_list more;
    const char *word = program;

    options_free(&settings);
    for (int i = 0; i < ARGS_MAX; i++) {
        free(argv[i]);
        argv[i] = NULL;
    }
    va_start(more, program);
    for (; word != NULL && argc < ARGS_MAX; word = va_arg(more, const char *))
        argv[argc++] = xstrdup(word);
    va_end(more);
    return options_read(argc, argv, &settings, &request, &problems);
}

static enum settings_source source_of(const char *name)
{
    return settings.origins[option_index(option_find(name))].source;
}

static void assert_says(const char *words)
{
    assert_int_equal(problems.count, 1);
    if (strstr(problems.item[0].text, words) == NULL)
        fail_msg("'%s' does not say '%s'", problems.item[0].text, words);
}

static void only_the_last_part_of_the_name_counts(void **state)
{
    (void)state;
    assert_true(vspc_server_is_name("vSPCServer"));
    assert_true(vspc_server_is_name("/usr/sbin/vSPCServer"));
    assert_false(vspc_server_is_name("/vSPCServer/vspcd"));
    assert_false(vspc_server_is_name("vspcserver"));
    assert_false(vspc_server_is_name(""));
    assert_false(vspc_server_is_name(NULL));
}

static void its_defaults_are_vspc_pys(void **state)
{
    (void)state;
    assert_int_equal(options("/usr/bin/vSPCServer", NULL), 0);
    assert_int_equal(settings.backend, SETTINGS_BACKEND_MEMORY);
    assert_int_equal(source_of("backend"), SETTINGS_VSPC_SERVER);
    assert_int_equal(settings.proxy_port, 13370);
    assert_int_equal(source_of("proxy-port"), SETTINGS_DEFAULT);
    assert_null(settings.file);
    assert_int_equal(options("vspcd", "--config=/dev/null", NULL), 0);
    assert_int_equal(settings.backend, SETTINGS_BACKEND_FILE);
}

static void assert_shows(uint64_t lines, uint64_t bytes)
{
    assert_int_equal(settings.attach_lines, lines);
    assert_int_equal(settings.attach_bytes, bytes);
}

/* On its telnet ports what came before is not seen, unless it was asked for;
 * --context means bytes. */
static void what_came_before_is_seen_by_those_who_ask(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", NULL), 0);
    assert_shows(0, 4096);
    assert_int_equal(source_of("attach-lines"), SETTINGS_VSPC_SERVER);
    assert_int_equal(options("vSPCServer", "--context", "200", NULL), 0);
    assert_shows(10000, 200);
    assert_int_equal(options("vSPCServer", "--backend", "Logging",
                             "--backend-args", "--context 300", NULL),
                     0);
    assert_shows(10000, 300);
    assert_int_equal(
        options("vSPCServer", "--context=200", "--attach-lines=5", NULL), 0);
    assert_shows(5, 200);
    assert_int_equal(options("vSPCServer", "--attach-lines=5", NULL), 0);
    assert_shows(5, 4096);
    assert_int_equal(
        options("vspcd", "--config=/dev/null", "--context=200", NULL), 0);
    assert_shows(24, 200);
}

/* Whoever ran vSPC.py with logs may have logrotate for them. */
static void logs_are_not_rotated_as_by_vspc_py(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "--backend=Logging", NULL), 0);
    assert_int_equal(settings.log_rotate_size, 0);
    assert_int_equal(options("vSPCServer", "--log-rotate-size=1M", NULL), 0);
    assert_int_equal(settings.log_rotate_size, 1 << 20);
    assert_int_equal(options("vspcd", "--config=/dev/null", NULL), 0);
    assert_int_equal(settings.log_rotate_size, 100 << 20);
}

static void check_background(bool is_so, const char *option)
{
    const struct option_row *row = option_find("daemon");

    assert_int_equal(options("vSPCServer", option, NULL), 0);
    assert_int_equal(settings.origins[option_index(row)].source ==
                         SETTINGS_VSPC_SERVER,
                     is_so);
}

static void it_goes_to_the_background_and_logs_to_syslog(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", NULL), 0);
    check_background(true, NULL);
    assert_int_equal(source_of("messages-to"), SETTINGS_VSPC_SERVER);
    check_background(false, "--no-fork");
    assert_int_equal(source_of("messages-to"), SETTINGS_VSPC_SERVER);
    check_background(false, "--stdout");
    assert_int_not_equal(source_of("messages-to"), SETTINGS_VSPC_SERVER);
    check_background(false, "-d");
    assert_int_not_equal(source_of("messages-to"), SETTINGS_VSPC_SERVER);
}

static void a_file_means_the_backend_file(void **state)
{
    static const char *const names[] = { "-f", "--file", "--persist-file" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(options("vSPCServer", names[i], "/a", NULL), 0);
        assert_int_equal(settings.backend, SETTINGS_BACKEND_FILE);
        assert_string_equal(settings.state_file, "/a");
    }
    assert_int_equal(
        options("vSPCServer", "-f", "/a", "--backend", "Memory", NULL),
        -EINVAL);
    assert_says("--file");
}

static void what_was_said_goes_before_its_defaults(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "--backend", "File", NULL), 0);
    assert_int_equal(settings.backend, SETTINGS_BACKEND_FILE);
    assert_int_equal(source_of("backend"), SETTINGS_COMMAND_LINE);
}

static void its_letters_are_vspc_pys(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "-p", "1", "-r", "2", "-i", "::1",
                             "-a", "3", "-d", NULL),
                     0);
    assert_int_equal(settings.proxy_port, 1);
    assert_int_equal(settings.port_range_start, 2);
    assert_string_equal(settings.interface, "::1");
    assert_true(settings.is_debug);
}

/* With the Logging backend -p is another option, wherever it stands. */
static void p_depends_on_the_backend(void **state)
{
    const struct option_row *prefix = option_find("prefix");

    (void)state;
    assert_ptr_equal(vspc_server_row_of_p(false), option_find("proxy-port"));
    assert_ptr_equal(vspc_server_row_of_p(true), prefix);
    options("vSPCServer", "-p", "77", "--backend", "Logging", NULL);
    if (prefix != NULL)
        assert_int_equal(source_of("proxy-port"), SETTINGS_DEFAULT);
}

static void the_admin_port_is_there_unless_it_is_off(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", NULL), 0);
    assert_int_equal(settings.admin_port, 13371);
    assert_string_equal(settings.admin_iface, "127.0.0.1");
    assert_int_equal(source_of("admin-port"), SETTINGS_VSPC_SERVER);
    assert_int_equal(
        options("vSPCServer", "-a", "1", "--admin-iface=::1", NULL), 0);
    assert_int_equal(settings.admin_port, 1);
    assert_string_equal(settings.admin_iface, "::1");
    assert_int_equal(options("vSPCServer", "--admin-port", "0", NULL), 0);
    assert_int_equal(settings.admin_port, 0);
    assert_int_equal(options("vspcd", NULL), 0);
    assert_int_equal(settings.admin_port, 0);
}

static void arguments_of_the_backend_are_options(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "--backend", "File",
                             "--backend-args", "-f '/var/lib/a b'", "-r",
                             "60000", NULL),
                     0);
    assert_string_equal(settings.state_file, "/var/lib/a b");
    assert_int_equal(settings.port_range_start, 60000);
    assert_int_equal(options("vSPCServer", "--backend", "Logging",
                             "--backend-args",
                             "-l /l -p site -m 0640 --context 200", NULL),
                     0);
    assert_string_equal(settings.log_prefix, "site");
    assert_int_equal(settings.attach_bytes, 200);
    assert_int_equal(options("vSPCServer", "--backend-args=", NULL), 0);
}

static void wrong_arguments_of_the_backend_are_named(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "--backend-args", "-f 'a", NULL),
                     -EINVAL);
    assert_says("--backend-args: expected a closing quote");
    assert_int_equal(
        options("vSPCServer", "--backend-args", "--backend-args x", NULL),
        -EINVAL);
    assert_says("--backend-args cannot be given within --backend-args");
    assert_int_equal(
        options("vSPCServer", "--backend-args",
                "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 "
                "24 25 26 27 28 29 30 31 32 33",
                NULL),
        -EINVAL);
    assert_says("32 words");
    assert_int_equal(options("vSPCServer", "--backend-args", "-f", NULL),
                     -EINVAL);
    assert_says("-f needs a value");
}

/* ---- in the configuration file ---------------------------------------- */

/* text is what the file has; the program is called as vspcd. */
static int read_file(const char *text)
{
    char path[] = "/tmp/vspc-server-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    int r;

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    r = options("vspcd", "--config", path, NULL);
    unlink(path);
    return r;
}

static void its_names_can_stand_in_the_file(void **state)
{
    (void)state;
    assert_int_equal(read_file("persist-file = /a\n\ncontext = 200\n"), 0);
    assert_string_equal(settings.state_file, "/a");
    assert_int_equal(settings.attach_bytes, 200);
    assert_int_equal(options_where(&settings, "attach-bytes", 0).line, 3);
}

static void arguments_of_the_backend_can_stand_in_the_file(void **state)
{
    (void)state;
    assert_int_equal(
        read_file("backend = Logging\n"
                  "backend-args = \"-l '/a b' -p site -m 0640 --context 200 "
                  "--service-listen a:1 --service-listen b:2 -a 1\"\n"),
        0);
    assert_string_equal(settings.log_directory, "/a b");
    assert_string_equal(settings.log_prefix, "site");
    assert_string_equal(settings.log_mode, "0640");
    assert_int_equal(settings.attach_bytes, 200);
    assert_int_equal(settings.service_listen.count, 2);
    assert_int_equal(settings.admin_port, 1);
    assert_int_equal(source_of("prefix"), SETTINGS_FILE);
    assert_int_equal(source_of("proxy-port"), SETTINGS_DEFAULT);
}

static void the_command_line_overrides_its_names_in_the_file(void **state)
{
    char path[] = "/tmp/vspc-server-test-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "context = 5 backend-args = '-r 7'\n") > 0);
    close(fd);
    assert_int_equal(options("vspcd", "--config", path, "--context=6",
                             "--port-range-start=8", NULL),
                     0);
    unlink(path);
    assert_int_equal(settings.attach_bytes, 6);
    assert_int_equal(settings.port_range_start, 8);
}

static void what_is_wrong_with_its_names_in_the_file_is_said(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "file = a\npersist-file = b",
          ":2: persist-file: already set in line 1: expected it once" },
        { "\ncontext = x", ":2: context: 'x' is not valid" },
        { "admin-port = 1\nadmin-port = 1",
          ":2: admin-port: already set in line 1" },
        { "backend-help = true", ":1: unknown setting 'backend-help': it is "
                                 "for the command line only" },
        { "backend-args = \"-f 'a\"",
          ":1: backend-args: expected a closing quote" },
        { "backend-args = \"--logdri x\"",
          ":1: backend-args: unknown option '--logdri': did you mean "
          "--logdir?" },
        { "backend-args = \"-m\"", ":1: backend-args: -m needs a value" },
        { "backend-args = \"--help\"", ":1: backend-args: expected settings" },
        { "backend-args = \"--config x\"",
          ":1: backend-args: --config is for" },
        { "backend-args = \"--backend-args x\"",
          "--backend-args cannot be given within --backend-args" },
        { "logdir = a\nbackend-args = \"-l b\"",
          ":2: backend-args: already set in line 1" },
        { "backend-args = \"-l b\"\nlogdir = a",
          ":2: logdir: already set in line 1" },
        { "backend-args = \"-r x\"", ":1: backend-args: 'x' is not valid" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read_file(wrong[i].text) == 0)
            fail_msg("'%s' is accepted", wrong[i].text);
        assert_says(wrong[i].says);
    }
}

static void help_is_help(void **state)
{
    (void)state;
    assert_int_equal(options("vSPCServer", "--backend-help", NULL), 0);
    assert_int_equal(request, OPTIONS_SHOW_HELP);
}

static void a_reload_knows_how_it_was_called(void **state)
{
    struct settings next;
    struct options_changes changes;

    (void)state;
    assert_int_equal(options("vSPCServer", "-p", "1", NULL), 0);
    assert_int_equal(options_reload(&settings, &next, &problems), 0);
    options_keep(&settings, &next, &changes);
    assert_int_equal(changes.count + changes.restart_count, 0);
    assert_int_equal(next.backend, SETTINGS_BACKEND_MEMORY);
    options_free(&next);
}

static void check_split(const char *text, int count, ...)
{
    char *words[4];
    char *copy = xstrdup(text);
    va_list more;

    assert_int_equal(vspc_server_split(copy, words, 4), count);
    va_start(more, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(words[i], va_arg(more, const char *));
    va_end(more);
    free(copy);
}

static void words_are_parted_as_by_a_shell(void **state)
{
    (void)state;
    check_split("", 0);
    check_split("  \t ", 0);
    check_split("a", 1, "a");
    check_split(" a  b ", 2, "a", "b");
    check_split("'a b' \"c d\"e", 2, "a b", "c de");
    check_split("a\\ b '' x\\", 3, "a b", "", "x\\");
    check_split("'\\' \"\\\"\" \\'", 3, "\\", "\"", "'");
    check_split("1 2 3 4 5", -E2BIG);
    check_split("a 'b", -EINVAL);
    check_split("\"", -EINVAL);
}

/* ---- vSPCClient's list ------------------------------------------------ */

static struct port_list_entry entry;

static int parse(const char *line)
{
    struct err err;

    return port_list_parse(slice_of_text(line), &entry, &err);
}

static void check_entry(const char *line, const char *uuid, const char *label,
                        const char *name, uint16_t port)
{
    assert_int_equal(parse(line), 0);
    assert_string_equal(entry.uuid, uuid);
    assert_string_equal(entry.label, label);
    assert_string_equal(entry.name, name);
    assert_int_equal(entry.port, port);
}

#define UUID "500c1e2f-4d5b-6a79-8877-665544332211"
#define THEIRS "500c1e2f4d5b6a79-8877665544332211"

static void a_line_is_name_uuid_port(void **state)
{
    (void)state;
    check_entry("web:" THEIRS ":50000", UUID, "", "web", 50000);
    check_entry("web:" UUID ":1\r\n", UUID, "", "web", 1);
    check_entry(" a b:c :" THEIRS ":65535", UUID, "", "a b:c ", 65535);
    check_entry(":" THEIRS ":5", UUID, "", UUID, 5);
    check_entry("kvm:any-thing:5", "any-thing", "", "kvm", 5);
}

static void a_label_stands_behind_name_and_uuid(void **state)
{
    (void)state;
    check_entry("web_s1:" THEIRS "_s1:5", UUID, "s1", "web", 5);
    check_entry("a_b_s1:" THEIRS "_s1:5", UUID, "s1", "a_b", 5);
    check_entry("web:" THEIRS "_s1:5", UUID, "s1", "web", 5);
    check_entry("w_tcp://:7:" THEIRS "_tcp://:7:5", UUID, "tcp://:7", "w", 5);
}

static void what_is_no_such_line_is_refused(void **state)
{
    static const char *const wrong[] = {
        "web",
        ":",
        "::",
        "::5",
        "web:" THEIRS,
        "web:" THEIRS ":",
        "web:" THEIRS ":0",
        "web:" THEIRS ":65536",
        "web:" THEIRS ":123456",
        "web:" THEIRS ":5x",
        "50000",
        "web:50000",
    };

    (void)state;
    assert_int_equal(parse(""), PORT_LIST_EMPTY);
    assert_int_equal(parse(" \r\n"), PORT_LIST_EMPTY);
    assert_int_equal(parse(" # web:x:1"), PORT_LIST_EMPTY);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse(wrong[i]), -EINVAL);
}

static void names_are_cleaned(void **state)
{
    (void)state;
    check_entry("w\x1b[31meb:" THEIRS "_s\x07:5", UUID, "s", "w[31meb", 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_last_part_of_the_name_counts),
        cmocka_unit_test(its_defaults_are_vspc_pys),
        cmocka_unit_test(what_came_before_is_seen_by_those_who_ask),
        cmocka_unit_test(logs_are_not_rotated_as_by_vspc_py),
        cmocka_unit_test(it_goes_to_the_background_and_logs_to_syslog),
        cmocka_unit_test(a_file_means_the_backend_file),
        cmocka_unit_test(what_was_said_goes_before_its_defaults),
        cmocka_unit_test(its_letters_are_vspc_pys),
        cmocka_unit_test(p_depends_on_the_backend),
        cmocka_unit_test(the_admin_port_is_there_unless_it_is_off),
        cmocka_unit_test(arguments_of_the_backend_are_options),
        cmocka_unit_test(wrong_arguments_of_the_backend_are_named),
        cmocka_unit_test(its_names_can_stand_in_the_file),
        cmocka_unit_test(arguments_of_the_backend_can_stand_in_the_file),
        cmocka_unit_test(the_command_line_overrides_its_names_in_the_file),
        cmocka_unit_test(what_is_wrong_with_its_names_in_the_file_is_said),
        cmocka_unit_test(help_is_help),
        cmocka_unit_test(a_reload_knows_how_it_was_called),
        cmocka_unit_test(words_are_parted_as_by_a_shell),
        cmocka_unit_test(a_line_is_name_uuid_port),
        cmocka_unit_test(a_label_stands_behind_name_and_uuid),
        cmocka_unit_test(what_is_no_such_line_is_refused),
        cmocka_unit_test(names_are_cleaned),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    options_free(&settings);
    return failed;
}
