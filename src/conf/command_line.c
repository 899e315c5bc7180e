#include "conf/sources.h"

#include <getopt.h>
#include <string.h>

enum { FIRST_ROW = 256 }; /* beyond all letters */

static void unknown_option(const char *argument, struct problems *problems)
{
    char name[32] = "";
    const char *near;

    if (strncmp(argument, "--", 2) == 0)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(argument + 2, "="),
                 argument + 2);
    near = option_guess(name, false);
    if (near != NULL)
        problems_add(problems, 0, "unknown option '%.60s': did you mean --%s?",
                     argument, near);
    else
        problems_add(problems, 0, "unknown option '%.60s': see vspcd --help",
                     argument);
}

static int argument_of(const struct option_row *row)
{
    if (row->type == OPTION_FLAG)
        return optional_argument; /* --debug=false */
    return option_takes_value(row) ? required_argument : no_argument;
}

/* getopt_long's tables, made from ours. An option's value is its row. */
static void make_getopt_tables(struct option *options, char *letters)
{
    *letters++ = ':'; /* tell a missing value from an unknown option */
    for (int i = 0; i < option_row_count; i++) {
        options[i] = (struct option){
            .name = option_rows[i].name,
            .has_arg = argument_of(&option_rows[i]),
            .val = FIRST_ROW + i,
        };
        if (option_rows[i].letter == 0)
            continue;
        *letters++ = option_rows[i].letter;
        if (argument_of(&option_rows[i]) == required_argument)
            *letters++ = ':';
    }
    options[option_row_count] = (struct option){ 0 };
    *letters = '\0';
}

static const struct option_row *row_of(int found)
{
    if (found >= FIRST_ROW)
        return &option_rows[found - FIRST_ROW];
    for (int i = 0; i < option_row_count; i++) {
        if (option_rows[i].letter == found)
            return &option_rows[i];
    }
    return NULL;
}

/* NULL, and it was said why: what stands there is no option. */
static const struct option_row *take(int found, char **argv,
                                     struct problems *problems)
{
    const struct option_row *row = row_of(found);

    if (found == ':')
        problems_add(problems, 0, "%.60s needs a value", argv[optind - 1]);
    else if (row == NULL)
        unknown_option(argv[optind - 1], problems);
    return row;
}

int command_line_read(int argc, char **argv,
                      struct command_line_option *ret_options,
                      enum options_request *ret_request,
                      struct problems *problems)
{
    struct option options[SETTINGS_ROWS_MAX + 1];
    char letters[2 * SETTINGS_ROWS_MAX + 2];
    int count = 0;
    int found;

    make_getopt_tables(options, letters);
    opterr = 0;
    optind = 0; /* start anew: a reload calls this again */
    while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        const struct option_row *row = take(found, argv, problems);

        if (row == NULL)
            return count;
        if (row->type == OPTION_REQUEST) {
            *ret_request = (enum options_request)row->min;
            if (*ret_request == OPTIONS_SHOW_HELP ||
                *ret_request == OPTIONS_SHOW_VERSION)
                return count;
            continue;
        }
        ret_options[count++] = (struct command_line_option){
            .row = row,
            .value = optarg != NULL ? optarg : "true",
        };
    }
    if (optind < argc)
        problems_add(problems, 0,
                     "'%.60s' is one argument too many: see vspcd --help",
                     argv[optind]);
    return count;
}
