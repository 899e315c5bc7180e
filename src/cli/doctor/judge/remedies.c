#include "cli/doctor/judge/remedies_private.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Small letters and digits, all else as single blanks, one at each end: " a b
 * ". The caller frees it. */
static char *plain_words(const char *text)
{
    size_t len = strnlen(text, REMEDY_TEXT_MAX);
    char *plain = xmalloc(len + 3);
    size_t at = 0;

    plain[at++] = ' ';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isalnum(c) || c >= 0x80)
            plain[at++] = (char)tolower(c);
        else if (plain[at - 1] != ' ')
            plain[at++] = ' ';
    }
    if (plain[at - 1] != ' ')
        plain[at++] = ' ';
    plain[at] = '\0';
    return plain;
}

/* Behind these words, as whole words but for the last one's ending: "serial" is
 * in "serial0". NULL: they are not there. */
static const char *find_words(const char *plain, const char *words)
{
    size_t len = strlen(words);

    for (const char *at = plain; (at = strstr(at, words)) != NULL; at++) {
        if (at[-1] == ' ')
            return at + len;
    }
    return NULL;
}

static bool is_in(const struct remedy *r, const char *plain)
{
    const char *at = plain + 1;

    for (size_t i = 0; i < REMEDY_WORDS && r->words[i] != NULL; i++) {
        at = find_words(at, r->words[i]);
        if (at == NULL)
            return false;
    }
    return true;
}

const struct remedy *remedies_next(const char *text, size_t *at)
{
    char *plain = plain_words(text);
    const struct remedy *found = NULL;

    for (; found == NULL && remedies[*at].words[0] != NULL; ++*at) {
        if (is_in(&remedies[*at], plain))
            found = &remedies[*at];
    }
    free(plain);
    return found;
}
