#include "cli/common/arguments.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void arguments_init(struct arguments *a, const struct option_row *common,
                    const struct option_row *own)
{
    *a = (struct arguments){ .rows = { common, own } };
}

void arguments_done(struct arguments *a)
{
    free(a->word);
    a->word = NULL;
    a->word_count = 0;
}

/* A row by its name, of len bytes, or by its letter (name NULL). Own rows
 * first: a verb may have another meaning for a letter. */
static const struct option_row *find(const struct arguments *a,
                                     const char *name, size_t len, char letter)
{
    for (int i = 1; i >= 0; i--) {
        for (const struct option_row *row = a->rows[i];
             row != NULL && row->name != NULL; row++) {
            if (name != NULL ? strlen(row->name) == len &&
                                   memcmp(row->name, name, len) == 0
                             : row->letter == letter)
                return row;
        }
    }
    return NULL;
}

const struct option_row *arguments_find_row(const struct arguments *a,
                                            const char *typed)
{
    if (typed[0] != '-' || typed[1] == '\0')
        return NULL;
    if (typed[1] != '-')
        return typed[2] == '\0' ? find(a, NULL, 0, typed[1]) : NULL;
    return find(a, typed + 2, strcspn(typed + 2, "="), 0);
}

static int add(struct arguments *a, const struct option_row *row,
               const char *text, struct err *err)
{
    if (a->option_count == ARGUMENTS_OPTIONS_MAX) {
        err_set(err, "more than %d options", ARGUMENTS_OPTIONS_MAX);
        return -EINVAL;
    }
    a->option[a->option_count].row = row;
    a->option[a->option_count++].text = text;
    return 0;
}

/* The option that may have been meant; NULL: none is near. */
static const char *nearest(const struct arguments *a, const char *name)
{
    const char *best = NULL;
    size_t best_distance = 3;

    for (int i = 0; i < 2; i++) {
        for (const struct option_row *row = a->rows[i];
             row != NULL && row->name != NULL; row++) {
            size_t distance = text_distance(name, row->name);

            if (distance < best_distance) {
                best = row->name;
                best_distance = distance;
            }
        }
    }
    return best;
}

static int refuse(const struct arguments *a, const char *typed,
                  const char *name, struct err *err)
{
    const char *meant = name != NULL ? nearest(a, name) : NULL;

    if (meant != NULL)
        err_set(err, "there is no option %.100s; did you mean --%s?", typed,
                meant);
    else
        err_set(err,
                "there is no option %.100s (a name or text that begins with - "
                "goes behind --)",
                typed);
    return -EINVAL;
}

/* What begins with "--". Returns how many of argv it took. */
static int read_long(struct arguments *a, int argc, char **argv,
                     struct err *err)
{
    const char *name = argv[0] + 2;
    const char *equals = strchr(name, '=');
    size_t len = strcspn(name, "=");
    const struct option_row *row = find(a, name, len, 0);

    if (row == NULL)
        return refuse(a, argv[0], name, err);
    if (row->value == NULL && equals != NULL) {
        err_set(err, "--%s has no value", row->name);
        return -EINVAL;
    }
    if (row->value == NULL || equals != NULL)
        return add(a, row, equals != NULL ? equals + 1 : NULL, err) < 0
                   ? -EINVAL
                   : 1;
    if (argc < 2) {
        err_set(err, "--%s needs a value: --%s %s", row->name, row->name,
                row->value);
        return -EINVAL;
    }
    return add(a, row, argv[1], err) < 0 ? -EINVAL : 2;
}

/* What begins with "-": letters of flags, the last one may have a value. */
static int read_letters(struct arguments *a, int argc, char **argv,
                        struct err *err)
{
    for (const char *at = argv[0] + 1; *at != '\0'; at++) {
        const struct option_row *row = find(a, NULL, 0, *at);

        if (row == NULL)
            return refuse(a, argv[0], NULL, err);
        if (row->value == NULL) {
            if (add(a, row, NULL, err) < 0)
                return -EINVAL;
            continue;
        }
        if (at[1] != '\0')
            return add(a, row, at + 1, err) < 0 ? -EINVAL : 1;
        if (argc < 2) {
            err_set(err, "-%c needs a value: -%c %s", *at, *at, row->value);
            return -EINVAL;
        }
        return add(a, row, argv[1], err) < 0 ? -EINVAL : 2;
    }
    return 1;
}

int arguments_read(struct arguments *a, int argc, char **argv, bool stops,
                   struct err *err)
{
    bool is_over = false; /* "--" was there */
    int at = 0;

    if (!stops && a->word == NULL)
        a->word = xcalloc((size_t)argc + 1, sizeof *a->word);
    while (at < argc) {
        char *text = argv[at];
        int taken = 1;

        if (is_over || text[0] != '-' || text[1] == '\0') {
            if (stops)
                return at;
            a->word[a->word_count++] = text;
        } else if (strcmp(text, "--") == 0) {
            is_over = true;
        } else if (text[1] == '-') {
            taken = read_long(a, argc - at, argv + at, err);
        } else {
            taken = read_letters(a, argc - at, argv + at, err);
        }
        if (taken < 0)
            return taken;
        at += taken;
    }
    return at;
}

bool arguments_has(const struct arguments *a, const char *name)
{
    assert(find(a, name, strlen(name), 0) != NULL);
    for (size_t i = 0; i < a->option_count; i++) {
        if (strcmp(a->option[i].row->name, name) == 0)
            return true;
    }
    return false;
}

const char *arguments_text(const struct arguments *a, const char *name)
{
    const char *found = NULL;
    const char *text;
    size_t at = 0;

    while ((text = arguments_each(a, name, &at)) != NULL)
        found = text;
    return found;
}

const char *arguments_each(const struct arguments *a, const char *name,
                           size_t *at)
{
    assert(find(a, name, strlen(name), 0) != NULL);
    while (*at < a->option_count) {
        size_t i = (*at)++;

        if (strcmp(a->option[i].row->name, name) == 0)
            return a->option[i].text;
    }
    return NULL;
}

bool arguments_number(const struct arguments *a, const char *name,
                      unsigned long max, unsigned long fallback,
                      unsigned long *ret, struct err *err)
{
    const char *text = arguments_text(a, name);

    if (text == NULL) {
        *ret = fallback;
        return true;
    }
    if (text_number(text, max, ret))
        return true;
    err_set(err, "--%s %.60s: expected a number from 0 to %lu", name, text,
            max);
    return false;
}
