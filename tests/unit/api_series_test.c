/* Numbers over time, as the API has them. */
#include "api_fixture.h"

#include "api/series/series_sampler.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define S UINT64_C(1000000)

struct fixture {
    struct api_fixture api;
    struct series_sampler *sampler;
    uint64_t now_us;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    api_fixture_open(&f->api);
    f->now_us = clock_now_us();
    f->sampler = series_sampler_new(&f->api.means.census, f->now_us);
    f->api.means.series = f->sampler;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    api_fixture_close(&f->api);
    series_sampler_close(f->sampler);
    free(f);
    return 0;
}

static void take(struct fixture *f, uint64_t open_files)
{
    f->api.census.open_files = open_files;
    f->now_us += 5 * S;
    series_sampler_take(f->sampler, f->now_us);
}

static const json_t *values(const json_t *answer, const char *name)
{
    const json_t *array =
        json_object_get(json_object_get(answer, "series"), name);

    assert_true(json_is_array(array));
    return array;
}

static void all_that_are_kept(void **state)
{
    struct fixture *f = *state;
    json_t *answer;

    for (unsigned i = 0; i < SERIES_SHORT_ROOM + 3; i++)
        take(f, i);
    answer = api_fixture_get(&f->api, 200, "/series?step=5");
    assert_int_equal(json_integer_value(json_object_get(answer, "step")), 5);
    for (unsigned i = 0; i < census_series_count(); i++)
        assert_int_equal(json_array_size(values(answer, census_series_name(i))),
                         SERIES_SHORT_ROOM);
    for (unsigned i = 0; i < SERIES_SHORT_ROOM; i++)
        assert_int_equal(
            json_number_value(json_array_get(values(answer, "open_files"), i)),
            i + 3);
    json_decref(answer);
    answer = api_fixture_get(&f->api, 200, "/series");
    assert_int_equal(json_array_size(values(answer, "vms")), 15);
    json_decref(answer);
}

static void none_yet(void **state)
{
    struct fixture *f = *state;
    json_t *answer = api_fixture_get(&f->api, 200, "/series");

    assert_int_equal(json_array_size(values(answer, "vms")), 0);
    json_decref(answer);
    f->api.means.series = NULL;
    json_decref(api_fixture_get(&f->api, 503, "/series"));
    f->api.means.series = f->sampler;
}

static void from_a_time_on(void **state)
{
    struct fixture *f = *state;
    char target[64];
    json_t *answer;
    const char *from;

    for (unsigned i = 0; i < 10; i++)
        take(f, i);
    answer = api_fixture_get(&f->api, 200, "/series?step=5");
    from = json_string_value(json_object_get(answer, "to"));
    snprintf(target, sizeof target, "/series?step=5&from=%s", from);
    json_decref(api_fixture_get(&f->api, 200, target));
    json_decref(answer);

    answer = api_fixture_get(&f->api, 200, target);
    assert_int_equal(json_array_size(values(answer, "open_files")), 1);
    assert_int_equal(
        json_number_value(json_array_get(values(answer, "open_files"), 0)), 9);
    assert_string_equal(json_string_value(json_object_get(answer, "from")),
                        json_string_value(json_object_get(answer, "to")));
    json_decref(answer);
    answer = api_fixture_get(&f->api, 200,
                             "/series?step=5&from=2999-01-01T00:00:00Z");
    assert_int_equal(json_array_size(values(answer, "vms")), 0);
    json_decref(answer);
}

/* Values that are taken while the answer is read move none of it. */
static void taken_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    struct buf text;
    json_t *answer;

    for (unsigned i = 0; i < 3; i++)
        take(f, i);
    api_fixture_begin(&f->api, &c, HTTP_VERB_GET, "/series?step=5", NULL);
    buf_init(&text, 1 << 20);
    for (enum api_more more = API_MORE; more != API_END;) {
        more = api_produce(&c.call, &text);
        take(f, 100);
    }
    answer = json_loadb((const char *)buf_bytes(&text).data, text.len, 0, NULL);
    assert_non_null(answer);
    assert_int_equal(json_array_size(values(answer, "open_files")), 3);
    assert_int_equal(
        json_number_value(json_array_get(values(answer, "open_files"), 2)), 2);
    json_decref(answer);
    buf_done(&text);
    api_fixture_end(&c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_that_are_kept),
        TEST(none_yet),
        TEST(from_a_time_on),
        TEST(taken_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
