/* No two console logs have the same name. */
#include "conlog/conlog_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAMES = 4 };

struct fixture {
    struct map names;
    struct conlog_names_entry name[NAMES];
};

static int setup(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    map_init(&f->names, seed);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < NAMES; i++)
        conlog_names_give_up(&f->names, &f->name[i]);
    assert_int_equal(f->names.count, 0);
    map_done(&f->names);
    free(f);
    return 0;
}

static const char *take(struct fixture *f, int i, const char *pattern,
                        const char *name, const char *uuid, const char *label)
{
    struct conlog_facts facts = { .name = name, .uuid = uuid, .label = label };

    conlog_names_take(&f->names, &f->name[i], pattern, &facts, 0);
    return f->name[i].path;
}

static void clone_has_its_uuid_in_the_name(void **state)
{
    struct fixture *f = *state;
    const char *pattern = "%{name}.log";

    assert_string_equal(take(f, 0, pattern, "a", "u1", "s"), "a.log");
    assert_string_equal(take(f, 1, pattern, "a", "u2", "s"), "a-u2.log");
    assert_string_equal(take(f, 2, pattern, "b", "u3", "s"), "b.log");
}

static void second_port_of_a_vm_has_its_label(void **state)
{
    struct fixture *f = *state;
    const char *pattern = "%{name}.log";

    take(f, 0, pattern, "a", "u1", "s1");
    assert_string_equal(take(f, 1, pattern, "a", "u1", "s2"), "a-s2.log");
    assert_string_equal(take(f, 2, pattern, "a", "u2", "s1"), "a-u2.log");
    assert_string_equal(take(f, 3, pattern, "a", "u2", "s2"), "a-u2-s2.log");
}

static void number_is_the_last_resort(void **state)
{
    struct fixture *f = *state;
    const char *pattern = "%{name}";

    take(f, 0, pattern, "a", "u1", "s");
    take(f, 1, pattern, "a-u2", "u3", "s");
    take(f, 2, pattern, "a-u2-s", "u4", "s");
    assert_string_equal(take(f, 3, pattern, "a", "u2", "s"), "a-u2-s-2");
}

static void who_stepped_aside_goes_on_doing_so(void **state)
{
    struct fixture *f = *state;

    take(f, 0, "%{name}.log", "a", "u1", "s");
    take(f, 1, "%{name}.log", "a", "u2", "s");
    /* The date has changed, and the second one is the first to print. */
    assert_string_equal(take(f, 1, "%{name}-2.log", "a", "u2", "s"),
                        "a-2-u2.log");
    assert_string_equal(take(f, 0, "%{name}-2.log", "a", "u1", "s"), "a-2.log");
}

static void name_that_was_given_up_is_free(void **state)
{
    struct fixture *f = *state;

    take(f, 0, "%{name}.log", "a", "u1", "s");
    conlog_names_give_up(&f->names, &f->name[0]);
    conlog_names_give_up(&f->names, &f->name[0]);
    assert_string_equal(take(f, 1, "%{name}.log", "a", "u2", "s"), "a.log");
}

static void long_names_stay_within_the_limit(void **state)
{
    struct fixture *f = *state;
    char name[200];
    char label[121];
    const char *first, *second;

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memset(label, 'l', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    first = take(f, 0, "d/%{name}.log", name, "u1", label);
    second = take(f, 1, "d/%{name}.log", name, "u2", label);
    assert_string_not_equal(first, second);
    assert_true(strlen(second) <= 2 + CONLOG_NAME_PART_MAX);
    assert_memory_equal(second + strlen(second) - 7, "-u2.log", 7);
    assert_true(strlen(take(f, 2, "d/%{name}.log", name, "u2", label)) <=
                2 + CONLOG_NAME_PART_MAX);
}

static void dots_of_folders_are_no_suffix(void **state)
{
    struct fixture *f = *state;

    take(f, 0, "%{name}/log", "a.b", "u1", "s");
    assert_string_equal(take(f, 1, "%{name}/log", "a.b", "u2", "s"),
                        "a.b/log-u2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(clone_has_its_uuid_in_the_name),
        TEST(second_port_of_a_vm_has_its_label),
        TEST(number_is_the_last_resort),
        TEST(who_stepped_aside_goes_on_doing_so),
        TEST(name_that_was_given_up_is_free),
        TEST(long_names_stay_within_the_limit),
        TEST(dots_of_folders_are_no_suffix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
