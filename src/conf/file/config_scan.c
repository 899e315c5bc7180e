/*
 * What the text of a configuration file has before libconfuse sees it.
 *
 * Comments begin with # only, and become blanks: libconfuse does not accept a
 * comment in a list, and loses count of the lines at the other kinds of
 * comments. It does not say either in which line a section has begun.
 */
#include "base/mem.h"
#include "conf/file/config_file_private.h"

#include <ctype.h>
#include <string.h>

/* The scanner's position. */
struct scan {
    char *at;
    unsigned line;
    unsigned depth;     /* of braces */
    unsigned open_line; /* of the outermost open one */
    char word_end;      /* the last byte that was no blank */
    unsigned word_line; /* its line */
    struct config_lines begins;
};

static void add_line(struct config_lines *lines, unsigned line)
{
    lines->item = mem_grow(lines->item, lines->count, sizeof *lines->item);
    lines->item[lines->count++] = line;
}

/* The scanner has moved to the end of a word or to a byte: a brace behind =
 * opens a list, a brace behind a title a section. */
static void note_word(struct scan *s, bool is_byte)
{
    if (strchr(" \t\r\n", *s->at) != NULL)
        return;
    if (is_byte && *s->at == '{' && s->depth++ == 0) {
        s->open_line = s->line;
        if (s->word_end != '=')
            add_line(&s->begins, s->word_line);
    } else if (is_byte && *s->at == '}' && s->depth > 0) {
        s->depth--;
    }
    s->word_end = *s->at;
    s->word_line = s->line;
}

/* Moves from the start of a variable, ${NAME}, to its end. False: the line ends
 * before. */
static bool skip_variable(struct scan *s)
{
    size_t len = strcspn(s->at, "}\n");

    s->at += len;
    return *s->at == '}';
}

static const char no_end[] = "expected a closing quote or brace";

/* at is behind a backslash in double quotes, where \0 and \x00 are NUL: for
 * libconfuse the text goes on, for all others it ends there. */
static bool is_nul(const char *at)
{
    size_t len = *at == 'x' ? 1 + strspn(at + 1, "0") : strspn(at, "0");

    if (*at == 'x')
        return len > 1 && (len > 2 || !isxdigit((unsigned char)at[len]));
    return len > 2 || (len > 0 && (at[len] < '0' || at[len] > '7'));
}

/* at is behind a backslash. libconfuse leaves out a backslash that means
 * nothing: then "web-\*" would be web-*, all that begins with web-. */
static const char *wrong_in_escape(const char *at, char quote)
{
    if (quote != '"' || *at == '\0')
        return NULL;
    if (is_nul(at))
        return "a NUL byte in a text: expected text";
    if (strchr("\n01234567xabefnrtv\\\"'$#", *at) == NULL)
        return "a backslash without a meaning in double quotes: expected "
               "\\\\ for a backslash, or the text in single quotes";
    return NULL;
}

/* Moves from a quote to the closing one, as libconfuse's lexer does. NULL, or
 * what is wrong. */
static const char *skip_text(struct scan *s)
{
    char quote = *s->at;

    while (*++s->at != quote) {
        if (*s->at == '\\') {
            const char *wrong = wrong_in_escape(s->at + 1, quote);

            if (wrong != NULL)
                return wrong;
            s->at += s->at[1] != '\0';
        } else if (quote == '"' && strncmp(s->at, "${", 2) == 0 &&
                   !skip_variable(s)) {
            return no_end;
        }
        if (*s->at == '\0')
            return no_end;
        s->line += *s->at == '\n';
    }
    return NULL;
}

/* Scans a comment, text, variable or character. NULL, or what is wrong. */
static const char *scan_one(struct scan *s)
{
    if (*s->at == '#') {
        while (s->at[1] != '\0' && s->at[1] != '\n')
            *s->at++ = ' ';
        *s->at = ' ';
    } else if (*s->at == '"' || *s->at == '\'') {
        return skip_text(s);
    } else if (strncmp(s->at, "${", 2) == 0) {
        return skip_variable(s) ? NULL : no_end;
    } else if (strncmp(s->at, "//", 2) == 0 || strncmp(s->at, "/*", 2) == 0) {
        return "// and /* are allowed only in quotes: expected # for a comment";
    }
    return NULL;
}

bool config_scan(const char *name, char *text, struct config_lines *ret_begins,
                 struct problems *problems)
{
    struct scan s = { .at = text, .line = 1 };
    const char *wrong = NULL;
    unsigned line = 1;

    for (; *s.at != '\0'; s.at++) {
        const char *begin = s.at;

        line = s.line;
        wrong = scan_one(&s);
        if (wrong != NULL)
            break;
        note_word(&s, s.at == begin);
        s.line += *s.at == '\n';
    }
    /* libconfuse takes the end of the file for the end of a section. */
    if (wrong == NULL && s.depth > 0) {
        wrong = no_end;
        line = s.open_line;
    }
    if (wrong != NULL)
        problems_add(problems, line, "%.*s:%u: %s", CONFIG_PATH_SHOWN, name,
                     line, wrong);
    *ret_begins = s.begins;
    return wrong == NULL;
}
