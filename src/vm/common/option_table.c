#include "vm/common/option_table.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Above each letter: getopt's results for names. */
enum { FIRST_NAME = 256 };

/* What getopt looks at. */
struct forms {
    struct option name[OPTION_TABLE_MAX + 1];
    char letters[2 * OPTION_TABLE_MAX + 2];
};

static void make_forms(const struct option_table *table, struct forms *ret)
{
    size_t len = 0;

    assert(table->count <= OPTION_TABLE_MAX);
    *ret = (struct forms){ .letters = "" };
    ret->letters[len++] = ':'; /* tells a value that is missing apart */
    for (size_t i = 0; i < table->count; i++) {
        const struct option_table_row *row = &table->row[i];

        ret->name[i] = (struct option){
            .name = row->name,
            .has_arg = row->value != NULL ? required_argument : no_argument,
            .val = FIRST_NAME + (int)i,
        };
        if (row->letter == 0)
            continue;
        ret->letters[len++] = row->letter;
        if (row->value != NULL)
            ret->letters[len++] = ':';
    }
}

/* The row of getopt's result; table->count: none. */
static size_t find_row(const struct option_table *table, int result)
{
    size_t row = 0;

    if (result >= FIRST_NAME)
        return (size_t)(result - FIRST_NAME);
    while (row < table->count &&
           (table->row[row].letter == 0 || table->row[row].letter != result))
        row++;
    return row;
}

int option_table_read(const struct option_table *table, int argc, char **argv,
                      option_table_read_fn *read, void *owner, int *ret_rest,
                      struct err *err)
{
    struct forms forms;
    int result;

    make_forms(table, &forms);
    opterr = 0;
    while ((result = getopt_long(argc, argv, forms.letters, forms.name,
                                 NULL)) != -1) {
        size_t row = find_row(table, result);
        int r;

        if (row == table->count) {
            err_set(err, "%s: %s (%s shows all options)", argv[optind - 1],
                    result == ':'
                        ? "needs a value"
                        : "unknown option, or one that takes no value",
                    table->help);
            return -EINVAL;
        }
        r = read(owner, row, optarg, err);
        if (r < 0)
            return r;
    }
    *ret_rest = optind;
    return 0;
}

void option_table_print_text(const char *left, int left_width, const char *text)
{
    const char *end;

    do {
        end = strchr(text, '\n');
        printf("  %-*s%.*s\n", left_width, left,
               end != NULL ? (int)(end - text) : (int)strlen(text), text);
        text = end != NULL ? end + 1 : text;
        left = "";
    } while (end != NULL);
}

void option_table_print(const struct option_table *table, int left_width)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_table_row *row = &table->row[i];
        char letter[] = "    ";
        char left[64];

        if (row->heading != NULL)
            printf("\n%s\n", row->heading);
        if (row->letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, row->name,
                 row->value != NULL ? row->value : "");
        option_table_print_text(left, left_width, row->text);
    }
}
