#include "base/mem.h"
#include "conf/sources.h"
#include "conf/vspc_server.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for a long option: a row, or one of
 * vspc_server_options; for a short one it returns the letter. */
enum {
    FIRST_ROW = 256, /* above every letter */
    FIRST_OF_VSPC_SERVER = FIRST_ROW + SETTINGS_ROWS_MAX,
    OPTIONS_MAX = SETTINGS_ROWS_MAX + VSPC_SERVER_OPTIONS_MAX,
    ARGUMENTS_MAX = 32, /* words of --backend-args */
};

/* The state of a reading. */
struct reading {
    struct command_line *line;
    struct problems *problems;
    char *arguments;     /* value of the last --backend-args; NULL: none */
    bool is_vspc_server; /* -p has vSPC.py's meaning */
    bool is_arguments;   /* the words are those of --backend-args */
    bool is_at_end;      /* --help or --version has been read */
};

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

/* A row of another name says whether it has a value; every other option of
 * vSPC.py has one. */
static int argument_of_other(const struct vspc_server_option *other)
{
    if (other->kind != VSPC_SERVER_ROW)
        return required_argument;
    return argument_of(option_find(other->row));
}

/* Makes the tables of getopt_long from the rows and vSPC.py's options. */
static void make_getopt_tables(struct option *options, char *letters)
{
    /* So that getopt tells a missing value from an unknown option. */
    *letters++ = ':';
    for (int i = 0; i < option_row_count; i++) {
        *options++ = (struct option){
            .name = option_rows[i].name,
            .has_arg = argument_of(&option_rows[i]),
            .val = FIRST_ROW + i,
        };
        if (option_rows[i].letter == 0 || option_rows[i].letter == 'p')
            continue;
        *letters++ = option_rows[i].letter;
        if (argument_of(&option_rows[i]) == required_argument)
            *letters++ = ':';
    }
    for (int i = 0; i < vspc_server_option_count; i++) {
        const struct vspc_server_option *other = &vspc_server_options[i];

        *options++ = (struct option){
            .name = other->name,
            .has_arg = argument_of_other(other),
            .val = FIRST_OF_VSPC_SERVER + i,
        };
        if (other->letter == 0)
            continue;
        *letters++ = other->letter;
        *letters++ = ':';
    }
    *options = (struct option){ 0 };
    /* -p is one of two rows, and only the whole command line tells which:
     * find_row, settle_p. */
    *letters++ = 'p';
    *letters++ = ':';
    *letters = '\0';
}

static const struct option_row *find_row(const struct reading *r, int found)
{
    if (found >= FIRST_ROW && found < FIRST_OF_VSPC_SERVER)
        return &option_rows[found - FIRST_ROW];
    if (found == 'p' && r->is_vspc_server)
        return vspc_server_row_of_p(r->is_arguments);
    for (int i = 0; i < option_row_count; i++) {
        if (option_rows[i].letter == found)
            return &option_rows[i];
    }
    return NULL;
}

static const struct vspc_server_option *find_other(int found)
{
    return found >= FIRST_OF_VSPC_SERVER
               ? &vspc_server_options[found - FIRST_OF_VSPC_SERVER]
               : vspc_server_find_letter(found);
}

static void take_row(struct reading *r, const struct option_row *row,
                     const char *value, bool is_p)
{
    struct command_line *line = r->line;

    if (row->type == OPTION_REQUEST) {
        line->request = (enum options_request)row->min;
        r->is_at_end = line->request == OPTIONS_SHOW_HELP ||
                       line->request == OPTIONS_SHOW_VERSION;
        return;
    }
    line->options[line->count++] = (struct command_line_option){
        .row = row,
        .value = value != NULL ? value : "true",
        .is_p = is_p,
    };
}

static void take_other(struct reading *r,
                       const struct vspc_server_option *other,
                       const char *value)
{
    switch (other->kind) {
    case VSPC_SERVER_ROW:
        take_row(r, option_find(other->row), value, false);
        break;
    case VSPC_SERVER_ARGUMENTS:
        if (r->is_arguments) {
            problems_add(r->problems, 0, "--%s cannot be given within --%s",
                         other->name, other->name);
            return;
        }
        free(r->arguments);
        r->arguments = xstrdup(value);
        break;
    }
}

/* False: the word is no option, and the problem was added. */
static bool take(struct reading *r, int found, char **argv)
{
    const struct option_row *row = find_row(r, found);
    const struct vspc_server_option *other = find_other(found);
    /* Inside a word of several letters, such as -xd, optind has not moved on:
     * only optopt tells which letter is meant. */
    bool is_letter = optopt > 0 && optopt < FIRST_ROW;
    char letter[] = { '-', (char)optopt, '\0' };

    if (found == ':') {
        problems_add(r->problems, 0, "%.60s needs a value", argv[optind - 1]);
        return false;
    }
    if (row != NULL)
        take_row(r, row, optarg, found == 'p' && r->is_vspc_server);
    else if (other != NULL)
        take_other(r, other, optarg);
    else
        unknown_option(is_letter ? letter : argv[optind - 1], r->problems);
    return row != NULL || other != NULL;
}

/* The only option with two values. */
static const char explain_access[] = "explain-access";
static const char explain_console[] = "explain-console";

static bool is_given(const struct command_line *line, const char *name)
{
    for (int i = 0; i < line->count; i++) {
        if (strcmp(line->options[i].row->name, name) == 0)
            return true;
    }
    return false;
}

static void read_words(struct reading *r, int argc, char **argv)
{
    struct option options[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 4];
    bool all_known = true;
    int found;

    make_getopt_tables(options, letters);
    opterr = 0;
    optind = 0; /* resets getopt, which a reload calls again */
    while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        all_known &= take(r, found, argv);
        if (r->is_at_end)
            return;
    }
    if (optind < argc && is_given(r->line, explain_access) &&
        !is_given(r->line, explain_console))
        take_row(r, option_find(explain_console), argv[optind++], false);
    /* A word behind an unknown option is likely its value: one problem is
     * enough. */
    if (optind < argc && all_known)
        problems_add(r->problems, 0,
                     "unexpected argument '%.60s': see vspcd --help",
                     argv[optind]);
}

/* Adds the words of text to the options, behind the options of the command
 * line. text is changed and has to outlive the options. A problem of the text
 * as a whole begins with name. */
static void read_arguments(struct reading *r, char *text, const char *name)
{
    char *words[ARGUMENTS_MAX + 2] = { text };
    int count = vspc_server_split(text, words + 1, ARGUMENTS_MAX);

    if (count < 0) {
        problems_add(r->problems, 0, "%s%s", name,
                     count == -E2BIG ? "expected at most 32 words"
                                     : "expected a closing quote");
        return;
    }
    words[count + 1] = NULL;
    r->is_arguments = true;
    r->is_vspc_server = true;
    read_words(r, count + 1, words);
}

/* Decides what -p means. Its backend can stand behind it, so this waits for the
 * whole command line. */
static void settle_p(struct command_line *line)
{
    const struct option_row *backend = option_find("backend");
    const struct option_row *row;
    bool is_logging = false;

    for (int i = 0; i < line->count; i++) {
        if (line->options[i].row == backend)
            is_logging = strcmp(line->options[i].value, "Logging") == 0;
    }
    row = vspc_server_row_of_p(is_logging);
    for (int i = 0; i < line->count; i++) {
        if (line->options[i].is_p)
            line->options[i].row = row;
    }
}

/* An upper bound: each option has at least one letter, as in -dd. The words of
 * --backend-args are letters of argv too. */
static size_t most_options(int argc, char **argv)
{
    size_t most = 1;

    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]);
    return most;
}

void command_line_read(int argc, char **argv, struct command_line *ret_line,
                       struct problems *problems)
{
    struct reading r = {
        .line = ret_line,
        .problems = problems,
        .is_vspc_server = vspc_server_is_name(argv[0]),
    };

    *ret_line = (struct command_line){
        .request = OPTIONS_RUN,
        .options = xcalloc(most_options(argc, argv), sizeof *ret_line->options),
    };
    read_words(&r, argc, argv);
    if (r.is_vspc_server)
        settle_p(ret_line);
    if (r.arguments != NULL && !r.is_at_end)
        read_arguments(&r, r.arguments, "--backend-args: ");
    ret_line->arguments = r.arguments;
}

void command_line_read_arguments(const char *text,
                                 struct command_line *ret_line,
                                 struct problems *problems)
{
    struct reading r = { .line = ret_line, .problems = problems };

    *ret_line = (struct command_line){
        .request = OPTIONS_RUN,
        .options = xcalloc(strlen(text) + 1, sizeof *ret_line->options),
        .arguments = xstrdup(text),
    };
    read_arguments(&r, ret_line->arguments, "");
}

void command_line_done(struct command_line *line)
{
    free(line->options);
    free(line->arguments);
}
