#include "cli/ssh/command_words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What a backslash takes its meaning from within "...", as in a shell. */
static bool is_escaped(char quote, char c)
{
    return quote == 0 || (c != '\0' && strchr("\"\\$`", c) != NULL);
}

/* Copies one word, of which *at is the first character. *to never gets ahead of
 * what was read. False: a quote, or a backslash, has nothing behind it. */
static bool take_word(const char **at, char **to)
{
    char quote = 0;
    const char *c = *at;

    for (; *c != '\0' && (quote != 0 || strchr(" \t\r\n", *c) == NULL); c++) {
        if (*c == quote) {
            quote = 0;
        } else if (quote == 0 && (*c == '\'' || *c == '"')) {
            quote = *c;
        } else if (*c == '\\' && quote != '\'' && is_escaped(quote, c[1])) {
            c++;
            if (*c == '\0')
                return false;
            *(*to)++ = *c;
        } else {
            *(*to)++ = *c;
        }
    }
    *at = c;
    return quote == 0;
}

int command_words_split(struct command_words *ret, const char *line,
                        struct err *err)
{
    const char *at = line;
    char *to = ret->text;

    ret->count = 0;
    ret->word[0] = NULL;
    if (strnlen(line, COMMAND_WORDS_LINE_MAX + 1) > COMMAND_WORDS_LINE_MAX) {
        err_set(err, "the command is longer than %d bytes",
                COMMAND_WORDS_LINE_MAX);
        return -EINVAL;
    }
    for (at += strspn(at, " \t\r\n"); *at != '\0';
         at += strspn(at, " \t\r\n")) {
        if (ret->count == COMMAND_WORDS_MAX) {
            err_set(err, "the command has more than %d words",
                    COMMAND_WORDS_MAX);
            return -EINVAL;
        }
        ret->word[ret->count++] = to;
        ret->word[ret->count] = NULL;
        if (!take_word(&at, &to)) {
            err_set(err, "the command ends within a quote, or behind a "
                         "backslash");
            return -EINVAL;
        }
        *to++ = '\0';
    }
    return 0;
}
