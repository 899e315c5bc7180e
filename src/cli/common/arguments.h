/*
 * arguments.h - a command line taken apart by rows of options.
 *
 * Options may stand between the words, as people type them: "--name VALUE",
 * "--name=VALUE", "-nVALUE", "-n VALUE", flags together as "-qf"; "--" ends
 * them. A name is never abbreviated: what a script says today must mean the
 * same when there are more options.
 *
 * Texts point into argv.
 */
#ifndef CLI_COMMON_ARGUMENTS_H
#define CLI_COMMON_ARGUMENTS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Rows end with one whose name is NULL. */
struct option_row {
    const char *name;  /* "sort": --sort */
    char letter;       /* 0: none */
    const char *value; /* "KEY"; NULL: a flag */
    const char *help;  /* one sentence, without a full stop */
};

enum { ARGUMENTS_OPTIONS_MAX = 64 };

struct arguments {
    const struct option_row *rows[2]; /* NULL: none */
    struct {
        const struct option_row *row;
        const char *text; /* NULL: a flag */
    } option[ARGUMENTS_OPTIONS_MAX];
    size_t option_count;
    char **word; /* what is no option; owned; ends with NULL */
    size_t word_count;
};

/* Zeroes, and sets which options there are. */
void arguments_init(struct arguments *a, const struct option_row *common,
                    const struct option_row *own);
void arguments_done(struct arguments *a);

/*
 * Reads argv[0] to argv[argc - 1], which has no program name. stops: at the
 * first word, which is not taken. Returns how many were taken, or -EINVAL with
 * err filled. May be called again, for what comes behind.
 */
int arguments_read(struct arguments *a, int argc, char **argv, bool stops,
                   struct err *err);

/* The options that have been read; a name that has no row is a mistake of
 * ours. The last one counts; arguments_each: all, *at begins with 0; NULL: no
 * more. */
bool arguments_has(const struct arguments *a, const char *name);
const char *arguments_text(const struct arguments *a, const char *name);
const char *arguments_each(const struct arguments *a, const char *name,
                           size_t *at);

/* A number from 0 to max that an option has; fallback without the option.
 * False: err has what is wrong. */
bool arguments_number(const struct arguments *a, const char *name,
                      unsigned long max, unsigned long fallback,
                      unsigned long *ret, struct err *err);

/* The row of an option as it is typed, "--sort" or "-s"; NULL: none. */
const struct option_row *arguments_find_row(const struct arguments *a,
                                            const char *typed);

#endif
