/* Command lines of vspc: rows of options, and the verb that words name. */
#include "cli/common/arguments.h"
#include "cli/verb_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct option_row common[] = {
    { "server", 's', "PLACE", "" },
    { "quiet", 'q', NULL, "" },
    { NULL, 0, NULL, NULL },
};
static const struct option_row own[] = {
    { "follow", 'f', NULL, "" },
    { "tail", 'n', "LINES", "" },
    { NULL, 0, NULL, NULL },
};

enum { WORDS_MAX = 8 };

/* Reads a line of words without quotes; the caller calls arguments_done. */
static int read_line(struct arguments *a, char *line, bool stops,
                     struct err *err)
{
    static char *words[WORDS_MAX];
    int count = 0;

    for (char *word = strtok(line, " "); word != NULL;
         word = strtok(NULL, " ")) {
        assert_true(count < WORDS_MAX);
        words[count++] = word;
    }
    arguments_init(a, common, own);
    return arguments_read(a, count, words, stops, err);
}

static void options_stand_anywhere(void **state)
{
    char line[] = "-q web-01 --tail=5 -f second --server unix:/x";
    struct arguments a;
    struct err err;

    (void)state;
    assert_int_equal(read_line(&a, line, false, &err), 7);
    assert_int_equal(a.word_count, 2);
    assert_string_equal(a.word[0], "web-01");
    assert_string_equal(a.word[1], "second");
    assert_true(arguments_has(&a, "quiet"));
    assert_true(arguments_has(&a, "follow"));
    assert_string_equal(arguments_text(&a, "tail"), "5");
    assert_string_equal(arguments_text(&a, "server"), "unix:/x");
    arguments_done(&a);
}

static void letters_stand_together(void **state)
{
    char line[] = "-qfn7 -n 8 -";
    struct arguments a;
    struct err err;
    size_t at = 0;

    (void)state;
    assert_int_equal(read_line(&a, line, false, &err), 4);
    assert_true(arguments_has(&a, "quiet") && arguments_has(&a, "follow"));
    assert_string_equal(arguments_each(&a, "tail", &at), "7");
    assert_string_equal(arguments_each(&a, "tail", &at), "8");
    assert_null(arguments_each(&a, "tail", &at));
    assert_string_equal(arguments_text(&a, "tail"), "8");
    /* A dash alone is a word: standard input. */
    assert_int_equal(a.word_count, 1);
    arguments_done(&a);
}

static void two_dashes_end_options(void **state)
{
    char line[] = "web-01 -- -q --follow";
    struct arguments a;
    struct err err;

    (void)state;
    assert_int_equal(read_line(&a, line, false, &err), 4);
    assert_int_equal(a.word_count, 3);
    assert_string_equal(a.word[1], "-q");
    assert_false(arguments_has(&a, "quiet"));
    arguments_done(&a);
}

static void reading_can_stop_at_the_verb(void **state)
{
    char line[] = "-s unix:/x list --tail 3";
    struct arguments a;
    struct err err;

    (void)state;
    assert_int_equal(read_line(&a, line, true, &err), 2);
    assert_string_equal(arguments_text(&a, "server"), "unix:/x");
    arguments_done(&a);
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        { "--fallow", "did you mean --follow?" },
        { "--fol", "there is no option --fol" },
        { "-x", "there is no option -x" },
        { "-qx", "there is no option -qx" },
        { "--follow=1", "--follow has no value" },
        { "--tail", "--tail needs a value: --tail LINES" },
        { "-n", "-n needs a value: -n LINES" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arguments a;
        struct err err;
        char line[32];

        strcpy(line, cases[i].line);
        assert_int_equal(read_line(&a, line, false, &err), -EINVAL);
        assert_non_null(strstr(err.text, cases[i].words));
        arguments_done(&a);
    }
}

static void numbers_are_bounded(void **state)
{
    char line[] = "--tail 11";
    struct arguments a;
    struct err err;
    unsigned long n;

    (void)state;
    read_line(&a, line, false, &err);
    assert_true(arguments_number(&a, "tail", 11, 0, &n, &err));
    assert_int_equal(n, 11);
    assert_false(arguments_number(&a, "tail", 10, 0, &n, &err));
    assert_string_equal(err.text, "--tail 11: expected a number from 0 to 10");
    arguments_done(&a);
}

static const struct verb *find(const char *first, const char *second,
                               const char **ret_near)
{
    char one[32];
    char two[32];
    char *words[] = { one, two };
    int taken;

    strcpy(one, first);
    strcpy(two, second);
    return verb_table_find(second[0] != '\0' ? 2 : 1, words, &taken, ret_near);
}

static void verbs_have_one_name_or_two(void **state)
{
    const char *near;

    (void)state;
    assert_string_equal(find("ls", "x", &near)->name, "list");
    assert_string_equal(find("token", "list", &near)->name, "token list");
    assert_null(find("token", "", &near));
    assert_null(find("listen", "", &near));
    assert_null(find("lits", "", &near));
    assert_string_equal(near, "list");
    assert_null(find("token", "lits", &near));
    assert_string_equal(near, "token list");
    assert_null(find("conquer", "", &near));
    assert_null(near);
}

/* Help, manual and completion show all of a row. */
static void rows_of_verbs_are_whole(void **state)
{
    (void)state;
    for (const struct verb *const *v = verb_table; *v != NULL; v++) {
        assert_non_null((*v)->words);
        assert_non_null((*v)->summary);
        assert_non_null((*v)->run);
        assert_non_null(strstr((*v)->example, "vspc"));
        assert_int_equal((*v)->example[strlen((*v)->example) - 1], '\n');
        assert_true((*v)->words_min <= (*v)->words_max);
        assert_true(((*v)->words_max == 0) == ((*v)->words[0] == '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(letters_stand_together),
        cmocka_unit_test(two_dashes_end_options),
        cmocka_unit_test(reading_can_stop_at_the_verb),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(numbers_are_bounded),
        cmocka_unit_test(verbs_have_one_name_or_two),
        cmocka_unit_test(rows_of_verbs_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
