/* A census, and single consoles, in Prometheus' text format. */
#include "api/metrics/console_series.h"
#include "api/metrics/render_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 4 << 20 };

static const struct histogram_bounds bounds = { { 250, 1000000, 30000000 } };

/* The buffer's bytes as a text; the caller frees it. */
static char *text_of(struct buf *b)
{
    char *text = calloc(1, b->len + 1);

    assert_non_null(text);
    memcpy(text, buf_bytes(b).data, b->len);
    buf_take(b, b->len);
    return text;
}

static char *render_all(const struct census *census)
{
    struct buf b;
    size_t at = 0;
    char *text;

    buf_init(&b, TEXT_MAX);
    while (render_metrics(&b, census, &at))
        continue;
    text = text_of(&b);
    buf_done(&b);
    return text;
}

static void init_census(struct census *census)
{
    *census = (struct census){ .consoles = 0 };
    histogram_init(&census->turn_times, &bounds);
    histogram_init(&census->move_times, &bounds);
    histogram_init(&census->goahead_times, &bounds);
    histogram_init(&census->peer_ok_times, &bounds);
}

static void a_family_has_its_head_once(void **state)
{
    struct census census;
    char *text;

    (void)state;
    init_census(&census);
    census.vms = 3;
    census.consoles_between = 1;
    census.consoles_vacant = 2;
    text = render_all(&census);
    assert_non_null(strstr(
        text,
        "# HELP vspcd_consoles Consoles that are known, by the state of their "
        "VM.\n"
        "# TYPE vspcd_consoles gauge\n"
        "vspcd_consoles{state=\"connected\"} 3\n"
        "vspcd_consoles{state=\"moving\"} 1\n"
        "vspcd_consoles{state=\"none\"} 2\n"
        "# HELP vspcd_consoles_limit "));
    assert_non_null(strstr(text, "# TYPE vspcd_build_info gauge\n"
                                 "vspcd_build_info{version=\"" VSPCD_VERSION
                                 "\"} 1\n"));
    assert_non_null(strstr(text, "\nvspcd_vms 3\n"));
    free(text);
}

static void seconds_are_microseconds_in_the_census(void **state)
{
    struct census census;
    char *text;

    (void)state;
    init_census(&census);
    census.cpu_us = 12000034;
    census.started_us = 1796000000123000;
    text = render_all(&census);
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total 12.000034\n"));
    assert_non_null(
        strstr(text, "\nprocess_start_time_seconds 1796000000.123000\n"));
    free(text);
}

static void buckets_are_cumulative(void **state)
{
    struct census census;
    char *text;

    (void)state;
    init_census(&census);
    histogram_add(&census.move_times, 100);
    histogram_add(&census.move_times, 2000000);
    histogram_add(&census.move_times, 2000000);
    histogram_add(&census.move_times, 31000000);
    text = render_all(&census);
    assert_non_null(strstr(text, "# TYPE vspcd_move_seconds histogram\n"
                                 "vspcd_move_seconds_bucket{le=\"0.00025\"} 1\n"
                                 "vspcd_move_seconds_bucket{le=\"1\"} 1\n"
                                 "vspcd_move_seconds_bucket{le=\"30\"} 3\n"
                                 "vspcd_move_seconds_bucket{le=\"+Inf\"} 4\n"
                                 "vspcd_move_seconds_sum 35.000100\n"
                                 "vspcd_move_seconds_count 4\n"));
    free(text);
}

/* Name, labels, value: nothing else that Prometheus would stumble over. */
static void every_line_is_a_comment_or_a_sample(void **state)
{
    struct census census;
    char *text, *line, *rest;

    (void)state;
    init_census(&census);
    text = render_all(&census);
    for (line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *value = strrchr(line, ' ');
        char *end;

        if (strncmp(line, "# HELP ", 7) == 0 ||
            strncmp(line, "# TYPE ", 7) == 0)
            continue;
        assert_non_null(value);
        (void)strtod(value + 1, &end);
        assert_true(*end == '\0' && end > value + 1);
        assert_int_equal(strchr(line, '{') != NULL, value[-1] == '}');
    }
    free(text);
}

/* However much room there is, what is there is whole lines. */
static void what_finds_no_room_is_left_out(void **state)
{
    struct census census;

    (void)state;
    init_census(&census);
    for (uint32_t max = 0; max < 3000; max += 7) {
        struct buf b;
        size_t at = 0;

        buf_init(&b, max);
        while (render_metrics(&b, &census, &at))
            continue;
        if (b.len > 0)
            assert_int_equal(buf_bytes(&b).data[b.len - 1], '\n');
        buf_done(&b);
    }
}

static void values_of_labels_are_escaped_and_cut(void **state)
{
    char to[16];

    (void)state;
    assert_int_equal(render_label_value(to, sizeof to, "a\"b\\c\nd"), 10);
    assert_string_equal(to, "a\\\"b\\\\c\\nd");
    render_label_value(to, 6, "abcdefgh");
    assert_string_equal(to, "abcde");
    /* No half of an escape, no half of a character. */
    render_label_value(to, 6, "abcd\"");
    assert_string_equal(to, "abcd");
    render_label_value(to, 6, "abcd\xc3\xa4");
    assert_string_equal(to, "abcd");
    render_label_value(to, 6, "abc\xc3\xa4\xc3\xa4");
    assert_string_equal(to, "abc\xc3\xa4");
    render_label_value(to, 1, "a");
    assert_string_equal(to, "");
}

static struct census_console console_row(const char *name, const char *id)
{
    struct census_console row = {
        .vm = CENSUS_VM_CONNECTED,
        .clients = 2,
        .output_bytes = 10,
        .input_bytes = 20,
        .held_bytes = 30,
        .log_written_bytes = 40,
        .log_missing_bytes = 50,
    };

    snprintf(row.name.text, sizeof row.name.text, "%s", name);
    snprintf(row.id.text, sizeof row.id.text, "%s", id);
    return row;
}

static char *render_series(struct console_series *s)
{
    struct buf b;
    char *text;

    buf_init(&b, TEXT_MAX);
    while (console_series_render(s, &b))
        continue;
    text = text_of(&b);
    buf_done(&b);
    return text;
}

static void series_of_consoles_stand_by_family(void **state)
{
    struct census_console web = console_row("web", "u1/s0");
    struct census_console evil = console_row("\"},x=\"\\", "u2/s0");
    struct console_series s;
    char *text;

    (void)state;
    evil.vm = CENSUS_VM_BETWEEN;
    console_series_init(&s);
    console_series_add(&s, &web, 1796000000);
    console_series_add(&s, &evil, 0);
    text = render_series(&s);
    assert_non_null(strstr(
        text, "# TYPE vspcd_by_console_vm_connected gauge\n"
              "vspcd_by_console_vm_connected{console=\"web\",id=\"u1/s0\"} 1\n"
              "vspcd_by_console_vm_connected{console=\"\\\"},x=\\\"\\\\\","
              "id=\"u2/s0\"} 0\n"
              "# HELP vspcd_by_console_clients "));
    assert_non_null(strstr(text,
                           "\nvspcd_by_console_output_bytes_total{console="
                           "\"web\",id=\"u1/s0\"} 10\n"));
    assert_non_null(strstr(text, "\nvspcd_by_console_input_bytes_total{console="
                                 "\"web\",id=\"u1/s0\"} 20\n"));
    assert_non_null(strstr(text, "\nvspcd_by_console_held_input_bytes{console="
                                 "\"web\",id=\"u1/s0\"} 30\n"));
    assert_non_null(strstr(text, "\nvspcd_by_console_log_bytes_total{console="
                                 "\"web\",id=\"u1/s0\"} 40\n"));
    assert_non_null(strstr(text,
                           "\nvspcd_by_console_log_missing_bytes_total{console="
                           "\"web\",id=\"u1/s0\"} 50\n"));
    /* One that has printed nothing has no time of that. */
    assert_non_null(
        strstr(text, "# TYPE vspcd_by_console_last_output_timestamp_seconds "
                     "gauge\n"
                     "vspcd_by_console_last_output_timestamp_seconds{console="
                     "\"web\",id=\"u1/s0\"} 1796000000\n"
                     "# HELP vspcd_by_console_left_out "));
    assert_non_null(strstr(text, "\nvspcd_by_console_left_out 0\n"));
    free(text);
    console_series_done(&s);
}

/* The longest name there is, of characters that are all escaped. */
static void series_are_bounded(void **state)
{
    struct census_console row = console_row("", "");
    struct console_series s;
    char *text;

    (void)state;
    memset(row.name.text, '"', sizeof row.name.text - 1);
    memset(row.id.text, '\\', sizeof row.id.text - 1);
    console_series_init(&s);
    for (int i = 0; i < CONSOLE_SERIES_MAX + 5; i++)
        console_series_add(&s, &row, 1);
    assert_int_equal(s.count, CONSOLE_SERIES_MAX);
    console_series_done(&s);
    console_series_init(&s);
    console_series_add(&s, &row, 1);
    s.left_out = 5;
    text = render_series(&s);
    assert_non_null(strstr(text, "\nvspcd_by_console_left_out 5\n"));
    free(text);
    console_series_done(&s);
}

/* A family without samples is none. */
static void without_consoles_there_is_one_line(void **state)
{
    struct console_series s;
    char *text;

    (void)state;
    console_series_init(&s);
    text = render_series(&s);
    assert_null(strstr(text, "vm_connected"));
    assert_non_null(strstr(text, "\nvspcd_by_console_left_out 0\n"));
    free(text);
    console_series_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_has_its_head_once),
        cmocka_unit_test(seconds_are_microseconds_in_the_census),
        cmocka_unit_test(buckets_are_cumulative),
        cmocka_unit_test(every_line_is_a_comment_or_a_sample),
        cmocka_unit_test(what_finds_no_room_is_left_out),
        cmocka_unit_test(values_of_labels_are_escaped_and_cut),
        cmocka_unit_test(series_of_consoles_stand_by_family),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(without_consoles_there_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
