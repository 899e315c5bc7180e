/* Recordings as asciinema reads them, from bytes cut anywhere. */
#include "cli/attach/recording.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char bytes[] = "a\"\\\r\n\x1b[0m gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
                            "\xf0\x9f\x98\x80 \xff\xe2\x82z";
static const char text[] = "a\"\\\r\n\x1b[0m gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
                           "\xf0\x9f\x98\x80 \xef\xbf\xbd\xef\xbf\xbd"
                           "\xef\xbf\xbdz";

static char path[] = "/tmp/vspc-recording-XXXXXX";

static void new_path(void)
{
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    close(mkstemp(path));
    unlink(path);
}

/* The texts of all outputs of the file, joined. */
static void read_back(char *to, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    size_t len = 0;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "{\"version\":2,\"width\":80,\"height\":24,"
                              "\"timestamp\":1000}\n");
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *event = json_loads(line, 0, NULL);

        assert_non_null(event);
        assert_true(json_real_value(json_array_get(event, 0)) >= 0.5);
        assert_string_equal(json_string_value(json_array_get(event, 1)), "o");
        len += (size_t)snprintf(to + len, size - len, "%s",
                                json_string_value(json_array_get(event, 2)));
        json_decref(event);
    }
    fclose(file);
    unlink(path);
}

static void characters_are_whole_wherever_they_are_cut(void **state)
{
    size_t len = sizeof bytes - 1;

    (void)state;
    for (size_t step = 1; step <= len; step++) {
        char got[256] = "";
        struct recording r;
        struct err err;

        new_path();
        assert_int_equal(recording_open(&r, path, 80, 24, 1000, 1, &err), 0);
        for (size_t at = 0; at < len; at += step)
            recording_output(
                &r, slice_of(bytes + at, len - at < step ? len - at : step),
                500001);
        assert_true(recording_close(&r));
        read_back(got, sizeof got);
        assert_string_equal(got, text);
    }
}

static void a_file_that_is_there_is_left_alone(void **state)
{
    struct recording r;
    struct err err;

    (void)state;
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    close(mkstemp(path));
    assert_true(recording_open(&r, path, 80, 24, 0, 0, &err) < 0);
    assert_true(recording_close(&r));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_whole_wherever_they_are_cut),
        cmocka_unit_test(a_file_that_is_there_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
