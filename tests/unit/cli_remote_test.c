/* Where a server is, and servers that have a name. */
#include "remote/choice.h"
#include "remote/socket_words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void check_place(const char *text, const char *shown,
                        const char *authority)
{
    struct place place;
    struct err err;

    assert_int_equal(place_parse(&place, text, &err), 0);
    assert_string_equal(place_format(&place).text, shown);
    assert_string_equal(place_authority(&place).text, authority);
}

static void places_are_read(void **state)
{
    (void)state;
    check_place("unix:/run/v.sock", "unix:/run/v.sock", "localhost");
    check_place("/run/v.sock", "unix:/run/v.sock", "localhost");
    check_place("https://v.example.org", "https://v.example.org:443",
                "v.example.org:443");
    check_place("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443",
                "[2001:db8::1]:8443");
    check_place("http://127.0.0.1:8080", "http://127.0.0.1:8080",
                "127.0.0.1:8080");
    check_place("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080");
    check_place("http://localhost", "http://localhost:80", "localhost:80");
}

static void wrong_places_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "v.example.org",
        "ftp://x",
        "unix:v.sock",
        "https://",
        "https://:443",
        "https://x:0",
        "https://x:99999",
        "https://x/path",
        "https://user@x",
        "https://x?y",
        "http://192.0.2.1:80",
        "http://v.example.org",
        "http://localhost.example.org",
    };
    struct place place;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        err.text[0] = '\0';
        assert_int_equal(place_parse(&place, texts[i], &err), -EINVAL);
        assert_string_not_equal(err.text, "");
    }
}

/* A folder of the test's own as XDG_CONFIG_HOME. */
static int make_home(void **state)
{
    char folder[] = "/tmp/vspc-test-XXXXXX";

    *state = strdup(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", *state, 1);
    unsetenv("VSPC_SERVER");
    unsetenv("VSPC_TOKEN");
    unsetenv("VSPC_TOKEN_FILE");
    return 0;
}

static int remove_home(void **state)
{
    char path[200];

    snprintf(path, sizeof path, "%s/vspc/contexts.json", (char *)*state);
    unlink(path);
    snprintf(path, sizeof path, "%s/vspc", (char *)*state);
    rmdir(path);
    snprintf(path, sizeof path, "%s/token", (char *)*state);
    unlink(path);
    rmdir(*state);
    free(*state);
    return 0;
}

static void read_own(struct contexts *c)
{
    char path[sizeof c->path];
    struct err err;

    contexts_own_path(path, sizeof path);
    assert_int_equal(contexts_read(c, path, &err), 0);
}

static void put_context(const char *name, const char *key, const char *value)
{
    struct contexts c;
    struct err err;

    read_own(&c);
    contexts_set(&c, name, key, value);
    assert_true(contexts_use(&c, name));
    assert_int_equal(contexts_write(&c, &err), 0);
    contexts_done(&c);
}

static void contexts_are_kept(void **state)
{
    struct contexts c;
    struct stat st;

    (void)state;
    put_context("lab", "server", "unix:/run/lab.sock");
    put_context("prod", "server", "https://v.example.org");
    put_context("prod", "ca", "/etc/ca.pem");
    put_context("prod", "ca", "");
    read_own(&c);
    assert_string_equal(contexts_current(&c), "prod");
    assert_string_equal(contexts_value(contexts_find(&c, NULL), "server"),
                        "https://v.example.org");
    assert_null(contexts_value(contexts_find(&c, NULL), "ca"));
    assert_int_equal(stat(c.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* The current one goes with its name. */
    assert_true(contexts_delete(&c, "prod"));
    assert_false(contexts_delete(&c, "prod"));
    assert_null(contexts_find(&c, NULL));
    assert_false(contexts_use(&c, "prod"));
    contexts_done(&c);
}

static void wrong_files_are_told_with_their_line(void **state)
{
    static const struct {
        const char *content;
        const char *words;
    } cases[] = {
        { "{\"contexts\": {}\n,,", ":2: " },
        { "[]", "\"contexts\" is missing" },
        { "{\"contexts\": {\"a\": 1}}", "a context is no object" },
        { "{\"contexts\": {\"a\": {\"server\": 1}}}", "is no text" },
        { "{\"contexts\": {}, \"current\": 7}", "\"current\" is no text" },
    };
    struct contexts c;
    struct err err;

    put_context("lab", "server", "unix:/run/lab.sock");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[200];
        FILE *file;

        snprintf(path, sizeof path, "%s/vspc/contexts.json", (char *)*state);
        file = fopen(path, "w");
        fputs(cases[i].content, file);
        fclose(file);
        assert_int_equal(contexts_read(&c, path, &err), -EINVAL);
        assert_non_null(strstr(err.text, cases[i].words));
        contexts_done(&c);
    }
}

static void check_choice(const struct choice_options *options,
                         const char *server, const char *token)
{
    struct choice choice;
    struct err err;

    assert_int_equal(choice_make(&choice, options, &err), 0);
    assert_string_equal(place_format(&choice.settings.place).text, server);
    if (token == NULL)
        assert_null(choice.settings.token);
    else
        assert_string_equal(choice.settings.token, token);
    choice_done(&choice);
}

/* A token of a context is for its server alone. */
static void later_sources_override_earlier_ones(void **state)
{
    static const struct choice_options none;
    static const struct choice_options named = { .context = "prod" };
    static const struct choice_options given = { .server = "unix:/given" };
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/token", (char *)*state);
    file = fopen(path, "w");
    fputs("vspc_secret\n", file);
    fclose(file);
    chmod(path, 0600);
    setenv("XDG_RUNTIME_DIR", *state, 1);
    check_choice(&none, "unix:" CHOICE_SYSTEM_SOCKET, NULL);
    put_context("prod", "server", "https://prod");
    put_context("prod", "token-file", path);
    put_context("lab", "server", "unix:/lab");
    check_choice(&none, "unix:/lab", NULL);
    check_choice(&named, "https://prod:443", "vspc_secret");
    setenv("VSPC_SERVER", "unix:/environment", 1);
    check_choice(&none, "unix:/environment", NULL);
    check_choice(&named, "https://prod:443", "vspc_secret");
    check_choice(&given, "unix:/given", NULL);
    setenv("VSPC_TOKEN_FILE", path, 1);
    check_choice(&given, "unix:/given", "vspc_secret");
    setenv("VSPC_TOKEN", "vspc_other", 1);
    check_choice(&given, "unix:/given", "vspc_other");
}

static void token_that_others_can_read_is_refused(void **state)
{
    struct choice_options options = { .server = "unix:/x" };
    struct choice choice;
    struct err err;
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/token", (char *)*state);
    file = fopen(path, "w");
    fputs("vspc_secret\n", file);
    fclose(file);
    chmod(path, 0644);
    options.token_file = path;
    assert_int_equal(choice_make(&choice, &options, &err), -EINVAL);
    assert_non_null(strstr(err.text, "a token is in it"));
    choice_done(&choice);
}

static void socket_below_a_file_is_no_server(void **state)
{
    struct err err;

    (void)state;
    socket_words("/proc/self/exe/v.sock", "Not a directory", &err);
    assert_string_equal(err.text,
                        "no server at /proc/self/exe/v.sock: is vspcd "
                        "running? (Not a directory)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read),
        cmocka_unit_test(wrong_places_are_refused),
        cmocka_unit_test_setup_teardown(contexts_are_kept, make_home,
                                        remove_home),
        cmocka_unit_test_setup_teardown(wrong_files_are_told_with_their_line,
                                        make_home, remove_home),
        cmocka_unit_test_setup_teardown(later_sources_override_earlier_ones,
                                        make_home, remove_home),
        cmocka_unit_test_setup_teardown(token_that_others_can_read_is_refused,
                                        make_home, remove_home),
        cmocka_unit_test(socket_below_a_file_is_no_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
