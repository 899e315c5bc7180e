#include "cli/help.h"

#include "cli/invocation/invocation.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 24, WIDTH = 78 };

static const char *const group_names[] = {
    [VERB_GROUP_CONSOLES] = "Consoles",
    [VERB_GROUP_ACTING] = "Acting on consoles",
    [VERB_GROUP_SERVER] = "The server",
    [VERB_GROUP_HERE] = "vspc itself",
};

/* Text in lines of at most WIDTH columns, behind `column` columns that the
 * first one has already. */
static void print_wrapped(FILE *to, const char *text, int column)
{
    int at = column;

    while (*text != '\0') {
        int len = (int)strcspn(text, " ");

        if (at + len > WIDTH && at > column) {
            fprintf(to, "\n%*s", column, "");
            at = column;
        }
        fprintf(to, "%.*s", len, text);
        at += len;
        text += len;
        if (*text == ' ') {
            text++;
            if (at + 1 + (int)strcspn(text, " ") <= WIDTH)
                fputc(' ', to);
            at++;
        }
    }
    fputc('\n', to);
}

static void print_row(FILE *to, const char *left, const char *text)
{
    if (strlen(left) + 2 > LEFT - 2)
        fprintf(to, "  %s\n%*s", left, LEFT, "");
    else
        fprintf(to, "  %-*s", LEFT - 2, left);
    print_wrapped(to, text, LEFT);
}

static void print_options(FILE *to, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        char letter[] = "    ";
        char left[64];

        if (row->letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name,
                 row->value != NULL ? " " : "",
                 row->value != NULL ? row->value : "");
        print_row(to, left, row->help);
    }
}

void help_print(FILE *to, const struct verb *const *table)
{
    fputs("Usage: vspc [OPTION]... VERB [ARGUMENT]...\n"
          "\n"
          "Lists, reads and steers the consoles of a vspcd.\n",
          to);
    for (int group = 0; group < VERB_GROUP_COUNT; group++) {
        fprintf(to, "\n%s:\n", group_names[group]);
        for (const struct verb *const *v = table; *v != NULL; v++) {
            char left[64];

            if ((*v)->is_hidden || (int)(*v)->group != group)
                continue;
            snprintf(left, sizeof left, "%s%s%s", (*v)->name,
                     (*v)->alias != NULL ? ", " : "",
                     (*v)->alias != NULL ? (*v)->alias : "");
            print_row(to, left, (*v)->summary);
        }
    }
    fputs("\nOptions of every verb:\n", to);
    print_options(to, invocation_options);
    fputs("\n"
          "Without --server: VSPC_SERVER, else the current context, else the "
          "socket of\n"
          "vspcd on this machine. vspc VERB --help has more; see also: man "
          "vspc.\n",
          to);
}

void help_print_verb(FILE *to, const struct verb *verb)
{
    const char *example = verb->example;
    char about[1000];

    fprintf(to, "Usage: vspc %s [OPTION]...%s%s\n\n", verb->name,
            verb->words[0] != '\0' ? " " : "", verb->words);
    snprintf(about, sizeof about, "%c%s.%s%s",
             toupper((unsigned char)verb->summary[0]), verb->summary + 1,
             verb->text != NULL ? " " : "",
             verb->text != NULL ? verb->text : "");
    print_wrapped(to, about, 0);
    if (verb->option != NULL) {
        fputs("\nOptions, and those of every verb (vspc help):\n", to);
        print_options(to, verb->option);
    }
    fputs("\nExamples:\n", to);
    while (*example != '\0') {
        int len = (int)strcspn(example, "\n");

        fprintf(to, "    %.*s\n", len, example);
        example += len + 1;
    }
}

/* ---- vspc(1) --------------------------------------------------------------
 */

/* Text of mdoc: what would be markup is escaped. */
static void print_mdoc(FILE *to, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", to);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", to);
        else if (*text == '-')
            fputs("\\-", to);
        else
            fputc(*text, to);
    }
}

/* Behind the first sentence. A full stop behind a blank is a key. */
static const char *sentence_end(const char *text)
{
    for (const char *at = text + 1; *text != '\0' && *at != '\0'; at++) {
        if (at[0] == '.' && at[1] == ' ' && at[-1] != ' ')
            return at + 2;
    }
    return text + strlen(text);
}

/* Sentences: each on a line of its own, the first letter large. */
static void print_mdoc_sentences(FILE *to, const char *text)
{
    char line[400];
    const char *end;

    for (; *text != '\0'; text = end) {
        end = sentence_end(text);
        snprintf(line, sizeof line, "%c%.*s", toupper((unsigned char)text[0]),
                 (int)(end - text - 1), text + 1);
        if (*end != '\0')
            line[strlen(line) - 1] = '\0'; /* the blank */
        print_mdoc(to, line);
        fputs(*end != '\0' || line[strlen(line) - 1] == '.' ? "\n" : ".\n", to);
    }
}

static void print_mdoc_options(FILE *to, const struct option_row *rows)
{
    fputs(".Bl -tag -width Ds\n", to);
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        fputs(".It ", to);
        if (row->letter != 0)
            fprintf(to, "Fl %c , ", row->letter);
        fprintf(to, "Fl Fl %s", row->name);
        if (row->value != NULL)
            fprintf(to, " Ar %s", row->value);
        fputc('\n', to);
        /* As it is: it may begin with a word that is typed so. */
        print_mdoc(to, row->help);
        fputs("\n", to);
    }
    fputs(".El\n", to);
}

static void print_mdoc_verb(FILE *to, const struct verb *verb)
{
    const char *example = verb->example;

    fprintf(to, ".It Cm %s", verb->name);
    if (verb->alias != NULL)
        fprintf(to, " | %s", verb->alias);
    if (verb->words[0] != '\0')
        fprintf(to, " Ar %s", verb->words);
    fputc('\n', to);
    print_mdoc_sentences(to, verb->summary);
    if (verb->text != NULL)
        print_mdoc_sentences(to, verb->text);
    if (verb->option != NULL)
        print_mdoc_options(to, verb->option);
    fputs(".Pp\nFor example:\n.Bd -literal -offset indent -compact\n", to);
    while (*example != '\0') {
        size_t len = strcspn(example, "\n");
        char line[200];

        snprintf(line, sizeof line, "%.*s", (int)len, example);
        print_mdoc(to, line);
        fputc('\n', to);
        example += len + 1;
    }
    fputs(".Ed\n", to);
}

void help_print_manual(FILE *to, const struct verb *const *table)
{
    fputs(".Sh VERBS\n", to);
    for (int group = 0; group < VERB_GROUP_COUNT; group++) {
        fprintf(to, ".Ss %s\n.Bl -tag -width Ds\n", group_names[group]);
        for (const struct verb *const *v = table; *v != NULL; v++) {
            if (!(*v)->is_hidden && (int)(*v)->group == group)
                print_mdoc_verb(to, *v);
        }
        fputs(".El\n", to);
    }
    fputs(".Sh OPTIONS\nOf every verb, before or behind it:\n", to);
    print_mdoc_options(to, invocation_options);
}

/* ---- the verb -------------------------------------------------------------
 */

static enum exits run_help(struct invocation *in)
{
    char *words = invocation_join_words(in, 0);
    const struct verb *const *v = in->table;
    bool is_alone = words[0] == '\0';

    while (!is_alone && *v != NULL && strcmp((*v)->name, words) != 0 &&
           ((*v)->alias == NULL || strcmp((*v)->alias, words) != 0))
        v++;
    if (is_alone)
        help_print(stdout, in->table);
    else if (*v != NULL)
        help_print_verb(stdout, *v);
    free(words);
    return *v != NULL ? EXITS_DONE
                      : invocation_refuse(in, "there is no such verb");
}

const struct verb verb_help = {
    .name = "help",
    .group = VERB_GROUP_HERE,
    .words = "[VERB]",
    .words_max = 2,
    .kind = VERB_WORDS_VERB,
    .summary = "print help, for a verb too",
    .example = "vspc help logs\n",
    .by_ssh = "",
    .run = run_help,
};
