/* No two console logs have the same name. */
#include "conlog/conlog_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NAMES = 10000 };

struct fixture {
    struct conlog_names names;
    struct conlog_names_entry name[NAMES];
};

static unsigned digests_made;

/* Differs for the texts of these tests, and is the same in each run. */
static void digest(struct slice bytes, uint8_t ret[CONLOG_NAMES_DIGEST_LEN])
{
    uint64_t hash = 1;

    digests_made++;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    for (int i = 0; i < CONLOG_NAMES_DIGEST_LEN; i++)
        ret[i] = (uint8_t)(hash >> (8 * (i % 8)));
}

static int setup(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    digests_made = 0;
    conlog_names_init(&f->names, digest, seed);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < NAMES; i++)
        conlog_names_give_up(&f->names, &f->name[i]);
    assert_int_equal(f->names.paths.count, 0);
    conlog_names_done(&f->names);
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

/* A VM may call itself as it likes, but with no "~" in it. */
static void digest_is_the_last_resort(void **state)
{
    struct fixture *f = *state;
    const char *pattern = "%{name}.log";
    const char *path;

    take(f, 0, pattern, "a", "u1", "s");
    take(f, 1, pattern, "a-u2", "u3", "s");
    take(f, 2, pattern, "a-u2-s", "u4", "s");
    path = take(f, 3, pattern, "a", "u2", "s");
    assert_memory_equal(path, "a~", 2);
    assert_int_equal(strlen(path), 2 + 32 + 4);
    assert_string_equal(path + 2 + 32, ".log");
    take(f, 4, pattern, path, "u5", "s");
    assert_string_not_equal(f->name[4].path, path);
}

static void name_with_a_digest_is_the_same_in_the_next_run(void **state)
{
    struct fixture *f = *state;
    char path[CONLOG_NAME_MAX];

    take(f, 0, "%{name}", "a", "u1", "s");
    take(f, 1, "%{name}", "a", "u/", "s");
    take(f, 2, "%{name}", "a", "u*", "s/");
    snprintf(path, sizeof path, "%s", take(f, 3, "%{name}", "a", "u*", "s*"));
    assert_memory_equal(path, "a~", 2);
    for (int i = 0; i < 4; i++)
        conlog_names_give_up(&f->names, &f->name[i]);
    f->name[3].way = CONLOG_NAMES_PLAIN;
    take(f, 5, "%{name}", "a", "u9", "s");
    take(f, 6, "%{name}", "a", "u[", "s");
    take(f, 7, "%{name}", "a", "u[", "s]");
    assert_string_equal(take(f, 3, "%{name}", "a", "u*", "s*"), path);
}

/* UUIDs of characters that become "_": they all lead to one name. Before, the
 * free name was found by counting up, a console after the other: 20 s for
 * 4,000. */
static void many_with_one_name_cost_a_try_each(void **state)
{
    static const char marks[] = "!#$&*;<>[]";
    struct fixture *f = *state;
    static char uuid[NAMES][5];

    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(uuid[i], sizeof uuid[i], "%c%c%c%c", marks[i / 1000],
                 marks[i / 100 % 10], marks[i / 10 % 10], marks[i % 10]);
        take(f, (int)i, "%{name}.log", "a", uuid[i], "s");
    }
    assert_string_equal(f->name[0].path, "a.log");
    assert_string_equal(f->name[1].path, "a-____.log");
    assert_string_equal(f->name[2].path, "a-____-s.log");
    assert_int_equal(f->names.paths.count, NAMES);
    assert_int_equal(digests_made, NAMES - 3);
}

static void addition_without_room_is_left_out(void **state)
{
    struct fixture *f = *state;
    char uuid[129];
    const char *path;

    memset(uuid, 'u', sizeof uuid - 1);
    uuid[sizeof uuid - 1] = '\0';
    take(f, 0, "%{name}", "a", uuid, "s");
    take(f, 1, "%{name}", "a-s", "u1", "s");
    path = take(f, 2, "%{name}", "a", uuid, "s");
    assert_int_equal(strspn(path + 2, "u"), 117);
    assert_string_equal(path + 2 + 117, "_");
    /* With the label too it would be this name again. */
    path = take(f, 3, "%{name}", "a", uuid, "s");
    assert_memory_equal(path, "a~", 2);
}

static void cut_addition_is_no_mark_of_a_rotated_file(void **state)
{
    struct fixture *f = *state;
    char uuid[129];
    const char *path;

    for (size_t i = 0; i < sizeof uuid - 1; i++)
        uuid[i] = i % 3 == 0 ? 'u' : i % 3 == 1 ? '.' : '1';
    uuid[sizeof uuid - 1] = '\0';
    for (int shift = 0; shift < 3; shift++) {
        take(f, 0, "%{name}", "a", "u1", "s");
        path = take(f, 1, "%{name}", "a", uuid + shift, "s");
        assert_int_equal(path[strlen(path) - 1], '_');
        f->name[1].way = CONLOG_NAMES_PLAIN;
    }
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
        TEST(digest_is_the_last_resort),
        TEST(name_with_a_digest_is_the_same_in_the_next_run),
        TEST(many_with_one_name_cost_a_try_each),
        TEST(addition_without_room_is_left_out),
        TEST(cut_addition_is_no_mark_of_a_rotated_file),
        TEST(who_stepped_aside_goes_on_doing_so),
        TEST(name_that_was_given_up_is_free),
        TEST(long_names_stay_within_the_limit),
        TEST(dots_of_folders_are_no_suffix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
