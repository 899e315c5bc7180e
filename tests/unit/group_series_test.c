/*
 * Metrics of groups of consoles: by folder, owner, host and tags, the largest
 * ones by themselves and the others as one, and never more of them.
 */
#include "api/metrics/group_series.h"
#include "core/directory.h"
#include "inventory/inventory_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t seed[2] = { 1, 2 };
static struct directory directory;
static struct inventory *table;

static void uuid_of(char to[40], unsigned n)
{
    snprintf(to, 40, "564d0000-0000-0000-0000-%012x", n);
}

static void open_all(unsigned consoles, const char *inventory)
{
    const struct directory_settings settings = { .ring_max = 65536 };
    struct inventory_reader *r = malloc(sizeof *r);

    assert_non_null(r);
    directory_init(&directory, &settings);
    inventory_reader_init(r, seed);
    (void)inventory_reader_feed(r, slice_of_text(inventory));
    table = inventory_reader_end(r);
    assert_non_null(table);
    inventory_reader_done(r);
    free(r);
    directory.inventory = table;
    for (unsigned i = 0; i < consoles; i++) {
        const struct console_past past = { .is_proven = true };
        char uuid[40];

        uuid_of(uuid, i);
        assert_non_null(directory_restore(
            &directory,
            &(struct vm_identity){ .uuid = uuid, .label = "s", .name = "n" },
            &past));
    }
}

static void close_all(void)
{
    directory_done(&directory);
    inventory_free(table);
}

/* For free(). */
static char *rendered(enum group_key key)
{
    struct directory_cursor cursor = { 0 };
    struct group_series s;
    struct console *c;
    struct buf to;
    char *text;

    buf_init(&to, 1 << 20);
    group_series_init(&s, seed);
    while ((c = directory_next(&directory, &cursor)) != NULL)
        group_series_add(&s, key, c);
    while (group_series_render(&s, &to))
        ;
    group_series_done(&s);
    text = strndup((const char *)buf_bytes(&to).data, buf_bytes(&to).len);
    assert_non_null(text);
    buf_done(&to);
    return text;
}

static void assert_has(enum group_key key, const char *line)
{
    char *text = rendered(key);

    if (strstr(text, line) == NULL)
        fail_msg("'%s' is not in\n%s", line, text);
    free(text);
}

static void consoles_are_counted_by_what_is_known(void **state)
{
    (void)state;
    open_all(3, "uuid,folder,owner,host,tags\n"
                "564d0000000000000000000000000000,/a,al,\"h\"\"\\\",x;y\n"
                "564d0000000000000000000000000001,/a,,,x\n");
    assert_has(GROUP_FOLDER, "# TYPE vspcd_group_consoles gauge\n"
                             "vspcd_group_consoles{group=\"/a\"} 2\n"
                             "vspcd_group_consoles{group=\"\"} 1\n# HELP");
    assert_has(GROUP_OWNER, "vspcd_group_consoles{group=\"\"} 2\n"
                            "vspcd_group_consoles{group=\"al\"} 1\n# HELP");
    assert_has(GROUP_HOST, "vspcd_group_clients{group=\"h\\\"\\\\\"} 0\n");
    assert_has(GROUP_TAG, "vspcd_group_consoles{group=\"x\"} 2\n"
                          "vspcd_group_consoles{group=\"\"} 1\n"
                          "vspcd_group_consoles{group=\"y\"} 1\n# HELP");
    close_all();
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* 150 folders, the first 50 of them with two consoles; one is called as the
 * rest is. */
static void the_largest_groups_have_series(void **state)
{
    enum { CONSOLES = 200, FOLDERS = 150 };
    static char text[CONSOLES * 64];
    size_t len = (size_t)snprintf(text, sizeof text, "uuid,folder\n");
    char *shown;

    (void)state;
    for (unsigned i = 0; i < CONSOLES; i++) {
        char uuid[40];

        uuid_of(uuid, i);
        len += (size_t)snprintf(text + len, sizeof text - len,
                                i % FOLDERS == 0 ? "%s,other\n" : "%s,/%03u\n",
                                uuid, i % FOLDERS);
    }
    open_all(CONSOLES, text);
    shown = rendered(GROUP_FOLDER);
    assert_int_equal(count(shown, "vspcd_group_consoles{"),
                     GROUP_SERIES_MAX + 1);
    assert_non_null(strstr(shown, "vspcd_group_consoles{group=\"/049\"} 2\n"));
    /* 149 folders but for the 100 largest, and the two consoles. */
    assert_non_null(
        strstr(shown, "vspcd_group_consoles{group=\"other\"} 51\n"));
    free(shown);
    close_all();
}

/* As many groups as there are consoles: no more are told apart than that. */
static void there_is_an_end_to_groups(void **state)
{
    enum { CONSOLES = GROUP_SERIES_KNOWN + 500 };
    static char text[CONSOLES * 64];
    size_t len = (size_t)snprintf(text, sizeof text, "uuid,folder\n");

    (void)state;
    for (unsigned i = 0; i < CONSOLES; i++) {
        char uuid[40];

        uuid_of(uuid, i);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s,/%u\n", uuid,
                                i);
    }
    open_all(CONSOLES, text);
    assert_has(GROUP_FOLDER, "vspcd_group_consoles{group=\"other\"} 2400\n");
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(consoles_are_counted_by_what_is_known),
        cmocka_unit_test(the_largest_groups_have_series),
        cmocka_unit_test(there_is_an_end_to_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
