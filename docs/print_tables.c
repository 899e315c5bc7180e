/*
 * print_tables vspcd.8|vspcd.conf.5|sample|api.md|vspc.1: the tables of
 * settings, of commands and of vspc's verbs as text, for scripts/make-docs.
 * Built for that alone, and not installed.
 */
#include "api/api.h"
#include "api/schema/show_schema.h"
#include "cli/help.h"
#include "cli/verb_table.h"
#include "conf/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- the API ------------------------------------------------------------- */

static const char *type_name(const struct api_argument *a)
{
    static const char *const names[] = {
        [API_TEXT] = "text", [API_NUMBER] = "number", [API_FLAG] = "flag",
        [API_WORD] = "word", [API_TIME] = "time",     [API_BYTES] = "bytes",
    };

    return names[a->type];
}

static void print_argument(const struct api_argument *a)
{
    printf("- `%s`: %s%s", a->name, type_name(a),
           a->is_required ? ", required" : "");
    if (a->words != NULL)
        printf(", one of `%s`", a->words);
    if (a->standard != NULL)
        printf(", by default `%s`", a->standard);
    printf(".\n  %s\n", a->help);
}

/* Headings are linked in small letters. */
static void print_link(const char *schema)
{
    printf("[%s](#", schema);
    for (const char *c = schema; *c != '\0'; c++)
        putchar(tolower((unsigned char)*c));
    printf(")");
}

static void print_command(const struct api_command *row)
{
    bool is_of_root = strncmp(row->path, "//", 2) == 0;

    printf("\n### `%s %s%s`\n\n%s\n", http_verb_name(row->verb),
           is_of_root ? "" : "/api/v1", row->path + is_of_root, row->summary);
    printf("Command `%s`; right: %s%s", row->name,
           row->right == RIGHT_NONE ? "none" : right_name(row->right),
           strstr(row->path, "{console}") != NULL || row->right == RIGHT_NONE
               ? ""
               : " on the server");
    if (row->returns != NULL) {
        printf("; answer: ");
        print_link(row->returns);
    }
    printf(".\n");
    if (row->argument != NULL && row->argument->name != NULL)
        printf("\n");
    for (const struct api_argument *a = row->argument;
         a != NULL && a->name != NULL; a++)
        print_argument(a);
}

static void print_type(const char *type)
{
    for (; *type != '\0'; type++)
        printf(*type == '|' ? "\\|" : "%c", *type);
}

static void print_schema(const struct show_schema *schema)
{
    struct show_member member;

    printf("\n### %s\n\n%s\n\n| member | type | what it is |\n|---|---|---|\n",
           schema->name, schema->help);
    for (size_t i = 0; show_schema_member(schema, i, &member); i++) {
        printf("| `%s` | ", member.name);
        print_type(member.type);
        printf(" | %s |\n", member.help);
    }
}

static void print_commands(void)
{
    struct api_cursor cursor = { 0 };
    const struct api_command *row;
    const struct show_schema *schema;

    printf("\n## Commands\n");
    while ((row = api_next_row(&cursor)) != NULL)
        print_command(row);
    printf("\n## Answers\n\n"
           "`?` behind a type: it may be null. `[X]`: an array. `{X}`: an "
           "object with any names. `a|b`: a text that is one of these.\n"
           "A time is RFC 3339 in UTC with milliseconds, seconds are numbers "
           "with fractions.\n"
           "A later version may add members: pass over those that you do not "
           "know.\n");
    for (size_t i = 0; (schema = show_schema_at(i)) != NULL; i++)
        print_schema(schema);
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";

    if (strcmp(what, "vspcd.8") == 0)
        options_print_manual(stdout, false);
    else if (strcmp(what, "vspcd.conf.5") == 0)
        options_print_manual(stdout, true);
    else if (strcmp(what, "sample") == 0)
        options_print_sample(stdout);
    else if (strcmp(what, "api.md") == 0)
        print_commands();
    else if (strcmp(what, "vspc.1") == 0)
        help_print_manual(stdout, verb_table);
    else
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
