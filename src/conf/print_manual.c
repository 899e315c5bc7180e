/*
 * Prints the table in mdoc(7): as options for vspcd(8), as settings for
 * vspcd.conf(5). scripts/make-docs puts the result into the pages.
 */
#include "conf/option_row.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX = 78, SENTENCE_MAX = 1024 };

struct page {
    FILE *to;
    bool is_of_file;
    int column;
    bool is_first; /* word of a sentence */
};

static void end_line(struct page *p)
{
    if (p->column > 0)
        fputc('\n', p->to);
    p->column = 0;
}

/* --name as a macro, which needs a line of its own, with the punctuation that
 * follows the name. */
static void print_name(struct page *p, const char *word, int len)
{
    int name = (int)strcspn(word, ".,;:)");

    if (name > len)
        name = len;
    end_line(p);
    fprintf(p->to, "%s %.*s%s%.*s\n", p->is_of_file ? ".Cm" : ".Fl Fl",
            name - 2, word + 2, name < len ? " " : "", len - name, word + name);
}

static void print_plain(struct page *p, const char *word, int len)
{
    /* A URI, or a value such as syslog:/PATH, keeps its small first letter. */
    bool is_word = memchr(word, ':', (size_t)len - 1) == NULL;
    /* So does a program's name: vspcd, vSPCClient. */
    bool is_name = strncasecmp(word, "vspc", 4) == 0;
    int first = p->is_first && is_word && !is_name
                    ? toupper((unsigned char)word[0])
                    : word[0];

    if (p->column > 0 && p->column + 1 + len > LINE_MAX)
        end_line(p);
    if (p->column > 0)
        p->column += fprintf(p->to, " ");
    else if (word[0] == '.' || word[0] == '\'')
        fputs("\\&", p->to); /* it would be a macro */
    p->column += fprintf(p->to, "%c%.*s", first, len - 1, word + 1);
}

static void print_word(struct page *p, const char *word, int len)
{
    if (len > 2 && strncmp(word, "--", 2) == 0)
        print_name(p, word, len);
    else
        print_plain(p, word, len);
    p->is_first = word[len - 1] == '.';
    /* A clause has a line of its own, so that a diff can be read. */
    if (strchr(".;:", word[len - 1]) != NULL && strncmp(word, "::", 2) != 0 &&
        strncmp(word, "Default:", 8) != 0)
        end_line(p);
}

/* Prints text, whose words are separated by blanks and line ends. */
static void print_prose(struct page *p, const char *text)
{
    while (*text != '\0') {
        int len = (int)strcspn(text, " \n");

        if (len > 0)
            print_word(p, text, len);
        text += len;
        text += strspn(text, " \n");
    }
}

/* A text without a full stop, as the help has it, gets one: behind an option
 * it has to be part of the macro. before goes in front of the text. */
static void print_sentence(struct page *p, const char *before, const char *text)
{
    char sentence[SENTENCE_MAX];

    snprintf(sentence, sizeof sentence, "%s%s.", before, text);
    p->is_first = before[0] == '\0';
    print_prose(p, sentence);
}

static void print_range(const struct page *p, const struct option_row *row)
{
    if (row->type == OPTION_NUMBER || row->type == OPTION_SECONDS)
        fprintf(p->to, "Range: %llu to %llu.\n", (unsigned long long)row->min,
                (unsigned long long)row->max);
    if (row->type != OPTION_SIZE)
        return;
    fputs("Range: ", p->to);
    option_print_size(row->min, p->to);
    fputs(" to ", p->to);
    option_print_size(row->max, p->to);
    fputs(".\n", p->to);
}

static void print_default(struct page *p, const struct option_row *row)
{
    if (row->otherwise != NULL)
        print_sentence(p, "Default: ", row->otherwise);
    else if (row->standard != NULL)
        fprintf(p->to, "Default: %s.\n", row->standard);
    if (row->environment != NULL)
        fprintf(p->to, "Environment variable:\n.Ev %s .\n", row->environment);
    if (p->is_of_file && !row->is_reloaded)
        fputs("A change takes effect at a restart.\n", p->to);
}

static void print_lower(const struct page *p, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(tolower((unsigned char)*text), p->to);
}

static void print_head(const struct page *p, const struct option_row *row)
{
    if (p->is_of_file && row->value == NULL) {
        fprintf(p->to, ".It Cm %s No = Cm true | false\n", row->name);
        return;
    }
    if (p->is_of_file)
        fprintf(p->to, ".It Cm %s No = %s", row->name,
                option_is_list(row) ? "Brq " : "");
    else if (row->letter != 0)
        fprintf(p->to, ".It Fl %c , Fl Fl %s", row->letter, row->name);
    else
        fprintf(p->to, ".It Fl Fl %s", row->name);
    if (row->value != NULL) {
        fputs(p->is_of_file ? "Ar " : " Ar ", p->to);
        print_lower(p, row->value);
    }
    fputs(option_is_list(row) && p->is_of_file ? " , ...\n" : "\n", p->to);
}

static void print_row(struct page *p, const struct option_row *row)
{
    print_head(p, row);
    print_sentence(p, "", row->text);
    if (row->more != NULL) {
        p->is_first = true;
        print_prose(p, row->more);
        end_line(p);
    }
    print_range(p, row);
    print_default(p, row);
}

void options_print_manual(FILE *to, bool is_of_file)
{
    struct page page = { .to = to, .is_of_file = is_of_file };
    bool is_in_list = false;

    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];

        if (is_of_file && !option_is_setting(row))
            continue;
        if (row->group != NULL) {
            fprintf(to, "%s.Ss %s\n.Bl -tag -width Ds\n",
                    is_in_list ? ".El\n" : "", row->group);
            is_in_list = true;
        }
        print_row(&page, row);
    }
    fputs(".El\n", to);
}
