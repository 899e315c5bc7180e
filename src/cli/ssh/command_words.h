/*
 * command_words.h - a command line as a shell would take it apart, without the
 * shell: words between blanks, '...', "..." and \. Nothing is expanded, and
 * characters that mean more to a shell ($ ; | * ~ #) are letters. Pure.
 */
#ifndef CLI_SSH_COMMAND_WORDS_H
#define CLI_SSH_COMMAND_WORDS_H

#include "base/err.h"

enum { COMMAND_WORDS_LINE_MAX = 8192, COMMAND_WORDS_MAX = 128 };

struct command_words {
    char text[COMMAND_WORDS_LINE_MAX + 1]; /* all words, each with its NUL */
    char *word[COMMAND_WORDS_MAX + 1];     /* in text; ends with NULL */
    int count;
};

/* 0, or -EINVAL with err filled. */
int command_words_split(struct command_words *ret, const char *line,
                        struct err *err);

#endif
