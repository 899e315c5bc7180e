/* The thread that looks at the inventory's file: whose news the loop gets. */
#include "daemon/inventory/inventory_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* For a machine that is very slow. */
enum { WAIT_US = 60 * 1000 * 1000 };

static const uint64_t seed[2] = { 1, 2 };

struct stage {
    char folder[40];
    char path[2][64]; /* an inventory of one VM, and one of two */
    struct inventory_source *source;
};

static void ignore_news(void *owner)
{
    (void)owner;
}

static void write_file(const char *path, unsigned vms)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs("uuid,folder\n", file);
    for (unsigned i = 0; i < vms; i++)
        fprintf(file, "564d0000-0000-0000-0000-%012u,/prod\n", i);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static int open_stage(void **state)
{
    struct stage *s = calloc(1, sizeof *s);

    assert_non_null(s);
    snprintf(s->folder, sizeof s->folder, "/tmp/inventory-source-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    for (unsigned i = 0; i < 2; i++) {
        snprintf(s->path[i], sizeof s->path[i], "%s/%u.csv", s->folder, i + 1);
        write_file(s->path[i], i + 1);
    }
    s->source = inventory_source_open(seed, ignore_news, NULL);
    *state = s;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *s = *state;

    inventory_source_close(s->source, WAIT_US);
    for (unsigned i = 0; i < 2; i++)
        unlink(s->path[i]);
    rmdir(s->folder);
    free(s);
    return 0;
}

static void use(struct stage *s, const char *file)
{
    const struct inventory_source_settings settings = { .file = file };

    assert_int_equal(inventory_source_set(s->source, &settings), 0);
}

static void the_first_look_is_waited_for(void **state)
{
    struct stage *s = *state;
    struct inventory_news news;

    use(s, s->path[1]);
    inventory_source_wait(s->source, WAIT_US);
    assert_true(inventory_source_take(s->source, &news));
    assert_string_equal(news.why.text, "");
    assert_int_equal(inventory_count(news.table), 2);
    assert_int_equal(news.changed, 2);
    assert_false(inventory_source_take(s->source, &news));
    inventory_source_give_back(s->source, news.table);
}

/* The loop has not taken the news of the former file when it has another one:
 * it must not take them for the other file's. */
static void news_of_a_former_file_are_dropped(void **state)
{
    struct stage *s = *state;
    struct inventory_news news;

    use(s, s->path[0]);
    inventory_source_wait(s->source, WAIT_US);
    use(s, s->path[1]);
    while (!inventory_source_take(s->source, &news))
        usleep(1000);
    assert_int_equal(inventory_count(news.table), 2);
    inventory_source_give_back(s->source, news.table);
    use(s, NULL);
    assert_false(inventory_source_take(s->source, &news));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_look_is_waited_for),
        TEST(news_of_a_former_file_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
