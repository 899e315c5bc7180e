/* Commands for monitoring: who may get metrics, of which consoles; probes. */
#include "api_fixture.h"

#include "conf/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS "//metrics"

static const struct histogram_bounds bounds = { { 1000 } };
static const char *why_not;
static struct settings settings;

static const char *fixture_why_not(void *owner)
{
    (void)owner;
    return why_not;
}

static int setup(void **state)
{
    struct api_fixture *f;

    api_fixture_setup(state);
    f = *state;
    histogram_init(&f->census.turn_times, &bounds);
    histogram_init(&f->census.goahead_times, &bounds);
    histogram_init(&f->census.peer_ok_times, &bounds);
    f->census.open_files = 9;
    memset(&settings, 0, sizeof settings);
    f->means.settings = &settings;
    f->means.census.why_not_ready = fixture_why_not;
    why_not = NULL;
    return 0;
}

static char *get(struct api_fixture *f, unsigned status, const char *target)
{
    return api_fixture_text(f, status, HTTP_VERB_GET, target, NULL);
}

static bool has(struct api_fixture *f, const char *target, const char *wanted)
{
    char *text = get(f, 200, target);
    bool is_there = strstr(text, wanted) != NULL;

    free(text);
    return is_there;
}

static void assert_code(struct api_fixture *f, unsigned status,
                        const char *target, const char *code)
{
    json_t *json = api_fixture_get(f, status, target);
    json_t *error = json_object_get(json, "error");

    assert_string_equal(json_string_value(json_object_get(error, "code")),
                        code);
    json_decref(json);
}

/* ---- who ---------------------------------------------------------------- */

/* Somebody from elsewhere who has this name, or none. */
static void be_remote(struct api_fixture *f, const char *name)
{
    api_fixture_be(f, name);
    f->who.is_local = false;
    assert_true(ip_parse("192.0.2.9", &f->who.ip));
}

static void a_local_peer_may_whatever_the_rules_say(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    api_fixture_be(f, "bob");
    assert_true(has(f, METRICS, "\nvspcd_vms 0\n"));
}

static void a_stranger_has_to_prove_something(void **state)
{
    struct api_fixture *f = *state;

    be_remote(f, NULL);
    assert_code(f, 401, METRICS, "unauthenticated");
    f->means.settings = NULL;
    assert_code(f, 401, METRICS, "unauthenticated");
}

static void an_address_of_the_setting_is_enough(void **state)
{
    struct api_fixture *f = *state;
    struct err err;

    be_remote(f, NULL);
    settings.metrics_from.count = 1;
    assert_int_equal(
        network_parse("198.51.100.0/24", &settings.metrics_from.item[0], &err),
        0);
    assert_code(f, 401, METRICS, "unauthenticated");
    assert_int_equal(
        network_parse("192.0.2.0/24", &settings.metrics_from.item[0], &err), 0);
    assert_true(has(f, METRICS, "\nvspcd_vms 0\n"));
    /* But for this alone it reads no console. */
    api_fixture_add(f, "u1", "s0", "web-1");
    assert_false(has(f, METRICS "?consoles=*", "web-1"));
}

static void a_right_on_the_server_is_enough(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    be_remote(f, "alice");
    assert_code(f, 403, METRICS, "forbidden");
    api_fixture_allow(f, "alice", "*", RIGHT_READ);
    be_remote(f, "alice");
    assert_true(has(f, METRICS, "\nvspcd_vms 0\n"));
}

/* ---- single consoles ---------------------------------------------------- */

static void only_what_is_asked_for_has_series(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_add(f, "u1", "s0", "web-1");
    api_fixture_add(f, "u2", "s0", "db-1");
    assert_false(has(f, METRICS, "vspcd_by_console"));
    assert_true(has(f, METRICS "?consoles=web-*",
                    "\nvspcd_by_console_clients{console=\"web-1\",id=\"u1/s0\""
                    "} 0\n"));
    assert_false(has(f, METRICS "?consoles=web-*", "db-1"));
    assert_true(has(f, METRICS "?consoles=U2/*", "console=\"db-1\""));
    assert_true(
        has(f, METRICS "?consoles=none", "\nvspcd_by_console_left_out 0\n"));
    assert_code(f, 400, METRICS "?consoles=%5Ba", "bad-request");
}

static void only_what_may_be_read_has_series(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_add(f, "u1", "s0", "web-1");
    api_fixture_add(f, "u2", "s0", "db-1");
    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    api_fixture_be(f, "alice");
    assert_true(has(f, METRICS "?consoles=*", "console=\"web-1\""));
    assert_false(has(f, METRICS "?consoles=*", "db-1"));
}

/* In pieces, and bounded; consoles may go meanwhile. */
static void many_consoles_take_many_pieces(void **state)
{
    enum { COUNT = 1100 };
    struct api_fixture *f = *state;
    static struct console *all[COUNT];
    struct api_fixture_call c;
    char *text;

    for (int i = 0; i < COUNT; i++) {
        char uuid[16], name[16];

        snprintf(uuid, sizeof uuid, "u%d", i);
        snprintf(name, sizeof name, "web-%d", i);
        all[i] = api_fixture_add(f, uuid, "s0", name);
    }
    api_fixture_begin(f, &c, HTTP_VERB_GET, METRICS "?consoles=*", NULL);
    for (int i = 0; i < 10; i++) {
        census_walks_forget(&f->site.walks, all[i]);
        directory_remove(all[i]);
    }
    while (!c.has_ended)
        api_fixture_take(&c);
    assert_true(c.pieces > COUNT / 32);
    buf_append(&c.body, slice_of("", 1));
    text = (char *)(uintptr_t)buf_bytes(&c.body).data;
    assert_non_null(strstr(text, "\nvspcd_by_console_left_out 90\n"));
    assert_null(strstr(text, "id=\"u9/s0\""));
    api_fixture_end(&c);
    assert_true(list_is_empty(&f->site.walks.all));
}

static unsigned pieces_of(struct api_fixture *f, const char *target)
{
    struct api_fixture_call c;
    unsigned pieces;

    api_fixture_begin(f, &c, HTTP_VERB_GET, target, NULL);
    while (!c.has_ended)
        api_fixture_take(&c);
    pieces = c.pieces;
    api_fixture_end(&c);
    return pieces;
}

/* The totals walk over nothing. */
static void a_scrape_costs_the_same_with_many_consoles(void **state)
{
    struct api_fixture *f = *state;
    unsigned pieces = pieces_of(f, METRICS);

    for (int i = 0; i < 500; i++) {
        char uuid[16];

        snprintf(uuid, sizeof uuid, "u%d", i);
        api_fixture_add(f, uuid, "s0", "web");
    }
    assert_int_equal(pieces_of(f, METRICS), pieces);
    assert_true(pieces_of(f, METRICS "?consoles=none") > pieces);
}

/* The peer has gone in the middle. */
static void a_scrape_that_is_dropped_leaves_nothing(void **state)
{
    struct api_fixture *f = *state;
    struct api_fixture_call c;

    api_fixture_add(f, "u1", "s0", "web-1");
    api_fixture_begin(f, &c, HTTP_VERB_GET, METRICS "?consoles=*", NULL);
    assert_int_equal(c.answered, 1);
    assert_false(list_is_empty(&f->site.walks.all));
    api_fixture_end(&c);
    assert_true(list_is_empty(&f->site.walks.all));
}

static void few_scrapes_of_single_consoles_run_at_a_time(void **state)
{
    enum { AT_ONCE = 8 };
    struct api_fixture *f = *state;
    struct api_fixture_call c[AT_ONCE];

    for (int i = 0; i < AT_ONCE; i++)
        api_fixture_begin(f, &c[i], HTTP_VERB_GET, METRICS "?consoles=*", NULL);
    assert_code(f, 429, METRICS "?consoles=*", "too-many");
    assert_true(has(f, METRICS, "\nvspcd_vms 0\n"));
    api_fixture_end(&c[0]);
    assert_true(has(f, METRICS "?consoles=*", "vspcd_by_console_left_out"));
    for (int i = 1; i < AT_ONCE; i++)
        api_fixture_end(&c[i]);
}

/* Before Linux 6.2 the kernel has no number. */
static void open_files_are_counted_where_the_kernel_does_not(void **state)
{
    struct api_fixture *f = *state;

    assert_true(has(f, METRICS, "\nprocess_open_fds 9\n"));
    f->census.open_files = 0;
    assert_false(has(f, METRICS, "\nprocess_open_fds 0\n"));
}

/* ---- probes ------------------------------------------------------------- */

static void probes_are_for_everybody(void **state)
{
    struct api_fixture *f = *state;

    be_remote(f, NULL);
    assert_true(has(f, "//healthz", "ok\n"));
    assert_true(has(f, "//readyz", "ok\n"));
    why_not = "the state file cannot be written";
    assert_true(has(f, "//healthz", "ok\n"));
    assert_code(f, 503, "//readyz", "unavailable");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_local_peer_may_whatever_the_rules_say),
        TEST(a_stranger_has_to_prove_something),
        TEST(an_address_of_the_setting_is_enough),
        TEST(a_right_on_the_server_is_enough),
        TEST(only_what_is_asked_for_has_series),
        TEST(only_what_may_be_read_has_series),
        TEST(many_consoles_take_many_pieces),
        TEST(a_scrape_costs_the_same_with_many_consoles),
        TEST(a_scrape_that_is_dropped_leaves_nothing),
        TEST(few_scrapes_of_single_consoles_run_at_a_time),
        TEST(open_files_are_counted_where_the_kernel_does_not),
        TEST(probes_are_for_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
