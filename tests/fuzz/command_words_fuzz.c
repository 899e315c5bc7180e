/*
 * A command line of somebody who has come by ssh: its words, each in quotes,
 * are the same words again.
 */
#include "cli/ssh/command_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every byte of a word as one, or four for a quote. */
static char quoted[4 * COMMAND_WORDS_LINE_MAX + 4 * COMMAND_WORDS_MAX];

static void quote(const struct command_words *words)
{
    char *to = quoted;

    for (int i = 0; i < words->count; i++) {
        *to++ = '\'';
        for (const char *c = words->word[i]; *c != '\0'; c++) {
            if (*c == '\'')
                to = stpcpy(to, "'\\''");
            else
                *to++ = *c;
        }
        *to++ = '\'';
        *to++ = ' ';
    }
    *to = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct command_words words, again;
    char *line = malloc(size + 1);
    struct err err;

    if (line == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    if (command_words_split(&words, line, &err) == 0) {
        quote(&words);
        if (strlen(quoted) <= COMMAND_WORDS_LINE_MAX) {
            if (command_words_split(&again, quoted, &err) < 0 ||
                again.count != words.count)
                abort();
            for (int i = 0; i < words.count; i++) {
                if (strcmp(words.word[i], again.word[i]) != 0)
                    abort();
            }
        }
    }
    free(line);
    return 0;
}
