/*
 * option_row.h - a row of the table of settings, and the operations on the
 * setting that a row describes. Private to conf/.
 *
 * The table is constant. A setting's value is a member of struct settings; its
 * texts and lists belong to that struct.
 */
#ifndef CONF_OPTION_ROW_H
#define CONF_OPTION_ROW_H

#include "conf/options.h"

#include <stddef.h>

enum option_type {
    OPTION_FLAG,    /* true or false */
    OPTION_NUMBER,  /* from min to max */
    OPTION_SIZE,    /* bytes; a suffix K, M or G is a factor of 1024^1..3 */
    OPTION_SECONDS, /* seconds; a suffix s, m, h or d is a unit; words: a word
                       that means 0 */
    OPTION_ADDRESS, /* an IP address, stored in the settings themselves */
    OPTION_TEXT,    /* text of at least min bytes, or one of words */
    OPTION_WORD,    /* one of words; the setting is the word's index */
    OPTION_PORT,    /* list of ADDRESS:PORT[,tls=WORD]; min is the word where
                     * none is given */
    OPTION_RULE,    /* list of texts */
    OPTION_NETWORK, /* list of networks */
    OPTION_REQUEST, /* no setting: requests something else, such as the help */
};

struct option_row {
    const char *group;       /* heading; set in the first row of a group */
    const char *name;        /* of the setting and of the long option */
    const char *environment; /* environment variable; NULL: none */
    const char *value;       /* placeholder in the help; NULL: a flag */
    const char *standard;    /* default, as a file would have it; NULL: none */
    const char *otherwise;   /* the default in words, if it is no value */
    const char *text;        /* for the help; lines are wrapped by hand */
    const char *more;        /* sentences for the manual pages only */
    const char *example;     /* value in the sample file, if no standard */
    const char *words;       /* OPTION_WORD, OPTION_TEXT: "first|second|...";
                                OPTION_NETWORK: "any", if it is allowed */
    uint64_t min, max;       /* range; OPTION_RULE: max is the number of
                                texts, 0 is SETTINGS_RULES_MAX;
                                OPTION_REQUEST: min is the request */
    size_t offset;           /* of the member in struct settings */
    enum option_type type;
    char letter;      /* short option; 0: none */
    bool is_reloaded; /* a change takes effect at SIGHUP; else at a restart */
    bool is_not_kept; /* for the command line only, not for a file */
    bool is_path;     /* OPTION_TEXT: a path, which can be relative */
};

extern const struct option_row option_rows[];
extern const int option_row_count;

/* Finds a row by its name; NULL: no row has it. */
const struct option_row *option_find(const char *name);

/* Guesses the name that a misspelt one stands for. is_in_file: guesses only
 * names that can stand in a file. NULL: no name is near. */
const char *option_guess(const char *name, bool is_in_file);

/* Whether the option can also stand in a file. */
bool option_is_setting(const struct option_row *row);
bool option_is_list(const struct option_row *row);
bool option_takes_value(const struct option_row *row);

static inline int option_index(const struct option_row *row)
{
    return (int)(row - option_rows);
}

/*
 * Sets a value, or appends it to a list that has the same source; the settings
 * keep a copy. origin is the place of the value. Returns 0, or -EINVAL with err
 * filled: what is wrong and what was expected, without the name of the setting.
 * After a failure the setting has its former value, but for a list from another
 * source, which is empty.
 */
int option_set(const struct option_row *row, struct settings_origin origin,
               const char *value, struct settings *settings, struct err *err);

/* Frees what the setting owns, and makes it 0. Its origin stays. */
void option_clear(const struct option_row *row, struct settings *settings);

/* Copies value and origin; what the setting in to owned is freed. */
void option_copy(const struct option_row *row, struct settings *to,
                 const struct settings *from);

bool option_is_equal(const struct option_row *row, const struct settings *a,
                     const struct settings *b);

/* A text that --show-config can print so that a file can be read again. 0, or
 * -EINVAL with err filled. */
int option_check_text(const char *value, struct err *err);

/* Finds a word of "first|second|...", as its index. 0, or -EINVAL with err
 * filled. */
int option_parse_word(const char *words, const char *value, uint64_t *ret,
                      struct err *err);

void option_print_word(const char *words, uint64_t number, FILE *to);

/* Prints it in quotes, in the syntax of the file. */
void option_print_text(const char *text, FILE *to);

/* Prints a size with the largest suffix that leaves a whole number. */
void option_print_size(uint64_t size, FILE *to);

/* Prints the value in the syntax of the file. False: the setting has no value,
 * and nothing is printed. */
bool option_print_value(const struct option_row *row, const struct settings *s,
                        FILE *to);

#endif
