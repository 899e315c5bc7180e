/* Facts for whoever looks for a fault: refusals, and the machine. */
#include "api_fixture.h"

#include "api/diagnosis/machine.h"
#include "log/log.h"
#include "log/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- refusals ------------------------------------------------------------ */

static int open_log(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };

    log_set_level(LOG_ERROR);
    log_open_gate(seed);
    return api_fixture_setup(state);
}

static int close_log(void **state)
{
    log_close_gate();
    return api_fixture_teardown(state);
}

static void refusals_are_listed_the_latest_first(void **state)
{
    const char *message, *reason, *address, *vm, *first, *last;
    json_t *console;
    int count, dropped;
    json_t *json;

    log_limited(LOG_WARNING, "192.0.2.7:1", NULL,
                LOG_CONNECTION_CLOSED " peer=%s reason=%s", "192.0.2.7:1",
                LOG_TEXT("closed by the host"));
    usleep(2000); /* the order is by time, in ms */
    for (int i = 0; i < 2; i++)
        log_audit(LOG_WARNING, "[2001:db8::1]:9", "u",
                  LOG_VM_KEY_REFUSED " vm=%s door=vms peer=%s reason=%s",
                  LOG_TEXT("my vm"), "[2001:db8::1]:9", LOG_TEXT("no key"));
    json = api_fixture_get(*state, 200, "/refusals");
    assert_int_equal(
        json_unpack(json,
                    "{s:[{s:s, s:s, s:s, s:s, s:o, s:i, s:s, s:s}, {s:i}], "
                    "s:i}",
                    "items", "message", &message, "reason", &reason, "address",
                    &address, "vm", &vm, "console", &console, "count", &count,
                    "first", &first, "last", &last, "count", &dropped,
                    "dropped", &dropped),
        0);
    assert_string_equal(message, LOG_VM_KEY_REFUSED);
    assert_string_equal(reason, "no key");
    assert_string_equal(address, "2001:db8::1");
    assert_string_equal(vm, "my vm");
    assert_true(json_is_null(console));
    assert_int_equal(count, 2);
    assert_int_equal(dropped, 0);
    assert_int_equal(json_array_size(json_object_get(json, "items")), 2);
    json_decref(json);
}

/* They have addresses and names of all consoles. */
static void refusals_are_not_for_everybody(void **state)
{
    api_fixture_be(*state, NULL);
    free(api_fixture_text(*state, 401, HTTP_VERB_GET, "/refusals", NULL));
    free(api_fixture_text(*state, 401, HTTP_VERB_GET, "/diagnosis", NULL));
}

/* ---- the machine --------------------------------------------------------- */

static char root[64];

static void write_file(const char *path, const char *text)
{
    char whole[256];
    FILE *to;

    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(whole, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    to = fopen(whole, "we");
    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
}

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/machine.XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command); /* NOLINT(cert-env33-c) */
}

static void the_system_is_read(void **state)
{
    struct machine m = { .disk_count = 0 };

    (void)state;
    write_file("/proc/meminfo", "MemTotal:        2048 kB\n"
                                "MemFree:         512 kB\n"
                                "MemAvailable:    1024 kB\n");
    write_file("/proc/self/cgroup", "1:name=x:/y\n0::/a.slice/b.service\n");
    write_file("/sys/fs/cgroup/a.slice/b.service/memory.current", "4096\n");
    write_file("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
    write_file("/sys/fs/cgroup/a.slice/memory.max", "65536\n");
    write_file("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "50000-65535\n");
    machine_read(&m, root);
    assert_int_equal(m.memory_bytes, 2048 * 1024);
    assert_int_equal(m.available_bytes, 1024 * 1024);
    assert_int_equal(m.group_bytes, 4096);
    assert_int_equal(m.group_limit_bytes, 65536);
    assert_int_equal(m.local_first, 32768);
    assert_int_equal(m.local_last, 60999);
    assert_string_equal(m.local_reserved, "50000-65535");
}

static void what_the_system_does_not_say_is_zero(void **state)
{
    struct machine m = { .disk_count = 0 };

    (void)state;
    machine_read(&m, root);
    assert_int_equal(m.memory_bytes, 0);
    assert_int_equal(m.group_limit_bytes, 0);
    assert_int_equal(m.local_last, 0);
    assert_string_equal(m.local_reserved, "");
}

static void a_file_that_is_not_there_yet_stands_for_its_folder(void **state)
{
    struct machine m = { .disk_count = 2 };

    (void)state;
    snprintf(m.disk[0].path, sizeof m.disk[0].path, "%s/not/there/yet.db",
             root);
    write_file("/file", "");
    snprintf(m.disk[1].path, sizeof m.disk[1].path, "%s/file/below", root);
    machine_read(&m, root);
    assert_int_equal(m.disk[0].error, 0);
    assert_true(m.disk[0].is_writable);
    assert_false(m.disk[0].is_read_only);
    assert_true(m.disk[0].size_bytes > 0);
    assert_int_equal(m.disk[1].error, ENOTDIR);
}

#define LOG_TEST(function)                                                     \
    cmocka_unit_test_setup_teardown(function, open_log, close_log)
#define ROOT_TEST(function)                                                    \
    cmocka_unit_test_setup_teardown(function, make_root, remove_root)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LOG_TEST(refusals_are_listed_the_latest_first),
        LOG_TEST(refusals_are_not_for_everybody),
        ROOT_TEST(the_system_is_read),
        ROOT_TEST(what_the_system_does_not_say_is_zero),
        ROOT_TEST(a_file_that_is_not_there_yet_stands_for_its_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
